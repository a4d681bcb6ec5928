//! Names of objects and of their keys, which stand where credentials might.

use crate::resource::credential::{random::is_random, weak};

/// Secrets that are values themselves: a `JWT_SECRET` is not named by anyone.
const OWN_SECRETS: [&str; 10] =
    ["jwt", "cookie", "session", "client", "api", "hmac", "webhook", "shared", "app", "signing"];

/// `CLIENT_TLS_SECRET: shop-tls`: the name of a Secret.
pub(super) fn names_an_object(name: &str, text: &str) -> bool {
    let is_kebab = text.contains('-') && text.chars().all(|c| c.is_ascii_lowercase() || c == '-');
    is_called_secret(name) && is_kebab && says_secret(text) && !is_own_secret(name)
}

/// `DB_PASSWORD_SECRET: prod/db/orders`: what a secret is called in a store of a cloud, in words between slashes; behind a
/// word for what it holds also with dashes alone. `auth: {secret: shop}` is the name of an object.
pub(super) fn names_a_secret_of_a_store(name: &str, text: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    if !is_called_secret(&lower) || is_random(text) || weak::is_weak(text) {
        return false;
    }
    let is_word = |word: &str| {
        word.starts_with(|c: char| c.is_ascii_alphanumeric())
            && word.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
            && !word.contains(|c: char| c.is_ascii_uppercase())
    };
    let words = text.strip_prefix('/').unwrap_or(text).split('/');
    let is_path = text.contains('/') && words.clone().all(is_word);
    let is_name = is_word(text) && !is_no_name(text);
    let holds = |end: &str| HELD.iter().any(|held| lower.ends_with(&format!("{held}{end}")));
    let is_behind = ["_secret", "-secret", "secret"].into_iter().any(holds);
    let is_beside = BESIDE.iter().any(|beside| lower == *beside || lower.ends_with(&format!(".{beside}")));
    is_path || is_name && (is_behind && text.contains('-') || is_beside)
}

/// What a secret holds that is named by `…_SECRET` behind it.
const HELD: [&str; 5] = ["password", "passwd", "token", "credentials", "key"];

/// Names of which people only give the name of an object.
const BESIDE: [&str; 5] =
    ["auth.secret", "authentication.secret", "basicauth.secret", "credentials.secret", "tls.secret"];

/// `tls: {secret: shop.example.com}`: in values of a chart a name of RFC 1123, unless it is random. A `clientSecret` is
/// named only by what says so: `shop-secret`. An `apiKeySecretKey` names a key of a Secret.
pub(super) fn names_an_object_of_a_chart(name: &str, text: &str) -> bool {
    let is_name =
        text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '.'))
            && text.starts_with(|c: char| c.is_ascii_lowercase())
            && !is_random(text)
            && !weak::is_weak(text);
    let is_secret = is_called_secret(name) && (!is_own_secret(name) || says_secret(text));
    let lower = name.to_ascii_lowercase();
    let names_a_key = lower.strip_suffix("secretkey").is_some_and(|before| !before.is_empty());
    is_name && (is_secret || names_a_key)
}

fn is_called_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["secret", "secrets", "credential", "credentials"].iter().any(|end| name.ends_with(end))
}

fn is_own_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    OWN_SECRETS.iter().any(|own| name.contains(own))
}

/// Whether a part of a name with dashes says what it names.
fn says_secret(text: &str) -> bool {
    text.contains('-') && text.split('-').any(|part| PARTS.contains(&part))
}

/// Whether a text is a value rather than the name of an object or of a key, where an API has fields for both: it has
/// characters that names lack, or digits within its words as only values have them.
pub(in crate::resource::credential) fn is_no_name(text: &str) -> bool {
    if is_random(text) || weak::is_to_be_replaced(text) {
        return true;
    }
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/' | ':');
    if !text.chars().all(is_name) {
        // Expressions, patterns and addresses have such characters too.
        let is_mixed = text.contains(|c: char| c.is_ascii_digit()) && text.contains(char::is_alphabetic);
        return is_mixed && !text.contains(|c: char| c.is_whitespace() || "()[]{}<>*|,@\"'".contains(c));
    }
    let words: Vec<&str> = text.split(|c: char| !c.is_ascii_alphanumeric()).collect();
    !text.contains(['/', ':'])
        && !names_a_key(text)
        && words.iter().any(|word| has_digits_inside(word) && !ABBREVIATIONS.contains(word))
}

/// Whether a word of a text says what it names: `db-password`.
pub(in crate::resource::credential) fn names_a_key(text: &str) -> bool {
    text.split(|c: char| !c.is_ascii_alphanumeric())
        .any(|word| PARTS.iter().any(|part| word == *part || word == part.to_ascii_uppercase()))
}

/// A letter, digits, and a letter again: `p4ss`.
fn has_digits_inside(word: &str) -> bool {
    let letters = word.trim_matches(|c: char| c.is_ascii_digit());
    word.len() > 3 && letters.contains(|c: char| c.is_ascii_digit())
}

/// Words with digits inside that names have.
const ABBREVIATIONS: [&str; 3] = ["base64url", "k8ssandra", "oauth2proxy"];

/// Words that names of credentials have, and credentials seldom.
const PARTS: [&str; 16] = [
    "auth",
    "cert",
    "certs",
    "config",
    "credential",
    "credentials",
    "creds",
    "key",
    "keys",
    "pass",
    "password",
    "passwords",
    "secret",
    "secrets",
    "tls",
    "token",
];
