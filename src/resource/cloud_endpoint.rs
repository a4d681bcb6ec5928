//! Host names under which clouds serve databases: the engine, and one name for all endpoints of one server.
//!
//! Sources: Amazon RDS, Aurora, ElastiCache and DocumentDB "endpoints"; Azure Database and Azure SQL "connectivity";
//! MongoDB Atlas "connection strings".

/// What a host name of a cloud tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CloudEndpoint {
    /// `None`: one of several, which the port tells.
    pub engine: Option<&'static str>,
    /// Equal for writer, reader and instance endpoints of one cluster.
    pub server: String,
    /// Name that the cloud knows the server by.
    pub identifier: String,
}

/// Endings of host names, with the engine.
const ENDINGS: &[(&str, Option<&str>)] = &[
    (".rds.amazonaws.com", None),
    (".rds.amazonaws.com.cn", None),
    (".docdb.amazonaws.com", Some("mongodb")),
    (".neptune.amazonaws.com", Some("neptune")),
    (".cache.amazonaws.com", Some("redis")),
    (".memorydb.amazonaws.com", Some("redis")),
    (".redshift.amazonaws.com", Some("redshift")),
    (".postgres.database.azure.com", Some("postgresql")),
    (".mysql.database.azure.com", Some("mysql")),
    (".mariadb.database.azure.com", Some("mariadb")),
    (".database.windows.net", Some("sqlserver")),
    (".redis.cache.windows.net", Some("redis")),
    (".redisenterprise.cache.azure.net", Some("redis")),
    (".mongo.cosmos.azure.com", Some("mongodb")),
    (".mongocluster.cosmos.azure.com", Some("mongodb")),
    (".documents.azure.com", Some("cosmosdb")),
    (".mongodb.net", Some("mongodb")),
    (".neon.tech", Some("postgresql")),
    (".supabase.co", Some("postgresql")),
    (".upstash.io", Some("redis")),
    (".cockroachlabs.cloud", Some("cockroachdb")),
];

impl CloudEndpoint {
    /// A host name in lower case, without port.
    pub fn of(host: &str) -> Option<Self> {
        let (_, engine) = ENDINGS.iter().find(|(ending, _)| host.ends_with(ending))?;
        let labels: Vec<&str> = host.split('.').collect();
        let server = match labels.as_slice() {
            // Aurora and DocumentDB: `name.cluster-ro-id.region…` reads what `name.cluster-id.region…` writes.
            [name, second, rest @ ..] if second.starts_with("cluster-ro-") => {
                let id = second.strip_prefix("cluster-ro-").unwrap_or_default();
                format!("{name}.cluster-{id}.{}", rest.join("."))
            }
            _ => host.to_owned(),
        };
        let identifier = match labels.as_slice() {
            // ElastiCache: `master.name.id.region…`, `replica.…`, `clustercfg.…`; and `name-001.id…` of its nodes.
            ["master" | "replica" | "clustercfg", name, ..] => (*name).to_owned(),
            [name, ..] => (*name).to_owned(),
            [] => return None,
        };
        let server = if host.ends_with(".cache.amazonaws.com") {
            server.trim_start_matches("master.").trim_start_matches("replica.").to_owned()
        } else {
            server
        };
        Some(Self { engine: *engine, server, identifier })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints_of_one_server_are_one() {
        for (host, engine, server, identifier) in [
            (
                "orders.abc.eu-west-1.rds.amazonaws.com",
                None,
                "orders.abc.eu-west-1.rds.amazonaws.com",
                "orders",
            ),
            (
                "a.cluster-ro-abc.eu-west-1.rds.amazonaws.com",
                None,
                "a.cluster-abc.eu-west-1.rds.amazonaws.com",
                "a",
            ),
            ("master.c.abc.euw1.cache.amazonaws.com", Some("redis"), "c.abc.euw1.cache.amazonaws.com", "c"),
            ("x.postgres.database.azure.com", Some("postgresql"), "x.postgres.database.azure.com", "x"),
        ] {
            let expected =
                CloudEndpoint { engine, server: server.to_owned(), identifier: identifier.to_owned() };
            assert_eq!(CloudEndpoint::of(host), Some(expected), "{host}");
        }
        assert_eq!(CloudEndpoint::of("db.example.com"), None);
    }
}
