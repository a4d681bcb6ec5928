//! URLs: `scheme://[user[:password]@]host[:port][,host…][/database][?parameters]` (RFC 3986, with host lists).

use super::{Connection, Endpoint, Name, Password, Transport, decoded, parameter, split, ssl_mode};

/// Schemes, without `+driver`, with the engine and whether the scheme itself means TLS.
const SCHEMES: &[(&str, &str, bool)] = &[
    ("postgres", "postgresql", false),
    ("postgresql", "postgresql", false),
    ("pgsql", "postgresql", false),
    ("timescaledb", "postgresql", false),
    ("cockroach", "cockroachdb", false),
    ("cockroachdb", "cockroachdb", false),
    ("mysql", "mysql", false),
    ("mysql2", "mysql", false),
    ("mysqlx", "mysql", false),
    ("mariadb", "mariadb", false),
    ("mongodb", "mongodb", false),
    ("redis", "redis", false),
    ("rediss", "redis", true),
    ("valkey", "redis", false),
    ("valkeys", "redis", true),
    ("redis-sentinel", "redis", false),
    ("rediss-sentinel", "redis", true),
    ("memcached", "memcached", false),
    ("memcache", "memcached", false),
    ("postgis", "postgresql", false),
    ("sqlserver", "sqlserver", false),
    ("mssql", "sqlserver", false),
    ("oracle", "oracle", false),
    ("cassandra", "cassandra", false),
    ("scylla", "cassandra", false),
    ("clickhouse", "clickhouse", false),
    ("clickhouses", "clickhouse", true),
    ("elasticsearch", "elasticsearch", false),
    ("opensearch", "opensearch", false),
    ("neo4j", "neo4j", false),
    ("bolt", "neo4j", false),
    ("couchdb", "couchdb", false),
    ("couchdbs", "couchdb", true),
    ("influxdb", "influxdb", false),
    ("db2", "db2", false),
    ("ibmdb", "db2", false),
    ("amqp", "rabbitmq", false),
    ("amqps", "rabbitmq", true),
    ("kafka", "kafka", false),
];

pub(super) fn parse(text: &str) -> Option<Connection> {
    let (scheme, rest) = text.split_once("://")?;
    let scheme = scheme.to_ascii_lowercase();
    let (base, driver) = split(&scheme, '+');
    let (_, engine, has_tls) = SCHEMES.iter().find(|(name, _, _)| *name == base)?;
    let mut connection = with_engine(engine, rest);
    let (_, query) = split(rest, '?');
    // SRV records name the port and mean TLS (MongoDB, "Connection Strings"); `+s` and `+ssc` are Neo4j's.
    match driver {
        "srv" if is_blind(query) => connection.transport = Transport::Unchecked,
        "srv" => connection.transport = connection.transport.max(Transport::Verified),
        "s" => connection.transport = Transport::Verified,
        "ssc" => connection.transport = Transport::Unchecked,
        _ => {}
    }
    if *has_tls && connection.transport == Transport::Plain {
        connection.transport = if is_blind(query) { Transport::Unchecked } else { Transport::Verified };
    }
    Some(connection)
}

/// Everything behind `scheme://`.
pub(super) fn with_engine(engine: &'static str, rest: &str) -> Connection {
    let (login, place) = rest.split_at(end_of_login(rest));
    let (place, query) = split(split(place, '#').0, '?');
    let (hosts, path) = split(place, '/');
    let mut connection = Connection {
        engine: Some(engine),
        hosts: Endpoint::list(hosts).into_iter().map(without_rest).collect(),
        database: Name::of(&decoded(path.trim_end_matches('/'))),
        transport: transport(engine, query),
        ..Connection::default()
    };
    connection.log_in(login.strip_suffix('@').unwrap_or(login));
    connection.read_parameters(query);
    connection.complete();
    connection
}

/// Behind the `@` that ends user and password; these may hold `/`, `?` and `#` that nobody encoded.
fn end_of_login(rest: &str) -> usize {
    let before_query = rest.split(['?', '#']).next().unwrap_or_default();
    let is_place = || {
        let hosts = before_query.split('/').next().unwrap_or_default();
        hosts.split(',').all(|host| !host.contains(':') || Endpoint::of(host).port.is_some())
    };
    match before_query.rfind('@') {
        Some(at) => at + 1,
        None if is_place() => 0,
        None => rest.rfind('@').map_or(0, |at| at + 1),
    }
}

/// A host with colons that is no address is half of something else, maybe of a password.
fn without_rest(endpoint: Endpoint) -> Endpoint {
    match endpoint.host.split_once(':') {
        Some((host, _)) if endpoint.host.parse::<std::net::Ipv6Addr>().is_err() => {
            Endpoint { host: host.to_owned(), port: endpoint.port }
        }
        _ => endpoint,
    }
}

impl Connection {
    /// Parameters that say what the other parts may say too (libpq, "Connection URIs"; JDBC drivers).
    pub(super) fn read_parameters(&mut self, query: &str) {
        let first = |names: &[&str]| names.iter().find_map(|name| parameter(query, name));
        if let Some(host) = first(&["host", "unix_socket", "unix_sock"]).map(decoded) {
            self.hosts = match host.strip_prefix("/cloudsql/") {
                // The socket of a Cloud SQL proxy is named after the instance; the server may hide its port in it.
                Some(instance) => vec![Endpoint {
                    host: instance.split('/').next().unwrap_or_default().to_owned(),
                    port: None,
                }],
                None => Endpoint::list(&host),
            };
        }
        if let Some(port) = first(&["port"]).and_then(|port| port.parse().ok()) {
            self.hosts.iter_mut().filter(|host| host.port.is_none()).for_each(|host| host.port = Some(port));
        }
        if self.principal == Name::Absent
            && let Some(user) = first(&["user", "username"])
        {
            self.principal = Name::of(&decoded(user));
        }
        if let Some(password) = first(&["password", "pwd"]) {
            self.password = Password::of(password);
        }
        if let Some(database) = first(&["dbname", "databasename", "database", "db"]) {
            self.database = Name::of(&decoded(database));
        }
    }

    /// What the engine fills in itself.
    pub(super) fn complete(&mut self) {
        match self.engine {
            // Redis: "SELECT"; without an index it is 0.
            Some("redis") if self.database == Name::Absent => self.database = Name::Known("0".to_owned()),
            // libpq, "dbname": defaults to the user name.
            Some("postgresql") if self.database == Name::Absent => self.database = self.principal.clone(),
            Some("rabbitmq") if self.database == Name::Absent => self.database = Name::Known("/".to_owned()),
            _ => {}
        }
    }
}

fn is_true(value: &str) -> bool {
    matches!(value.to_ascii_lowercase().as_str(), "true" | "1" | "yes" | "required" | "")
}

/// Whether parameters tell the client to trust whoever answers.
fn is_blind(query: &str) -> bool {
    let first = |names: &[&str]| names.iter().find_map(|name| parameter(query, name));
    first(&["tlsInsecure", "tlsAllowInvalidCertificates", "tlsAllowInvalidHostnames"]).is_some_and(is_true)
        || first(&["ssl_cert_reqs"]).is_some_and(|value| value.eq_ignore_ascii_case("none"))
        || first(&["verifyServerCertificate"]).is_some_and(|value| !is_true(value))
        || first(&["trustServerCertificate"]).is_some_and(is_true)
}

/// What the parameters of a URL demand, else what every driver of the engine does by default.
pub(super) fn transport(engine: &str, query: &str) -> Transport {
    let first = |names: &[&str]| names.iter().find_map(|name| parameter(query, name));
    if let Some(mode) = first(&["sslmode", "ssl-mode", "ssl_mode"]) {
        return ssl_mode(mode);
    }
    let demanded = first(&["tls", "ssl", "useSSL", "requireSSL", "secure", "encrypt"]);
    match demanded.map(is_true) {
        Some(false) => return Transport::Plain,
        Some(true) if is_blind(query) => return Transport::Unchecked,
        Some(true) => return Transport::Verified,
        None => {}
    }
    match engine {
        // The default of libpq and of the drivers of MySQL is to take what the server offers, or nothing.
        "postgresql" | "cockroachdb" | "mysql" | "mariadb" => Transport::Opportunistic,
        "mongodb" | "redis" | "memcached" | "rabbitmq" | "clickhouse" | "neo4j" | "couchdb" => {
            Transport::Plain
        }
        _ => Transport::Unsaid,
    }
}
