//! METADATA: the comment above `package` that makes a policy a rule.
//!
//! Keys as OPA documents them (Annotations), with our own under `custom` (contract, "Policies").

use std::{collections::BTreeMap, sync::Arc};

use crate::{
    document::{Kind, NodeRef, yaml},
    finding::Severity,
    source::SourceId,
};

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
    /// Whether its findings point at names and settings; else what a finding about secrets points at is masked.
    pub points_at_names: bool,
    /// URLs with more about it.
    pub related_resources: Vec<String>,
}

impl Rule {
    /// Whether what its findings point at is secret, and must be hidden wherever it is shown.
    pub fn points_at_secrets(&self) -> bool {
        self.id.starts_with("secrets/") && !self.points_at_names
    }
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

/// Frameworks that `controls` may name, in the order of the contract.
pub const FRAMEWORKS: [&str; 7] = ["soc2", "hipaa", "nist", "pci", "cis", "gdpr", "iso27001"];

/// What the comment above a `package` says; all of it optional, since only rules need it.
#[derive(Debug, Default)]
pub(super) struct Annotations {
    pub title: String,
    pub description: String,
    pub severity: Option<Severity>,
    pub recommended_action: String,
    pub controls: BTreeMap<String, Vec<Control>>,
    pub selectors: Vec<Selector>,
    pub points_at_names: bool,
    pub related_resources: Vec<String>,
}

/// Reads the METADATA block that stands directly above `package`; `None` if there is none.
pub(super) fn annotations(text: &str) -> Result<Option<Annotations>, String> {
    let Some((first, block)) = block(text) else { return Ok(None) };
    let parsed = yaml::parse(SourceId(0), &block.as_str().into());
    if let Some(error) = parsed.errors.first() {
        let before = block.get(..error.span.start).unwrap_or_default();
        let line = first + before.matches('\n').count();
        return Err(format!("line {line}: its METADATA is no YAML: {}", error.message));
    }
    let Some(document) = parsed.documents.first() else { return Ok(Some(Annotations::default())) };
    read(document.root()).map(Some)
}

/// The comment lines of the block without their `#`, and the line in which they start, from 1.
fn block(text: &str) -> Option<(usize, String)> {
    let lines: Vec<&str> = text.lines().collect();
    let package =
        lines.iter().position(|line| line.starts_with("package ") || line.starts_with("package\t"))?;
    let comments: Vec<&str> =
        lines.get(..package)?.iter().rev().map_while(|line| line.strip_prefix('#')).collect();
    let start = comments.iter().position(|comment| comment.trim() == "METADATA")?;
    let body = comments.get(..start)?.iter().rev();
    let body: Vec<&str> = body.map(|comment| comment.strip_prefix(' ').unwrap_or(comment)).collect();
    Some((package - start + 1, body.join("\n")))
}

fn read(root: NodeRef<'_>) -> Result<Annotations, String> {
    let mut annotations = Annotations::default();
    let text = |node: NodeRef<'_>, key: &str| {
        node.as_str().map(|text| text.trim().to_owned()).ok_or_else(|| format!("METADATA `{key}` is no text"))
    };
    for (key, _, value) in root.entries() {
        match key {
            "title" => annotations.title = text(value, key)?,
            "description" => annotations.description = text(value, key)?,
            "related_resources" => {
                annotations.related_resources = value
                    .items()
                    .map(|item| text(item.get("ref").unwrap_or(item), key))
                    .collect::<Result<_, _>>()?;
            }
            "custom" => custom(value, &mut annotations)?,
            "scope" | "authors" | "organizations" | "schemas" | "entrypoint" | "compile" | "labels" => {}
            other => return Err(format!("METADATA has the unknown key `{other}`")),
        }
    }
    Ok(annotations)
}

fn custom(custom: NodeRef<'_>, annotations: &mut Annotations) -> Result<(), String> {
    for (key, _, value) in custom.entries() {
        match key {
            "severity" => annotations.severity = Some(value.as_str().unwrap_or_default().parse()?),
            "recommended_action" | "recommended_actions" => {
                annotations.recommended_action = value.as_str().unwrap_or_default().trim().to_owned();
            }
            "controls" => {
                mapping(value, key)?;
                for (framework, _, controls) in value.entries() {
                    if !FRAMEWORKS.contains(&framework) {
                        return Err(format!("`controls` names the unknown framework `{framework}`"));
                    }
                    let controls = controls.entries().map(|(id, _, extent)| control(id, extent.as_str()));
                    annotations.controls.insert(framework.to_owned(), controls.collect::<Result<_, _>>()?);
                }
            }
            "input" => {
                mapping(value, key)?;
                let Some(selectors) = value.get("selector") else { continue };
                if !matches!(selectors.kind(), Kind::Sequence(_)) {
                    return Err("`selector` is no list: write `selector: [{type: …}]`".to_owned());
                }
                annotations.selectors = selectors.items().map(selector).collect::<Result<_, _>>()?;
            }
            "points_at" => {
                annotations.points_at_names = match value.as_str() {
                    Some("names") => true,
                    Some("values") => false,
                    _ => return Err("`points_at` is neither `names` nor `values`".to_owned()),
                }
            }
            // Others belong to other readers of the same policy, such as Trivy.
            _ => {}
        }
    }
    Ok(())
}

fn control(id: &str, extent: Option<&str>) -> Result<Control, String> {
    let extent = match extent {
        Some("full") => Extent::Full,
        Some("partial") => Extent::Partial,
        Some("supporting") => Extent::Supporting,
        _ => return Err(format!("control `{id}` needs its extent: full, partial or supporting")),
    };
    Ok(Control { id: id.to_owned(), extent })
}

/// Whoever misspells `kinds` would have a rule judge everything, or nothing: neither may pass silently.
fn selector(node: NodeRef<'_>) -> Result<Selector, String> {
    mapping(node, "selector")?;
    let mut found = Selector { name: String::new(), kinds: Vec::new() };
    for (key, _, value) in node.entries() {
        match key {
            "type" => {
                let name = value.as_str().ok_or("`type` of a selector is no text")?;
                name.clone_into(&mut found.name);
            }
            "kinds" => {
                let Kind::Sequence(_) = value.kind() else {
                    return Err("`kinds` of a selector is no list: write `kinds: [Deployment]`".to_owned());
                };
                let kind = |item: NodeRef<'_>| {
                    item.as_str().map(ToOwned::to_owned).ok_or("`kinds` of a selector holds what is no text")
                };
                found.kinds = value.items().map(kind).collect::<Result<_, _>>()?;
            }
            // Trivy's selectors have it, beside types that we do not know and say so.
            "subtypes" => {}
            other => {
                return Err(format!("a selector has the unknown key `{other}`; it takes `type` and `kinds`"));
            }
        }
    }
    if found.name.is_empty() {
        return Err("a selector has no `type`".to_owned());
    }
    Ok(found)
}

fn mapping(node: NodeRef<'_>, key: &str) -> Result<(), String> {
    match node.kind() {
        Kind::Mapping(_) => Ok(()),
        _ => Err(format!("METADATA: `{key}` is no object")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_above_the_package_describes_the_rule() {
        let text = "# A file comment\n\n# METADATA\n# title: No public buckets\n# description: >-\n#   Everyone\n#   reads it.\n# custom:\n#   severity: CRITICAL\n#   controls:\n#     hipaa: {\"164.312(a)(1)\": partial}\n#   input:\n#     selector: [{type: bucket, kinds: [aws_s3_bucket]}]\npackage probity.storage.public_bucket\n";
        let annotations = annotations(text).unwrap().unwrap();
        assert_eq!(annotations.description, "Everyone reads it.");
        assert_eq!(annotations.severity, Some(Severity::Critical));
        assert_eq!(
            annotations.controls["hipaa"],
            [Control { id: "164.312(a)(1)".into(), extent: Extent::Partial }]
        );
        assert_eq!(
            annotations.selectors,
            [Selector { name: "bucket".into(), kinds: vec!["aws_s3_bucket".into()] }]
        );
    }

    #[test]
    fn metadata_that_is_wrong_is_refused_and_none_is_none() {
        assert!(annotations("package a\n").unwrap().is_none());
        assert!(
            annotations("# METADATA\n# title: x\n\npackage a\n").unwrap().is_none(),
            "detached from the package"
        );
        for (text, reason) in [
            ("# titel: x", "titel"),
            ("# custom:\n#   severity: huge", "huge"),
            ("# custom:\n#   controls: {soc3: {CC6: full}}", "soc3"),
            ("# custom:\n#   controls: {soc2: {CC6: whole}}", "CC6"),
            ("# title: [", "YAML"),
            ("# custom:\n#   input: {selector: [{type: kubernetes, kind: [Pod]}]}", "unknown key `kind`"),
            ("# custom:\n#   input: {selector: [{type: kubernetes, kinds: Pod}]}", "no list"),
            ("# custom:\n#   input: {selector: [{type: kubernetes, kinds: [1]}]}", "no text"),
            ("# custom:\n#   input: {selector: {type: kubernetes}}", "no list"),
            ("# custom:\n#   input: {selector: [{kinds: [Pod]}]}", "no `type`"),
            ("# custom:\n#   input: [kubernetes]", "no object"),
        ] {
            let error = annotations(&format!("# METADATA\n{text}\npackage a\n")).unwrap_err();
            assert!(error.contains(reason), "{text}: {error}");
        }
    }
}
