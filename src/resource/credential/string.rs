//! Strings that carry a credential beside other things: URLs, Go DSNs, ADO.NET and libpq strings, query parameters,
//! keys of Azure storage, authorization headers.

use std::{ops::Range, sync::LazyLock};

use regex::Regex;

use super::{context::Context, default, weak};
use crate::resource::shape;

/// Shapes with the credential as their only group, and what a text must contain for them to be tried.
static SHAPES: LazyLock<Vec<(&'static str, Regex)>> = LazyLock::new(|| {
    let shapes = [
        // scheme://user:password@host (RFC 3986, section 3.2.1); the last `@` ends the password, as drivers have it
        ("://", r#"[A-Za-z][A-Za-z0-9+.-]*://[^/?#\s:@"'`]*:([^/?#\s"'`]+)@"#),
        // The same with a delimiter in the password, which ought to be escaped and often is not; digits and a slash are
        // the port and path of a URL without one.
        ("://", r#"[A-Za-z][A-Za-z0-9+.-]*://[^/?#\s:@"'`]*:(\d*[^\d/?#\s@"'`][^\s@"'`]*)@"#),
        // jdbc:oracle:thin:user/password@host
        ("thin:", r"jdbc:oracle:thin:[^/\s@]+/([^@\s]+)@"),
        // Go: user:password@tcp(host:port)/database
        ("@", r"(?:^|[\s=])[^:/@\s]+:(\S+?)@(?:tcp|unix|udp|cloudsql)\("),
        // ADO.NET, ODBC: Server=…;Password=…
        (
            ";",
            r#"(?i)(?:server|data source|host|address|addr|initial catalog|database|user id|uid|endpoint)\s*=[^;]*;(?:[^;]*;)*?\s*(?:password|pwd)\s*=\s*(?:"([^"]+)"|'([^']+)'|([^;"'\s]+))"#,
        ),
        (
            ";",
            r#"(?i)(?:password|pwd)\s*=\s*(?:"([^"]+)"|'([^']+)'|([^;"'\s]+))\s*;(?:[^;]*;)*?\s*(?:server|data source|host|initial catalog|database|user id|uid)\s*="#,
        ),
        // StackExchange.Redis: host:port,password=…
        (
            "assword",
            r#"(?i)(?:^|[\s"'])(?:[\w-]+:\d+|[\w-]+(?:\.[\w-]+)+(?::\d+)?)(?:\s*,\s*[^,\s"'=]+(?:\s*=\s*[^,\s"']*)?)*?\s*,\s*password\s*=\s*([^,\s"']+)"#,
        ),
        // Azure App Configuration, and Communication Services: Endpoint=…;Id=…;Secret=…
        (
            "ndpoint=",
            r"(?i)endpoint=https?://[^;\s]+;(?:\s*id=[^;\s]+;)?\s*(?:secret|accesskey)=([A-Za-z0-9+/]{16,}={0,2})",
        ),
        // nats://token@host
        ("nats://", r#"nats://([^/?#\s:@"'`,]{8,})@"#),
        // Azure: AccountKey=…, SharedAccessKey=…
        ("Key=", r"(?:AccountKey|SharedAccessKey)=([A-Za-z0-9+/]{20,}={0,2})"),
        // Parameters of a URL, or of a path that a probe asks for.
        (
            "=",
            r#"(?i)(?:://|jdbc:|^/)[^\s"']*[?&;](?:password|passwd|pwd|access_token|api_?key|auth_token|token|sig|client_secret)=([^&;\s"'#]+)"#,
        ),
        // libpq: host=… password=…
        (
            "assword",
            r#"(?i)(?:host|hostaddr|dbname|user)\s*=\s*\S+\s+(?:\w+\s*=\s*\S+\s+)*?password\s*=\s*(?:'([^']+)'|([^\s'";,)]+))"#,
        ),
        (
            "assword",
            r#"(?i)\bpassword\s*=\s*(?:'([^']+)'|([^\s'";,)]+)),?\s+(?:\w+\s*=\s*\S+\s+)*?(?:host|hostaddr|dbname|user)\s*="#,
        ),
        // Authorization: Basic …
        (
            "uthorization",
            r#"(?i)authorization["']?\s*[:=]\s*["']?(?:basic|bearer|token)\s+([A-Za-z0-9+/=_.~-]{8,})"#,
        ),
        // nginx, HAProxy, Apache: proxy_set_header Authorization "Basic …"
        (
            "uthorization",
            r#"(?i)(?:set[_-]header|requestheader\s+(?:set|add))\s+["']?(?:proxy-)?authorization["']?\s+["']?(?:basic|bearer|token)\\?\s+([A-Za-z0-9+/=_.~-]{8,})"#,
        ),
    ];
    let compiled =
        shapes.iter().map(|(needs, shape)| (*needs, Regex::new(shape).expect("a constant expression")));
    compiled.collect()
});

/// What a shell or a template puts in, at the beginning of a value: `$PASSWORD`, `$1`, `%s:…`; not `$p4ss-word`.
static VARIABLE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^(?:\$(?:[A-Z_][A-Z0-9_]*(?:[^A-Za-z0-9_]|$)|[A-Za-z_]\w*$|\d|\$)|%(?:\([a-z_]+\))?[svdq](?:[^A-Za-z0-9]|$)|%[A-Z_]+%)")
        .expect("a constant expression")
});

/// Bytes of each credential within a text, in order and without overlaps.
pub fn credentials(text: &str) -> Vec<Range<usize>> {
    if text.len() < 8 || !text.contains(['@', '=', ':']) && !text.contains("uthorization") {
        return Vec::new();
    }
    let mut found: Vec<Range<usize>> = Vec::new();
    for (needs, shape) in SHAPES.iter() {
        if !text.contains(needs) {
            continue;
        }
        for captures in shape.captures_iter(text) {
            let Some(credential) = captures.iter().skip(1).flatten().next() else { continue };
            let given = default::credential_at_end("password", credential.as_str(), Context::Settings);
            let range = given.map_or(credential.range(), |range| {
                credential.start() + range.start..credential.start() + range.end
            });
            let overlaps = |other: &Range<usize>| other.start < range.end && range.start < other.end;
            let whole = captures.get_match().range();
            let is_kept =
                is_written(text, &range) && !is_port(credential.as_str()) && !are_arguments(text, &whole);
            if is_kept && !found.iter().any(overlaps) {
                found.push(range);
            }
        }
    }
    found.sort_unstable_by_key(|range| range.start);
    found
}

/// A port with properties behind it, of which one has an `@`: `jdbc:sqlserver://host:1433;user=admin@host`.
fn is_port(value: &str) -> bool {
    value
        .split_once(';')
        .is_some_and(|(port, _)| !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Whether a list with commas stands behind an open parenthesis: `connect(host=host, password=password)`.
fn are_arguments(text: &str, range: &Range<usize>) -> bool {
    let has_commas = text.get(range.clone()).is_some_and(|list| list.contains(", "));
    let line = text.get(..range.start).unwrap_or_default().rsplit('\n').next().unwrap_or_default();
    has_commas && line.rfind('(').is_some_and(|open| line.rfind(')').is_none_or(|close| close < open))
}

/// Bytes of what a header named `Authorization` carries.
pub(super) fn of_header(name: &str, text: &str) -> Option<Range<usize>> {
    let (scheme, rest) = text.split_once(' ')?;
    let known = ["basic", "bearer", "token", "apikey"].iter().any(|known| known.eq_ignore_ascii_case(scheme));
    let range = text.len() - rest.trim_start().len()..text.len();
    (name.to_ascii_lowercase().ends_with("authorization")
        && known
        && range.len() >= 8
        && is_written(text, &range))
    .then_some(range)
}

/// Whether the credential itself stands there, not a reference, a placeholder or a piece of documentation.
fn is_written(text: &str, range: &Range<usize>) -> bool {
    let value = text.get(range.clone()).unwrap_or_default();
    let after = text.get(range.end..).unwrap_or_default();
    let is_format = |value: &str| {
        matches!(value, "%s" | "%v" | "{}" | "...")
            || value.starts_with(['{', '<', '[', ':', '`'])
            || VARIABLE.is_match(value)
            || ["${", "$(", "{{", "%{", "%["].iter().any(|start| value.contains(start))
    };
    // `oci://image:tag@sha256:…`
    let is_digest = after.starts_with("@sha256:");
    let line =
        text.get(..range.start).unwrap_or_default().rsplit('\n').next().unwrap_or_default().trim_start();
    let is_comment = text.contains('\n') && (line.starts_with('#') || line.starts_with("//"));
    !is_format(value)
        && !is_digest
        && !is_comment
        && !weak::is_stand_in("", value)
        && !shape::is_reference(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_credential_within_a_string_is_found() {
        for (text, expected) in [
            ("postgresql://u:p4ss@db:5432/x", &["p4ss"][..]),
            ("redis://:p4ss@cache", &["p4ss"]),
            ("postgres://app:Tr0ub@dor3xyz@db:5432/orders", &["Tr0ub@dor3xyz"]),
            ("u:p4@ss@tcp(db:3306)/x", &["p4@ss"]),
            ("Server=db;User Id=u;Password='qu;ote9xx';Encrypt=true", &["qu;ote9xx"]),
            ("postgres://orders:Tr0ub4/dor#1@db/orders", &["Tr0ub4/dor#1"]),
            ("amqp://u:12b/c@queue", &["12b/c"]),
            ("mongodb+srv://u:p4ss@a.example.com,b/x?authSource=admin", &["p4ss"]),
            ("u:p4ss@tcp(db:3306)/x", &["p4ss"]),
            ("Server=db;Database=x;User Id=sa;Password=p4ss;Encrypt=False", &["p4ss"]),
            ("Pwd=p4ss;Server=db", &["p4ss"]),
            ("cache:6379,password=p4ss,ssl=True,abortConnect=False", &["p4ss"]),
            ("shop.redis.cache.windows.net,abortConnect=false,ssl=true,password=p4ss==", &["p4ss=="]),
            ("a:6379,b:6380,allowAdmin=true,password=p4ss", &["p4ss"]),
            (
                "Endpoint=https://shop.azconfig.io;Id=a-l0-s0:b;Secret=q7Zk2Wv9Lx4Tb8Nc3Rm6==",
                &["q7Zk2Wv9Lx4Tb8Nc3Rm6=="],
            ),
            ("nats://p4ss-word@nats:4222", &["p4ss-word"]),
            ("postgres://u:%p4ss-word@db/x", &["%p4ss-word"]),
            ("postgres://u:%40p4ss@db/x", &["%40p4ss"]),
            ("postgres://u:$p4ss-word@db/x", &["$p4ss-word"]),
            ("jdbc:mysql://db/x?user=u&password=p4ss&useSSL=false", &["p4ss"]),
            ("/healthz?token=p4ss-word", &["p4ss-word"]),
            ("jdbc:sqlserver://db;user=u;password=p4ss", &["p4ss"]),
            ("jdbc:oracle:thin:u/p4ss@db:1521:x", &["p4ss"]),
            ("host=db dbname=x user=u password=p4ss sslmode=disable", &["p4ss"]),
            (
                "jdbc:sqlserver://srv:1433;database=x;user=admin@srv;password=p4ss-word;encrypt=true",
                &["p4ss-word"],
            ),
            ("password='p 4' host=db", &["p 4"]),
            ("host=db, user=u, password=Winter2024", &["Winter2024"]),
            ("user=u, password=Winter2024, host=db", &["Winter2024"]),
            (
                "db { url = \"jdbc:postgresql://db/x\", user = shop, password = S3cr3tPass9 }",
                &["S3cr3tPass9"],
            ),
            ("jdbc:postgresql://db/x?user=u&password=${DB_PW:p4ss-word}", &["p4ss-word"]),
            ("postgres://u:${DB_PW:-p4ss-word}@db/x", &["p4ss-word"]),
            ("postgres://${DB_USER:u}:${DB_PW:p4ss-word}@db/x", &["p4ss-word"]),
            ("Server=db;User Id=u;Password=${DB_PW:p4ss-word};", &["p4ss-word"]),
            (
                "DefaultEndpointsProtocol=https;AccountName=a;AccountKey=q7Zk2Wv9Lx4Tb8Nc3Rm6==",
                &["q7Zk2Wv9Lx4Tb8Nc3Rm6=="],
            ),
            ("curl -H 'Authorization: Basic dTpwNHNz' http://a", &["dTpwNHNz"]),
            ("proxy_set_header Authorization \"Basic dTpwNHNz\";", &["dTpwNHNz"]),
            ("http-request set-header Authorization Basic\\ dTpwNHNz", &["dTpwNHNz"]),
            ("amqp://a:p4ss@x,amqp://b:p5ss@y", &["p4ss", "p5ss"]),
            ("a: 1\nuri: http://u:p4ss@x/\n# http://u:old@x/\n", &["p4ss"]),
        ] {
            let found: Vec<&str> = credentials(text).into_iter().map(|range| &text[range]).collect();
            assert_eq!(found, expected, "{text}");
        }
    }

    #[test]
    fn strings_without_one_are_left_alone() {
        for text in [
            "http://user@host:80/a:b@c",
            "http://host:80/a:b@c",
            "http://host:8080?q=a:b@c",
            "jdbc:postgresql://db:5432/x",
            "postgresql://u:$(PASSWORD)@db/x",
            "jdbc:sqlserver://srv.example.com:1433;database=x;user=admin@srv;password=${DB_PW};encrypt=true",
            "jdbc:sqlserver://srv.example.com:1433;database=x;user=admin@srv;encrypt=true",
            "postgresql://u:${PASSWORD}@db/x",
            "postgresql://u:${PASSWORD:}@db/x",
            "postgresql://u:${PASSWORD:changeme}@db/x",
            "jdbc:postgresql://db/x?password=${PASSWORD:?required}",
            "jdbc:postgresql://db/x?password=${PASSWORD:${OTHER}}",
            "jdbc:postgresql://db/x?password=${sm:db-passw0rd}",
            "connect(host=host, password=passw0rd, user=user)",
            "postgresql://u:<password>@db/x",
            "postgresql://{user}:{password}@db/x",
            "postgresql://%s:%s@%s/%s",
            "postgresql://%(user)s:%(password)s@db/x",
            "postgresql://%USER%:%PASSWORD%@db/x",
            "postgresql://%{user}:%{password}@db/x",
            "postgresql://$USER:$PASSWORD@db/x",
            "postgresql://$user:$password@db/x",
            "postgresql://$1:$2@db/x",
            "cache:6379,password=$(PASSWORD),ssl=True",
            "cache:6379,ssl=True,abortConnect=False",
            "Endpoint=https://shop.azconfig.io;Id=a;Secret=${SECRET}",
            "nats://nats:4222",
            "nats://$NATS_TOKEN@nats:4222",
            "oci://registry/image:tag@sha256:aa",
            "docker://nginx:1.2@sha256:aa",
            "Server=db;Integrated Security=true",
            "https://example.com/login?password_hint=1",
            "a@b.c, d:e",
            "key=value;other=value",
        ] {
            assert!(credentials(text).is_empty(), "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn every_credential_lies_in_the_text(text in "[a-c:/@?&=;'$({# \npasswordhostä]{0,60}") {
            for range in credentials(&text) {
                proptest::prop_assert!(text.get(range).is_some());
            }
        }
    }
}
