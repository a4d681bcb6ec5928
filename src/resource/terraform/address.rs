//! Addresses and references: `module.m["a.b"].aws_s3_bucket.logs[0].id`, split with an eye on quotes.

use std::{fmt, iter, str::CharIndices, sync::Arc};

/// Which instance of a resource or module: the key that `count` or `for_each` gave it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum InstanceKey {
    Integer(i64),
    String(Arc<str>),
}

impl fmt::Display for InstanceKey {
    /// As in an address: `[0]`, `["a"]`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Integer(index) => write!(f, "[{index}]"),
            Self::String(key) => {
                f.write_str("[\"")?;
                // A key is quoted as HCL quotes strings: `${` and `%{` would start a template.
                let mut characters = key.chars().peekable();
                while let Some(character) = characters.next() {
                    match character {
                        '"' | '\\' => write!(f, "\\{character}")?,
                        '\n' => f.write_str("\\n")?,
                        '\r' => f.write_str("\\r")?,
                        '\t' => f.write_str("\\t")?,
                        '$' | '%' if characters.peek() == Some(&'{') => write!(f, "{character}{character}")?,
                        _ => write!(f, "{character}")?,
                    }
                }
                f.write_str("\"]")
            }
        }
    }
}

/// A name of an address, with the key that follows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment<'t> {
    pub name: &'t str,
    pub key: Option<InstanceKey>,
    /// Byte offset of the name.
    pub start: usize,
}

/// The names of an address or reference; `None` where it is none. Of several keys in a row the first is kept.
pub fn segments(text: &str) -> Option<Vec<Segment<'_>>> {
    let mut segments = Vec::new();
    let mut rest = text;
    loop {
        let end = rest.find(['.', '[']).unwrap_or(rest.len());
        let (name, mut after) = rest.split_at(end);
        if name.is_empty() || name.contains(['"', ']', ' ']) {
            return None;
        }
        let start = text.len() - rest.len();
        let mut key = None;
        while let Some(inside) = after.strip_prefix('[') {
            let (found, behind) = bracket(inside)?;
            key = key.or(Some(found));
            after = behind;
        }
        segments.push(Segment { name, key, start });
        match after.strip_prefix('.') {
            Some(next) => rest = next,
            None if after.is_empty() => return Some(segments),
            None => return None,
        }
    }
}

/// The calls on a module address, from the root; `None` where it is no module address.
pub fn module_path(address: &str) -> Option<Vec<Segment<'_>>> {
    if address.is_empty() {
        return Some(Vec::new());
    }
    let mut names = segments(address)?.into_iter();
    iter::from_fn(|| names.next().map(|word| (word, names.next())))
        .map(|(word, call)| call.filter(|_| word.name == "module" && word.key.is_none()))
        .collect()
}

/// Address of the module that holds a module, with the call in it; `None` for the root.
pub fn parent(address: &str) -> Option<(&str, Segment<'_>)> {
    let call = module_path(address)?.pop()?;
    let before = call.start.checked_sub("module.".len())?;
    Some((address.get(..before)?.trim_end_matches('.'), call))
}

/// What stands in brackets, and what follows them.
fn bracket(inside: &str) -> Option<(InstanceKey, &str)> {
    let Some(quoted) = inside.strip_prefix('"') else {
        let (index, after) = inside.split_once(']')?;
        return Some((InstanceKey::Integer(index.parse().ok()?), after));
    };
    let mut key = String::new();
    let mut characters = quoted.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => {
                let after = quoted.get(at + 1..)?.strip_prefix(']')?;
                return Some((InstanceKey::String(key.into()), after));
            }
            '\\' => key.push(match characters.next()?.1 {
                'n' => '\n',
                'r' => '\r',
                't' => '\t',
                'u' => hexadecimal(&mut characters, 4)?,
                'U' => hexadecimal(&mut characters, 8)?,
                escaped => escaped,
            }),
            '$' | '%' if quoted.get(at + 1..)?.starts_with([character]) => {
                key.push(character);
                if quoted.get(at + 2..)?.starts_with('{') {
                    characters.next();
                }
            }
            _ => key.push(character),
        }
    }
    None
}

fn hexadecimal(characters: &mut CharIndices<'_>, digits: usize) -> Option<char> {
    let code = characters
        .take(digits)
        .try_fold(0_u32, |code, (_, digit)| Some(code.checked_mul(16)? + digit.to_digit(16)?))?;
    char::from_u32(code)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn written(text: &str) -> Option<Vec<String>> {
        Some(
            segments(text)?
                .into_iter()
                .map(|segment| {
                    format!("{}{}", segment.name, segment.key.map(|key| key.to_string()).unwrap_or_default())
                })
                .collect(),
        )
    }

    #[test]
    fn addresses_are_split_outside_quotes() {
        let table: [(&str, Option<&[&str]>); 15] = [
            ("aws_s3_bucket.logs", Some(&["aws_s3_bucket", "logs"])),
            ("aws_s3_bucket.logs[0].id", Some(&["aws_s3_bucket", "logs[0]", "id"])),
            (r#"module.m["x.y"].a.b"#, Some(&["module", r#"m["x.y"]"#, "a", "b"])),
            (r#"a.b["a]\"b"].c"#, Some(&["a", r#"b["a]\"b"]"#, "c"])),
            ("a.b[\"\\u00e9\"]", Some(&["a", "b[\"é\"]"])),
            (r#"a.b["\uZZZZ"]"#, None),
            (r#"a.b["$${x}"]"#, Some(&["a", r#"b["$${x}"]"#])),
            (r#"a.b["5$"]"#, Some(&["a", r#"b["5$"]"#])),
            ("a.b[0][1]", Some(&["a", "b[0]"])),
            ("data.aws_iam_policy_document.p", Some(&["data", "aws_iam_policy_document", "p"])),
            ("", None),
            ("a..b", None),
            ("a.b[", None),
            (r#"a.b["c]"#, None),
            ("a.b[0]c", None),
        ];
        for (text, expected) in table {
            let expected = expected.map(|names| names.iter().map(ToString::to_string).collect::<Vec<_>>());
            assert_eq!(written(text), expected, "{text}");
        }
    }

    #[test]
    fn a_module_knows_its_parent_and_call() {
        let table = [
            ("module.a", Some(("", "a", None))),
            (
                r#"module.a["x.y"].module.b[3]"#,
                Some((r#"module.a["x.y"]"#, "b", Some(InstanceKey::Integer(3)))),
            ),
            (r#"module.a["x.y"]"#, Some(("", "a", Some(InstanceKey::String("x.y".into()))))),
            ("", None),
            ("aws_s3_bucket.a", None),
            ("module", None),
        ];
        for (address, expected) in table {
            let found = parent(address);
            let found = found.as_ref().map(|(parent, call)| (*parent, call.name, call.key.clone()));
            assert_eq!(found, expected, "{address}");
        }
    }

    proptest! {
        #[test]
        fn a_key_survives_being_written_and_read(key in ".{0,12}") {
            let address = format!("a.b{}", InstanceKey::String(key.as_str().into()));
            let read = segments(&address).unwrap();
            prop_assert_eq!(&read[1].key, &Some(InstanceKey::String(key.into())));
        }

        #[test]
        fn nothing_makes_it_panic(text in "[a-c.\\[\\]\"\\\\$%{}0-9é]{0,24}") {
            let _ = segments(&text);
            let _ = parent(&text);
        }
    }
}
