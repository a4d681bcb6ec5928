//! Files and texts of known formats within a value.

use std::{ops::Range, sync::Arc};

use super::{Here, Search, pair};
use crate::{
    document::{NodeRef, Step, json},
    resource::{
        credential::{
            Class, context::Context, find_in_settings, line, of_setting, part, statement, translation,
            written,
        },
        format::{Entry, Format},
        shape::{self, Shape},
        xml,
    },
    source::SourceId,
};

impl<'d> Search<'d> {
    /// Bytes of a `ConfigMap`: a configuration file or a script in base64.
    pub(in crate::resource::credential) fn encoded(&mut self, field: &'d str, node: NodeRef<'d>) {
        self.path.push(Step::from(field));
        for (key, key_span, value) in node.entries() {
            let decoded = value.as_str().and_then(shape::decoded);
            let Some(text) = decoded.filter(|text| !text.is_empty()) else { continue };
            let held = in_file(key, &text);
            let class = held.iter().map(|held| held.class).min();
            if class.is_some() {
                self.path.push(Step::from(key));
                self.push(class, Shape::Text, &Here { name: key, key_span, node: value }, None);
                self.path.pop();
                if let Some(found) = self.found.last_mut() {
                    found.values.extend(held.into_iter().map(|held| held.value));
                }
            }
        }
        self.path.pop();
    }

    /// A JSON text within a value that is no file of that format: `true` if it was read as one.
    pub(super) fn json(&mut self, here: &Here<'d>, text: &str, offset: usize) -> bool {
        if !text.trim_start().starts_with(['{', '[']) || Format::of(here.name).is_some() {
            return false;
        }
        let parsed = json::parse(SourceId(0), &Arc::from(text));
        let Some(document) = parsed.documents.first().filter(|_| parsed.errors.is_empty()) else {
            return false;
        };
        for inner in find_in_settings(document.root()) {
            let (Some(class), Some(value)) = (inner.class, inner.values.first()) else { continue };
            let written = text.get(inner.span.clone()).unwrap_or_default();
            let bare = written.find(value.as_str()).map(|at| inner.span.start + at);
            let range = bare.map_or(inner.span, |start| start..start + value.len());
            self.push_part(class, here, range.start + offset..range.end + offset, value, Some(&inner.at));
        }
        true
    }

    /// A configuration file within a value: `true` if it was read as one.
    pub(super) fn file(&mut self, here: &Here<'d>, text: &str) -> bool {
        let is_manifest = self.manifests && text.contains("apiVersion:") && text.contains("kind:");
        let context = if translation::is_file(here.name) { Context::References } else { Context::Settings };
        let is_patch = self.manifests && text.trim_start().starts_with("- ") && text.contains("path:");
        let is_kubeconfig = text.contains("users:")
            && (here.name.to_ascii_lowercase().contains("kubeconfig") || text.contains("kind: Config"));
        let is_yaml =
            text.contains('\n') && (here.name == "values" || is_manifest) || is_patch || is_kubeconfig;
        let format = Format::of(here.name).or(is_yaml.then_some(Format::Yaml));
        if let Some(documents) = format.and_then(|format| documents(format, text)) {
            for document in documents {
                let is_secret = is_manifest
                    && document.iter().any(|entry| entry.name == "kind" && entry.text == "Secret");
                for entry in document {
                    if is_secret && ["data.", "stringData."].iter().any(|field| entry.name.starts_with(field))
                    {
                        self.push_part(Class::Named, here, entry.range, &entry.text, Some(&entry.name));
                    } else {
                        let is_translation = entry.name.split('.').any(translation::is_key);
                        let context = if is_translation { Context::References } else { context };
                        self.part(here, &entry.name, &entry.text, entry.range, context);
                    }
                }
            }
            // What has no `=`, such as a user of HAProxy.
            if format == Some(Format::Sections) {
                self.text(&Here { name: "", ..here.clone() }, text, 0, Context::References);
            }
            return true;
        }
        let before = self.found.len();
        let logins = statement::logins(here.name, text);
        // A line of them is one login, whatever its host is called.
        if !logins.is_empty() {
            for range in logins {
                self.part(here, "password", text.get(range.clone()).unwrap_or_default(), range, context);
            }
            return true;
        }
        let markup = xml::settings(text);
        let is_markup = markup.is_some();
        for Entry { name, text, range } in markup.into_iter().flatten() {
            self.part(here, &name, &text, range, context);
        }
        // Fluentd has lines between its tags.
        if is_markup || text.contains('\n') || is_called_a_file(here.name) {
            let words = if line::is_script(here.name, text) { line::of_script(text) } else { Vec::new() };
            for entry in line::lines(text).chain(words) {
                self.part(here, entry.name, entry.text, entry.range, context);
            }
            self.text(&Here { name: "", ..here.clone() }, text, 0, Context::References);
            // One line with a break behind it may be a value: programs take the break away. Apache's users have hashes.
            let is_user = text.contains(":$");
            let is_value = !is_user && !text.trim_end().contains('\n') && self.found.len() == before;
            return is_markup || !is_value;
        }
        self.found.len() > before
    }

    /// One setting of a file that starts at `range`.
    fn part(&mut self, here: &Here<'d>, name: &str, text: &str, range: Range<usize>, context: Context) {
        let at = Some(name);
        if shape::holds_private_key(text) {
            self.push_part(Class::PrivateKey, here, range, text, at);
            return;
        }
        // A value that is spelled with escapes is longer in the file than it is.
        let within = |part: Range<usize>| {
            if range.len() == text.len() {
                range.start + part.start..range.start + part.end
            } else {
                range.clone()
            }
        };
        let written = written(text);
        for written in &written {
            let value = text.get(written.range.clone()).unwrap_or_default();
            self.push_part(written.class, here, within(written.range.clone()), value, at);
        }
        if !written.is_empty() {
            return;
        }
        if let Some((class, part)) = part::of_setting(name, text, context) {
            let value = text.get(part.clone()).unwrap_or_default();
            self.push_part(class, here, within(part), value, at);
        }
    }
}

/// A credential in a file.
pub struct Held {
    pub class: Class,
    /// Of the setting; empty where it has none.
    pub name: String,
    /// Bytes in the text of the file.
    pub range: Range<usize>,
    pub value: String,
}

/// Credentials in a file, in their order, each once.
pub fn in_file(name: &str, text: &str) -> Vec<Held> {
    if shape::holds_private_key(text) {
        let (range, value) = (0..text.len(), text.to_owned());
        return vec![Held { class: Class::PrivateKey, name: String::new(), range, value }];
    }
    let documents = Format::of(name).and_then(|format| documents(format, text));
    let documents = documents.map(|documents| documents.into_iter().flatten().collect());
    let logins = statement::logins(name, text);
    let settings: Vec<(String, String, Range<usize>)> =
        if let Some(entries) = documents.or_else(|| xml::settings(text)) {
            entries.into_iter().map(|entry: Entry| (entry.name, entry.text, entry.range)).collect()
        } else if !logins.is_empty() {
            let logins = logins.into_iter();
            logins
                .filter_map(|range| Some(("password".to_owned(), text.get(range.clone())?.to_owned(), range)))
                .collect()
        } else {
            let words = if line::is_script(name, text) { line::of_script(text) } else { Vec::new() };
            let lines = line::lines(text).chain(words);
            lines.map(|line| (line.name.to_owned(), line.text.to_owned(), line.range)).collect()
        };
    let is_translation = translation::is_file(name);
    let named = settings.into_iter().filter_map(|(name, value, range)| {
        let class = of_setting(&name, &value).filter(|class| *class != Class::Random)?;
        let is_translation = is_translation || name.split('.').any(translation::is_key);
        let is_text = is_translation && matches!(class, Class::Named | Class::Weak);
        let part = part::of_setting(&name, &value, Context::Settings).map(|(_, part)| part);
        let is_verbatim = range.len() == value.len();
        let (range, value) = match part.filter(|_| is_verbatim && matches!(class, Class::Named | Class::Weak))
        {
            Some(part) => (
                range.start + part.start..range.start + part.end,
                value.get(part).unwrap_or_default().to_owned(),
            ),
            None => (range, value),
        };
        (!is_text).then_some(Held { class, name, range, value })
    });
    let written = written(text).into_iter().filter_map(|written| {
        if is_translation && matches!(written.class, Class::Named | Class::Weak) {
            return None;
        }
        let value = text.get(written.range.clone())?.to_owned();
        Some(Held { class: written.class, name: written.name.to_owned(), range: written.range, value })
    });
    let mut held: Vec<Held> = named.chain(written).collect();
    // A string that carries one is found by its setting, too, which has a name.
    held.sort_by_key(|held| (held.range.start, held.name.is_empty()));
    let mut end = 0;
    held.retain(|held| {
        let is_new = held.range.start >= end;
        end = end.max(held.range.end);
        is_new
    });
    held
}

/// Whether a key is the name of a file, which may have one line, rather than of a setting with words between dots.
fn is_called_a_file(key: &str) -> bool {
    const ENDS: [&str; 22] = [
        "acl", "bash", "cfg", "cnf", "conf", "config", "env", "go", "hcl", "hocon", "ini", "java", "js",
        "json5", "lua", "php", "py", "rb", "sh", "sql", "ts", "txt",
    ];
    let end = key.rsplit_once('.').map(|(_, end)| end.to_ascii_lowercase());
    key.starts_with('.') || end.is_some_and(|end| ENDS.contains(&end.as_str()))
}

/// The documents of a file, each value by what it is called; `None` where it does not parse.
fn documents(format: Format, text: &str) -> Option<Vec<Vec<Entry>>> {
    Some(format.read(text)?.into_iter().map(pair::named).collect())
}

/// Whether a text is a configuration file by its name, of several settings, none of which looks like a credential.
pub(super) fn is_harmless_file(name: &str, text: &str) -> bool {
    let documents =
        Format::of(name).filter(|_| text.contains('\n')).and_then(|format| documents(format, text));
    documents.is_some_and(|documents| {
        let mut entries = documents.iter().flatten().peekable();
        entries.peek().is_some() && entries.all(|entry| of_setting(&entry.name, &entry.text).is_none())
    })
}
