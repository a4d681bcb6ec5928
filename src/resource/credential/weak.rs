//! Values that everybody tries first, and placeholders that would be deployed as they are.

use crate::resource::shape;

/// Well-known defaults, in lower case and without what separates their words.
const KNOWN: [&str; 62] = [
    "111111",
    "123",
    "1234",
    "12345",
    "123456",
    "1234567",
    "12345678",
    "123456789",
    "1q2w3e4r",
    "abc123",
    "abcd1234",
    "admin",
    "admin123",
    "administrator",
    "bar",
    "default",
    "demo",
    "dummy",
    "elastic",
    "example",
    "fake",
    "foo",
    "foobar",
    "grafana",
    "guest",
    "guestguest",
    "hunter2",
    "insecure",
    "keycloak",
    "letmein",
    "manager",
    "minio",
    "minio123",
    "minioadmin",
    "mongo",
    "mongodb",
    "mysql",
    "oracle",
    "pass",
    "passw0rd",
    "password",
    "password1",
    "password123",
    "postgres",
    "postgresql",
    "pwd",
    "qwerty",
    "rabbitmq",
    "redis",
    "root",
    "rootpassword",
    "sa",
    "secret",
    "secretpassword",
    "supersecret",
    "test",
    "test123",
    "testing",
    "tiger",
    "toor",
    "user",
    "welcome",
];

/// Parts that only a value has that was meant to be replaced.
const PLACEHOLDERS: [&str; 20] = [
    "changeit",
    "changeme",
    "changethis",
    "enteryour",
    "fakepassword",
    "fakesecret",
    "fixme",
    "inserthere",
    "mypassword",
    "mysecret",
    "placeholder",
    "putyour",
    "replacethis",
    "replaceme",
    "replacewith",
    "todo",
    "xxxx",
    "yourpassword",
    "yoursecret",
    "your",
];

/// Whether a value is a well-known default, too short to resist, or a placeholder that would be deployed.
pub fn is_weak(text: &str) -> bool {
    let plain = plain(text);
    let one_character = || {
        let mut characters = plain.chars();
        characters.next().is_none_or(|first| characters.all(|other| other == first))
    };
    KNOWN.contains(&plain.as_str())
        || has_placeholder(&plain)
        || text.trim().chars().count() < 4
        || one_character()
}

/// Whether a value is a placeholder that would be deployed: `changeme`.
pub(super) fn is_to_be_replaced(text: &str) -> bool {
    has_placeholder(&plain(text))
}

fn has_placeholder(plain: &str) -> bool {
    PLACEHOLDERS
        .iter()
        .any(|part| if *part == "your" { plain.starts_with(part) } else { plain.contains(part) })
}

/// Letters and digits, in lower case.
fn plain(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// Whether a value stands for one that documentation or a script puts in: `<PASSWORD>`, and `API_KEY_VAL` for the
/// variable `API_KEY`. As it is, it is no credential.
pub fn is_stand_in(name: &str, text: &str) -> bool {
    let text = text.trim();
    let is_shouted =
        text.contains('_') && text.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_');
    let name = name.rsplit('.').next().unwrap_or(name).to_uppercase().replace('-', "_");
    shape::is_placeholder(text)
        || is_parameter(text)
        || (is_shouted && (text.starts_with(&name) || text.ends_with("_VALUE") || text.ends_with("_HERE")))
        || (text.len() > 2 && text.chars().all(|c| c == '*'))
        || is_mask(text)
}

/// What a filter puts in the place of a value: `[FILTERED]`, `redacted`.
fn is_mask(text: &str) -> bool {
    const MASKS: [&str; 7] =
        ["filtered", "hidden", "masked", "obfuscated", "redacted", "removed", "scrubbed"];
    let word = text.trim_matches(|c: char| !c.is_ascii_alphanumeric()).to_ascii_lowercase();
    MASKS.contains(&word.as_str())
}

/// What a program puts in: `%s`, `%(password)s`, `%NAME%`, `%{name}`, `:password`, `?`, `$1`.
fn is_parameter(text: &str) -> bool {
    let named = |name: &str| name.chars().all(|c| c.is_ascii_lowercase() || c == '_');
    // In a script, a line break may be spelled behind it.
    let text = text.trim_end_matches("\\n");
    let formatted = text.strip_prefix('%').and_then(|rest| rest.strip_suffix(['s', 'v', 'd', 'q']));
    let filtered = text.strip_prefix('%').and_then(|rest| rest.strip_suffix('%'));
    matches!(text, "?" | "{}" | "..." | "…")
        // Puppet, Logstash: `%{hiera('password')}`.
        || text.starts_with("%{") && text.ends_with('}')
        // Envoy: `%REQ(x-token)%`.
        || filtered.is_some_and(|operator| operator.ends_with(')') && operator.contains('('))
        // Grafana: `$__all`.
        || text.starts_with("$__")
        || filtered.is_some_and(|name| {
            !name.is_empty() && name.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
        })
        || text.strip_prefix('$').is_some_and(|rest| rest.trim_matches(['{', '}']).parse::<u8>().is_ok())
        || formatted.is_some_and(|inner| {
            let named = inner.strip_prefix('(').and_then(|rest| rest.strip_suffix(')'));
            named.is_some() || inner.chars().all(|c| c.is_ascii_digit() || matches!(c, '+' | '-' | '#' | '.'))
        })
        || text.strip_prefix(':').is_some_and(|name| !name.is_empty() && named(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_and_placeholders_are_weak() {
        for text in [
            "root",
            "changeme",
            "CHANGE_ME",
            "change-it!",
            "yourpassword",
            "fake_password",
            "YOUR_API_KEY",
            "xxxxxxxx",
            "aaaaaa",
            "123456",
            "abc",
            "Passw0rd",
            "replace-me",
            "TODO",
        ] {
            assert!(is_weak(text), "{text}");
        }
        for text in [
            "accounts-pwd",
            "bankofanthos",
            "Aa12345678",
            "otelp",
            "k8s-goat-85057846a8046a25b35f38f3a2649dce",
        ] {
            assert!(!is_weak(text), "{text}");
        }
    }

    #[test]
    fn what_stands_in_for_a_value_is_none() {
        for (name, text, expected) in [
            ("API_KEY", "<API KEY>", true),
            ("GOOGLE_API_KEY", "GOOGLE_API_KEY_VAL", true),
            ("api-key", "API_KEY", true),
            ("TOKEN", "PUT_IT_HERE", true),
            ("TOKEN", "********", true),
            ("PASSWORD", "%s", true),
            ("PASSWORD", "%(password)s", true),
            ("API_KEY", "%{hiera('api_key')}", true),
            ("PASSWORD", ":password", true),
            ("PASSWORD", "${1}", true),
            ("PASSWORD", "%p4ss-word", false),
            ("PASSWORD", "%p4ssword", false),
            ("TOKEN", "SOMETHING_ELSE", false),
            ("PASSWORD", "changeme", false),
        ] {
            assert_eq!(is_stand_in(name, text), expected, "{name}={text}");
        }
    }
}
