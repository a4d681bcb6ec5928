//! Configuration files inside `ConfigMaps` and Secrets: keys and texts of the formats that programs read.
//!
//! Deliberately absent: which of the keys a program looks at.

mod directives;
mod lines;

use std::{fmt::Write as _, ops::Range, sync::Arc};

use self::lines::{environment, properties, sections};
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
    /// `name argument;` and `name argument { … }`, as of nginx: only the servers that it names.
    Directives,
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

    /// That of a file which a program has mounted: also one that tells servers and nothing else, in which credentials are
    /// looked for as in any text.
    pub fn of_mounted(file: &str) -> Option<Self> {
        const ENDINGS: [&str; 3] = [".conf", ".conf.template", ".nginx"];
        let is_conf = || ENDINGS.iter().any(|ending| file.to_ascii_lowercase().ends_with(ending));
        Self::of(file).or_else(|| is_conf().then_some(Self::Directives))
    }

    /// Tells formats apart.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Yaml => "yaml",
            Self::Json => "json",
            Self::Properties => "properties",
            Self::Environment => "env",
            Self::Sections => "ini",
            Self::Directives => "conf",
        }
    }

    /// Entries of a tree that a document holds itself; their ranges are those of the document.
    pub fn entries(node: NodeRef<'_>) -> Vec<Entry> {
        let mut entries = Vec::new();
        flatten(node, &mut String::new(), &mut entries);
        entries
    }

    /// The documents of a file, each as its entries in order; `None` where it does not parse.
    pub fn read(self, text: &str) -> Option<Vec<Vec<Entry>>> {
        match self {
            Self::Yaml => tree(&yaml::parse(SourceId(0), &Arc::from(text))),
            Self::Json => {
                let read = |text: &str| tree(&json::parse(SourceId(0), &Arc::from(text)));
                read(text).or_else(|| read(&strict(text)))
            }
            Self::Properties => Some(properties(text)),
            Self::Environment => Some(vec![environment(text)]),
            Self::Sections => Some(vec![sections(text)]),
            Self::Directives => Some(vec![directives::servers(text)]),
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

/// JSON as .NET reads it: without a byte order mark, comments and trailing commas, for which spaces stand.
fn strict(text: &str) -> String {
    let mut strict = String::with_capacity(text.len());
    let mut rest = text;
    let blank = |strict: &mut String, part: &str| {
        strict.extend(part.bytes().map(|byte| if byte == b'\n' { '\n' } else { ' ' }));
    };
    let mut comma = None;
    while let Some(character) = rest.chars().next() {
        let length = match character {
            '"' => string(rest),
            '/' if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
            '/' if rest.starts_with("/*") => rest.find("*/").map_or(rest.len(), |end| end + 2),
            character => character.len_utf8(),
        };
        let (part, behind) = rest.split_at(length);
        match character {
            '/' | '\u{feff}' => blank(&mut strict, part),
            ',' => {
                comma = Some(strict.len());
                strict.push(',');
            }
            '}' | ']' => {
                if let Some(at) = comma.take() {
                    strict.replace_range(at..=at, " ");
                }
                strict.push_str(part);
            }
            character => {
                if !character.is_whitespace() {
                    comma = None;
                }
                strict.push_str(part);
            }
        }
        rest = behind;
    }
    strict
}

/// Length of the string that a text begins with.
fn string(text: &str) -> usize {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            b'\\' if !escaped => escaped = true,
            b'"' if !escaped => return at + 1,
            _ => escaped = false,
        }
    }
    text.len()
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
            (
                "setup.cfg",
                "[db]\npassword = hunter2 # for now\nuser = root ; mine\nhost: db\ncolour = #fff\nurl = a:b=c\n",
                &[
                    ("db.password", "hunter2"),
                    ("db.user", "root"),
                    ("db.host", "db"),
                    ("db.colour", "#fff"),
                    ("db.url", "a:b=c"),
                ],
            ),
            (
                "app.toml",
                "[[replicas]]\nurl = 'a'\n[[replicas]]\nurl = 'b'\n[[other]]\nurl = 'c'\n",
                &[("replicas[0].url", "a"), ("replicas[1].url", "b"), ("other[0].url", "c")],
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
    fn json_with_comments_trailing_commas_and_a_byte_order_mark_is_read() {
        let text = "\u{feff}{ // a, }\n \"A\": [\"//x\", \"y,]\\\"\", ], /* ä */ \"B\": 1,\n}\n";
        let entries = Format::Json.read(text).unwrap().remove(0);
        let found: Vec<(&str, &str)> =
            entries.iter().map(|entry| (entry.name.as_str(), entry.text.as_str())).collect();
        assert_eq!(found, [("A[0]", "//x"), ("A[1]", "y,]\""), ("B", "1")]);
        assert_eq!(&text[entries[0].range.clone()], "//x");
        assert_eq!(Format::Json.read("{\"a\": 1,, }"), None);
    }

    #[test]
    fn escapes_of_properties_and_what_ends_values_of_variables() {
        let read = |format: Format, text: &str| -> Vec<(String, String)> {
            let entries = format.read(text).unwrap().into_iter().flatten();
            entries.map(|entry| (entry.name, entry.text)).collect()
        };
        let pairs = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
            pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
        };
        let text = "a\\ key:value\nb\\=c=d\nu=\\u0041\\u\ne=x\\ty\\\\\n";
        let expected = [("a key", "value"), ("b=c", "d"), ("u", "Au"), ("e", "x\ty\\")];
        assert_eq!(read(Format::Properties, text), pairs(&expected));
        let text = "E=val # inline\nU=http://x/#y\nF=\"multi\nline\"\nG='a\nb' # c\nO=\"open\nP=1\n";
        let expected = [
            ("E", "val"),
            ("U", "http://x/#y"),
            ("F", "multi\nline"),
            ("G", "a\nb"),
            ("O", "\"open"),
            ("P", "1"),
        ];
        assert_eq!(read(Format::Environment, text), pairs(&expected));
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
