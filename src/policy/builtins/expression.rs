//! Regular expressions as Go reads them (RE2, <https://github.com/google/re2/wiki/Syntax>): the engine's own have the
//! classes of Unicode where Go has those of ASCII, and refuse braces and brackets that Go takes as they are.
//!
//! Policies are rewritten to call these: see [`super::SUBSTITUTES`].

mod translate;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use regex::{Captures, Regex};
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
        let groups = |captures: Captures<'_>| -> Vec<Value> {
            captures.iter().map(|group| Value::from(group.map_or("", |group| group.as_str()))).collect()
        };
        Ok(Value::from(found.map(|captures| Value::from(groups(captures))).collect::<Vec<_>>()))
    }),
    ("go_re.replace", 3, |arguments| {
        let (value, pattern) = (text(arguments, 0)?, compiled(text(arguments, 1)?)?);
        let template = text(arguments, 2)?;
        let replaced = pattern.replace_all(value, |captures: &Captures<'_>| expanded(captures, template));
        Ok(Value::from(replaced.as_ref()))
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

/// As `Regexp.Expand` of Go: a `$` that names nothing stays, and a group that is not there is empty.
fn expanded(captures: &Captures<'_>, template: &str) -> String {
    let mut out = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('$') {
        out.push_str(before);
        rest = after;
        if let Some(more) = after.strip_prefix('$') {
            out.push('$');
            rest = more;
            continue;
        }
        let inner = after.strip_prefix('{').unwrap_or(after);
        let end = inner.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(inner.len());
        let (name, more) = inner.split_at_checked(end).unwrap_or_default();
        let more = if inner.len() == after.len() { Some(more) } else { more.strip_prefix('}') };
        let Some(more) = more.filter(|_| !name.is_empty()) else {
            out.push('$');
            continue;
        };
        rest = more;
        let number = name.parse::<usize>().ok().filter(|_| name == "0" || !name.starts_with('0'));
        let group = number.map_or_else(|| captures.name(name), |number| captures.get(number));
        out.push_str(group.map_or("", |group| group.as_str()));
    }
    out.push_str(rest);
    out
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
    let expression = translate::translated(pattern).and_then(|expression| Regex::new(&expression).ok());
    let expression = Arc::new(expression.ok_or_else(|| format!("`{pattern}` is no regular expression"))?);
    let mut known = known();
    if known.len() >= KEPT {
        known.clear();
    }
    known.insert(pattern.to_owned(), Arc::clone(&expression));
    Ok(expression)
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
            (r"^[\w-:]+$", "a-1:", true),
            (r"^[\w-_]+$", "a-b", true),
            (r"^[\w-z]$", "`", false),
            (r"^[+--]+$", "+,-", true),
            (r"^[a-c--/]+$", "b-./", true),
            (r"^[^\s]$", "\u{a0}", true),
            (r"^[\D]$", "1", false),
            (r"\bx\b", "éx", true),
            (r"\<a", "a", false),
            (r"\<a", "<a", true),
            (r"^${[a-z]+}$", "${a}", false),
            (r"^\${[a-z]+}$", "${a}", true),
            (r"^{{ .* }}$", "{{ x }}", true),
            (r"^\p{Greek}[\p{L}\x{41}]$", "αé", true),
            (r"^\x41\101\0$", "AA\0", true),
            (r"^a{2}$", "aa", true),
            (r"^a{2,}$", "aaa", true),
            (r"^a{,2}$", "a{,2}", true),
            (r"^a{02}$", "a{02}", true),
            (r"^[[a]$", "[", true),
            (r"^[]a]$", "]", true),
            (r"^[^]a]$", "b", true),
            (r"^[[:alpha:]_]+$", "a_", true),
            (r"^[[:^alpha:]]$", "1", true),
            (r"^[a&&b]$", "&", true),
            (r"(?i)^(?P<n>a)(?:b)$", "AB", true),
            (r"^\Qa.b\E.$", "a.bc", true),
            (r"^\Qa.b", "aXb", false),
        ] {
            assert_eq!(compiled(pattern).unwrap().is_match(value), expected, "{pattern} {value}");
        }
        for wrong in [
            "(",
            "[",
            "a**",
            "x{2}{3}",
            "x{2}*",
            "x+?+",
            "a{1001}",
            r"\u0041",
            "(?x)a",
            "(?u)a",
            "[[:foo:]]",
            r"\1",
            r"[\w-\d-\y]",
            r"\8",
            "[b-a]",
            "*a",
        ] {
            assert!(compiled(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn templates_are_expanded_as_go_expands_them() {
        for (template, expected) in [
            ("$1", "b"),
            ("${1}x", "bx"),
            ("$1x", ""),
            ("$1é", ""),
            ("$n-$2", "b-"),
            ("$$1", "$1"),
            ("${}", "${}"),
            ("${a b}", "${a b}"),
            ("$01", ""),
            ("a$", "a$"),
            ("$.", "$."),
        ] {
            let pattern = compiled("(?P<n>b)").unwrap();
            let found = pattern.captures("abc").map(|captures| expanded(&captures, template));
            assert_eq!(found.as_deref(), Some(expected), "{template}");
        }
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
