//! What is used where nothing else is given: `${DB_PASSWORD:p4ss}` of Spring, `${DB_PASSWORD:-p4ss}` of a shell.

use std::ops::Range;

use super::{Class, context::Context, literal};

/// Bytes of the default in a text that is nothing but a variable with one, where the default is a credential. One that
/// everybody tries (`${OPENAI_API_KEY:demo}`) is there to be replaced.
pub(super) fn credential(name: &str, text: &str, context: Context) -> Option<Range<usize>> {
    let inner = text.strip_prefix("${")?.strip_suffix('}')?;
    let (variable, default) = inner.split_once(':')?;
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
    // `${file:/etc/a:password}`, `${env:NAME}`: who looks something up, which says it behind the colon.
    let looks_up = variable.chars().all(|c| c.is_ascii_lowercase()) || default.contains([':', '/']);
    // `${NAME:?message}`, `${NAME:+alternative}`.
    if looks_up || default.starts_with(['?', '+']) || !variable.chars().all(is_name) {
        return None;
    }
    let default = default.strip_prefix(['-', '=']).unwrap_or(default);
    let is_credential = literal::judge(name, default, context) == Some(Class::Named);
    is_credential.then(|| text.len() - 1 - default.len()..text.len() - 1)
}

/// The same for what ends in such a variable, as the password of a URL does behind a user: `${DB_USER:a}:${DB_PW:p4ss}`.
pub(super) fn credential_at_end(name: &str, text: &str, context: Context) -> Option<Range<usize>> {
    let start = text.rfind("${")?;
    let range = credential(name, text.get(start..)?, context)?;
    Some(start + range.start..start + range.end)
}
