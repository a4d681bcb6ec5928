//! One record in words: what happened first, digests short and last.
//!
//! What a sentence does not use follows it as `name=value`, so that no field of a record goes unseen.

use std::{borrow::Cow, collections::BTreeMap};

use serde_json::{Map, Value};

use crate::audit::{event::Kind, printable::printable};

/// Longer lists are counted, not shown.
const MOST_ITEMS: usize = 3;
/// Digits of a digest that are shown; `prove --finding` takes as many.
const DIGITS: usize = 8;

/// What stands elsewhere than in the record.
pub(super) struct Context<'c> {
    /// Names of what the run read by digest.
    pub(super) files: Option<&'c BTreeMap<String, Vec<String>>>,
    /// Of the record's list, what was asked for; `None`: that is not known.
    pub(super) matching: Option<&'c [String]>,
    /// When the record was written.
    pub(super) time: &'c str,
}

/// What kind of thing happened in a word, and what did.
pub(super) fn sentence(kind: Kind, body: &Value, context: &Context<'_>) -> (String, String) {
    let mut fields = Fields(body.as_object().cloned().unwrap_or_default());
    let (label, words) = match kind {
        Kind::Genesis => ("log begins".to_owned(), genesis(&mut fields)),
        Kind::ScanStart => ("scan begins".to_owned(), start(&mut fields)),
        Kind::ScanInputs => ("inputs".to_owned(), inputs(&mut fields, context)),
        Kind::Decision => decision(&mut fields, context),
        Kind::DecisionBatch => batch(&mut fields, context),
        Kind::WaiverGrant => ("waiver holds".to_owned(), waiver(&mut fields)),
        Kind::WaiverUse => ("waiver used".to_owned(), waiver(&mut fields)),
        Kind::WaiverExpire => ("waiver ended".to_owned(), waiver(&mut fields)),
        Kind::WaiverRevoke => ("waiver revoked".to_owned(), waiver(&mut fields)),
        Kind::Override => ("override".to_owned(), overridden(&mut fields)),
        Kind::ScanEnd => ("scan ends".to_owned(), end(&mut fields, context)),
        Kind::Recovered => ("set aside".to_owned(), recovered(&mut fields)),
        Kind::KeyRotated => ("key rotated".to_owned(), fields.words(&[("to", "to"), ("from", "from")])),
        Kind::KeyRevoked => ("key revoked".to_owned(), fields.words(&[("", "key"), ("because", "reason")])),
        Kind::Closed => {
            ("log ends".to_owned(), fields.words(&[("goes on as", "successor"), ("because", "reason")]))
        }
    };
    let rest = fields.rest();
    let rest = if rest.is_empty() { String::new() } else { format!("[{}]", rest.join(" ")) };
    let separator = if words.is_empty() || rest.is_empty() { "" } else { "  " };
    (label, format!("{words}{separator}{rest}"))
}

fn genesis(fields: &mut Fields) -> String {
    let keys: Vec<String> = fields.texts("vkeys");
    let keys = if keys.is_empty() { "UNSIGNED".to_owned() } else { format!("signed by {}", keys.join(", ")) };
    let before = fields.object("predecessor").map(|mut log| {
        let words = log.words(&[("goes on from", "origin"), ("of", "size")]);
        let root = log.text("root");
        format!("; {words} records, root {root}")
    });
    format!("{}, {keys}{}", fields.text("origin"), before.unwrap_or_default())
}

fn start(fields: &mut Fields) -> String {
    // The heading of the run has them.
    ["actors", "ci"].iter().for_each(|name| drop(fields.0.remove(*name)));
    if let Some(mut git) = fields.object("git") {
        ["commit", "reference", "repository"].iter().for_each(|name| drop(git.0.remove(*name)));
        fields.put_back("git", git);
    }
    let tool = fields.object("tool").map(|mut tool| {
        let words = tool.words(&[("", "name"), ("", "version")]);
        fields.put_back("tool", tool);
        words
    });
    let mode = fields.text("mode");
    let arguments = fields.texts("arguments").join(" ");
    let read = fields.object("manifest").map(|mut manifest| {
        let count = manifest.text("count");
        fields.put_back("manifest", manifest);
        format!(", {}", counted(&count, "input"))
    });
    let policies = fields.0.remove("policies");
    let policies: Vec<String> =
        policies.as_ref().and_then(Value::as_array).into_iter().flatten().map(bundle).collect();
    let policies = match &policies[..] {
        [] => String::new(),
        bundles => format!("; policies {}", bundles.join(", ")),
    };
    let words = format!("{mode} by {}{}{policies}", tool.unwrap_or_default(), read.unwrap_or_default());
    if arguments.is_empty() { words } else { format!("{words}; {arguments}") }
}

fn bundle(bundle: &Value) -> String {
    let field = |name: &str| bundle.get(name).and_then(Value::as_str).unwrap_or_default();
    format!("{} {}", text(field("name")), short(field("sha256")))
}

fn inputs(fields: &mut Fields, context: &Context<'_>) -> String {
    let Some(mut list) = fields.object("inputs") else { return String::new() };
    let mut words = vec![counted(&list.text("count"), "input")];
    let items = list.0.remove("list");
    let items: Vec<&Value> = items.as_ref().and_then(Value::as_array).into_iter().flatten().collect();
    let mut by_status: BTreeMap<Cow<'_, str>, Vec<Cow<'_, str>>> = BTreeMap::new();
    for item in items {
        let field = |name: &str| item.get(name).and_then(Value::as_str).map(printable).unwrap_or_default();
        by_status.entry(field("status")).or_default().push(field("name"));
    }
    for (status, names) in by_status {
        let names: Vec<String> = names.into_iter().map(Cow::into_owned).collect();
        words.push(format!("{status}: {}", first_few(&names, names.len())));
    }
    let known = context.files.is_some_and(|files| !files.is_empty());
    if list.0.get("blob").is_some() && !known {
        words.push("the list is gone or was changed".to_owned());
    }
    fields.put_back("inputs", list);
    words.join("; ")
}

/// `fail high secrets/committed-secret Secret/default/db in estate/db.yaml at stringData.password`, in columns.
fn decision(fields: &mut Fields, context: &Context<'_>) -> (String, String) {
    let [outcome, severity, rule, resource] =
        ["outcome", "severity", "rule", "resource"].map(|name| fields.text(name));
    let mut words = vec![format!("{severity:<8} {rule:<36} {resource}")];
    let digest = fields.0.get("input").and_then(Value::as_object).and_then(|input| input.values().next());
    let files = digest.and_then(Value::as_str).and_then(|digest| context.files?.get(digest));
    if let Some(files) = files {
        // Equal files have one digest.
        let files: Vec<String> = files.iter().map(|file| text(file)).collect();
        words.push(format!("in {}", files.join(" or ")));
    }
    for (word, name) in [("at", "path"), ("waiver", "waiver"), ("error", "error")] {
        let value = fields.text(name);
        if !value.is_empty() {
            words.push(format!("{word} {value}"));
        }
    }
    (outcome, words.join(" "))
}

fn batch(fields: &mut Fields, context: &Context<'_>) -> (String, String) {
    let [outcome, rule] = ["outcome", "rule"].map(|name| fields.text(name));
    let mut resources = fields.object("resources").unwrap_or_default();
    let count = resources.text("count");
    let listed = resources.texts("list");
    let words = match context.matching {
        None => format!("{} (not known which: the list is gone or was changed)", counted(&count, "resource")),
        Some([]) if listed.is_empty() => counted(&count, "resource"),
        Some([]) => first_few(&listed, listed.len()),
        Some(matching) => {
            let matching: Vec<String> = matching.iter().map(|id| text(id)).collect();
            first_few(&matching, count.parse().unwrap_or(matching.len()))
        }
    };
    fields.put_back("resources", resources);
    (outcome, format!("{:<8} {rule:<36} {words}", ""))
}

fn waiver(fields: &mut Fields) -> String {
    fields.words(&[
        ("", "id"),
        ("until", "until"),
        ("for", "rule"),
        ("on", "resource"),
        ("by", "approver"),
        ("in", "source"),
        ("ticket", "ticket"),
    ])
}

fn overridden(fields: &mut Fields) -> String {
    fields.words(&[("", "rule"), ("", "setting"), ("from", "from"), ("to", "to"), ("in", "source")])
}

fn end(fields: &mut Fields, context: &Context<'_>) -> String {
    let how = fields.words(&[("", "outcome"), ("with exit code", "exit")]);
    let duration = match fields.text("duration_ms") {
        unknown if unknown.is_empty() => String::new(),
        milliseconds => format!(" after {milliseconds} ms"),
    };
    let mut words = vec![format!("{how}, {}{duration}", date(context.time))];
    if let Some(counts) = fields.object("counts") {
        let counts: Vec<String> =
            counts.0.iter().map(|(name, count)| format!("{} {}", value_text(count), text(name))).collect();
        words.push(counts.join(", "));
    }
    let reports = fields.0.remove("reports");
    for report in reports.as_ref().and_then(Value::as_array).into_iter().flatten() {
        let field = |name: &str| report.get(name).map(value_text).unwrap_or_default();
        let sha256 = report.get("sha256").and_then(Value::as_str).unwrap_or_default();
        words.push(format!("wrote {} of {} bytes, sha256 {}", field("format"), field("size"), short(sha256)));
    }
    words.join("; ")
}

fn recovered(fields: &mut Fields) -> String {
    let length = fields.text("tail_len");
    let words = fields.words(&[("of", "segment"), ("from byte", "committed_len")]);
    format!("{} {words}: {}", counted(&length, "byte"), fields.text("reason"))
}

/// The fields of a body that no sentence has used yet.
#[derive(Default)]
struct Fields(Map<String, Value>);

impl Fields {
    /// Takes a field as text that is safe to print; empty if there is none.
    fn text(&mut self, name: &str) -> String {
        self.0.remove(name).as_ref().map(value_text).unwrap_or_default()
    }

    fn texts(&mut self, name: &str) -> Vec<String> {
        let Some(Value::Array(items)) = self.0.remove(name) else { return Vec::new() };
        items.iter().map(value_text).collect()
    }

    fn object(&mut self, name: &str) -> Option<Self> {
        match self.0.remove(name) {
            Some(Value::Object(object)) => Some(Self(object)),
            _ => None,
        }
    }

    /// Gives back what a sentence has not used of an object.
    fn put_back(&mut self, name: &str, unused: Self) {
        if !unused.0.is_empty() {
            self.0.insert(name.to_owned(), Value::Object(unused.0));
        }
    }

    /// Takes fields, each with a word before it; those that are absent are left out with their word.
    fn words(&mut self, fields: &[(&str, &str)]) -> String {
        let words = fields.iter().filter_map(|(word, name)| {
            let value = self.text(name);
            let separator = if word.is_empty() { "" } else { " " };
            (!value.is_empty()).then(|| format!("{word}{separator}{value}"))
        });
        words.collect::<Vec<String>>().join(" ")
    }

    /// What is left, as `name=value`, nested names joined by dots, digests short.
    fn rest(self) -> Vec<String> {
        let mut rest = Vec::new();
        flatten("", &Value::Object(self.0), &mut rest);
        rest
    }
}

fn flatten(prefix: &str, value: &Value, rest: &mut Vec<String>) {
    let below = |name: &str| if prefix.is_empty() { name.to_owned() } else { format!("{prefix}.{name}") };
    match value {
        Value::Object(map) => map.iter().for_each(|(name, value)| flatten(&below(name), value, rest)),
        Value::Array(items) => {
            let items = items.iter().enumerate();
            items.for_each(|(position, value)| flatten(&below(&position.to_string()), value, rest));
        }
        Value::String(value) => rest.push(format!("{}={}", text(prefix), short(value))),
        other => rest.push(format!("{}={other}", text(prefix))),
    }
}

/// Text that a terminal may see.
pub(super) fn text(text: &str) -> String {
    printable(text).into_owned()
}

fn value_text(value: &Value) -> String {
    match value {
        Value::String(value) => text(value),
        other => text(&other.to_string()),
    }
}

/// The beginning of a digest; other text as it is.
fn short(value: &str) -> String {
    let is_digest = value.len() >= 32 && value.bytes().all(|byte| byte.is_ascii_hexdigit());
    match value.get(..DIGITS).filter(|_| is_digest) {
        Some(beginning) => format!("{beginning}…"),
        None => text(value),
    }
}

/// `2026-10-01 12:00:00 UTC` of a record's time.
pub(super) fn date(time: &str) -> String {
    match (time.get(..10), time.get(11..19)) {
        (Some(day), Some(clock)) => format!("{} {} UTC", text(day), text(clock)),
        _ => text(time),
    }
}

fn counted(count: &str, noun: &str) -> String {
    format!("{count} {noun}{}", if count == "1" { "" } else { "s" })
}

fn first_few(names: &[String], total: usize) -> String {
    let shown = if total == MOST_ITEMS + 1 { total } else { MOST_ITEMS };
    let shown: Vec<&str> = names.iter().take(shown).map(String::as_str).collect();
    match total.saturating_sub(shown.len()) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}
