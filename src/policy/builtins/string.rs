//! Strings where the engine answers otherwise than OPA: case by single characters, JSON as Go writes it, templates.

use regex::Regex;
use regorus::Value;

use super::{Fault, Function, text};

pub(super) const FUNCTIONS: &[Function] = &[
    ("upper", 1, |arguments| Ok(Value::from(mapped(text(arguments, 0)?, char::to_uppercase)))),
    ("lower", 1, |arguments| Ok(Value::from(mapped(text(arguments, 0)?, char::to_lowercase)))),
    ("json.marshal", 1, marshal),
    ("regex.template_match", 4, template_match),
    ("strings.split_n", 3, split_n),
    ("strings.tally", 2, |arguments| Ok(tally(text(arguments, 0)?, text(arguments, 1)?))),
];

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
    let expression = Regex::new(&expression).map_err(|error| error.to_string())?;
    Ok(Value::from(expression.is_match(value)))
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
            (FUNCTIONS[1].2, vec!["ÀΣ"], Value::from("àσ")),
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
