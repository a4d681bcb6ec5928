//! Database engines, told by image and by port.
//!
//! Deliberately absent: message brokers, which are meant to be shared, and engines that only a cloud serves.

/// One engine (names: contract, "`probity facts`").
#[derive(Debug, PartialEq, Eq)]
pub struct Engine {
    pub name: &'static str,
    /// Words of the last path segment of an image that make it this engine.
    images: &'static [&'static str],
    /// Ports that a server listens on by default, clients' port first.
    pub ports: &'static [i64],
    /// Whether the first port alone tells the engine; others are in wide use for other things.
    telling: bool,
}

const ENGINES: &[Engine] = &[
    engine("postgresql", &["postgres", "postgresql", "postgis", "timescaledb", "pgvector"], &[5432], true),
    engine("mysql", &["mysql", "mysqldb", "percona"], &[3306, 33060], true),
    engine("mariadb", &["mariadb"], &[3306], false),
    engine("mongodb", &["mongo", "mongodb"], &[27017, 27018, 27019], true),
    engine("redis", &["redis", "valkey", "keydb", "dragonfly"], &[6379, 16379, 26379], true),
    engine("memcached", &["memcached"], &[11211], true),
    engine("sqlserver", &["mssql"], &[1433], true),
    engine("oracle", &["oracle"], &[1521, 2484], true),
    engine("cassandra", &["cassandra", "scylla"], &[9042, 9142, 9160, 7000, 7001, 7199], true),
    engine("elasticsearch", &["elasticsearch"], &[9200, 9300], false),
    engine("opensearch", &["opensearch"], &[9200, 9300], false),
    engine("cockroachdb", &["cockroach", "cockroachdb"], &[26257], false),
    engine("clickhouse", &["clickhouse"], &[8123, 9000, 8443, 9440], false),
    engine("neo4j", &["neo4j"], &[7687, 7474, 7473], false),
    engine("couchdb", &["couchdb"], &[5984], false),
    engine("influxdb", &["influxdb"], &[8086], false),
];

/// Words of image names that talk to a database, and are none.
const CLIENTS: &[&str] = &[
    "admin",
    "agent",
    "backup",
    "bouncer",
    "browser",
    "cli",
    "client",
    "commander",
    "connector",
    "console",
    "curator",
    "dashboard",
    "dashboards",
    "exporter",
    "filebeat",
    "fluent",
    "fluentd",
    "gui",
    "init",
    "insight",
    "job",
    "kibana",
    "loader",
    "logstash",
    "metrics",
    "migrate",
    "migration",
    "migrations",
    "migrator",
    "operator",
    "proxy",
    "router",
    "seed",
    "setup",
    "shell",
    "test",
    "tool",
    "tools",
    "ui",
    "web",
];

/// The engine that an image runs.
pub fn of_image(image: &str) -> Option<&'static Engine> {
    let path = without_version(image);
    let last = path.rsplit('/').next()?;
    if words(last).any(|word| CLIENTS.contains(&word.as_str())) || is_mongo_express(last) {
        return None;
    }
    if let Some(engine) = of_words(last) {
        return Some(engine);
    }
    // Vendors whose repository is named after the edition.
    let vendors =
        [("mssql/server", "sqlserver"), ("azure-sql-edge", "sqlserver"), ("oracle.com/database", "oracle")];
    let vendor = vendors.iter().find(|(part, _)| path.to_ascii_lowercase().contains(part));
    vendor.and_then(|(_, name)| ENGINES.iter().find(|engine| engine.name == *name))
}

/// The engine that a port alone tells.
pub fn of_port(port: i64) -> Option<&'static Engine> {
    ENGINES.iter().find(|engine| engine.telling && engine.ports.first() == Some(&port))
}

/// The engine with a name.
pub fn named(name: &str) -> Option<&'static Engine> {
    ENGINES.iter().find(|engine| engine.name == name)
}

/// The engine whose clients use a port by default, in wide use or not.
pub fn of_default_port(port: i64) -> Option<&'static Engine> {
    ENGINES.iter().find(|engine| engine.ports.first() == Some(&port))
}

/// The engine whose port this is, if a name agrees: `orders-couchdb` on 5984.
pub fn of_name_and_port(name: &str, port: i64) -> Option<&'static Engine> {
    of_words(name).filter(|engine| engine.ports.contains(&port))
}

const fn engine(
    name: &'static str,
    images: &'static [&'static str],
    ports: &'static [i64],
    telling: bool,
) -> Engine {
    Engine { name, images, ports, telling }
}

fn of_words(name: &str) -> Option<&'static Engine> {
    let words: Vec<String> = words(name).collect();
    ENGINES.iter().find(|engine| words.iter().any(|word| engine.images.contains(&word.as_str())))
}

/// Words in lower case, without the version that some names carry (`postgres15`).
fn words(name: &str) -> impl Iterator<Item = String> {
    let parts = name.split(['-', '_', '.']);
    parts.map(|part| match part {
        "neo4j" => part.to_owned(),
        part => part.trim_end_matches(|c: char| c.is_ascii_digit()).to_ascii_lowercase(),
    })
}

fn is_mongo_express(name: &str) -> bool {
    name.contains("express") && name.contains("mongo")
}

/// An image without tag and digest; the port of a registry is no tag.
fn without_version(image: &str) -> &str {
    let image = image.split('@').next().unwrap_or_default();
    match image.rsplit_once(':') {
        Some((path, tag)) if !tag.contains('/') => path,
        _ => image,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_tell_engines() {
        for (image, expected) in [
            ("postgres", Some("postgresql")),
            ("registry.example.com:5000/library/postgres:16-alpine", Some("postgresql")),
            ("bitnami/postgresql@sha256:00", Some("postgresql")),
            ("robotshop/rs-mysql-db:2.1", Some("mysql")),
            ("mysql:8", Some("mysql")),
            ("mcr.microsoft.com/mssql/server:2022-latest", Some("sqlserver")),
            ("gvenzl/oracle-xe", Some("oracle")),
            ("container-registry.oracle.com/database/express:21.3.0-xe", Some("oracle")),
            ("docker.elastic.co/elasticsearch/elasticsearch:8.1.0", Some("elasticsearch")),
            ("neo4j:5", Some("neo4j")),
            ("redis/redis-stack-server", Some("redis")),
            ("mongo-express", None),
            ("prometheuscommunity/postgres-exporter", None),
            ("quay.io/opstree/redis-operator", None),
            ("dpage/pgadmin4", None),
            ("opensearchproject/opensearch-dashboards", None),
            ("postgres/web:1", None),
            ("example/fluentd-elasticsearch:v2", None),
            ("nginx", None),
            ("", None),
        ] {
            assert_eq!(of_image(image).map(|engine| engine.name), expected, "{image}");
        }
    }

    #[test]
    fn a_port_in_wide_use_needs_a_name_that_agrees() {
        assert_eq!(of_port(5432).map(|engine| engine.name), Some("postgresql"));
        assert_eq!(of_port(9200), None);
        assert_eq!(of_port(8080), None);
        assert_eq!(
            of_name_and_port("logs-elasticsearch", 9200).map(|engine| engine.name),
            Some("elasticsearch")
        );
        assert_eq!(of_name_and_port("logs", 9200), None);
        assert_eq!(of_name_and_port("elasticsearch", 8080), None);
    }
}
