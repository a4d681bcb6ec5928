//! Strings where the engine answers otherwise than OPA: case by single characters, JSON as Go writes it, templates.

use std::collections::BTreeMap;

use regorus::Value;

use super::{Fault, Function, expression::compiled, text};

pub(super) const FUNCTIONS: &[Function] = &[
    ("upper", 1, |arguments| Ok(Value::from(mapped(text(arguments, 0)?, char::to_uppercase)))),
    ("lower", 1, |arguments| {
        // The one character of which Unicode's full mapping is longer than its simple one.
        Ok(Value::from(mapped(text(arguments, 0)?, char::to_lowercase).replace('İ', "i")))
    }),
    ("json.marshal", 1, marshal),
    ("regex.template_match", 4, template_match),
    ("strings.split_n", 3, split_n),
    ("strings.exchanged", 2, exchanged),
    ("indexed", 2, |arguments| {
        let found = positions(text(arguments, 0)?, text(arguments, 1)?)?.next();
        Ok(found.map_or_else(|| Value::from(-1_i64), Value::from))
    }),
    ("indexed_n", 2, |arguments| {
        let found = positions(text(arguments, 0)?, text(arguments, 1)?)?;
        Ok(Value::from(found.map(Value::from).collect::<Vec<_>>()))
    }),
    ("strings.tally", 2, |arguments| Ok(tally(text(arguments, 0)?, text(arguments, 1)?))),
];

/// Where a text stands in another, in characters; also where it overlaps itself.
fn positions<'t>(text: &'t str, part: &'t str) -> Result<impl Iterator<Item = usize> + 't, Fault> {
    if part.is_empty() {
        return Err("the text that is sought is empty".into());
    }
    let starts = text.char_indices().enumerate();
    let is_there = move |start: usize| text.get(start..).is_some_and(|rest| rest.starts_with(part));
    Ok(starts.filter(move |(_, (start, _))| is_there(*start)).map(|(position, _)| position))
}

/// `strings.replace_n`: what was written is not replaced again, and of several texts at one place the first in their order
/// is, as with `strings.NewReplacer` of Go.
fn exchanged(arguments: &[Value]) -> Result<Value, Fault> {
    let Some(Value::Object(patterns)) = arguments.first() else {
        return Err("argument 1 is no object".into());
    };
    let pair = |(key, value): (&Value, &Value)| match (key, value) {
        (Value::String(old), Value::String(new)) => Ok((old.to_string(), new.to_string())),
        _ => Err(Fault::from("argument 1 holds a key or a value that is no text")),
    };
    let pairs: BTreeMap<String, String> = patterns.iter().map(pair).collect::<Result<_, _>>()?;
    let mut rest = text(arguments, 1)?;
    let mut out = String::with_capacity(rest.len());
    let mut after_nothing = false;
    loop {
        let fits = |(old, _): &(&String, &String)| {
            rest.starts_with(old.as_str()) && !(old.is_empty() && after_nothing)
        };
        let found = pairs.iter().find(fits);
        if let Some((_, new)) = found {
            out.push_str(new);
        }
        let taken = found.map(|(old, _)| old.len());
        after_nothing = taken == Some(0);
        if let Some(taken) = taken.filter(|taken| *taken > 0) {
            rest = rest.get(taken..).unwrap_or_default();
        } else if !after_nothing {
            let mut characters = rest.chars();
            let Some(character) = characters.next() else { return Ok(Value::from(out)) };
            out.push(character);
            rest = characters.as_str();
        }
    }
}

/// How often a text is in another, not overlapping; nothing is before and after each character, as in Go.
fn tally(text: &str, part: &str) -> Value {
    let count = if part.is_empty() { text.chars().count() + 1 } else { text.matches(part).count() };
    Value::from(count)
}

/// Go maps one character to one: `ß` stays, where Unicode's full mapping has `SS`.
fn mapped<I: Iterator<Item = char>>(text: &str, map: fn(char) -> I) -> String {
    let single = |character| {
        let mut mapped = map(character);
        mapped.next().filter(|_| mapped.next().is_none()).unwrap_or(character)
    };
    text.chars().map(single).collect()
}

/// Go escapes what HTML would interpret.
fn marshal(arguments: &[Value]) -> Result<Value, Fault> {
    let json = serde_json::to_string(&arguments.first()).map_err(|error| error.to_string())?;
    let escaped = ['<', '>', '&', '\u{2028}', '\u{2029}'].into_iter().fold(json, |json, character| {
        if json.contains(character) {
            json.replace(character, &format!("\\u{:04x}", u32::from(character)))
        } else {
            json
        }
    });
    Ok(Value::from(escaped))
}

/// Text with regular expressions between delimiters: `urn:{.*}`.
fn template_match(arguments: &[Value]) -> Result<Value, Fault> {
    let (template, value) = (text(arguments, 0)?, text(arguments, 1)?);
    let delimiter = |position| -> Result<char, Fault> {
        let mut characters = text(arguments, position)?.chars();
        match (characters.next(), characters.next()) {
            (Some(character), None) => Ok(character),
            _ => Err("a delimiter is one character".into()),
        }
    };
    let (open, close) = (delimiter(2)?, delimiter(3)?);
    let (mut expression, mut part, mut depth) = (String::from("^"), String::new(), 0_usize);
    for character in template.chars() {
        if character == open && (open != close || depth == 0) {
            depth += 1;
            if depth == 1 {
                expression.push_str(&regex::escape(&std::mem::take(&mut part)));
                continue;
            }
        } else if character == close {
            depth = depth.checked_sub(1).ok_or("the delimiters are not balanced")?;
            if depth == 0 {
                expression.extend(["(", &std::mem::take(&mut part), ")"]);
                continue;
            }
        }
        part.push(character);
    }
    if depth > 0 {
        return Err("the delimiters are not balanced".into());
    }
    expression.push_str(&regex::escape(&part));
    expression.push('$');
    Ok(Value::from(compiled(&expression)?.is_match(value)))
}

/// The first `count` parts, or the last ones where it is negative.
fn split_n(arguments: &[Value]) -> Result<Value, Fault> {
    let (whole, separator) = (text(arguments, 0)?, text(arguments, 1)?);
    let count = arguments.get(2).and_then(|value| value.as_i64().ok()).ok_or("argument 3 is no integer")?;
    let parts: Vec<String> = if separator.is_empty() {
        whole.chars().map(String::from).collect()
    } else {
        whole.split(separator).map(ToOwned::to_owned).collect()
    };
    let wanted = usize::try_from(count.unsigned_abs()).unwrap_or(usize::MAX);
    let skipped = if count < 0 { parts.len().saturating_sub(wanted) } else { 0 };
    let parts = parts.into_iter().skip(skipped).take(wanted).map(Value::from);
    Ok(Value::from(parts.collect::<Vec<_>>()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_as_opa_has_them() {
        for (function, arguments, expected) in [
            (FUNCTIONS[0].2, vec!["aß\u{17f}é"], Value::from("AßSÉ")),
            (FUNCTIONS[1].2, vec!["ÀΣİ"], Value::from("àσi")),
            (FUNCTIONS[2].2, vec!["<a & b>"], Value::from("\"\\u003ca \\u0026 b\\u003e\"")),
            (FUNCTIONS[3].2, vec!["urn:{.*}:x", "urn:a.b:x", "{", "}"], Value::from(true)),
            (FUNCTIONS[3].2, vec!["urn:{[a]{2}}", "urn:aa", "{", "}"], Value::from(true)),
            (FUNCTIONS[3].2, vec!["a.{.}", "abx", "{", "}"], Value::from(false)),
        ] {
            let values: Vec<Value> = arguments.iter().copied().map(Value::from).collect();
            assert_eq!(function(&values).unwrap(), expected, "{arguments:?}");
        }
        assert!(FUNCTIONS[3].2(&["a}", "a", "{", "}"].map(Value::from)).is_err());
    }
}
