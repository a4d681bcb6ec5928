//! Lists of keys and values: ADO.NET, libpq, PDO, StackExchange.Redis.

use super::{Connection, Endpoint, Name, Password, Transport, ssl_mode};

/// Keys, in lower case and without blanks and `_`, with their values in order.
pub(super) struct Pairs<'t>(Vec<(String, &'t str)>);

const HOSTS: &[&str] = &[
    "server",
    "datasource",
    "host",
    "hostname",
    "address",
    "addr",
    "networkaddress",
    "hostaddr",
    "servername",
];
const DATABASES: &[&str] = &["database", "initialcatalog", "dbname", "databasename"];
const PRINCIPALS: &[&str] = &["userid", "user", "username", "uid", "usr"];
const PASSWORDS: &[&str] = &["password", "pwd", "pass"];

/// Drivers of PDO.
const DRIVERS: &[(&str, &str)] = &[
    ("mysql", "mysql"),
    ("pgsql", "postgresql"),
    ("sqlsrv", "sqlserver"),
    ("dblib", "sqlserver"),
    ("oci", "oracle"),
];

/// Options that only StackExchange.Redis has; its others are in wide use.
const REDIS: &[&str] = &[
    "abortconnect",
    "allowadmin",
    "connectretry",
    "defaultdatabase",
    "ssl",
    "synctimeout",
    "password",
    "user",
];

impl<'t> Pairs<'t> {
    /// A text of one of the forms.
    pub(super) fn connection(text: &'t str) -> Option<Connection> {
        if let Some((driver, rest)) = text.split_once(':')
            && let Some((_, engine)) = DRIVERS.iter().find(|(name, _)| driver == *name)
            && rest.contains('=')
        {
            let pairs = Self::split_by(rest, ';');
            return pairs.any(HOSTS).then(|| pairs.read(Some(engine)));
        }
        if !text.contains('=') {
            return None;
        }
        if text.contains(';') {
            let pairs = Self::split_by(text, ';');
            return pairs.ado();
        }
        if let Some((first, rest)) = text.split_once(',')
            && !first.contains('=')
        {
            return Self::redis(first, rest);
        }
        let pairs = Self::libpq(text)?;
        let is_libpq = pairs.any(&["host", "hostaddr"]) && (pairs.any(&["dbname"]) || pairs.any(&["user"]));
        is_libpq.then(|| pairs.read(Some("postgresql")))
    }

    pub(super) fn split_by(text: &'t str, separator: char) -> Self {
        let pairs = text.split(separator).filter_map(|pair| pair.split_once('='));
        Self(pairs.map(|(key, value)| (key_of(key), value.trim().trim_matches(['"', '\'']))).collect())
    }

    /// `keyword = value`, values in single quotes if they hold blanks (libpq, "Keyword/Value Connection Strings").
    fn libpq(text: &'t str) -> Option<Self> {
        let mut pairs = Vec::new();
        let mut rest = text.trim_start();
        while !rest.is_empty() {
            let (key, after) = rest.split_once('=')?;
            let key = key.trim();
            if key.is_empty() || !key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
                return None;
            }
            let after = after.trim_start();
            let (value, left) = match after.strip_prefix('\'') {
                Some(quoted) => {
                    let end = closing_quote(quoted)?;
                    (quoted.get(..end)?, quoted.get(end + 1..).unwrap_or_default())
                }
                None => after.split_once(char::is_whitespace).unwrap_or((after, "")),
            };
            pairs.push((key_of(key), value));
            rest = left.trim_start();
        }
        Some(Self(pairs))
    }

    /// `host:port,option=value,…`.
    fn redis(first: &str, rest: &'t str) -> Option<Connection> {
        let options = Self::split_by(rest, ',');
        if !options.any(REDIS) {
            return None;
        }
        let mut connection = options.read(Some("redis"));
        let more = rest.split(',').map(str::trim).take_while(|part| !part.contains('='));
        connection.hosts = std::iter::once(first).chain(more).map(Endpoint::of).collect();
        connection.database =
            Name::of(options.get(&["defaultdatabase"]).filter(|text| !text.is_empty()).unwrap_or("0"));
        connection.transport = match options.get(&["ssl"]) {
            Some(value) if value.eq_ignore_ascii_case("true") => Transport::Verified,
            _ => Transport::Plain,
        };
        Some(connection)
    }

    /// Whether it is ADO.NET's, told by a server beside something else that only databases have.
    fn ado(&self) -> Option<Connection> {
        if let Some(endpoint) = self.get(&["accountendpoint"]) {
            let host = endpoint.split("://").last().and_then(|rest| rest.split(['/', '?']).next())?;
            return Some(Connection {
                engine: Some("cosmosdb"),
                hosts: vec![Endpoint::of(host)],
                database: self.get(&["database"]).map(Name::of).unwrap_or_default(),
                password: self.get(&["accountkey"]).map(Password::of).unwrap_or_default(),
                transport: Transport::Verified,
                ..Connection::default()
            });
        }
        let is_database =
            self.any(HOSTS) && (self.any(DATABASES) || self.any(PRINCIPALS) || self.any(PASSWORDS));
        if !is_database || self.get(HOSTS).is_some_and(|host| host.contains("://")) {
            return None;
        }
        let engine = if self.any(&[
            "initialcatalog",
            "trustservercertificate",
            "integratedsecurity",
            "multipleactiveresultsets",
        ]) {
            Some("sqlserver")
        } else if self.any(&["host"]) && self.any(&["username"]) {
            Some("postgresql")
        } else if self.any(&["sslmode", "allowpublickeyretrieval", "allowuservariables"])
            && self.any(&["uid", "server"])
        {
            Some("mysql")
        } else {
            None
        };
        Some(self.read(engine))
    }

    fn read(&self, engine: Option<&'static str>) -> Connection {
        let mut connection = Connection { engine, ..Connection::default() };
        self.read_into(&mut connection);
        connection.complete();
        connection
    }

    pub(super) fn read_into(&self, connection: &mut Connection) {
        let port = self.get(&["port", "portnumber"]).and_then(|port| port.parse().ok());
        if let Some(server) = self.get(HOSTS) {
            connection.hosts =
                server.split(',').map(str::trim).map(|part| Self::endpoint(part, port)).collect();
            // `host,1433`: SQL Server separates its port by a comma.
            if let [host, number] = connection.hosts.as_slice()
                && let Ok(port) = number.host.parse()
            {
                connection.hosts = vec![Endpoint { host: host.host.clone(), port: Some(port) }];
            }
            if connection.engine.is_none() {
                connection.engine = Self::engine_of_port(connection);
            }
        } else if let Some(port) = port {
            connection.hosts.iter_mut().for_each(|host| host.port = host.port.or(Some(port)));
        }
        for (target, names) in
            [(&mut connection.database, DATABASES), (&mut connection.principal, PRINCIPALS)]
        {
            if let Some(text) = self.get(names) {
                *target = Name::of(text);
            }
        }
        if let Some(password) = self.get(PASSWORDS) {
            connection.password = Password::of(password);
        }
        connection.transport = self.transport(connection.engine);
    }

    /// `tcp:host\instance`.
    fn endpoint(text: &str, port: Option<u16>) -> Endpoint {
        let text = text.strip_prefix("tcp:").unwrap_or(text);
        let host = text.split('\\').next().unwrap_or_default();
        let host = host.strip_prefix("/cloudsql/").unwrap_or(host);
        let mut endpoint = Endpoint::of(host);
        endpoint.port = endpoint.port.or(port);
        endpoint
    }

    fn engine_of_port(connection: &Connection) -> Option<&'static str> {
        match connection.endpoint().and_then(|endpoint| endpoint.port) {
            Some(port) => crate::resource::engine::of_port(i64::from(port)).map(|engine| engine.name),
            None => None,
        }
    }

    fn transport(&self, engine: Option<&str>) -> Transport {
        if let Some(mode) = self.get(&["sslmode"]) {
            return ssl_mode(mode);
        }
        let is_true = |value: &str| {
            matches!(value.to_ascii_lowercase().as_str(), "true" | "yes" | "mandatory" | "strict")
        };
        let trusts = self.get(&["trustservercertificate"]).is_some_and(is_true);
        match self.get(&["encrypt", "ssl", "usessl"]) {
            Some(value) if is_true(value) && trusts => Transport::Unchecked,
            Some(value) if is_true(value) => Transport::Verified,
            Some(value) if value.eq_ignore_ascii_case("optional") => Transport::Opportunistic,
            Some(_) => Transport::Plain,
            // `Encrypt` is on by default in the drivers of today, and off in those of yesterday.
            None if trusts => Transport::Unchecked,
            None if engine == Some("postgresql") || engine == Some("mysql") => Transport::Opportunistic,
            None => Transport::Unsaid,
        }
    }

    fn any(&self, keys: &[&str]) -> bool {
        self.get(keys).is_some()
    }

    fn get(&self, keys: &[&str]) -> Option<&'t str> {
        self.0.iter().rev().find(|(key, _)| keys.contains(&key.as_str())).map(|(_, value)| *value)
    }
}

fn key_of(text: &str) -> String {
    text.trim().chars().filter(|c| !matches!(c, ' ' | '_')).flat_map(char::to_lowercase).collect()
}

/// Byte position of the quote that no backslash precedes.
fn closing_quote(text: &str) -> Option<usize> {
    let mut escaped = false;
    text.char_indices().find_map(|(at, c)| {
        let is_end = c == '\'' && !escaped;
        escaped = c == '\\' && !escaped;
        is_end.then_some(at)
    })
}
