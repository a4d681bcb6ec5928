//! What generators put into their objects, an entry at a time: literals, lines of environment files, whole files.
//!
//! Source: kubernetes-sigs/kustomize, `api/kv/kv.go`. What a file that is no part of the estate holds is unknown.

use std::{borrow::Cow, ops::Range};

use super::Generator;
use crate::{
    document::NodeRef,
    resource::{contents::folder, render::resolve},
    source::{Place, Sources},
};

/// One entry of what a generator makes.
#[derive(Debug, Clone)]
pub struct Entry<'d> {
    pub key: Cow<'d, str>,
    /// `None`: the file that it stands in was not read.
    pub text: Option<Cow<'d, str>>,
    /// The field of the generator: `literals`, `envs` or `files`.
    pub field: &'static str,
    /// The value where it is written: in the kustomization, in a line, or the first line of a file. Where nothing was
    /// read, the field that names the file.
    pub place: Place,
    /// Everything that holds the value; `None` where nothing was read.
    pub hidden: Option<Place>,
}

/// A file that a generator reads.
#[derive(Debug, Clone)]
pub struct Named<'d> {
    field: &'static str,
    /// Key of a whole file, where one is given.
    key: Option<&'d str>,
    /// As written, relative to the folder of the kustomization.
    path: &'d str,
    /// The field that names it.
    place: Range<usize>,
}

impl<'d> Named<'d> {
    /// A path, or `key=path` for a whole file.
    fn new(field: &'static str, written: &'d str, place: Range<usize>) -> Self {
        match written.split_once('=').filter(|_| field == "files") {
            Some((key, path)) => Self { field, key: Some(key), path, place },
            None => Self { field, key: None, path: written, place },
        }
    }

    /// Its name relative to the base, for a kustomization with a name relative to it; `None` where it lies elsewhere.
    pub fn name(&self, kustomization: &str) -> Option<String> {
        resolve(folder(kustomization), self.path).filter(|_| !self.path.contains("://"))
    }

    fn key(&self) -> &'d str {
        self.key.unwrap_or_else(|| self.path.rsplit('/').next().unwrap_or_default())
    }
}

impl<'d> Generator<'d> {
    /// The files that it reads.
    pub fn files(self) -> impl Iterator<Item = Named<'d>> {
        let fields = [("envs", "envs"), ("env", "envs"), ("files", "files")];
        fields.into_iter().flat_map(move |(key, field)| {
            let value = self.node.get(key);
            let written = value.into_iter().flat_map(|value| value.items().chain([value]));
            let place = self.node.key_span(key).unwrap_or_default();
            written.filter_map(NodeRef::as_str).map(move |path| Named::new(field, path, place.clone()))
        })
    }

    /// All that it puts into its object, as far as it was read.
    pub fn entries(self, sources: &Sources) -> Vec<Entry<'d>> {
        let here = self.node.document.source;
        let literals = self.literals().map(|literal| {
            let place = Place::new(here, literal.span);
            Entry {
                key: literal.key.into(),
                text: Some(literal.text.into()),
                field: "literals",
                hidden: Some(place.clone()),
                place,
            }
        });
        let mut entries: Vec<Entry<'d>> = literals.collect();
        for named in self.files() {
            let name = named.name(&sources.get(here).file);
            let id = name.and_then(|name| sources.by_file(&name));
            let Some(id) = id else {
                let place = Place::new(here, named.place.clone());
                let key = named.key().into();
                entries.push(Entry { key, text: None, field: named.field, place, hidden: None });
                continue;
            };
            let text = &sources.get(id).text;
            if named.field == "envs" {
                entries.extend(lines(text).map(|line| {
                    let place = Place::new(id, line.span);
                    Entry {
                        key: line.key.to_owned().into(),
                        text: line.text.map(|text| text.to_owned().into()),
                        field: named.field,
                        hidden: Some(place.clone()),
                        place,
                    }
                }));
            } else {
                let first = text.lines().next().map_or(0, str::len);
                entries.push(Entry {
                    key: named.key().into(),
                    text: Some(text.to_string().into()),
                    field: named.field,
                    place: Place::new(id, 0..first),
                    hidden: Some(Place::new(id, 0..text.len())),
                });
            }
        }
        entries
    }
}

/// One line of a file of variables.
struct Line<'t> {
    key: &'t str,
    /// `None`: the value comes from the environment of who builds.
    text: Option<&'t str>,
    /// Bytes of the value; of the key where there is none.
    span: Range<usize>,
}

/// Values are taken as they are: quotes belong to them.
fn lines(text: &str) -> impl Iterator<Item = Line<'_>> {
    let mut at = 0;
    text.split_inclusive('\n').filter_map(move |whole| {
        let start = at + whole.len() - whole.trim_start().len();
        at += whole.len();
        let line = whole.trim_start().trim_end_matches(['\n', '\r']);
        if line.is_empty() || line.starts_with('#') {
            return None;
        }
        let Some((key, text)) = line.split_once('=') else {
            return Some(Line { key: line, text: None, span: start..start + line.len() });
        };
        let from = start + key.len() + 1;
        Some(Line { key, text: Some(text), span: from..from + text.len() })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        document::yaml,
        resource::kustomization::generators,
        source::{Source, Status},
    };

    #[test]
    fn entries_stand_where_their_values_are_written() {
        let kustomization = "secretGenerator:\n- name: db\n  literals: [a=1]\n  envs: [db.env]\n  env: gone.env\n  files: [tls.key=keys/private.pem, ../away, other]\n";
        let files = [
            ("k8s/db.env", "# comment\n  USER=root\r\nPASSWORD=a=b\n\nFROM_OUTSIDE\n"),
            ("k8s/keys/private.pem", "first\nsecond\n"),
            ("k8s/kustomization.yaml", kustomization),
        ];
        let sources = files.map(|(name, text)| Source::new(name, text, None, Status::Read));
        let sources = Sources::new(sources.into_iter().collect());
        let id = sources.by_file("k8s/kustomization.yaml").unwrap();
        let parsed = yaml::parse(id, &kustomization.into());
        let found: Vec<String> = generators(&parsed.documents[0])[0]
            .entries(&sources)
            .iter()
            .map(|entry| {
                let source = sources.get(entry.place.source);
                let shown = source.text.get(entry.place.span()).unwrap();
                let text = entry.text.as_deref().unwrap_or("?");
                format!("{}.{} {text:?} {shown:?} {}", entry.field, entry.key, source.file)
            })
            .collect();
        assert_eq!(
            found,
            [
                r#"literals.a "1" "1" k8s/kustomization.yaml"#,
                r#"envs.USER "root" "root" k8s/db.env"#,
                r#"envs.PASSWORD "a=b" "a=b" k8s/db.env"#,
                r#"envs.FROM_OUTSIDE "?" "FROM_OUTSIDE" k8s/db.env"#,
                r#"envs.gone.env "?" "env" k8s/kustomization.yaml"#,
                r#"files.tls.key "first\nsecond\n" "first" k8s/keys/private.pem"#,
                r#"files.away "?" "files" k8s/kustomization.yaml"#,
                r#"files.other "?" "files" k8s/kustomization.yaml"#,
            ]
        );
    }
}
