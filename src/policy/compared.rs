//! Rules of `--drift`: whether what is declared is live, and the other way round.
//!
//! No policy gives their verdict: whether an object is on both sides is what was read, and leaves nothing to judge. They
//! have what every rule has, so that they are chosen, overridden, waived and shown like the others.

use std::{collections::BTreeMap, sync::Arc};

use super::metadata::{Control, Extent, Rule};
use crate::finding::Severity;

/// An object that is declared and not live.
pub const MISSING: &str = "drift/missing-object";
/// An object that is live and not declared.
pub const UNDECLARED: &str = "drift/undeclared-object";

/// Both.
pub const IDS: [&str; 2] = [MISSING, UNDECLARED];

/// Both, sorted by id.
pub fn rules() -> [Rule; 2] {
    [
        rule(
            MISSING,
            "Declared objects are live",
            "What a manifest declares and a cluster does not have protects and serves nobody there, however well it was \
             reviewed: it was never applied, was refused, or was deleted by hand.",
            "Apply the manifest, or remove it if the object is meant to be gone:\n```console\nkubectl diff -f k8s/\n\
             kubectl apply -f k8s/\n```",
        ),
        rule(
            UNDECLARED,
            "Live objects are declared",
            "What runs beside the manifests passed no review and no check: nobody can say who wanted it, and the next \
             installation will not have it.",
            "Declare the object in the manifests of its namespace, or delete it:\n```console\nkubectl get KIND NAME -n \
             NAMESPACE -o yaml\nkubectl delete KIND NAME -n NAMESPACE\n```",
        ),
    ]
}

/// Controls of a baseline that is kept, and of changes that are known: partial, as only what rules read is compared.
const CONTROLS: [(&str, &[&str]); 4] = [
    ("soc2", &["CC7.1", "CC8.1"]),
    ("nist", &["CM-2", "CM-3", "CM-6", "SI-7"]),
    ("pci", &["6.5.1", "11.5.2"]),
    ("iso27001", &["A.8.9", "A.8.32"]),
];

fn rule(id: &str, title: &str, description: &str, action: &str) -> Rule {
    let control = |id: &&str| Control { id: (*id).to_owned(), extent: Extent::Partial };
    let controls = CONTROLS.map(|(framework, ids)| (framework.to_owned(), ids.iter().map(control).collect()));
    Rule {
        id: Arc::from(id),
        package: String::new(),
        file: Arc::from(""),
        title: title.to_owned(),
        description: description.to_owned(),
        severity: Severity::Medium,
        recommended_action: action.to_owned(),
        controls: BTreeMap::from(controls),
        selectors: Vec::new(),
        points_at_names: true,
        related_resources: Vec::new(),
    }
}
