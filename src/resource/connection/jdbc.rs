//! `jdbc:` and `r2dbc:` URLs, each as its driver documents it.

use super::{Connection, Endpoint, Name, Password, Transport, pairs::Pairs, spanner, split, url};

/// Words that drivers and wrappers put between `jdbc:` and the place of the server.
const MODES: &[&str] = &[
    "aurora",
    "failover",
    "failover+srv",
    "loadbalance",
    "loadbalance+srv",
    "pool",
    "replication",
    "replication+srv",
    "sequential",
    "srv",
];
const WRAPPERS: &[&str] = &["aws-wrapper", "otel", "p6spy", "log4jdbc", "aws", "pool", "proxy"];

/// Subprotocols of servers; others run in the process, or are unknown.
const ENGINES: &[(&str, &str)] = &[
    ("postgresql", "postgresql"),
    ("postgres", "postgresql"),
    ("pgsql", "postgresql"),
    ("cockroachdb", "cockroachdb"),
    ("mysql", "mysql"),
    ("mariadb", "mariadb"),
    ("sqlserver", "sqlserver"),
    ("mssql", "sqlserver"),
    ("jtds", "sqlserver"),
    ("oracle", "oracle"),
    ("db2", "db2"),
    ("clickhouse", "clickhouse"),
    ("ch", "clickhouse"),
    ("cassandra", "cassandra"),
    ("mongodb", "mongodb"),
    ("redis", "redis"),
    ("neo4j", "neo4j"),
];

pub(super) fn parse(text: &str) -> Option<Connection> {
    let (prefix, mut rest) = text.split_once(':')?;
    let encrypted = prefix.eq_ignore_ascii_case("r2dbcs");
    if !encrypted && !prefix.eq_ignore_ascii_case("jdbc") && !prefix.eq_ignore_ascii_case("r2dbc") {
        return None;
    }
    let mut engine = None;
    while let Some((word, after)) = rest.split_once(':') {
        let word = word.to_ascii_lowercase();
        if word == "cloudspanner" {
            return spanner(after.split_once("projects/")?.1);
        }
        if let Some((_, name)) = ENGINES.iter().find(|(known, _)| *known == word) {
            engine = Some(*name);
        } else if !(WRAPPERS.contains(&word.as_str()) || (engine.is_some() && MODES.contains(&word.as_str())))
        {
            break;
        }
        rest = after;
    }
    let engine = engine?;
    let mut connection = match engine {
        "oracle" => oracle(rest)?,
        "sqlserver" => sql_server(rest),
        _ => match rest.strip_prefix("//") {
            // DB2 puts its parameters behind a colon.
            Some(rest) if engine == "db2" => {
                let (place, parameters) =
                    rest.rsplit_once(':').filter(|(place, _)| place.contains('/')).unwrap_or((rest, ""));
                let mut connection = url::with_engine(engine, place);
                connection.read_parameters(parameters);
                connection
            }
            Some(rest) => url::with_engine(engine, rest),
            // `jdbc:postgresql:orders`: on this host.
            None => url::with_engine(engine, &format!("localhost/{}", rest.trim_start_matches('/'))),
        },
    };
    if encrypted {
        connection.transport = connection.transport.max(Transport::Verified);
    }
    Some(connection)
}

/// `//host\instance:port;databaseName=…;encrypt=…` (Microsoft JDBC driver), `//host:port/database;…` (jTDS).
fn sql_server(rest: &str) -> Connection {
    let (place, parameters) = split(rest.trim_start_matches('/'), ';');
    let (server, path) = split(place, '/');
    let (server, _) = split(server, '?');
    let (host, after) = split(server, '\\');
    let mut endpoint = Endpoint::of(host);
    endpoint.port = endpoint.port.or_else(|| after.split_once(':')?.1.parse().ok());
    let pairs = Pairs::split_by(parameters, ';');
    let mut connection = Connection {
        engine: Some("sqlserver"),
        hosts: vec![endpoint],
        database: Name::of(split(path, '?').0),
        ..Connection::default()
    };
    pairs.read_into(&mut connection);
    connection
}

/// `thin:[user/password]@` and then `//host:port/service`, `host:port:sid`, `host:port/service`, or a descriptor.
fn oracle(rest: &str) -> Option<Connection> {
    let rest = rest.strip_prefix("thin:").or_else(|| rest.strip_prefix("oci:")).unwrap_or(rest);
    let (login, place) = rest.split_once('@')?;
    let mut connection = Connection { engine: Some("oracle"), ..Connection::default() };
    if let Some((user, password)) = login.split_once('/') {
        connection.principal = Name::of(user);
        connection.password = Password::of(password);
    }
    if place.trim_start().starts_with('(') {
        let field = |name: &str| {
            let lower = place.to_ascii_lowercase();
            let at = lower.find(&format!("{name}="))? + name.len() + 1;
            let value = place.get(at..)?.split([')', '(']).next()?;
            Some(value.trim().to_owned())
        };
        connection.hosts =
            vec![Endpoint { host: field("host")?, port: field("port").and_then(|port| port.parse().ok()) }];
        connection.database = Name::of(&field("service_name").or_else(|| field("sid")).unwrap_or_default());
        let protocol = field("protocol").unwrap_or_default();
        connection.transport =
            if protocol.eq_ignore_ascii_case("tcps") { Transport::Verified } else { Transport::Plain };
        return Some(connection);
    }
    let (scheme, place) = place.split_once("//").unwrap_or(("", place));
    connection.transport =
        if scheme.eq_ignore_ascii_case("tcps:") { Transport::Verified } else { Transport::Plain };
    let (place, _) = split(place, '?');
    let (server, service) = match place.split_once('/') {
        Some(parts) => parts,
        // `host:port:sid`.
        None if place.matches(':').count() == 2 => place.rsplit_once(':')?,
        None => (place, ""),
    };
    connection.hosts = Endpoint::list(server);
    connection.database = Name::of(split(service, ':').0);
    Some(connection)
}
