//! Settings in XML: attributes, texts of elements, and the pairs of name and value that frameworks write.
//!
//! Deliberately absent: entities, namespaces, and whether a document is well-formed; a setting that looks like one is
//! read.

use std::ops::Range;

use super::format::Entry;

/// Attributes that name what `value` or the text of the element is.
const NAMING: [&str; 4] = ["key", "name", "n", "property"];

/// An element that is open.
struct Open<'t> {
    name: &'t str,
    /// What an attribute or a `<name>` within it calls its value.
    called: Option<&'t str>,
}

/// The settings of a text, in its order; `None` where it is no XML.
pub fn settings(text: &str) -> Option<Vec<Entry>> {
    if !text.trim_start().starts_with('<') || !(text.contains("</") || text.contains("/>")) {
        return None;
    }
    let mut entries = Vec::new();
    let mut open: Vec<Open<'_>> = Vec::new();
    let mut at = 0;
    while let Some(start) = text.get(at..).and_then(|rest| rest.find('<')).map(|found| at + found) {
        let rest = text.get(start..).unwrap_or_default();
        let end_of = |end: &str| rest.find(end).map_or(text.len(), |found| start + found + end.len());
        if rest.starts_with("<!--") {
            at = end_of("-->");
        } else if rest.starts_with("<![CDATA[") {
            at = end_of("]]>");
        } else if rest.starts_with("<?") {
            at = end_of("?>");
        } else if rest.starts_with("<!") {
            at = end_of(">");
        } else if rest.starts_with("</") {
            at = end_of(">");
            open.pop();
        } else {
            let tag = Tag::read(text, start + 1);
            at = tag.end;
            if tag.name.is_empty() {
                continue;
            }
            let named = NAMING.iter().find_map(|naming| tag.attribute(naming));
            let called = named.map(|(name, _)| name).filter(|name| !name.is_empty());
            for (name, value, range) in &tag.attributes {
                let name = if *name == "value" { called.unwrap_or(name) } else { name };
                entries.push(entry(&open, tag.name, Some(name), value, range.clone()));
            }
            if tag.is_closed {
                continue;
            }
            open.push(Open { name: tag.name, called });
            if let Some((value, range)) = content(text, at) {
                leaf(&mut open, &mut entries, value, range);
            }
        }
    }
    Some(entries)
}

/// The text of an element without others in it.
fn leaf<'t>(open: &mut [Open<'t>], entries: &mut Vec<Entry>, value: &'t str, range: Range<usize>) {
    let Some((last, above)) = open.split_last_mut() else { return };
    let parent = above.last().and_then(|parent| parent.called);
    let named = last.called.or(parent.filter(|_| last.name == "value"));
    entries.push(entry(above, last.name, named, value, range));
    if let Some(parent) = above.last_mut().filter(|_| last.name == "name") {
        parent.called = Some(value);
    }
}

fn entry(above: &[Open<'_>], element: &str, named: Option<&str>, value: &str, range: Range<usize>) -> Entry {
    let within = above.last().map_or("", |parent| parent.name);
    let parts = [within, element, named.unwrap_or_default()];
    let name = parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(".");
    Entry { name, text: value.to_owned(), range }
}

/// The text from a place to the end tag that follows it; CDATA without its marks.
fn content(text: &str, at: usize) -> Option<(&str, Range<usize>)> {
    let rest = text.get(at..)?;
    let start = at + rest.len() - rest.trim_start().len();
    let rest = text.get(start..)?;
    let (start, end) = if let Some(inner) = rest.strip_prefix("<![CDATA[") {
        let start = start + rest.len() - inner.len();
        (start, start + inner.find("]]>")?)
    } else {
        let end = start + rest.find('<')?;
        text.get(end..)?.starts_with("</").then_some((start, end))?
    };
    let value = text.get(start..end)?.trim_end();
    (!value.is_empty()).then_some((value, start..start + value.len()))
}

struct Tag<'t> {
    name: &'t str,
    attributes: Vec<(&'t str, &'t str, Range<usize>)>,
    is_closed: bool,
    end: usize,
}

impl<'t> Tag<'t> {
    /// Reads a tag whose name starts at a place.
    fn read(text: &'t str, start: usize) -> Self {
        let is_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | ':');
        let word = |from: usize| {
            let rest = text.get(from..).unwrap_or_default();
            rest.get(..rest.find(|c: char| !is_name(c)).unwrap_or(rest.len())).unwrap_or_default()
        };
        let name = word(start);
        let mut tag =
            Self { name: local(name), attributes: Vec::new(), is_closed: false, end: start + name.len() };
        while let Some(next) = text.get(tag.end..).and_then(|rest| rest.chars().next()) {
            match next {
                '>' => {
                    tag.end += 1;
                    break;
                }
                // The tag was never closed.
                '<' => break,
                '/' => {
                    tag.is_closed = true;
                    tag.end += 1;
                }
                '"' | '\'' => tag.end = quoted(text, tag.end).map_or(text.len(), |range| range.end + 1),
                _ if is_name(next) => {
                    tag.is_closed = false;
                    let attribute = word(tag.end);
                    tag.end += attribute.len();
                    let rest = text.get(tag.end..).unwrap_or_default();
                    let behind = rest.trim_start().strip_prefix('=').map(str::trim_start);
                    let Some(behind) = behind.filter(|behind| behind.starts_with(['"', '\''])) else {
                        continue;
                    };
                    let Some(range) = quoted(text, text.len() - behind.len()) else { continue };
                    tag.end = range.end + 1;
                    let value = text.get(range.clone()).unwrap_or_default();
                    tag.attributes.push((local(attribute), value, range));
                }
                _ => tag.end += next.len_utf8(),
            }
        }
        tag
    }

    fn attribute(&self, name: &str) -> Option<(&'t str, &Range<usize>)> {
        let found = self.attributes.iter().find(|(known, ..)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value, range)| (*value, range))
    }
}

/// A name without its prefix.
fn local(name: &str) -> &str {
    name.rsplit(':').next().unwrap_or(name)
}

/// Bytes between the quote at a place and the next of its kind.
fn quoted(text: &str, at: usize) -> Option<Range<usize>> {
    let rest = text.get(at..)?;
    let quote = rest.chars().next()?;
    let length = rest.get(1..)?.find(quote)?;
    Some(at + 1..at + 1 + length)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<(String, String)> {
        let entries = settings(text).expect("it is XML").into_iter();
        entries
            .map(|entry| {
                assert_eq!(&text[entry.range], entry.text);
                (entry.name, entry.text)
            })
            .collect()
    }

    #[test]
    fn settings_have_the_names_that_frameworks_give_them() {
        for (name, text, expected) in [
            (
                "Maven",
                "<settings><server><id>a</id>\n<password>b</password><!-- <password>old</password> --></server></settings>",
                &[("server.id", "a"), ("server.password", "b")][..],
            ),
            (
                "Tomcat",
                "<?xml version='1.0'?><Context><Resource name='jdbc/x' password=\"a > b\" auth='Container'/></Context>",
                &[
                    ("Context.Resource.name", "jdbc/x"),
                    ("Context.Resource.password", "a > b"),
                    ("Context.Resource.auth", "Container"),
                ],
            ),
            (
                "Spring, log4j and .NET",
                "<a><property name=\"password\" value=\"b\"/><Property name=\"secret\">c</Property><add key='ApiKey' value='d'/></a>",
                &[
                    ("a.property.name", "password"),
                    ("a.property.password", "b"),
                    ("a.Property.name", "secret"),
                    ("a.Property.secret", "c"),
                    ("a.add.key", "ApiKey"),
                    ("a.add.ApiKey", "d"),
                ],
            ),
            (
                "Hadoop",
                "<configuration>\n<property>\n<name>x.password</name>\n<value>b</value>\n</property></configuration>",
                &[("property.name", "x.password"), ("property.value.x.password", "b")],
            ),
            ("CDATA", "<a><![CDATA[b<c]]></a>", &[("a", "b<c")]),
            ("prefixes", "<c:a xmlns:c='x'><c:b>d</c:b></c:a>", &[("a.c", "x"), ("a.b", "d")]),
        ] {
            let expected: Vec<(String, String)> =
                expected.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
            assert_eq!(read(text), expected, "{name}");
        }
        for text in ["<PASSWORD>", "a < b", "", "{}"] {
            assert_eq!(settings(text), None, "{text}");
        }
    }

    #[test]
    fn what_never_ends_is_read_once() {
        let open = "<a><![CDATA[".repeat(100_000);
        assert_eq!(read(&open.replace("<![", "</a><![")).len(), 0);
        assert_eq!(read(&format!("{open}]]></a>")).len(), 1);
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read_without_panic_and_every_range_lies_in_it(text in "<[a-c<>/=!?\"' \n&\\[\\]ä-]{0,60}") {
            for entry in settings(&text).into_iter().flatten() {
                proptest::prop_assert_eq!(text.get(entry.range.clone()), Some(&*entry.text));
            }
        }
    }
}
