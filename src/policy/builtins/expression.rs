//! Regular expressions as Go reads them (RE2, <https://github.com/google/re2/wiki/Syntax>): the engine's own have the
//! classes of Unicode where Go has those of ASCII, and refuse braces and brackets that Go takes as they are.
//!
//! Policies are rewritten to call these: see [`super::SUBSTITUTES`].

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use regex::Regex;
use regorus::Value;

use super::{Fault, Function, text};

pub(super) const FUNCTIONS: &[Function] = &[
    ("go_re.match", 2, |arguments| {
        Ok(Value::from(compiled(text(arguments, 0)?)?.is_match(text(arguments, 1)?)))
    }),
    ("go_re.is_valid", 1, |arguments| {
        Ok(Value::from(text(arguments, 0).is_ok_and(|pattern| compiled(pattern).is_ok())))
    }),
    ("go_re.find_n", 3, |arguments| {
        let (pattern, value) = (compiled(text(arguments, 0)?)?, text(arguments, 1)?);
        let found = pattern.find_iter(value).take(count(arguments)?);
        Ok(Value::from(found.map(|found| Value::from(found.as_str())).collect::<Vec<_>>()))
    }),
    ("go_re.find_all_string_submatch_n", 3, |arguments| {
        let (pattern, value) = (compiled(text(arguments, 0)?)?, text(arguments, 1)?);
        let found = pattern.captures_iter(value).take(count(arguments)?);
        let groups = |captures: regex::Captures<'_>| -> Vec<Value> {
            captures.iter().map(|group| Value::from(group.map_or("", |group| group.as_str()))).collect()
        };
        Ok(Value::from(found.map(|captures| Value::from(groups(captures))).collect::<Vec<_>>()))
    }),
    ("go_re.replace", 3, |arguments| {
        let (value, pattern) = (text(arguments, 0)?, compiled(text(arguments, 1)?)?);
        Ok(Value::from(pattern.replace_all(value, text(arguments, 2)?).as_ref()))
    }),
    ("go_re.split", 2, |arguments| {
        let (pattern, value) = (compiled(text(arguments, 0)?)?, text(arguments, 1)?);
        Ok(Value::from(split(&pattern, value).into_iter().map(Value::from).collect::<Vec<_>>()))
    }),
];

/// How many matches are wanted; all of them where the number is negative.
fn count(arguments: &[Value]) -> Result<usize, Fault> {
    let number = arguments.get(2).and_then(|value| value.as_i64().ok()).ok_or("argument 3 is no integer")?;
    Ok(usize::try_from(number).unwrap_or(usize::MAX))
}

/// As `Regexp.Split` of Go: nothing stands before a match at the start that is empty.
fn split<'v>(pattern: &Regex, value: &'v str) -> Vec<&'v str> {
    if !pattern.as_str().is_empty() && value.is_empty() {
        return vec![""];
    }
    let (mut parts, mut start, mut end) = (Vec::new(), 0, 0);
    for found in pattern.find_iter(value) {
        end = found.start();
        if found.end() != 0 {
            parts.extend(value.get(start..end));
        }
        start = found.end();
    }
    if end != value.len() {
        parts.extend(value.get(start..));
    }
    parts
}

/// Compiled expressions that are kept: policies have some dozens, and each meets many values.
const KEPT: usize = 512;

/// The expression of a pattern in Go's syntax.
pub(super) fn compiled(pattern: &str) -> Result<Arc<Regex>, String> {
    static COMPILED: Mutex<BTreeMap<String, Arc<Regex>>> = Mutex::new(BTreeMap::new());
    let known = || COMPILED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = known().get(pattern) {
        return Ok(Arc::clone(known));
    }
    let expression =
        Regex::new(&translated(pattern)).map_err(|_| format!("`{pattern}` is no regular expression"))?;
    let expression = Arc::new(expression);
    let mut known = known();
    if known.len() >= KEPT {
        known.clear();
    }
    known.insert(pattern.to_owned(), Arc::clone(&expression));
    Ok(expression)
}

/// What classes of Go hold, outside and inside of brackets.
fn class(letter: char, within: bool) -> Option<&'static str> {
    Some(match (letter, within) {
        ('d', false) => "[0-9]",
        ('d', true) => "0-9",
        ('D', _) => "[^0-9]",
        ('w', false) => "[0-9A-Za-z_]",
        ('w', true) => "0-9A-Za-z_",
        ('W', _) => "[^0-9A-Za-z_]",
        ('s', false) => r"[\t\n\f\r ]",
        ('s', true) => r"\t\n\f\r ",
        ('S', _) => r"[^\t\n\f\r ]",
        ('b', false) => r"(?-u:\b)",
        ('B', false) => r"(?-u:\B)",
        _ => return None,
    })
}

/// A pattern of Go in the syntax of [`regex`].
fn translated(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len() + 16);
    let mut rest = pattern;
    // Where a class is open: whether nothing but `^` stands in it yet.
    let mut open: Option<bool> = None;
    while let Some(character) = rest.chars().next() {
        let after = rest.get(character.len_utf8()..).unwrap_or_default();
        let mut taken = character.len_utf8();
        match (character, open) {
            ('\\', _) => {
                let letter = after.chars().next();
                taken += letter.map_or(0, char::len_utf8);
                if letter == Some('Q') && open.is_none() {
                    let quoted = after.get(1..).unwrap_or_default();
                    let end = quoted.find("\\E");
                    let inner = end.and_then(|end| quoted.get(..end)).unwrap_or(quoted);
                    out.push_str(&regex::escape(inner));
                    taken += inner.len() + if end.is_some() { 2 } else { 0 };
                } else if let Some(class) = letter.and_then(|letter| class(letter, open.is_some())) {
                    out.push_str(class);
                } else {
                    out.push('\\');
                    out.extend(letter);
                    // `\p{Greek}`, `\x{10FFFF}`: these braces are part of the escape.
                    let braced =
                        after.get(1..).filter(|rest| rest.starts_with('{')).and_then(|rest| rest.find('}'));
                    if let (Some('p' | 'P' | 'x'), Some(end)) = (letter, braced) {
                        out.push_str(after.get(1..end + 2).unwrap_or_default());
                        taken += end + 1;
                    }
                }
                open = open.map(|_| false);
            }
            ('[', None) => {
                out.push('[');
                open = Some(true);
            }
            ('^', Some(true)) if out.ends_with('[') => out.push('^'),
            (']', Some(false)) => {
                out.push(']');
                open = None;
            }
            ('[', Some(_)) => {
                let name = after.strip_prefix(':').and_then(|name| name.split_once(":]"));
                match name.map(|(name, _)| name).filter(|name| name.bytes().all(is_of_name)) {
                    Some(name) => {
                        taken += name.len() + 3;
                        out.extend(["[:", name, ":]"]);
                    }
                    None => out.push_str(r"\["),
                }
                open = Some(false);
            }
            (_, Some(_)) => {
                // What `regex` takes for operations on classes.
                if matches!(character, '&' | '~') {
                    out.push('\\');
                }
                out.push(character);
                open = Some(false);
            }
            ('{', None) if !is_repetition(after) => out.push_str(r"\{"),
            (_, None) => out.push(character),
        }
        rest = rest.get(taken..).unwrap_or_default();
    }
    out
}

fn is_of_name(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte == b'^'
}

/// Whether what follows `{` makes it a repetition: `2}`, `2,}`, `2,3}`.
fn is_repetition(after: &str) -> bool {
    let Some((inner, _)) = after.split_once('}') else { return false };
    let (least, most) = inner.split_once(',').unwrap_or((inner, ""));
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    !least.is_empty() && is_number(least) && is_number(most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_are_of_ascii_and_braces_and_brackets_stand_for_themselves() {
        for (pattern, value, expected) in [
            (r"^\d+$", "١", false),
            (r"^\d+$", "12", true),
            (r"^\w$", "é", false),
            (r"^\W$", "é", true),
            (r"^[\w.-]+$", "a.b-c_9", true),
            (r"^[^\s]$", "\u{a0}", true),
            (r"^[\D]$", "1", false),
            (r"\bx\b", "éx", true),
            (r"^${[a-z]+}$", "${a}", false),
            (r"^\${[a-z]+}$", "${a}", true),
            (r"^{{ .* }}$", "{{ x }}", true),
            (r"^\p{Greek}[\p{L}\x{41}]$", "αé", true),
            (r"^\x41$", "A", true),
            (r"^a{2}$", "aa", true),
            (r"^a{2,}$", "aaa", true),
            (r"^a{,2}$", "a{,2}", true),
            (r"^[[a]$", "[", true),
            (r"^[]a]$", "]", true),
            (r"^[^]a]$", "b", true),
            (r"^[[:alpha:]_]+$", "a_", true),
            (r"^[a&&b]$", "&", true),
            (r"^\Qa.b\E.$", "a.bc", true),
            (r"^\Qa.b", "aXb", false),
        ] {
            assert_eq!(compiled(pattern).unwrap().is_match(value), expected, "{pattern} {value}");
        }
        assert!(compiled("(").is_err() && compiled("[").is_err());
    }

    #[test]
    fn texts_are_split_as_go_splits_them() {
        for (pattern, value, expected) in [
            ("", "abc", &["a", "b", "c"][..]),
            ("", "", &[]),
            (",", "", &[""]),
            (",", "a,b,", &["a", "b", ""]),
            ("a*", "abaabaccadaaae", &["", "b", "b", "c", "c", "d", "e"]),
        ] {
            assert_eq!(split(&compiled(pattern).unwrap(), value), expected, "{pattern} {value}");
        }
    }
}
