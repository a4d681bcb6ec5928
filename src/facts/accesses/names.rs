//! Names of settings: which engine they speak of, and which part of a connection they hold (domains.md Q3).

/// A part of a connection that a setting holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::facts) enum Role {
    /// A whole connection string.
    String,
    Host,
    Port,
    Database,
    Principal,
    Password,
    Transport,
    /// Which engine it is: `DB_CONNECTION=mysql`. Only a value that names one counts.
    Engine,
}

/// Words of a name, in upper case: `spring.datasource.url`, `SPRING_DATASOURCE_URL` and `dbHost` alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::facts) struct Words(pub(in crate::facts) Vec<String>);

/// Endings, the longer of two before the shorter.
const ENDINGS: &[(&[&str], Role)] = &[
    (&["CONNECTION", "STRING"], Role::String),
    (&["CONN", "STR"], Role::String),
    (&["CONNECTION", "URL"], Role::String),
    (&["CONNECTION", "URI"], Role::String),
    (&["CONTACT", "POINTS"], Role::Host),
    (&["HOST", "NAME"], Role::Host),
    (&["DB", "NAME"], Role::Database),
    (&["DATABASE", "NAME"], Role::Database),
    (&["INITIAL", "CATALOG"], Role::Database),
    (&["USER", "NAME"], Role::Principal),
    (&["SSL", "MODE"], Role::Transport),
    (&["TLS", "MODE"], Role::Transport),
    (&["SSL", "ENABLED"], Role::Transport),
    (&["TLS", "ENABLED"], Role::Transport),
    (&["SSL", "ENABLE"], Role::Transport),
    (&["TLS", "ENABLE"], Role::Transport),
    (&["ENABLE", "SSL"], Role::Transport),
    (&["ENABLE", "TLS"], Role::Transport),
    (&["USE", "SSL"], Role::Transport),
    (&["USE", "TLS"], Role::Transport),
    (&["REQUIRE", "SSL"], Role::Transport),
    (&["REQUIRE", "TLS"], Role::Transport),
    (&["SECURITY", "PROTOCOL"], Role::Transport),
    (&["URL"], Role::String),
    (&["URI"], Role::String),
    (&["DSN"], Role::String),
    (&["CONNECTIONSTRING"], Role::String),
    (&["HOST"], Role::Host),
    (&["HOSTS"], Role::Host),
    (&["SEEDS"], Role::Host),
    (&["HOSTNAME"], Role::Host),
    (&["SERVER"], Role::Host),
    (&["ADDR"], Role::Host),
    (&["ADDRESS"], Role::Host),
    (&["ENDPOINT"], Role::Host),
    (&["PORT"], Role::Port),
    (&["DB"], Role::Database),
    (&["DBNAME"], Role::Database),
    (&["DATABASE"], Role::Database),
    (&["KEYSPACE"], Role::Database),
    (&["NAME"], Role::Database),
    (&["USER"], Role::Principal),
    (&["USERNAME"], Role::Principal),
    (&["LOGIN"], Role::Principal),
    (&["PASSWORD"], Role::Password),
    (&["PASSWD"], Role::Password),
    (&["PASS"], Role::Password),
    (&["PWD"], Role::Password),
    (&["SSLMODE"], Role::Transport),
    (&["TLSMODE"], Role::Transport),
    (&["SSL"], Role::Transport),
    (&["TLS"], Role::Transport),
    (&["SCHEME"], Role::Transport),
    (&["ADAPTER"], Role::Engine),
    (&["ENGINE"], Role::Engine),
    (&["DIALECT"], Role::Engine),
    (&["DRIVER"], Role::Engine),
    (&["CLIENT"], Role::Engine),
    (&["CONNECTION"], Role::Engine),
    (&["TYPE"], Role::Engine),
    (&["VENDOR"], Role::Engine),
];

/// Variables of libpq and of the client of MySQL, which have no mark between prefix and role.
const WHOLE: &[(&str, &str, Role)] = &[
    ("PGHOST", "PG", Role::Host),
    ("PGHOSTADDR", "PG", Role::Host),
    ("PGPORT", "PG", Role::Port),
    ("PGDATABASE", "PG", Role::Database),
    ("PGUSER", "PG", Role::Principal),
    ("PGPASSWORD", "PG", Role::Password),
    ("PGSSLMODE", "PG", Role::Transport),
];

/// Words that name an engine.
const ENGINES: &[(&str, &str)] = &[
    ("PG", "postgresql"),
    ("POSTGRES", "postgresql"),
    ("POSTGRESQL", "postgresql"),
    ("PSQL", "postgresql"),
    ("CQLSH", "cassandra"),
    ("MONGODUMP", "mongodb"),
    ("MONGOEXPORT", "mongodb"),
    ("MONGOIMPORT", "mongodb"),
    ("MONGORESTORE", "mongodb"),
    ("MONGOSH", "mongodb"),
    ("MYSQLDUMP", "mysql"),
    ("SQLCMD", "sqlserver"),
    ("TIMESCALE", "postgresql"),
    ("MYSQL", "mysql"),
    ("MARIADB", "mariadb"),
    ("MONGO", "mongodb"),
    ("MONGODB", "mongodb"),
    ("REDIS", "redis"),
    ("VALKEY", "redis"),
    ("MEMCACHED", "memcached"),
    ("MEMCACHE", "memcached"),
    ("CASSANDRA", "cassandra"),
    ("SCYLLA", "cassandra"),
    ("MSSQL", "sqlserver"),
    ("SQLSERVER", "sqlserver"),
    ("ORACLE", "oracle"),
    ("ELASTICSEARCH", "elasticsearch"),
    ("ELASTIC", "elasticsearch"),
    ("OPENSEARCH", "opensearch"),
    ("CLICKHOUSE", "clickhouse"),
    ("COCKROACH", "cockroachdb"),
    ("COCKROACHDB", "cockroachdb"),
    ("NEO4J", "neo4j"),
    ("COUCHDB", "couchdb"),
    ("INFLUXDB", "influxdb"),
];

/// What frameworks call engines where a setting chooses one, each by the beginning of what they say (Rails
/// `database.yml`, Django `ENGINE`, Laravel `DB_CONNECTION`, Sequelize, `TypeORM`, Knex).
const CHOSEN: &[(&str, &str)] = &[
    ("postgis", "postgresql"),
    ("postgres", "postgresql"),
    ("pgsql", "postgresql"),
    ("mysql", "mysql"),
    ("trilogy", "mysql"),
    ("mariadb", "mariadb"),
    ("mongo", "mongodb"),
    ("mssql", "sqlserver"),
    ("sqlserver", "sqlserver"),
    ("sqlsrv", "sqlserver"),
    ("oracle", "oracle"),
    ("cockroach", "cockroachdb"),
];

/// The engine that a value chooses: `postgresql`, `django.db.backends.mysql`.
pub(super) fn chosen(text: &str) -> Option<&'static str> {
    let lower = text.trim().to_ascii_lowercase();
    let last = lower.rsplit('.').next().unwrap_or_default();
    if last.len() > 40 || last.contains([' ', ':', '/']) {
        return None;
    }
    if last == "pg" {
        return Some("postgresql");
    }
    CHOSEN.iter().find(|(start, _)| last.starts_with(start)).map(|(_, engine)| *engine)
}

/// Words that speak of a database, whatever its engine.
const DATABASES: &[&str] =
    &["DB", "DATABASE", "DATASOURCE", "JDBC", "R2DBC", "RDBMS", "SQL", "DATASTORE", "TYPEORM"];

/// Words that say that something else is meant: `KAFKA_DB_…` does not exist, `RABBITMQ_HOST` does.
const OTHERS: &[&str] =
    &["KAFKA", "RABBITMQ", "AMQP", "NATS", "SMTP", "MAIL", "LDAP", "S3", "MINIO", "VAULT", "CONSUL"];

impl Words {
    pub(in crate::facts) fn of(name: &str) -> Self {
        let mut words = Vec::new();
        let mut word = String::new();
        let mut before_is_lower = false;
        for c in name.chars() {
            let ends = !c.is_alphanumeric() || (c.is_uppercase() && before_is_lower);
            if ends && !word.is_empty() {
                words.push(std::mem::take(&mut word));
            }
            if c.is_alphanumeric() {
                word.extend(c.to_uppercase());
            }
            before_is_lower = c.is_lowercase();
        }
        if !word.is_empty() {
            words.push(word);
        }
        Self(words)
    }

    /// What stands before the role, and the role; the prefix is the longest that is not empty.
    pub(in crate::facts) fn role(&self) -> Option<(Vec<String>, Role)> {
        if let [only] = self.0.as_slice()
            && let Some((_, prefix, role)) = WHOLE.iter().find(|(name, _, _)| only == name)
        {
            return Some((vec![(*prefix).to_owned()], *role));
        }
        // `ConnectionStrings__Orders` (.NET).
        if let Some(at) = self.0.windows(2).position(|pair| pair == ["CONNECTION", "STRINGS"]) {
            let name = self.0.get(at + 2..).unwrap_or_default();
            let prefix = ["CONNECTION", "STRINGS"].iter().map(|word| (*word).to_owned());
            return Some((prefix.chain(name.iter().cloned()).collect(), Role::String));
        }
        let (ending, role) = ENDINGS.iter().find(|(ending, _)| {
            self.0.len() > ending.len() && self.0.iter().rev().zip(ending.iter().rev()).all(|(a, b)| a == b)
        })?;
        Some((self.0.get(..self.0.len() - ending.len())?.to_vec(), *role))
    }

    /// Whether the last word says that a framework's choice of an engine follows; a `TYPE`, `CLIENT` or `DRIVER` may be
    /// one of anything.
    pub(super) fn chooses_engine(&self) -> bool {
        let last = self.0.last().map(String::as_str);
        matches!(last, Some("ADAPTER" | "DIALECT" | "ENGINE"))
    }

    /// Whether a word says that what is named answers calls of programs, and is at most in front of a database.
    pub(super) fn speaks_of_api(&self) -> bool {
        self.0.iter().any(|word| matches!(word.as_str(), "API" | "GRPC" | "HTTP" | "REST" | "VECTOR"))
    }

    /// Whether words say that something else than a database is meant.
    pub(super) fn speaks_of_others(words: &[String]) -> bool {
        words.iter().any(|word| OTHERS.contains(&word.as_str()))
    }

    /// The engine that a word names, and whether words speak of a database at all.
    pub(in crate::facts) fn speaks_of(words: &[String]) -> (Option<&'static str>, bool) {
        if Self::speaks_of_others(words) {
            return (None, false);
        }
        let engine = words
            .iter()
            .find_map(|word| ENGINES.iter().find(|(known, _)| word == known).map(|(_, engine)| *engine));
        let speaks = engine.is_some()
            || words.iter().any(|word| DATABASES.contains(&word.as_str()))
            || words.starts_with(&["CONNECTION".to_owned(), "STRINGS".to_owned()]);
        (engine, speaks)
    }
}
