//! Which part of a setting is the credential: all of it, what a default gives, or the password of a login.

use std::ops::Range;

use super::{Class, context::Context, default, literal, name, string, token, weak};
use crate::resource::shape;

/// The credential of a setting that is no connection string, and its bytes.
pub(super) fn judge(name: &str, text: &str, context: Context) -> Option<(Class, Range<usize>)> {
    if let Some(range) = string::of_header(name, text) {
        return Some((Class::ConnectionString, range));
    }
    if let Some(class) = literal::judge(name, text, context) {
        return Some((class, 0..text.len()));
    }
    if !context.is_chosen() {
        return None;
    }
    default::credential(name, text, context)
        .map(|range| (Class::Named, range))
        .or_else(|| of_login(name, text))
}

/// As [`judge`], and what tells its issuer.
pub(super) fn of_setting(name: &str, text: &str, context: Context) -> Option<(Class, Range<usize>)> {
    judge(name, text, context)
        .or_else(|| token::find(text).map(|(issuer, range)| (Class::Token(issuer), range)))
}

/// Settings in a row, as `OTEL_EXPORTER_OTLP_HEADERS` and options of drivers have them: `tenant=shop,api-key=value`; each
/// with the offset of its value. Nothing where one of them is no setting.
pub(super) fn list(text: &str) -> Vec<(&str, &str, usize)> {
    let is_name = |name: &str| {
        name.starts_with(|c: char| c.is_ascii_alphabetic())
            && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'))
    };
    if text.contains(char::is_whitespace) {
        return Vec::new();
    }
    let mut start = 0;
    let settings = text.split_inclusive([',', ';', '&']).map(|setting| {
        let at = start;
        start += setting.len();
        let (name, value) = setting.trim_end_matches([',', ';', '&']).split_once('=')?;
        is_name(name).then_some((name, value, at + name.len() + 1))
    });
    settings.collect::<Option<_>>().unwrap_or_default()
}

/// `NEO4J_AUTH=neo4j/password`, `ELASTIC_AUTH=elastic:password`, and `auth` of the configuration of Docker, which is the
/// latter in base64.
fn of_login(name: &str, text: &str) -> Option<(Class, Range<usize>)> {
    if !name::is_of_a_login(name) {
        return None;
    }
    if let Some(decoded) = shape::decoded(text) {
        let is_printed = decoded.chars().all(|c| c.is_ascii_graphic());
        let login = decoded.split_once(':').filter(|(user, password)| is_login(user, password));
        return (is_printed && login.is_some()).then_some((Class::Named, 0..text.len()));
    }
    let is_neo4j = name.to_ascii_lowercase().contains("neo4j");
    let (user, password) = text.split_once(if is_neo4j { '/' } else { ':' })?;
    let is_weak = weak::is_weak(password);
    // Plain words are ways to log in, too: `auth: trust:local`.
    let is_told = name::promise(name).is_some() || is_neo4j || is_weak && is_basic(name);
    let is_credential = is_login(user, password) && (is_told || literal::is_no_name(password));
    let class = if is_weak { Class::Weak } else { Class::Named };
    is_credential.then(|| (class, user.len() + 1..text.len()))
}

fn is_basic(name: &str) -> bool {
    name.to_ascii_lowercase().contains("basic")
}

/// Whether these are a user and a password: no host and port, no scheme, no names of ways to log in.
fn is_login(user: &str, password: &str) -> bool {
    let is_user = !user.is_empty()
        && user.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '@' | '$'))
        && !user.starts_with('$');
    is_user
        && password.len() >= 4
        && !password.starts_with('/')
        && !password.contains(char::is_whitespace)
        && !password.chars().all(|c| c.is_ascii_digit())
        && !literal::is_kind_of_credential(user)
        && shape::of_text(password) == shape::Shape::Text
        && !shape::is_digest(password)
        && !weak::is_stand_in("", password)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found<'t>(name: &str, text: &'t str) -> Option<(&'static str, &'t str)> {
        judge(name, text, Context::Settings).map(|(class, range)| (class.name(), &text[range]))
    }

    #[test]
    fn the_part_that_is_the_credential_is_told() {
        for (name, text, expected) in [
            ("spring.datasource.password", "${DB_PASSWORD:p4ss-word}", ("named", "p4ss-word")),
            ("DB_PASSWORD", "${DB_PW:-p4ss-word}", ("named", "p4ss-word")),
            ("NEO4J_AUTH", "neo4j/p4ss-word", ("named", "p4ss-word")),
            ("NEO4J_AUTH", "neo4j/changeme", ("weak", "changeme")),
            ("ELASTIC_AUTH", "elastic:p4ss-word", ("named", "p4ss-word")),
            ("REDIS_AUTH", "p4ss-word", ("named", "p4ss-word")),
            ("auths.registry.example.com.auth", "dTpwNHNzLXdvcmQ=", ("named", "dTpwNHNzLXdvcmQ=")),
            ("Authorization", "Basic dTpwNHNz", ("connection-string", "dTpwNHNz")),
        ] {
            assert_eq!(found(name, text), Some(expected), "{name}={text}");
        }
    }

    #[test]
    fn settings_in_a_row_have_their_bytes() {
        let text = "tenant=shop,api-key=p4ss==;a.b=";
        let found = list(text);
        assert_eq!(found, [("tenant", "shop", 7), ("api-key", "p4ss==", 20), ("a.b", "", 31)]);
        for text in ["", "a", "a=b,c", "a=b, c=d", "cGFzc3dvcmQ=,=", "?a=b"] {
            assert_eq!(list(text), [], "{text}");
        }
    }

    #[test]
    fn other_parts_are_none() {
        for (name, text) in [
            ("api.key", "${OPENAI_API_KEY:demo}"),
            ("DB_PASSWORD", "${DB_PASSWORD:}"),
            ("DB_PASSWORD", "${DB_PASSWORD:changeme}"),
            ("DB_PASSWORD", "${DB_PASSWORD:${OTHER}}"),
            ("DB_PASSWORD", "${DB_PASSWORD:?is not set}"),
            ("DB_PASSWORD", "${DB_PASSWORD:?required}"),
            ("DB_USER", "${DB_USER:orders-4a}"),
            ("ssl.password", "${file:/opt/x:password}"),
            ("ssl.password", "${secretManager:orders:p4ss}"),
            ("DB_PASSWORD", "${env:DB_PASSWORD9X}"),
            ("NEO4J_AUTH", "none"),
            ("NEO4J_AUTH", "$USER/$PASSWORD"),
            ("ELASTIC_AUTH", "elastic:$(ELASTIC_PASSWORD)"),
            ("ELASTIC_AUTH", "http://auth.example.com"),
            ("BASIC_AUTH", "auth.example.com:8080"),
            ("REDIS_AUTH", "enabled"),
            ("REDIS_AUTH", "redis-auth"),
            ("ENABLE_AUTH", "true:false"),
            ("BASIC_AUTH", "shop:$apr1$x9q7Zk2W$v9Lx4Tb8Nc3Rm6Yp1Jd5Hs"),
            ("auth", "internal"),
            ("auth", "oidc:dex-server"),
            ("auth", "trust:local"),
            ("auth", "plugin:default"),
        ] {
            assert_eq!(found(name, text), None, "{name}={text}");
        }
    }
}
