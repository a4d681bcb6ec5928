//! Verdicts: what a rule said, read strictly, since a result that is not understood must not pass for silence.

use std::collections::BTreeSet;

use regorus::Value;
use serde::Deserialize;

use crate::{
    document::{Path, Step},
    fix::Offer,
};

/// One result of `deny` or `not_assessed`.
#[derive(Debug, Default, Clone, PartialEq)]
pub(super) struct Verdict {
    pub message: String,
    pub path: Path,
    pub related: Vec<Related>,
    pub missing: Option<String>,
    pub peer: Option<String>,
    pub remedy: Option<String>,
    pub fixes: Vec<Offer>,
    /// Conftest's `_loc`: file and line.
    pub location: Option<(Option<String>, usize)>,
    /// Other keys, for the report.
    pub metadata: serde_json::Map<String, serde_json::Value>,
}

/// Longest message in characters: reports are read by people, and GitHub cuts at about as much.
const MESSAGE: usize = 1000;

/// A message that lists a large estate, cut to what is read, with how much is left out.
pub(super) fn bounded(message: String) -> String {
    let cut = message.char_indices().nth(MESSAGE).and_then(|(end, _)| message.split_at_checked(end));
    match cut {
        Some((read, rest)) => format!("{read}… ({} characters more)", rest.chars().count()),
        None => message,
    }
}

/// One element of `related`.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Related {
    pub label: String,
    pub path: Option<Path>,
    pub resource: Option<String>,
    pub is_context: bool,
}

/// Reads the value of a verdict rule: a set or array of strings and objects with `msg`.
pub(super) fn read(value: &Value) -> Result<Vec<Verdict>, String> {
    let items: Vec<&Value> = match value {
        Value::Undefined => return Ok(Vec::new()),
        Value::Set(items) => items.iter().collect(),
        Value::Array(items) => items.iter().collect(),
        _ => return Err("its result is no set: write `deny contains result if { … }`".to_owned()),
    };
    items.into_iter().map(verdict).collect()
}

/// Reads the value of a rule as Conftest does: what is no result is overlooked, an empty message is a pass, and keys
/// that we know but cannot read are metadata like others. The second is what was overlooked, if anything.
pub(super) fn read_conftest(value: &Value) -> Result<(Vec<Verdict>, Option<&'static str>), String> {
    let items: Vec<&Value> = match value {
        Value::Undefined => return Ok((Vec::new(), None)),
        Value::Set(items) => items.iter().collect(),
        Value::Array(items) => items.iter().collect(),
        _ => return Ok((Vec::new(), Some("its value is no set"))),
    };
    let (mut verdicts, mut overlooked) = (Vec::new(), None);
    for item in items {
        let verdict = match item {
            Value::String(message) => Verdict { message: message.to_string(), ..Verdict::default() },
            Value::Object(fields) => conftest_verdict(fields)?,
            _ => {
                overlooked = Some("a result is neither a string nor an object with `msg`");
                continue;
            }
        };
        if verdict.message.is_empty() {
            overlooked = Some("the message of a result is empty");
        } else if verdict.message.trim().is_empty() {
            verdicts.push(Verdict { message: "the policy gives no reason".to_owned(), ..verdict });
        } else {
            verdicts.push(verdict);
        }
    }
    Ok((verdicts, overlooked))
}

fn conftest_verdict(fields: &regorus::value::Object) -> Result<Verdict, String> {
    let mut found = Verdict::default();
    let Some(Value::String(message)) = fields.get(&Value::from("msg")) else {
        return Err("a result has no string `msg`".to_owned());
    };
    found.message = message.to_string();
    for (key, value) in fields.iter() {
        let Value::String(key) = key else { continue };
        match &**key {
            "msg" => continue,
            "path" if let Ok(path) = path(value) => {
                found.path = path;
                continue;
            }
            "_loc" => found.location = location(value),
            _ => {}
        }
        if let Ok(json) = serde_json::to_value(value) {
            found.metadata.insert(key.to_string(), json);
        }
    }
    Ok(found)
}

fn location(value: &Value) -> Option<(Option<String>, usize)> {
    let Value::Object(fields) = value else { return None };
    let file = match fields.get(&Value::from("file")) {
        Some(Value::String(file)) => Some(file.to_string()),
        _ => None,
    };
    let line = fields.get(&Value::from("line"))?.as_u64().ok()?;
    Some((file, usize::try_from(line).ok()?))
}

fn verdict(value: &Value) -> Result<Verdict, String> {
    if let Value::String(message) = value {
        let message = said(message)?;
        return Ok(Verdict { message, ..Verdict::default() });
    }
    let Value::Object(fields) = value else {
        return Err("a result is neither a string nor an object with `msg`".to_owned());
    };
    let mut verdict = Verdict::default();
    let mut has_message = false;
    for (key, value) in fields.iter() {
        let Value::String(key) = key else { return Err("a result has a key that is no string".to_owned()) };
        match (&**key, value) {
            ("msg", Value::String(message)) => {
                verdict.message = said(message)?;
                has_message = true;
            }
            ("path", value) => verdict.path = path(value)?,
            ("related", Value::Array(items)) => {
                verdict.related = items.iter().map(related).collect::<Result<_, _>>()?;
            }
            ("related", Value::Set(items)) => {
                verdict.related = items.iter().map(related).collect::<Result<_, _>>()?;
            }
            ("missing", Value::String(text)) => verdict.missing = Some(text.to_string()),
            ("peer", Value::String(text)) => verdict.peer = Some(text.to_string()),
            ("remedy", Value::String(text)) => verdict.remedy = Some(text.to_string()),
            ("fixes", value) => verdict.fixes = offers(value)?,
            (key, value) => {
                let json =
                    serde_json::to_value(value).map_err(|_| format!("key `{key}` of a result is no JSON"))?;
                verdict.metadata.insert(key.to_owned(), json);
            }
        }
    }
    if has_message { Ok(verdict) } else { Err("a result has no string `msg`".to_owned()) }
}

/// A message that says something: nobody can act on a finding without one.
fn said(message: &str) -> Result<String, String> {
    if message.trim().is_empty() {
        Err("the `msg` of a result is empty".to_owned())
    } else {
        Ok(message.to_owned())
    }
}

/// Element of `fixes`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Fix {
    kind: String,
    key: String,
    from: serde_json::Value,
    to: serde_json::Value,
    #[serde(default)]
    without: BTreeSet<String>,
}

fn offers(value: &Value) -> Result<Vec<Offer>, String> {
    let fixes = serde_json::to_value(value).and_then(serde_json::from_value::<Vec<Fix>>);
    let fixes = fixes.map_err(|error| format!("`fixes` of a result: {error}"))?;
    let offer = |Fix { kind, key, from, to, without }| Offer { kind, key, from, to, without };
    Ok(fixes.into_iter().map(offer).collect())
}

fn related(value: &Value) -> Result<Related, String> {
    let Value::Object(fields) = value else { return Err("an element of `related` is no object".to_owned()) };
    let mut related = Related::default();
    for (key, value) in fields.iter() {
        match (key.as_string().map(|key| &**key), value) {
            (Ok("msg"), Value::String(text)) => related.label = text.to_string(),
            (Ok("path"), value) => related.path = Some(path(value)?),
            (Ok("resource"), Value::String(text)) => related.resource = Some(text.to_string()),
            (Ok("context"), Value::Bool(is_context)) => related.is_context = *is_context,
            _ => {
                return Err(
                    "an element of `related` has keys other than `msg`, `path`, `resource` and `context`"
                        .to_owned(),
                );
            }
        }
    }
    Ok(related)
}

fn path(value: &Value) -> Result<Path, String> {
    let Value::Array(items) = value else { return Err("`path` is no array".to_owned()) };
    let step = |item: &Value| match item {
        Value::String(key) => Ok(Step::Key(std::sync::Arc::clone(key))),
        // `walk` numbers elements; anything that is no index leads nowhere, and the nearest key is shown.
        other => other.as_u64().map(|index| Step::Index(usize::try_from(index).unwrap_or(usize::MAX))),
    };
    let steps = items.iter().map(|item| {
        step(item).map_err(|_| "`path` holds something that is neither a key nor an index".to_owned())
    });
    Ok(Path(steps.collect::<Result<_, _>>()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn eval(rego: &str) -> Result<Vec<Verdict>, String> {
        let mut engine = regorus::Engine::new();
        engine.add_policy("a.rego".into(), format!("package a\nimport rego.v1\n{rego}")).unwrap();
        read(&engine.eval_rule("data.a.deny".into()).map_err(|error| error.to_string())?)
    }

    #[test]
    fn strings_and_objects_are_read_and_other_keys_kept() {
        assert_eq!(eval("deny contains \"no\"").unwrap()[0].message, "no");
        let found = eval("deny contains {\"msg\": \"no\", \"path\": [\"a\", 0], \"missing\": \"x\", \"cost\": 3, \"related\": [{\"msg\": \"this\", \"path\": [\"b\"]}]}").unwrap();
        assert_eq!((found[0].path.to_string(), found[0].missing.as_deref()), ("a[0]".to_owned(), Some("x")));
        assert_eq!(found[0].metadata["cost"], 3);
        assert_eq!(found[0].related[0].label, "this");
    }

    #[test]
    fn long_messages_are_cut_between_characters_and_say_so() {
        assert_eq!(bounded("ä".repeat(1000)), "ä".repeat(1000));
        assert_eq!(bounded("ä".repeat(1007)), format!("{}… (7 characters more)", "ä".repeat(1000)));
    }

    #[test]
    fn a_fix_says_what_it_finds_and_what_it_writes() {
        let rego = |fix: &str| eval(&format!("deny contains {{\"msg\": \"no\", \"fixes\": [{{{fix}}}]}}"));
        let whole = r#""kind": "Service", "key": "type", "from": "NodePort", "to": "ClusterIP""#;
        let found = rego(whole).unwrap();
        assert_eq!((&*found[0].fixes[0].key, &found[0].fixes[0].to), ("type", &"ClusterIP".into()));
        assert!(found[0].metadata.is_empty());
        for fix in [r#""kind": "Service""#, &format!("{whole}, \"form\": 1")] {
            assert!(rego(fix).unwrap_err().starts_with("`fixes` of a result: "), "{fix}");
        }
    }

    #[test]
    fn results_that_are_not_understood_are_errors() {
        for rego in [
            "deny := true",
            "deny[\"x\"] := true",
            "deny contains 1",
            "deny contains \" \"",
            "deny contains {\"msg\": \"\"}",
            "deny contains {\"message\": \"x\"}",
            "deny contains {\"msg\": \"x\", \"path\": \"a\"}",
        ] {
            assert!(eval(rego).is_err(), "{rego}");
        }
    }
}
