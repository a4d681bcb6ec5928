//! Blocks: findings that are one matter to a reader, such as all workloads of a namespace without any mesh.
//!
//! A rule says so by the key `group` of its results: equal texts are one block. Every other format lists them apart.

use std::collections::BTreeMap;

use crate::report::Judged;

/// A finding with those that are the same matter.
pub(super) struct Block<'r> {
    pub(super) first: &'r Judged,
    pub(super) others: Vec<&'r Judged>,
}

impl<'r> Block<'r> {
    /// What all of several have in common.
    pub(super) fn title(&self) -> &'r str {
        if self.others.is_empty() {
            &self.first.finding.message
        } else {
            group(self.first).unwrap_or_default()
        }
    }

    /// Ids of the resources that several are about, in their order.
    pub(super) fn resources(&self) -> Vec<&'r str> {
        let all = std::iter::once(self.first).chain(self.others.iter().copied());
        all.map(|judged| &*judged.finding.resource).collect()
    }
}

/// Blocks in the order of their first findings.
pub(super) fn blocks<'r>(findings: impl Iterator<Item = &'r Judged>) -> Vec<Block<'r>> {
    let mut blocks: Vec<Block<'r>> = Vec::new();
    let mut known: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for judged in findings {
        let key = group(judged).map(|group| (&*judged.finding.rule, group));
        if let Some(block) = key.and_then(|key| known.get(&key)).and_then(|index| blocks.get_mut(*index)) {
            block.others.push(judged);
            continue;
        }
        known.extend(key.map(|key| (key, blocks.len())));
        blocks.push(Block { first: judged, others: Vec::new() });
    }
    blocks
}

fn group(judged: &Judged) -> Option<&str> {
    judged.finding.metadata.get("group")?.as_str()
}

#[cfg(test)]
mod tests {
    use crate::{
        finding::{Finding, Severity},
        output::{
            Options, Verbosity,
            tests::{Set, finding, judged, place, read, rendered, report},
        },
        report::Status,
        source::Sources,
    };

    #[test]
    fn a_namespace_without_any_mesh_is_one_block() {
        let sources = Sources::new(vec![read("k8s/old.yaml", "metadata:\n  name: old\n", 1)]);
        let found = ["cart", "orders"].map(|name| Finding {
            message: format!("`Deployment/old/{name}` is in no mesh"),
            place: Some(place(&sources, "k8s/old.yaml", "old")),
            metadata: serde_json::Map::from_iter([(
                "group".to_owned(),
                "namespace `old` has no mesh".into(),
            )]),
            ..finding("mtls/workload-not-in-mesh", Severity::High, &format!("Deployment/old/{name}"))
        });
        let findings = found.into_iter().map(|finding| judged(finding, Status::Open)).collect();
        let set = Set { report: report(findings), sources };
        let text = rendered("text", &set, Options { color: false, verbosity: Verbosity::Normal });
        let block = text.split("\n\n").next().unwrap_or_default();
        assert!(block.contains("]: namespace `old` has no mesh\n"), "{block}");
        assert!(block.contains("concerns: Deployment/old/cart, Deployment/old/orders"), "{block}");
        assert_eq!(text.matches("workload-not-in-mesh]").count(), 1, "{text}");
        let quiet = rendered("text", &set, Options { color: false, verbosity: Verbosity::Quiet });
        assert_eq!(quiet.matches("is in no mesh").count(), 2, "{quiet}");
    }
}
