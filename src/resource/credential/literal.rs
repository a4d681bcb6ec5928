//! Literals under names that promise a credential: which of them are credentials.

use std::{ops::Range, sync::LazyLock};

use regex::Regex;

use super::{
    Class,
    context::Context,
    name::{self, Promise},
    weak,
};
use crate::{
    document::NodeRef,
    resource::{kubernetes::Object, shape},
};

/// What a value is under a name; `None`: no credential.
pub(super) fn judge(name: &str, text: &str, context: Context) -> Option<Class> {
    if context == Context::References {
        return None;
    }
    let text = text.trim();
    let Some(promise) = name::promise(name) else {
        return (context.is_chosen() && is_random(text) && !names_a_digest(name)).then_some(Class::Random);
    };
    if text.is_empty()
        || shape::of_text(text) != shape::Shape::Text
        || weak::is_stand_in(name, text)
        || is_command(text)
        || is_switch(text)
        || is_measure(text)
        || text.contains("://")
        || text.contains('\n')
    {
        return None;
    }
    let is_credential = match promise {
        Promise::Password => text.split_whitespace().count() < 3,
        Promise::Key if text.contains(char::is_whitespace) || text.chars().count() < 4 => false,
        Promise::Key if context == Context::Fields => is_random(text),
        Promise::Key => {
            let names_another = names_an_object(name, text)
                || context == Context::Values && names_an_object_of_a_chart(name, text);
            !is_connection(name) && !is_kind_of_credential(text) && !names_another
        }
    };
    is_credential.then(|| if weak::is_weak(text) { Class::Weak } else { Class::Named })
}

/// What a shell puts in when it runs: `$(cat /run/secrets/password)`, or the same between backticks.
fn is_command(text: &str) -> bool {
    text.starts_with("$(") || text.starts_with('`')
}

/// On, off, and other choices.
fn is_switch(text: &str) -> bool {
    const SWITCHES: [&str; 14] = [
        "true", "false", "yes", "no", "on", "off", "none", "null", "nil", "enabled", "disabled", "required",
        "optional", "string",
    ];
    SWITCHES.iter().any(|switch| switch.eq_ignore_ascii_case(text))
}

/// A number of fewer than four digits, or one with a fraction or a unit: `30`, `1.5`, `15m`.
fn is_measure(text: &str) -> bool {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = text.len() - digits.len();
    let is_number = !digits.is_empty() && digits.chars().all(|c| c.is_ascii_digit() || c == '.');
    is_number
        && ((unit == 0 && (digits.len() < 4 || digits.contains('.')))
            || (1..=3).contains(&unit) && digits.len() < 6)
}

/// Names of ways to log in and of those who check.
fn is_kind_of_credential(text: &str) -> bool {
    const KINDS: [&str; 24] = [
        "aws",
        "azure",
        "basic",
        "bearer",
        "cookie",
        "env",
        "environment",
        "file",
        "gcp",
        "github",
        "gitlab",
        "google",
        "header",
        "jwt",
        "kubernetes",
        "ldap",
        "oauth",
        "oauth2",
        "oidc",
        "opaque",
        "saml",
        "serviceaccount",
        "vault",
        "x-api-key",
    ];
    KINDS.iter().any(|kind| kind.eq_ignore_ascii_case(text)) || text.chars().all(|c| c.is_ascii_digit())
}

/// A connection string is one only for what it carries.
fn is_connection(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["dsn", "string", "str"].iter().any(|end| name.ends_with(end))
}

/// Secrets that are values themselves: a `JWT_SECRET` is not named by anyone.
const OWN_SECRETS: [&str; 10] =
    ["jwt", "cookie", "session", "client", "api", "hmac", "webhook", "shared", "app", "signing"];

/// `CLIENT_TLS_SECRET: shop-tls`: the name of a Secret.
fn names_an_object(name: &str, text: &str) -> bool {
    let is_kebab = text.contains('-') && text.chars().all(|c| c.is_ascii_lowercase() || c == '-');
    is_called_secret(name) && is_kebab && says_secret(text) && !is_own_secret(name)
}

/// `tls: {secret: shop.example.com}`: in values of a chart a name of RFC 1123, unless it is random. A `clientSecret` is
/// named only by what says so: `shop-secret`. An `apiKeySecretKey` names a key of a Secret.
fn names_an_object_of_a_chart(name: &str, text: &str) -> bool {
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
    const PARTS: [&str; 12] = [
        "auth",
        "cert",
        "certs",
        "config",
        "credential",
        "credentials",
        "creds",
        "key",
        "keys",
        "secret",
        "secrets",
        "tls",
    ];
    text.contains('-') && text.split('-').any(|part| PARTS.contains(&part))
}

/// Names of digests and identities, which are random too.
fn names_a_digest(name: &str) -> bool {
    const DIGESTS: [&str; 20] = [
        "bundle",
        "ca",
        "cert",
        "checksum",
        "commit",
        "digest",
        "etag",
        "fingerprint",
        "hash",
        "id",
        "image",
        "md5",
        "public",
        "pub",
        "revision",
        "sha",
        "uid",
        "uuid",
        "version",
        "client",
    ];
    let name = name.to_ascii_lowercase();
    name.split(|c: char| !c.is_alphanumeric()).any(|word| DIGESTS.contains(&word) || word.starts_with("sha"))
        || name.ends_with("id")
        || name.ends_with("hash")
}

/// Base64 or hexadecimal digits of at least 4.0 or 3.0 bits each (domains.md 2a').
pub fn is_random(text: &str) -> bool {
    if !(20..=256).contains(&text.len()) {
        return false;
    }
    let bits = entropy(text);
    if text.chars().all(|c| c.is_ascii_hexdigit()) {
        return text.len() >= 32 && bits >= 3.0;
    }
    let mut kinds = [false; 3];
    for character in text.chars() {
        match character {
            'a'..='z' => kinds[0] = true,
            'A'..='Z' => kinds[1] = true,
            '0'..='9' => kinds[2] = true,
            '+' | '/' | '=' | '_' | '-' => {}
            _ => return false,
        }
    }
    kinds == [true; 3] && bits >= 4.0
}

/// Bits of Shannon's entropy for each character.
fn entropy(text: &str) -> f64 {
    let mut counts = [0_u32; 256];
    let mut length = 0_u32;
    for byte in text.bytes() {
        if let Some(count) = counts.get_mut(usize::from(byte)) {
            *count += 1;
        }
        length += 1;
    }
    let shares = counts.iter().filter(|count| **count > 0).map(|count| f64::from(*count) / f64::from(length));
    -shares.map(|share| share * share.log2()).sum::<f64>()
}

/// One line of a text that is no known format, with what looks like a setting of a credential.
pub(super) struct Line<'t> {
    pub(super) name: &'t str,
    pub(super) text: &'t str,
    pub(super) range: Range<usize>,
}

/// `name = value`, `name: value`, `export NAME=value`; `requirepass value` as redis has it.
static ASSIGNMENT: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r#"(?m)^[ \t]*(?:export[ \t]+|set[ \t]+|-[ \t]+)?["']?([A-Za-z][A-Za-z0-9_.-]*)["']?([ \t]*[=:]|[ \t])[ \t]*(?:"([^"\n]+)"|'([^'\n]+)'|([^\s"';,]+))"#,
    )
    .expect("a constant expression")
});

/// Settings of credentials in the lines of a script or a configuration of an unknown format; comments say nothing.
pub(super) fn lines(text: &str) -> impl Iterator<Item = Line<'_>> {
    ASSIGNMENT.captures_iter(text).filter_map(|captures| {
        let (name, between) = (captures.get(1)?.as_str(), captures.get(2)?.as_str());
        name::promise(name)?;
        let quoted = captures.get(3).or_else(|| captures.get(4));
        let bare = captures.get(5).filter(|bare| {
            let value = bare.as_str();
            let is_code = value.contains(['(', ')', '{', '}', '[', ']', '$', '<', '>', '|', '&', '`'])
                || value.starts_with(['=', '.', ':'])
                || value == name;
            let is_assigned =
                between == "=" || between == ":" || name.starts_with("require") || name.starts_with("master");
            let is_said = value.chars().any(|c| !c.is_ascii_alphabetic() && !matches!(c, '.' | '_'))
                || weak::is_weak(value);
            !is_code && (is_assigned || (!between.trim().is_empty() && is_said))
        });
        let value = quoted.filter(|_| !between.trim().is_empty()).or(bare)?;
        Some(Line { name, text: value.as_str(), range: value.range() })
    })
}

/// Values that a store or generator of External Secrets hands out as they are written in it.
pub(super) fn kept_by_stores<'d>(object: &Object, root: NodeRef<'d>) -> Vec<NodeRef<'d>> {
    let fake = match &*object.kind {
        "SecretStore" | "ClusterSecretStore" => root.at(&["spec", "provider", "fake", "data"]),
        "Fake" => root.at(&["spec", "data"]),
        "EncryptionConfiguration" => root.get("resources"),
        _ => None,
    };
    let mut kept = Vec::new();
    if let Some(fake) = fake {
        scalars_under(fake, &["value", "valueMap", "secret"], object.kind.as_ref() == "Fake", &mut kept);
    }
    kept
}

fn scalars_under<'d>(node: NodeRef<'d>, keys: &[&str], inside: bool, kept: &mut Vec<NodeRef<'d>>) {
    if node.is_scalar() && inside && !node.is_null() && !node.is_unknown() {
        kept.push(node);
    }
    for (key, _, value) in node.entries() {
        scalars_under(value, keys, inside || keys.contains(&key), kept);
    }
    node.items().for_each(|item| scalars_under(item, keys, inside, kept));
}
