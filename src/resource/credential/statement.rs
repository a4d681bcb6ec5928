//! Credentials in statements of other languages, wherever in a text they stand: JAAS, SQL, `.netrc`, access lists of
//! Redis, headers that a proxy sets.

use std::{ops::Range, sync::LazyLock};

use aho_corasick::AhoCorasick;
use regex::Regex;

use super::{literal, name};

/// A credential within a text.
pub(super) struct Statement<'t> {
    /// What it is called there.
    pub(super) name: &'t str,
    pub(super) range: Range<usize>,
}

/// How the credential is found in a statement.
enum Parts {
    /// The groups are the credential.
    Value(Regex),
    /// The first group is a list, in which a pattern finds names and values.
    List(Regex, &'static LazyLock<Regex>),
    /// The first group is the name, the others are the value.
    Pair(Regex),
    /// The same where many things are named like that: what may be the name of a key is none.
    Loose(Regex),
}

/// What a text must contain, in any case, for a shape to be tried.
const NEEDED: [&str; 16] = [
    "authorization",
    "loginmodule",
    "identified",
    "password",
    "machine",
    "user",
    "chpasswd",
    "set_header",
    "set-header",
    "requestheader",
    "createuser",
    "stats",
    "define",
    "secret",
    "token",
    "key",
];

static ANY: LazyLock<AhoCorasick> = LazyLock::new(|| {
    AhoCorasick::builder().ascii_case_insensitive(true).build(NEEDED).expect("constant texts")
});

/// `name="value"`, also where quotes are escaped, and without them.
static OPTION: LazyLock<Regex> =
    LazyLock::new(|| expression(r#"([\w.]+)\s*=\s*(?:\\*"([^"\\]+)|\\*'([^'\\]+)|([^\s"'\\]+))"#));

/// `>password` of a user of Redis.
static ADDED: LazyLock<Regex> = LazyLock::new(|| expression(r"[ \t]()>(\S+)"));

static SHAPES: LazyLock<Vec<(&'static [&'static str], Parts)>> = LazyLock::new(|| {
    let value = |shape: &str| Parts::Value(expression(shape));
    vec![
        // javax.security.auth.login.Configuration: `Module flag options;`
        (
            &["loginmodule"],
            Parts::List(
                expression(
                    r#"LoginModule\s+(?:required|requisite|sufficient|optional)\b((?:[^;"]|"[^"]*")*)"#,
                ),
                &OPTION,
            ),
        ),
        // PostgreSQL, SQL Server, Cassandra: CREATE ROLE … PASSWORD '…'
        (
            &["password"],
            value(
                r"(?i)\b(?:create|alter)\s+(?:user|role|login|database\s+scoped\s+credential)\b[^;]*?\b(?:password|secret)\s*=?\s*N?'([^'\n]+)'",
            ),
        ),
        // MySQL, MariaDB, ClickHouse: IDENTIFIED WITH … BY '…'
        (
            &["identified"],
            value(
                r#"(?i)\bidentified\s+(?:with\s+["'`]?\w+["'`]?\s+)?(?:by|using)\s+(?:'([^'\n]+)'|"([^"\n]+)")"#,
            ),
        ),
        // Oracle: CREATE USER … IDENTIFIED BY …
        (&["identified"], value(r#"(?i)\b(?:create|alter)\s+user\s+\S+\s+identified\s+by\s+([^\s;"']+)"#)),
        (
            &["password"],
            value(r"(?i)\bset\s+password\b[^;=']*(?:'[^'\n]*'[^;=']*)*=\s*(?:password\s*\(\s*)?'([^'\n]+)'"),
        ),
        (&["password"], value(r"(?i)\b(?:master|source)_password\s*=\s*'([^'\n]+)'")),
        // HAProxy: user NAME insecure-password PASSWORD; stats auth NAME:PASSWORD
        (&["password"], value(r"\binsecure-password[ \t]+(\S+)")),
        (&["stats"], value(r"\bstats[ \t]+auth[ \t]+[^\s:]+:(\S+)")),
        (&["createuser"], value(r#"(?i)\bcreateUser\s*\(\s*\{[^}]*?\bpwd["']?\s*:\s*["']([^"'\n]+)["']"#)),
        // .netrc of curl and ftp
        (&["machine"], value(r"\bmachine\s+\S+\s+(?:(?:login|account)\s+\S+\s+)*password\s+(\S+)")),
        // redis.io, "ACL": user NAME on >PASSWORD ~* +@all
        (
            &["user"],
            Parts::List(
                expression(
                    r"(?mi)(?:^[ \t]*user|\bacl[ \t]+setuser|--user)[ \t]+[^\s>]+((?:[ \t]+\S+)*?[ \t]+(?:on|off|resetpass|reset|allkeys|[~+&%]\S+)(?:[ \t]+\S+)*)",
                ),
                &ADDED,
            ),
        ),
        (
            &["chpasswd"],
            value(r#"\becho\s+(?:-\w+\s+)?["']?[^\s:"']+:([^\s"']+)["']?\s*\|\s*(?:sudo\s+)?chpasswd"#),
        ),
        // nginx, HAProxy, Apache
        (
            &["set_header", "set-header", "requestheader"],
            Parts::Pair(expression(
                r#"(?i)\b(?:\w+_set_header|set-header|requestheader\s+(?:set|add))\s+["']?([\w-]+)["']?\s+(?:"([^"\n]+)"|'([^'\n]+)'|([^\s"';]+))"#,
            )),
        ),
        // NATS: authorization { user: …, password: … }
        (
            &["authorization"],
            Parts::Pair(expression(
                r#"\bauthorization\s*[:=]?\s*\{[^{}]*?\b(token|password|pass)(?:\s*[:=]\s*|\s+)(?:"([^"\n]+)"|'([^'\n]+)'|([^\s"',{}$:=]+))"#,
            )),
        ),
        // Headers of curl and of programs: `X-Vault-Token: …`
        (
            &["token", "key", "secret"],
            Parts::Loose(expression(
                r#"(?i)\b(X-[a-z-]*(?:token|key|secret))["']?\s*:[ \t]*["']?([^\s"':,;]{8,})"#,
            )),
        ),
        (
            &["define"],
            Parts::Pair(expression(r#"\bdefine\s*\(\s*["'](\w+)["']\s*,\s*(?:"([^"\n]+)"|'([^'\n]+)')"#)),
        ),
    ]
});

fn expression(shape: &str) -> Regex {
    Regex::new(shape).expect("a constant expression")
}

/// What stands for the name of a credential that has none.
const NAME: &str = "password";

/// Credentials of a text by the statements around them; whether they are references nobody asks here.
pub(super) fn statements(text: &str) -> Vec<Statement<'_>> {
    let mut found = Vec::new();
    if text.len() < 12 {
        return found;
    }
    let mut needed = [false; NEEDED.len()];
    for matched in ANY.find_overlapping_iter(text) {
        if let Some(needed) = needed.get_mut(matched.pattern().as_usize()) {
            *needed = true;
        }
    }
    if needed == [false; NEEDED.len()] {
        return found;
    }
    let holds = |text: &str| NEEDED.iter().zip(needed).any(|(known, holds)| holds && *known == text);
    for (_, parts) in SHAPES.iter().filter(|(any, _)| any.iter().any(|text| holds(text))) {
        match parts {
            Parts::Value(shape) => {
                for captures in shape.captures_iter(text) {
                    let value = captures.iter().skip(1).flatten().next();
                    found.extend(value.map(|value| Statement { name: NAME, range: value.range() }));
                }
            }
            Parts::List(shape, item) => {
                for list in shape.captures_iter(text).filter_map(|captures| captures.get(1)) {
                    for captures in item.captures_iter(list.as_str()) {
                        let Some(value) = captures.iter().skip(2).flatten().next() else { continue };
                        let name = captures.get(1).map_or("", |name| name.as_str());
                        let range = list.start() + value.start()..list.start() + value.end();
                        found.extend(kept_name(name).map(|name| Statement { name, range }));
                    }
                }
            }
            Parts::Pair(shape) | Parts::Loose(shape) => {
                for captures in shape.captures_iter(text) {
                    let (Some(name), Some(value)) =
                        (captures.get(1), captures.iter().skip(2).flatten().next())
                    else {
                        continue;
                    };
                    let is_kept = match name::promise(name.as_str()) {
                        Some(name::Promise::Key) if matches!(parts, Parts::Loose(_)) => {
                            literal::is_no_name(value.as_str())
                        }
                        promise => promise.is_some(),
                    };
                    if is_kept {
                        found.push(Statement { name: name.as_str(), range: value.range() });
                    }
                }
            }
        }
    }
    found.retain(|statement| {
        !is_commented(text, &statement.range) && !is_of_the_language(text, &statement.range)
    });
    found
}

/// What stands in the place of a password: `IDENTIFIED BY RANDOM PASSWORD`, `IDENTIFIED WITH sha256_hash BY '…'`.
fn is_of_the_language(text: &str, range: &Range<usize>) -> bool {
    let before =
        text.get(text.floor_char_boundary(range.start.saturating_sub(32))..range.start).unwrap_or_default();
    let before = before.to_ascii_lowercase();
    let value = text.get(range.clone()).unwrap_or_default();
    let is_word = ["password", "random", "values"].iter().any(|word| word.eq_ignore_ascii_case(value));
    let quotes = ['"', '\''];
    before.contains("identified") && (before.contains("_hash") || is_word && !before.ends_with(quotes))
}

/// The name of an option that holds a credential: `user_orders` of a server of Kafka does, nameless ones do.
fn kept_name(name: &str) -> Option<&str> {
    if name.is_empty() || name.starts_with("user_") {
        return Some(NAME);
    }
    name::promise(name).map(|_| name)
}

/// Whether a line that is no whole text begins as a comment.
pub(super) fn is_commented(text: &str, range: &Range<usize>) -> bool {
    let line =
        text.get(..range.start).unwrap_or_default().rsplit('\n').next().unwrap_or_default().trim_start();
    text.contains('\n') && ["#", "//", "--"].iter().any(|comment| line.starts_with(comment))
}

/// Bytes of the password in each line of a file that lists logins: `.pgpass` of libpq, `userlist.txt` of `PgBouncer`.
pub(super) fn logins(file: &str, text: &str) -> Vec<Range<usize>> {
    static PGPASS: LazyLock<Regex> =
        LazyLock::new(|| expression(r"(?m)^[^#:\s][^:\s]*:(?:\d+|\*):[^:\s]+:[^:\s]+:(\S+)[ \t]*$"));
    static USERS: LazyLock<Regex> = LazyLock::new(|| expression(r#"(?m)^"[^"\n]+"[ \t]+"([^"\n]+)""#));
    let file = file.to_ascii_lowercase();
    let shape = match () {
        () if file.contains("pgpass") => &PGPASS,
        () if file.contains("userlist") => &USERS,
        () => return Vec::new(),
    };
    shape.captures_iter(text).filter_map(|captures| Some(captures.get(1)?.range())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<&str> {
        statements(text).into_iter().map(|statement| &text[statement.range]).collect()
    }

    #[test]
    fn the_credential_within_a_statement_is_found() {
        for (text, expected) in [
            (
                r#"org.apache.kafka.common.security.plain.PlainLoginModule required username="a" password="p4ss;word";"#,
                &["p4ss;word"][..],
            ),
            (
                r#"org.apache.kafka.common.security.scram.ScramLoginModule required username=\"a\" password=\"p4ss\";"#,
                &["p4ss"],
            ),
            (
                "KafkaServer {\n  PlainLoginModule required\n  username='admin' password='p4ss'\n  user_admin=\"p4ss\"\n  user_orders=\"p5ss\";\n};",
                &["p4ss", "p4ss", "p5ss"],
            ),
            (
                "OAuthBearerLoginModule required oauth.client.id=\"a\" oauth.client.secret=\"p4ss\" ;",
                &["p4ss"],
            ),
            ("CREATE ROLE shop WITH LOGIN ENCRYPTED PASSWORD 'p4ss';", &["p4ss"]),
            ("create user shop password 'p4ss'; ALTER USER a WITH PASSWORD 'p5ss';", &["p4ss", "p5ss"]),
            ("CREATE LOGIN shop WITH PASSWORD = N'p4ss', CHECK_POLICY = OFF", &["p4ss"]),
            ("CREATE USER 'shop'@'%' IDENTIFIED WITH mysql_native_password BY 'p4ss';", &["p4ss"]),
            ("GRANT ALL ON shop.* TO 'shop'@'%' IDENTIFIED BY 'p4ss';", &["p4ss"]),
            ("CREATE USER shop IDENTIFIED BY p4ss;", &["p4ss"]),
            ("SET PASSWORD FOR 'root'@'localhost' = PASSWORD('p4ss');", &["p4ss"]),
            ("CHANGE MASTER TO MASTER_HOST='a', MASTER_PASSWORD='p4ss'", &["p4ss"]),
            ("db.createUser({user: \"shop\", pwd: \"p4ss\", roles: []})", &["p4ss"]),
            ("machine api.example.com login shop password p4ss", &["p4ss"]),
            ("machine a\n  login b\n  password p4ss\n", &["p4ss"]),
            ("user default off\nuser shop on >p4ss >p5ss ~shop:* +@all\n", &["p4ss", "p5ss"]),
            ("redis-server --user shop on >p4ss ~* +@all", &["p4ss"]),
            ("echo 'root:p4ss' | chpasswd", &["p4ss"]),
            ("userlist a\n  user shop insecure-password p4ss\n", &["p4ss"]),
            ("listen a\n  stats auth admin:p4ss\n", &["p4ss"]),
            ("proxy_set_header X-Api-Key \"p4ss\";", &["p4ss"]),
            ("define( 'DB_PASSWORD', 'p4ss' );", &["p4ss"]),
            ("curl -H 'X-Vault-Token: s.p4ssw0rd9' https://vault", &["s.p4ssw0rd9"]),
            ("authorization {\n  token: p4ss\n}", &["p4ss"]),
            ("authorization: { user: shop, password: \"p4ss\" }", &["p4ss"]),
        ] {
            assert_eq!(found(text), expected, "{text}");
        }
    }

    #[test]
    fn other_statements_have_none() {
        for text in [
            "com.sun.security.auth.module.Krb5LoginModule required useKeyTab=true keyTab=\"/etc/a.keytab\" principal=\"a\";",
            "CREATE USER shop; -- the password 'is' elsewhere",
            "-- CREATE USER shop PASSWORD 'old';\nSELECT 1;",
            "SELECT password FROM users WHERE name = 'shop'",
            "a machine with a login and a password is needed",
            "user add >log\nuser shop on #8d969eef6ecad3c29a3a629280e686cf ~* +@all",
            "proxy_set_header X-Real-IP $remote_addr;\nproxy_set_header X-Token-Ttl 30;",
            "the user is identified by their name",
            "authorization {\n  token: $NATS_TOKEN\n  timeout: 2\n}",
            "authorization: { user: shop, password: $NATS_PASSWORD }",
            "curl -H \"X-Vault-Token: $VAULT_TOKEN\" https://vault",
            "the header X-Vault-Token: required by every request",
            "CREATE USER a IDENTIFIED BY RANDOM PASSWORD;",
            "CREATE USER a IDENTIFIED WITH sha256_hash BY '8d969eef6ecad3c29a3a629280e686cf'",
        ] {
            assert_eq!(found(text), [""; 0], "{text}");
        }
    }

    #[test]
    fn files_of_logins_are_read_line_by_line() {
        let text = "# host:port:database:user:password\ndb:5432:*:shop:p4ss\n*:*:*:*:p5ss\n";
        let of = |file, text: &'static str| {
            logins(file, text).into_iter().map(|range| &text[range]).collect::<Vec<_>>()
        };
        assert_eq!(of(".pgpass", text), ["p4ss", "p5ss"]);
        assert_eq!(of("userlist.txt", "\"shop\" \"p4ss\"\n\"md5\" \"\"\n"), ["p4ss"]);
        assert_eq!(of("ports.txt", text), [""; 0]);
    }

    proptest::proptest! {
        #[test]
        fn every_credential_lies_in_the_text(text in "[a-c>=:;'\"\\\\ \n-]{0,20}(user|machine|LoginModule required|password|identified by)?[a-c>=:;'\"\\\\ \nä]{0,40}") {
            for statement in statements(&text) {
                proptest::prop_assert!(text.get(statement.range).is_some());
            }
        }
    }
}
