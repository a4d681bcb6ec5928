//! Whom a workload is told to call: hosts in its variables, arguments and files (domains.md Q2, Q5).
//!
//! Deliberately absent: texts that only look like a host, such as images and identifiers; a bare name counts only where
//! a Service has it and the setting's name asks for a host.

use super::tls_beside::TlsBeside;
use crate::{
    document::json,
    facts::{
        Truth,
        environment::{Channel, Evidence, Setting},
    },
    resource::{
        connection::{Connection, Endpoint, Transport},
        format::Format,
    },
    source::{Place, SourceId},
};

/// One server that a setting names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Call {
    pub(super) host: String,
    pub(super) port: Option<u16>,
    /// Whether the program speaks TLS itself.
    pub(super) speaks_tls: Truth,
    pub(super) is_database: bool,
    /// Whether the text stands alone as a name, and may be anything.
    pub(super) is_bare: bool,
    /// Whether it stands in a file without a scheme, or is one of many in a text, where examples and names of metrics stand too.
    pub(super) is_aside: bool,
    pub(super) place: Place,
}

/// Schemes that mean TLS, beside those of databases.
const TLS_SCHEMES: [&str; 11] =
    ["https", "grpcs", "wss", "tls", "ssl", "ldaps", "smtps", "amqps", "mqtts", "natss", "otlps"];

/// Schemes that name no server.
const OTHER_SCHEMES: [&str; 8] = ["file", "unix", "arn", "s3", "gs", "classpath", "urn", "data"];

/// Schemes that say how a client of gRPC finds its server (grpc/grpc, `doc/naming.md`; for `xds` proposal A27).
const RESOLVERS: [&str; 3] = ["dns", "passthrough", "xds"];

/// Parts of names that ask for a host.
const HOST_NAMES: [&str; 10] =
    ["HOST", "ADDR", "URL", "URI", "ENDPOINT", "SERVER", "SERVICE", "BROKER", "UPSTREAM", "TARGET"];

/// Ports on which TLS is spoken whatever the text says.
const TLS_PORTS: [u16; 3] = [443, 8443, 6443];

/// All servers that settings of one container name. `settings` are those of the workload.
pub(super) fn calls(settings: &[Setting<'_>]) -> Vec<Call> {
    let tls = TlsBeside::new(settings);
    settings.iter().flat_map(|setting| of_setting(setting, settings, &tls)).collect()
}

fn of_setting(setting: &Setting<'_>, settings: &[Setting<'_>], tls_beside: &TlsBeside<'_, '_>) -> Vec<Call> {
    let Some(text) = setting.text.as_deref().map(str::trim).filter(|text| !text.is_empty()) else {
        return Vec::new();
    };
    if text.len() > 2048 {
        return Vec::new();
    }
    let text = unquoted(text);
    if let Some(parts) = parts(text) {
        // Origins, schemas and links to documentation stand there, too.
        let calls = parts.into_iter().flat_map(|part| of_text(setting, &part, settings, tls_beside));
        return calls.map(|call| Call { is_aside: true, ..call }).collect();
    }
    of_text(setting, text, settings, tls_beside)
}

/// A text that a conversion from another format left in its quotation marks.
fn unquoted(text: &str) -> &str {
    let inside = |quote| text.strip_prefix(quote)?.strip_suffix(quote);
    ['"', '\''].into_iter().find_map(inside).unwrap_or(text)
}

/// The addresses in a text that holds several: those in a value of JSON, those of a list.
fn parts(text: &str) -> Option<Vec<String>> {
    if text.starts_with(['{', '[']) {
        let parsed = json::parse(SourceId(0), &text.into());
        let document = parsed.documents.first().filter(|_| parsed.errors.is_empty())?;
        let texts = Format::entries(document.root()).into_iter().map(|entry| entry.text);
        return Some(texts.filter(|text| text.contains("://")).collect());
    }
    let list = text.split(',').map(str::trim);
    let is_list = text.contains(',') && list.clone().all(|part| part.contains("://"));
    is_list.then(|| list.map(ToOwned::to_owned).collect())
}

fn of_text(
    setting: &Setting<'_>,
    text: &str,
    settings: &[Setting<'_>],
    tls_beside: &TlsBeside<'_, '_>,
) -> Vec<Call> {
    if text.contains('\n') {
        return Vec::new();
    }
    let asks_for_host = |name: &str| HOST_NAMES.iter().any(|part| name.contains(part));
    // `cart:7070/api`: the scheme is the program's. An image has a tag behind its path.
    let text = match text.split_once('/') {
        Some((place, path))
            if !text.contains([' ', '=', '@', '"'])
                && !path.contains(':')
                && Endpoint::of(place).port.is_some()
                && asks_for_host(&setting.name.to_ascii_uppercase()) =>
        {
            place
        }
        _ => text,
    };
    let call = |endpoint: &Endpoint, speaks_tls: Truth, is_database: bool, is_bare: bool| {
        let place = setting.place.clone();
        let is_aside = setting.channel == Channel::File && !text.contains("://");
        let (host, port) = (endpoint.host.clone(), endpoint.port);
        Call { host, port, speaks_tls, is_database, is_bare, is_aside, place }
    };
    if let Some(connection) = Connection::parse(text) {
        let speaks_tls = match connection.transport {
            Transport::Verified | Transport::Unverified | Transport::Unchecked => Truth::True,
            Transport::Plain => Truth::False,
            Transport::Unsaid | Transport::Opportunistic => Truth::Unknown,
        };
        let is_database = !matches!(connection.engine, Some("kafka" | "rabbitmq"));
        return connection.hosts.iter().map(|host| call(host, speaks_tls, is_database, false)).collect();
    }
    if let Some((scheme, rest)) = text.split_once("://") {
        return match of_url(scheme, rest) {
            Some((endpoint, speaks_tls)) => vec![call(&endpoint, speaks_tls, false, false)],
            None => Vec::new(),
        };
    }
    if text.contains(['/', ' ', '=', '@']) {
        return Vec::new();
    }
    let endpoints: Vec<Endpoint> = text.split(',').map(Endpoint::of).collect();
    let with_port = endpoints.iter().all(|endpoint| endpoint.port.is_some() && endpoint.is_sound());
    if with_port {
        let said = tls_beside.of(setting);
        let tls = |endpoint: &Endpoint| {
            let by_port = || Truth::from(endpoint.port.is_some_and(|port| TLS_PORTS.contains(&port)));
            said.unwrap_or_else(by_port)
        };
        return endpoints.iter().map(|endpoint| call(endpoint, tls(endpoint), false, false)).collect();
    }
    let name = setting.name.to_ascii_uppercase();
    if setting.evidence == Evidence::SharedFile || !asks_for_host(&name) {
        return Vec::new();
    }
    let port = port_beside(setting, &name, settings);
    let bare = endpoints.into_iter().filter(|endpoint| endpoint.port.is_none() && endpoint.is_sound());
    let by_port = || Truth::from(port.is_some_and(|port| TLS_PORTS.contains(&port)));
    let speaks_tls = tls_beside.of(setting).unwrap_or_else(by_port);
    bare.map(|endpoint| call(&Endpoint { port, ..endpoint }, speaks_tls, false, true)).collect()
}

fn of_url(scheme: &str, rest: &str) -> Option<(Endpoint, Truth)> {
    let scheme = scheme.rsplit([':', '+']).next().unwrap_or(scheme).to_ascii_lowercase();
    if OTHER_SCHEMES.contains(&scheme.as_str()) || !scheme.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return None;
    }
    // A target of gRPC: the authority is who resolves the name.
    let rest = if RESOLVERS.contains(&scheme.as_str()) { rest.split_once('/')?.1 } else { rest };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let place = authority.rsplit_once('@').map_or(authority, |(_, place)| place);
    let mut endpoint = Endpoint::of(place);
    let is_tls = TLS_SCHEMES.contains(&scheme.as_str());
    endpoint.port = endpoint.port.or(match scheme.as_str() {
        "http" | "ws" => Some(80),
        "https" | "wss" => Some(443),
        _ => None,
    });
    endpoint.is_sound().then_some((endpoint, Truth::from(is_tls)))
}

/// `CART_PORT` beside `CART_HOST`, in the same container.
fn port_beside(setting: &Setting<'_>, name: &str, settings: &[Setting<'_>]) -> Option<u16> {
    let wanted: Vec<String> = ["HOSTNAME", "HOST", "ADDRESS", "ADDR", "SERVER"]
        .iter()
        .filter(|part| name.contains(**part))
        .map(|part| name.replace(part, "PORT"))
        .collect();
    let beside = settings.iter().filter(|other| other.container == setting.container);
    let mut found = beside.filter(|other| wanted.contains(&other.name.to_ascii_uppercase()));
    found.find_map(|other| other.text.as_deref()?.trim().parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{facts::environment::Origin, source::SourceId};

    fn setting<'e>(name: &'e str, text: &'e str) -> Setting<'e> {
        Setting {
            container: "web",
            channel: Channel::Variable,
            name: name.into(),
            text: Some(text.into()),
            written: None,
            origin: Origin::Literal,
            key: None,
            file: None,
            evidence: Evidence::Explicit,
            place: Place::new(SourceId(0), 0..1),
            reference: Place::new(SourceId(0), 0..1),
        }
    }

    #[test]
    fn hosts_are_found_in_what_a_container_is_told() {
        for (name, text, expected) in [
            ("CART_ADDR", "cart:7070", "cart:7070 false"),
            ("CART", "http://cart.shop:8080/v1", "cart.shop:8080 false"),
            ("CART", "http://cart/v1?x=1", "cart:80 false"),
            ("CART", "https://user:word@cart/v1", "cart:443 true"),
            ("CART", "grpcs://cart:1", "cart:1 true"),
            ("KAFKA", "a:9092,b:9092", "a:9092 false, b:9092 false"),
            ("DB", "postgresql://u:p@db:5432/x?sslmode=verify-full", "db:5432 true"),
            ("DB", "redis://cache:6379", "cache:6379 false"),
            ("CART_HOST", "cart", "cart:8081 false"),
            ("CART_NAME", "cart", ""),
            ("IMAGE", "registry.example.com/cart:1.0", ""),
            ("LEVEL", "info", ""),
            ("BUCKET", "s3://shop/x", ""),
            ("LINES", "http://a:1\nhttp://b:2", ""),
            ("CART", "dns:///cart.shop:7070", "cart.shop:7070 false"),
            ("CART", "passthrough:///cart:7070", "cart:7070 false"),
            ("CART", "dns://8.8.8.8/cart:7070", "cart:7070 false"),
            ("CART", "dns://cart", ""),
            ("ALL", "http://a:1, https://b/x", "a:1 false, b:443 true"),
            ("DB", "mongodb://a:1,b:2/x", "a:1 false, b:2 false"),
            ("CART", "\"http://cart:1\"", "cart:1 false"),
            ("CONFIG", r#"{"cart":{"url":"http://cart:1"},"note":"x:1"}"#, "cart:1 false"),
            ("CONFIG", "{{ .Values.url }}", ""),
            ("CART_URL", "cart:7070/api", "cart:7070 false"),
            ("CART_IMAGE_URL", "registry:5000/cart:1.0", ""),
            ("CART_PATH", "cart:7070/api", ""),
            ("EMPTY", "", ""),
        ] {
            let settings = [setting(name, text), setting("CART_PORT", "8081")];
            let found: Vec<String> = of_setting(&settings[0], &settings, &TlsBeside::new(&settings))
                .into_iter()
                .map(|call| {
                    let port = call.port.map_or_else(String::new, |port| port.to_string());
                    format!("{}:{port} {}", call.host, call.speaks_tls == Truth::True)
                })
                .collect();
            assert_eq!(found.join(", "), expected, "{name}={text}");
        }
    }
    #[test]
    fn tls_that_is_said_beside_a_host_is_spoken() {
        for (host, beside, expected) in [
            (("PGHOST", "db"), ("PGSSLMODE", "verify-full"), Truth::True),
            (("PGHOST", "db"), ("PGSSLMODE", "disable"), Truth::False),
            (("PGHOST", "db"), ("PGSSLMODE", "prefer"), Truth::Unknown),
            (("DB_HOST", "db"), ("DB_SSL_MODE", "require"), Truth::True),
            (("MYSQL_DB_HOST", "db"), ("MYSQL_SSL_MODE", "REQUIRED"), Truth::True),
            (("REDIS_HOST", "cache"), ("REDIS_TLS", "true"), Truth::True),
            (("REDIS_HOST", "cache"), ("REDIS_TLS_ENABLED", "1"), Truth::True),
            (("REDIS_HOST", "cache"), ("REDIS_USE_SSL", "no"), Truth::False),
            (("redis.host", "cache"), ("redis.ssl.enabled", "yes"), Truth::True),
            (("CART_SERVICE_HOST", "cart"), ("CART_SCHEME", "https"), Truth::True),
            (("KAFKA_BROKERS", "a:9092"), ("KAFKA_SECURITY_PROTOCOL", "SASL_SSL"), Truth::True),
            (("KAFKA_BOOTSTRAP_SERVERS", "a:9092"), ("KAFKA_SECURITY_PROTOCOL", "PLAINTEXT"), Truth::False),
            (("DB_HOST", "db"), ("DB_SSL", "as usual"), Truth::Unknown),
            (("DB_HOST", "db"), ("REDIS_TLS", "true"), Truth::False),
            (("SERVICE_A_HOST", "a"), ("SERVICE_TLS", "true"), Truth::False),
        ] {
            let settings = [setting(host.0, host.1), setting(beside.0, beside.1)];
            let calls = calls(&settings);
            let found = calls.iter().find(|call| call.host == host.1.trim_end_matches(":9092"));
            assert_eq!(found.map(|call| call.speaks_tls), Some(expected), "{host:?} beside {beside:?}");
        }
    }
}
