//! METADATA: the comment above `package` that makes a policy a rule.

use std::{collections::BTreeMap, sync::Arc};

use crate::finding::Severity;

/// One rule, as its METADATA describes it. One rule is one Rego package.
#[derive(Debug, Clone)]
pub struct Rule {
    /// `domain/kebab-name`.
    pub id: Arc<str>,
    /// Rego package, such as `data.probity.storage.public_bucket`.
    pub package: String,
    /// File that it was loaded from.
    pub file: Arc<str>,
    /// One line, no full stop.
    pub title: String,
    /// The rationale: why it matters.
    pub description: String,
    pub severity: Severity,
    /// What to do about a finding, in Markdown, with something to paste.
    pub recommended_action: String,
    /// Framework (`soc2`, `hipaa`, `nist`, `pci`, `cis`, `gdpr`, `iso27001`) to its controls.
    pub controls: BTreeMap<String, Vec<Control>>,
    pub selectors: Vec<Selector>,
    /// URLs with more about it.
    pub related_resources: Vec<String>,
}

/// A control that a rule gives evidence for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Control {
    pub id: String,
    pub extent: Extent,
}

/// How much of a control a rule covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Extent {
    Full,
    Partial,
    Supporting,
}

/// Which subjects a rule is evaluated on.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Selector {
    /// Name of a table line in [`super::selector`].
    pub name: String,
    /// Kubernetes kinds, Terraform types; empty: all.
    pub kinds: Vec<String>,
}
