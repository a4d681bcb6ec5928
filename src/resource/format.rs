//! Configuration files inside `ConfigMaps` and Secrets: keys and texts of the formats that programs read.
//!
//! Deliberately absent: which of the keys a program looks at.

use std::{fmt::Write as _, ops::Range, sync::Arc};

use crate::{
    document::{NodeRef, Parsed, json, yaml},
    source::SourceId,
};

/// How a file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Yaml,
    Json,
    /// Of Java: `key=value`, `key: value`.
    Properties,
    /// `KEY=value`, with quotes and `export`.
    Environment,
    /// `key = value` below `[section]`: also what of TOML looks like it.
    Sections,
}

/// One key of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Dotted: `spring.datasource.url`, `servers[0].host`.
    pub name: String,
    pub text: String,
    /// Bytes of the value in the file.
    pub range: Range<usize>,
}

impl Format {
    /// Told by the name of a file; `None`: not a format that is read.
    pub fn of(file: &str) -> Option<Self> {
        let name = file.rsplit('/').next().unwrap_or(file).to_ascii_lowercase();
        if name == "env" || name.starts_with(".env") {
            return Some(Self::Environment);
        }
        match name.rsplit_once('.')?.1 {
            "yml" | "yaml" => Some(Self::Yaml),
            "json" => Some(Self::Json),
            "properties" => Some(Self::Properties),
            "env" => Some(Self::Environment),
            "ini" | "cnf" | "cfg" | "toml" => Some(Self::Sections),
            _ => None,
        }
    }

    /// Tells formats apart.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Yaml => "yaml",
            Self::Json => "json",
            Self::Properties => "properties",
            Self::Environment => "env",
            Self::Sections => "ini",
        }
    }

    /// The documents of a file, each as its entries in order; `None` where it does not parse.
    pub fn read(self, text: &str) -> Option<Vec<Vec<Entry>>> {
        match self {
            Self::Yaml => tree(&yaml::parse(SourceId(0), &Arc::from(text))),
            Self::Json => tree(&json::parse(SourceId(0), &Arc::from(text))),
            Self::Properties => Some(properties(text)),
            Self::Environment => Some(vec![environment(text)]),
            Self::Sections => Some(vec![sections(text)]),
        }
    }
}

fn tree(parsed: &Parsed) -> Option<Vec<Vec<Entry>>> {
    if !parsed.errors.is_empty() {
        return None;
    }
    let documents = parsed.documents.iter().map(|document| {
        let mut entries = Vec::new();
        flatten(document.root(), &mut String::new(), &mut entries);
        entries
    });
    Some(documents.collect())
}

/// Aliases are expanded; how much that can be is bounded where documents are parsed.
fn flatten(node: NodeRef<'_>, name: &mut String, entries: &mut Vec<Entry>) {
    let length = name.len();
    if node.is_scalar() {
        if !node.is_null() && !name.is_empty() {
            let text = node.as_str().unwrap_or_else(|| node.raw()).to_owned();
            let range = node.as_str().map_or_else(|| node.span(), |text| node.part(0..text.len()));
            entries.push(Entry { name: name.clone(), text, range });
        }
        return;
    }
    for (key, _, value) in node.entries() {
        if !name.is_empty() {
            name.push('.');
        }
        name.push_str(key);
        flatten(value, name, entries);
        name.truncate(length);
    }
    for (index, item) in node.items().enumerate() {
        let _ = write!(name, "[{index}]");
        flatten(item, name, entries);
        name.truncate(length);
    }
}

/// Lines with their offsets, without line breaks.
fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut start = 0;
    text.split_inclusive('\n').map(move |line| {
        let at = start;
        start += line.len();
        (at, line.trim_end_matches(['\n', '\r']))
    })
}

/// `java.util.Properties.load`, without Unicode escapes; `#---` starts a new document as Spring has it.
fn properties(text: &str) -> Vec<Vec<Entry>> {
    let mut documents = vec![Vec::new()];
    let mut pending: Option<Entry> = None;
    for (start, line) in lines(text) {
        let body = line.trim_start();
        let at = start + line.len() - body.len();
        let goes_on = |body: &str| body.chars().rev().take_while(|c| *c == '\\').count() % 2 == 1;
        let entry = if let Some(mut entry) = pending.take() {
            entry.text.pop();
            entry.text.push_str(body);
            entry.range.end = at + body.len();
            entry
        } else if matches!(body, "#---" | "!---") {
            documents.push(Vec::new());
            continue;
        } else if body.is_empty() || body.starts_with(['#', '!']) {
            continue;
        } else {
            let separator =
                body.find(|c: char| matches!(c, '=' | ':') || c.is_whitespace()).unwrap_or(body.len());
            let (key, rest) = body.split_at(separator);
            let value = rest.trim_start().strip_prefix(['=', ':']).unwrap_or(rest).trim_start();
            let value_at = at + body.len() - value.len();
            Entry { name: key.to_owned(), text: value.to_owned(), range: value_at..value_at + value.len() }
        };
        if goes_on(&entry.text) {
            pending = Some(entry);
        } else if let Some(document) = documents.last_mut() {
            document.push(entry);
        }
    }
    documents
}

fn environment(text: &str) -> Vec<Entry> {
    let assignments = lines(text).filter_map(|(start, line)| {
        let body = line.trim_start();
        if body.starts_with('#') {
            return None;
        }
        let (key, value) = body.strip_prefix("export ").unwrap_or(body).split_once('=')?;
        Some(entry(key.trim().to_owned(), start + line.len() - value.len(), value))
    });
    assignments.filter(|entry| !entry.name.is_empty()).collect()
}

fn sections(text: &str) -> Vec<Entry> {
    let mut section = String::new();
    let mut entries = Vec::new();
    for (start, line) in lines(text) {
        let body = line.trim();
        if let Some(name) = body.strip_prefix('[').and_then(|body| body.strip_suffix(']')) {
            section = name.trim_matches(['[', ']', ' ']).to_owned();
        } else if !body.starts_with(['#', ';'])
            && let Some((key, value)) = line.split_once('=')
        {
            let key = key.trim().trim_matches('"');
            let name = if section.is_empty() { key.to_owned() } else { format!("{section}.{key}") };
            entries.push(entry(name, start + line.len() - value.len(), value));
        }
    }
    entries
}

/// A value that may be quoted, and starts at an offset.
fn entry(name: String, at: usize, value: &str) -> Entry {
    let body = value.trim_start();
    let at = at + value.len() - body.len();
    let body = body.trim_end();
    for quote in ['"', '\''] {
        if let Some(inside) = body.strip_prefix(quote).and_then(|inside| inside.split_once(quote)) {
            return Entry { name, text: inside.0.to_owned(), range: at + 1..at + 1 + inside.0.len() };
        }
    }
    Entry { name, text: body.to_owned(), range: at..at + body.len() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_every_format_are_dotted_and_have_their_bytes() {
        for (file, text, expected) in [
            (
                "application.yml",
                "spring:\n  datasource:\n    url: 'jdbc:x'\n  ports: [1, 2]\n  none:\n",
                &[("spring.datasource.url", "jdbc:x"), ("spring.ports[0]", "1"), ("spring.ports[1]", "2")][..],
            ),
            (
                "/app/appsettings.json",
                r#"{"ConnectionStrings": {"Orders": "Server=db"}, "On": true}"#,
                &[("ConnectionStrings.Orders", "Server=db"), ("On", "true")],
            ),
            (
                "db.properties",
                "# a comment\nurl = jdbc:x\nuser:root\npassword hunter2\n\nempty=\r\n",
                &[("url", "jdbc:x"), ("user", "root"), ("password", "hunter2"), ("empty", "")],
            ),
            (
                ".env",
                "export A=1\n#B=2\nC=\"x y\" # note\n D='z'\n=3\n",
                &[("A", "1"), ("C", "x y"), ("D", "z")],
            ),
            (
                "grafana.ini",
                "top = 1\n[database]\npassword = \"p\"\n;user = u\n",
                &[("top", "1"), ("database.password", "p")],
            ),
        ] {
            let format = Format::of(file).expect(file);
            let entries: Vec<Entry> = format.read(text).expect(file).into_iter().flatten().collect();
            let found: Vec<(&str, &str)> =
                entries.iter().map(|entry| (entry.name.as_str(), entry.text.as_str())).collect();
            assert_eq!(found, expected, "{file}");
            for entry in &entries {
                assert_eq!(&text[entry.range.clone()], entry.text, "{file}: {}", entry.name);
            }
        }
    }

    #[test]
    fn a_property_goes_on_behind_a_backslash_and_documents_are_kept_apart() {
        let text = "a=one \\\n   two\n#---\nb=1\n";
        let documents = Format::Properties.read(text).unwrap();
        assert_eq!(documents[0][0].text, "one two");
        assert_eq!(documents[1][0].name, "b");
        assert_eq!(Format::Yaml.read("a: 1\n---\na: 2\n").unwrap().len(), 2);
    }

    #[test]
    fn what_does_not_parse_or_has_no_format_is_none() {
        assert_eq!(Format::Yaml.read("a: [\n"), None);
        assert_eq!(Format::Json.read("{"), None);
        for file in ["nginx.conf", "run.sh", "password", "a.txt"] {
            assert_eq!(Format::of(file), None, "{file}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read_without_panic_and_every_range_lies_in_it(text in "[a-c=:#\\\\\"'\\[\\] \n\r-ä]{0,40}") {
            for format in [Format::Yaml, Format::Json, Format::Properties, Format::Environment, Format::Sections] {
                for entry in format.read(&text).into_iter().flatten().flatten() {
                    proptest::prop_assert!(text.get(entry.range.clone()).is_some());
                }
            }
        }
    }
}
