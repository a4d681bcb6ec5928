//! Connection strings: which server, database and principal a text names (domains.md Q2).
//!
//! URLs, JDBC and R2DBC, Go's MySQL driver, ADO.NET, libpq, PDO, StackExchange.Redis, Spanner, DynamoDB.
//! Deliberately absent: the password. Only whether there is one, and whether it is empty, is ever kept.

mod jdbc;
mod pairs;
#[cfg(test)]
mod tests;
mod url;

use self::pairs::Pairs;

/// What a text says to connect to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Connection {
    /// Name as in the contract (`probity facts`), `kafka` or `rabbitmq` for brokers; `None`: the text does not say.
    pub engine: Option<&'static str>,
    /// One, or the members of a cluster; none where the text names no host.
    pub hosts: Vec<Endpoint>,
    pub database: Name,
    /// Who logs in.
    pub principal: Name,
    pub password: Password,
    pub transport: Transport,
}

/// Where a server listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// Name, address, or path of a socket, as written.
    pub host: String,
    /// `None`: not said, or not known.
    pub port: Option<u16>,
}

/// A name that a text may hold.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Name {
    #[default]
    Absent,
    /// Filled in later: `${USER}`.
    Unknown,
    Known(String),
}

/// Whether a text holds a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Password {
    #[default]
    Absent,
    Empty,
    Given,
}

/// What a client demands of the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Transport {
    /// The text does not say: the driver decides. What is said follows, the worst first.
    #[default]
    Unsaid,
    Plain,
    /// TLS if the server offers it, else none.
    Opportunistic,
    /// TLS with whoever answers, as the client is told to trust every certificate.
    Unchecked,
    /// TLS with whoever answers: the mode demands no more.
    Unverified,
    /// TLS with a server that proves its name, or whose authority is checked.
    Verified,
}

impl Transport {
    /// What a setting of its own demands: a switch, a mode of PostgreSQL and MySQL, a protocol of Kafka, or a scheme.
    pub fn of_setting(text: &str) -> Self {
        match text.trim().to_ascii_lowercase().replace('_', "").as_str() {
            "true" | "1" | "yes" | "on" | "enabled" | "ssl" | "saslssl" | "tls" | "https" | "grpcs"
            | "rediss" => Self::Verified,
            "0" | "no" | "plaintext" | "saslplaintext" | "http" | "grpc" | "tcp" | "redis" => Self::Plain,
            mode => ssl_mode(mode),
        }
    }
}

impl Name {
    /// A text that stands where a name belongs; templates are unknown, an empty one is none.
    pub fn of(text: &str) -> Self {
        let text = text.trim();
        if text.is_empty() {
            Self::Absent
        } else if is_template(text) {
            Self::Unknown
        } else {
            Self::Known(text.to_owned())
        }
    }

    pub fn known(&self) -> Option<&str> {
        match self {
            Self::Known(name) => Some(name),
            _ => None,
        }
    }

    /// This, or another where this is absent.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        if self == Self::Absent { other } else { self }
    }
}

impl Password {
    pub fn of(text: &str) -> Self {
        if text.is_empty() { Self::Empty } else { Self::Given }
    }
}

impl Endpoint {
    /// `host`, `host:port`, `[address]:port`; a port that is no number is unknown.
    pub fn of(text: &str) -> Self {
        let text = text.trim();
        let whole = |host: &str| Self { host: host.to_owned(), port: None };
        if let Some(rest) = text.strip_prefix('[') {
            let Some((address, after)) = rest.split_once(']') else { return whole(text) };
            return Self {
                host: address.to_owned(),
                port: after.strip_prefix(':').and_then(|port| port.parse().ok()),
            };
        }
        match text.rsplit_once(':') {
            Some((host, port)) if !host.contains(':') => {
                Self { host: host.to_owned(), port: port.parse().ok() }
            }
            _ => whole(text),
        }
    }

    /// Several, by comma.
    pub fn list(text: &str) -> Vec<Self> {
        text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(Self::of).collect()
    }

    /// Whether the host can be one; templates and words with blanks cannot.
    pub fn is_sound(&self) -> bool {
        !self.host.is_empty()
            && !self.host.contains(|c: char| c.is_whitespace() || "{}$()<>\"'=;".contains(c))
    }
}

impl Connection {
    /// Reads a text of any of the forms; `None` where it is none of them, or names what runs in the process itself
    /// (SQLite, H2 in memory).
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim().trim_matches(['"', '\'']);
        // Nobody writes longer ones, and a hostile text shall not cost.
        if text.len() > 4096 || text.contains('\n') {
            return None;
        }
        let lower = text.get(..12.min(text.len())).unwrap_or_default().to_ascii_lowercase();
        if lower.starts_with("jdbc:") || lower.starts_with("r2dbc") {
            return jdbc::parse(text);
        }
        if let Some(rest) = text.strip_prefix("projects/") {
            return spanner(rest);
        }
        if text.starts_with("arn:") {
            return dynamodb(text);
        }
        if let Some(connection) = go(text) {
            return Some(connection);
        }
        if text.contains("://") && !text.get(..text.find("://")?)?.contains(['=', ';', ' ', ',']) {
            return url::parse(text);
        }
        Pairs::connection(text)
    }

    /// The one server, the first of several.
    pub fn endpoint(&self) -> Option<&Endpoint> {
        self.hosts.first()
    }
}

/// `p/instances/i/databases/d`, behind `projects/` (Cloud Spanner).
fn spanner(rest: &str) -> Option<Connection> {
    let parts: Vec<&str> = rest.split(['/', '?', ';']).collect();
    let [project, "instances", instance, "databases", database, ..] = parts.as_slice() else { return None };
    Some(Connection {
        engine: Some("spanner"),
        hosts: vec![Endpoint { host: format!("projects/{project}/instances/{instance}"), port: None }],
        database: Name::of(database),
        transport: Transport::Verified,
        ..Connection::default()
    })
}

/// `arn:aws:dynamodb:region:account:table/name`: a table is a server of its own.
fn dynamodb(text: &str) -> Option<Connection> {
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    let ["arn", _, "dynamodb", _, _, rest] = parts.as_slice() else { return None };
    let table = rest.strip_prefix("table/")?.split('/').next()?;
    Some(Connection {
        engine: Some("dynamodb"),
        hosts: vec![Endpoint {
            host: text.strip_suffix(rest).map(|arn| format!("{arn}table/{table}"))?,
            port: None,
        }],
        database: Name::of(table),
        transport: Transport::Verified,
        ..Connection::default()
    })
}

/// `[user[:password]@]network(address)/database[?parameters]` (go-sql-driver/mysql, README, "DSN").
fn go(text: &str) -> Option<Connection> {
    // A password may hold parentheses, as `$(DB_PASSWORD)` does.
    let (open, login, network) = text.match_indices('(').find_map(|(open, _)| {
        let before = text.get(..open)?;
        let (login, network) = before.rsplit_once('@').unwrap_or(("", before));
        let is_network = !network.is_empty() && network.bytes().all(|byte| byte.is_ascii_alphanumeric());
        is_network.then_some((open, login, network))
    })?;
    let close = open + text.get(open..)?.find(")/")?;
    let address = text.get(open + 1..close)?;
    let (database, query) = split(text.get(close + 2..)?, '?');
    let mut connection = Connection {
        engine: Some("mysql"),
        hosts: vec![if network == "unix" {
            Endpoint { host: address.to_owned(), port: None }
        } else {
            Endpoint::of(address)
        }],
        database: Name::of(database),
        ..Connection::default()
    };
    connection.log_in(login);
    connection.transport = match parameter(query, "tls") {
        Some("true") => Transport::Verified,
        Some("skip-verify") => Transport::Unchecked,
        Some("preferred") => Transport::Opportunistic,
        Some("false") => Transport::Plain,
        Some(_) => Transport::Unsaid,
        // The driver's default.
        None => Transport::Plain,
    };
    Some(connection)
}

impl Connection {
    /// `user[:password]`.
    fn log_in(&mut self, login: &str) {
        if login.is_empty() {
            return;
        }
        let (user, password) = match login.split_once(':') {
            Some((user, password)) => (user, Password::of(password)),
            None => (login, Password::Absent),
        };
        self.principal = Name::of(&decoded(user));
        self.password = password;
    }
}

/// Whether a text waits for something to be filled in.
fn is_template(text: &str) -> bool {
    ["${", "$(", "{{", "<", "%(", "#{", "__"].iter().any(|mark| text.contains(mark))
        && !text.starts_with("arn:")
}

fn split(text: &str, at: char) -> (&str, &str) {
    text.split_once(at).unwrap_or((text, ""))
}

/// Value of a parameter of a query, whatever the case of its name.
fn parameter<'t>(query: &'t str, name: &str) -> Option<&'t str> {
    let pairs = query.split(['&', ';']).filter_map(|pair| pair.split_once('='));
    pairs.filter(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value).next_back()
}

/// Percent-encoding resolved, where it is valid.
fn decoded(text: &str) -> String {
    if !text.contains('%') {
        return text.to_owned();
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        let hex = (*first == b'%').then(|| tail.get(..2)).flatten();
        let value = hex.and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
        bytes.push(value.unwrap_or(*first));
        rest = if value.is_some() { tail.get(2..).unwrap_or_default() } else { tail };
    }
    String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned())
}

/// What `sslmode` of PostgreSQL and `sslMode` of MySQL, in all spellings, demand.
fn ssl_mode(mode: &str) -> Transport {
    match mode.to_ascii_lowercase().replace(['_', '-'], "").as_str() {
        "disable" | "disabled" | "none" | "false" | "off" => Transport::Plain,
        "allow" | "prefer" | "preferred" => Transport::Opportunistic,
        // MariaDB's `trust`, and `no-verify` of the driver for Node.
        "trust" | "noverify" => Transport::Unchecked,
        "require" | "required" | "true" => Transport::Unverified,
        "verifyca" | "verifyfull" | "verifyidentity" => Transport::Verified,
        _ => Transport::Unsaid,
    }
}
