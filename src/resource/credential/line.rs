//! Settings in the lines of a text that is no known format.

use std::{ops::Range, sync::LazyLock};

use regex::Regex;

use super::{
    literal,
    name::{self, Promise},
    weak,
};
use crate::resource::words;

/// One line of a text that is no known format, with what looks like a setting of a credential.
pub(super) struct Line<'t> {
    pub(super) name: &'t str,
    pub(super) text: &'t str,
    pub(super) range: Range<usize>,
}

/// `name = value`, `name: value`, `export NAME=value`; `requirepass value` as redis has it, `//registry/:_authToken=value`
/// as npm has it; constants of programs: `const name = "value"`, `static final String NAME = "value"`, `name := "value"`.
static ASSIGNMENT: LazyLock<Regex> = LazyLock::new(|| {
    let code = "const|let|var|val|final|static|private|protected|public|readonly|String";
    let prefix = format!(
        r"(?:(?:export[ \t]+)?(?<code>(?:(?:{code})[ \t]+)+)|export[ \t]+|set[ \t]+|-[ \t]+|//\S*:_?|_)?"
    );
    let between = r"(?:[ \t]*:?[ \t]*string\b)?(?<between>[ \t]*(?::=|[=:])|[ \t])[ \t]*";
    let value = r#"(?:"(?<double>[^"\n]+)"|'(?<single>[^'\n]+)'|(?<bare>[^\s"';,]+))"#;
    Regex::new(&format!(r#"(?m)^[ \t]*{prefix}["']?(?<name>[A-Za-z][A-Za-z0-9_.-]*)["']?{between}{value}"#))
        .expect("a constant expression")
});

/// Settings of credentials in the lines of a script or a configuration of an unknown format; comments say nothing.
pub(super) fn lines(text: &str) -> impl Iterator<Item = Line<'_>> {
    ASSIGNMENT.captures_iter(text).filter_map(|captures| {
        let (name, between) = (captures.name("name")?.as_str(), captures.name("between")?.as_str());
        let promise = name::promise(name)?;
        let quoted = captures.name("double").or_else(|| captures.name("single"));
        let quoted = quoted.filter(|_| !between.trim().is_empty());
        if captures.name("code").is_some() || between.trim() == ":=" {
            let value = quoted.filter(|value| is_constant(promise, value.as_str()))?;
            return Some(Line { name, text: value.as_str(), range: value.range() });
        }
        let rest = |end: usize| text.get(end..).unwrap_or_default();
        let bare = captures.name("bare");
        let bare = bare.filter(|bare| is_value(name, promise, between, bare.as_str(), rest(bare.end())));
        let value = quoted.or(bare)?;
        Some(Line { name, text: value.as_str(), range: value.range() })
    })
}

/// Whether a constant of a program is a credential rather than the name of a field or of an entry.
fn is_constant(promise: Promise, value: &str) -> bool {
    match promise {
        Promise::Password => !literal::names_a_key(value),
        Promise::Key => literal::is_no_name(value),
    }
}

/// Whether a value without quotes is one: no expression, and no word of a sentence.
fn is_value(name: &str, promise: Promise, between: &str, value: &str, rest: &str) -> bool {
    let is_code = value.contains(['(', ')', '{', '}', '[', ']', '$', '<', '>', '|', '&', '`'])
        || value.starts_with(['=', '.', ':'])
        || names_a_field(value)
        || value == name;
    let is_assigned =
        between == "=" || between == ":" || name.starts_with("require") || name.starts_with("master");
    let is_said =
        value.chars().any(|c| !c.is_ascii_alphabetic() && !matches!(c, '.' | '_')) || weak::is_weak(value);
    // Fluentd: `password VALUE`, with nothing behind it. Directives are no words that a sentence begins with; what
    // stands behind the name of a column is its type.
    let is_directive = name.contains('_') || name.ends_with("pw");
    let is_type = TYPES.iter().any(|of| of.eq_ignore_ascii_case(value));
    let is_said_alone = match promise {
        Promise::Password if value.chars().any(|c| c.is_ascii_digit()) => true,
        Promise::Password => is_directive && !is_type && !literal::names_a_key(value),
        Promise::Key => is_directive && literal::is_no_name(value),
    };
    let rest = rest.trim_start_matches([' ', '\t', '\r']);
    let is_alone = is_said_alone && (rest.is_empty() || rest.starts_with(['\n', '#']));
    !is_code && (is_assigned || is_alone || (!between.trim().is_empty() && is_said))
}

/// Types of columns of SQL.
const TYPES: [&str; 7] = ["blob", "bytea", "char", "citext", "string", "text", "varchar"];

/// Whether a value is a field of what programs take their settings from: `process.env.DB_PASSWORD`.
fn names_a_field(value: &str) -> bool {
    const HOLDERS: [&str; 16] = [
        "app", "args", "cfg", "conf", "config", "env", "import", "opts", "options", "os", "params",
        "process", "props", "secrets", "self", "settings",
    ];
    let mut parts = value.trim_end_matches([',', ';']).split('.');
    let is_held = parts.next().is_some_and(|first| HOLDERS.contains(&first));
    let mut rest = parts.peekable();
    let is_name = |part: &str| {
        part.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    };
    is_held && rest.peek().is_some() && rest.all(is_name)
}

/// Flags and assignments of a script of a shell; what the shell puts in says nothing.
pub(super) fn of_script(text: &str) -> Vec<Line<'_>> {
    let mut found = Vec::new();
    for (name, value, offset) in words::of_script(text) {
        let inner = words::settings(name, value);
        found.extend(inner.into_iter().map(|(name, value, within)| (name, value, offset + within)));
        found.push((name, value, offset));
    }
    let lines = found.into_iter().filter(|(name, value, _)| {
        let is_put_in =
            value.contains("$(") || value.contains('`') || value.contains("${") || value.starts_with('$');
        name::promise(name).is_some() && !is_put_in
    });
    lines.map(|(name, text, start)| Line { name, text, range: start..start + text.len() }).collect()
}

/// Whether a text is a script of a shell by its name or its first line.
pub(super) fn is_script(name: &str, text: &str) -> bool {
    let first = text.lines().next().unwrap_or_default();
    [".sh", ".bash"].iter().any(|end| name.ends_with(end))
        || first.starts_with("#!") && first.trim_end().ends_with("sh")
}
