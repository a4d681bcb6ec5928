//! Verdicts about objects of which a plan does not know everything: rules see what is known, and a verdict that hangs
//! on the rest is *not assessed*.
//!
//! A rule hangs on an unknown field if its text names that field and its result is not the same whatever stands
//! there. Deliberately absent: facts, which say "unknown" themselves.

use regorus::Value;

use super::{
    case::{Case, Input},
    input,
    load::Policies,
    metadata::Rule,
    verdict::Verdict,
};
use crate::{
    document::{NodeRef, Path, Step},
    estate::Estate,
};

/// Maps whose keys are the user's: a rule that reads them names the map.
const MAPS: [&str; 9] = [
    "annotations",
    "binaryData",
    "data",
    "labels",
    "matchLabels",
    "nodeSelector",
    "parameters",
    "selector",
    "stringData",
];

/// Unknown fields of one object.
pub(super) struct Unknown {
    fields: Vec<Path>,
    /// The object with a value in the place of each unknown one.
    pub(super) filled: Value,
}

impl Unknown {
    /// `None` where everything is known.
    pub(super) fn new(case: &Case<'_>, estate: &Estate) -> Option<Self> {
        let Input::Object(resource) = &case.input else { return None };
        let node = estate.node(resource);
        if resource.via.is_none() || !node.holds_unknown() {
            return None;
        }
        let mut fields = Vec::new();
        collect(node, &mut Vec::new(), &mut fields);
        let filled = input::with_unknown(node, Some(&Value::from("unknown")));
        Some(Self { fields, filled })
    }

    /// The fields that a rule names.
    pub(super) fn named(&self, policies: &Policies, rule: &Rule) -> Vec<&Path> {
        let texts = texts(policies, rule);
        let walks = texts.iter().any(|text| names(text, "walk"));
        let is_named = |path: &&Path| {
            let keys = path.0.iter().filter_map(|step| match step {
                Step::Key(key) => Some(&**key),
                Step::Index(_) => None,
            });
            let last = keys.clone().next_back();
            let words = keys.filter(|key| MAPS.contains(key)).chain(last);
            walks || words.into_iter().any(|word| texts.iter().any(|text| names(text, word)))
        };
        self.fields.iter().filter(is_named).collect()
    }

    /// Results of `deny` that hold whatever the named fields are. `otherwise` are the results with other values.
    pub(super) fn certain(named: &[&Path], denied: Vec<Verdict>, otherwise: &[Verdict]) -> Vec<Verdict> {
        let at_unknown = |path: &Path| named.iter().any(|field| path.0.starts_with(&field.0));
        let certain =
            denied.into_iter().filter(|verdict| !at_unknown(&verdict.path) && otherwise.contains(verdict));
        certain.collect()
    }

    /// The third verdict.
    pub(super) fn not_assessed(named: &[&Path]) -> Vec<Verdict> {
        let verdict = |path: &&Path| Verdict {
            message: format!("`{path}` is known only after apply"),
            path: (*path).clone(),
            missing: Some(path.to_string()),
            ..Verdict::default()
        };
        named.iter().take(1).map(verdict).collect()
    }
}

fn collect(node: NodeRef<'_>, path: &mut Vec<Step>, fields: &mut Vec<Path>) {
    if node.is_unknown() {
        fields.push(Path(path.clone()));
    }
    for (key, _, value) in node.entries() {
        path.push(key.into());
        collect(value, path, fields);
        path.pop();
    }
    for (index, item) in node.items().enumerate() {
        path.push(index.into());
        collect(item, path, fields);
        path.pop();
    }
}

/// The rule's own text, and with an import all texts of its package's neighbourhood that judge nothing themselves.
fn texts<'p>(policies: &'p Policies, rule: &Rule) -> Vec<&'p str> {
    let own = policies.files.iter().find(|file| file.name == rule.file).map(|file| &*file.text);
    let own = own.unwrap_or_default();
    let judges =
        |name: &str| policies.rules.iter().any(|rule| &*rule.file == name) || name.ends_with("_test.rego");
    let imported = policies.files.iter().filter(|file| names(own, "data") && !judges(&file.name));
    std::iter::once(own).chain(imported.map(|file| &*file.text)).collect()
}

/// Whether a text holds a word outside of comments.
fn names(text: &str, word: &str) -> bool {
    let is_word = |character: char| character.is_alphanumeric() || character == '_';
    let lines = text.lines().filter(|line| !line.trim_start().starts_with('#'));
    lines.into_iter().any(|line| {
        line.match_indices(word).any(|(at, _)| {
            let (before, after) = (line.get(..at), line.get(at + word.len()..));
            !before.is_some_and(|before| before.ends_with(is_word))
                && !after.is_some_and(|after| after.starts_with(is_word))
        })
    })
}
