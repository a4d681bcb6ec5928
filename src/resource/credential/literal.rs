//! Literals under names that promise a credential: which of them are credentials.

mod naming;

pub(super) use self::naming::{is_no_name, names_a_key};
use self::naming::{names_a_secret_of_a_store, names_an_object, names_an_object_of_a_chart};
use super::{
    Class,
    context::Context,
    name::{self, Promise},
    random::{is_random, names_a_digest},
    token, translation, weak,
};
use crate::resource::shape;

/// What a value is under a name; `None`: no credential.
pub(super) fn judge(name: &str, text: &str, context: Context) -> Option<Class> {
    if context == Context::References {
        return None;
    }
    let text = text.trim();
    if token::is_published(text) {
        return None;
    }
    let Some(promise) = name::promise(name) else {
        let is_random = context.is_chosen()
            && is_random(text)
            && !names_a_digest(name)
            && shape::of_text(text) == shape::Shape::Text;
        return is_random.then_some(Class::Random);
    };
    if text.is_empty()
        || shape::of_text(text) != shape::Shape::Text
        || shape::is_digest(text)
        || shape::is_list_of_users(name, text)
        || weak::is_stand_in(name, text)
        || is_command(text)
        || is_switch(text)
        || is_measure(text)
        || is_working_directory(name, text)
        || translation::says_password(text)
        || text.contains("://")
        || text.contains('\n')
    {
        return None;
    }
    let is_credential = match promise {
        Promise::Password if context == (Context::Beside { chart: true }) => {
            is_no_name(text) || !names_a_key(text) && !weak::is_weak(text)
        }
        _ if matches!(context, Context::Beside { .. }) => is_no_name(text),
        Promise::Password => !is_prose(text),
        Promise::Key if text.contains(char::is_whitespace) || text.chars().count() < 4 => false,
        Promise::Key if context == Context::Fields => is_no_name(text),
        // Gateways call the name of who signs so.
        Promise::Key if is_key_of_tokens(name) => is_no_name(text),
        Promise::Key if name::is_of_a_login(name) => !text.contains(':') && !names_a_key(text),
        Promise::Key => {
            let name = name::unqualified(name);
            let names_another = names_an_object(name, text)
                || names_a_secret_of_a_store(name, text)
                || context == Context::Values && names_an_object_of_a_chart(name, text);
            !is_connection(name) && !is_kind_of_credential(text) && !names_another
        }
    };
    is_credential.then(|| if weak::is_weak(text) { Class::Weak } else { Class::Named })
}

/// Three words, or two of which one says what should stand there: `Your password`.
fn is_prose(text: &str) -> bool {
    let mut words = text.split_whitespace();
    match (words.next(), words.next(), words.next()) {
        (Some(first), Some(second), None) => {
            [first, second].into_iter().any(|word| name::promise(word) == Some(Promise::Password))
        }
        (.., third) => third.is_some(),
    }
}

/// What a shell puts in when it runs: `$(cat /run/secrets/password)`, or the same between backticks.
fn is_command(text: &str) -> bool {
    text.starts_with("$(") || text.starts_with('`')
}

fn is_key_of_tokens(name: &str) -> bool {
    name.to_ascii_lowercase().ends_with("jwt.key")
}

/// What a shell keeps in `PWD`: where it is, not a password.
fn is_working_directory(name: &str, text: &str) -> bool {
    matches!(name, "PWD" | "OLDPWD") && text.starts_with(['/', '.', '~'])
}

/// On, off, and other choices.
fn is_switch(text: &str) -> bool {
    const SWITCHES: [&str; 14] = [
        "true", "false", "yes", "no", "on", "off", "none", "null", "nil", "enabled", "disabled", "required",
        "optional", "string",
    ];
    // Of a schema: `password: String!`.
    let text = text.trim_end_matches(['!', '?']);
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
pub(super) fn is_kind_of_credential(text: &str) -> bool {
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
