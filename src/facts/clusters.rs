//! The fact `cluster`: a managed cluster of a plan, and whether it records who did what to its API server.
//!
//! | field | value |
//! |---|---|
//! | `address`, `type`, `name`, `new` | as of a bucket; the name may be `"unknown"` |
//! | `records_audit` | true, false or `"unknown"` |
//! | `sent_by` | `[{resource, type}]`: what sends its logs somewhere, where that is a resource of its own |
//! | `missing` | what would decide `records_audit` |
//!
//! EKS records what `enabled_cluster_log_types` lists (Amazon EKS User Guide, "Send control plane logs to
//! `CloudWatch` Logs"), AKS what a diagnostic setting collects (Azure, "Monitor Azure Kubernetes Service"), GKE in any case (Google
//! Cloud, "GKE audit logging"). Deliberately absent: clusters that run their own API server, which manifests show.

use std::{collections::BTreeSet, sync::Arc};

use super::{
    Fact, Subject,
    buckets::planned::{Decided, Planned, steps},
    truth::Truth,
};
use crate::{
    document::NodeRef,
    resource::terraform::{Attribute, Mode, Plan},
};

const AKS: &str = "azurerm_kubernetes_cluster";
const EKS: &str = "aws_eks_cluster";
const GKE: &str = "google_container_cluster";
const SETTING: &str = "azurerm_monitor_diagnostic_setting";

/// What a diagnostic setting calls the audit log: categories of AKS, and groups that hold them.
const CATEGORIES: [&str; 2] = ["kube-audit", "kube-audit-admin"];
const GROUPS: [&str; 2] = ["allLogs", "audit"];

/// One subject for each managed cluster of a plan.
pub(super) fn subjects(index: u32, plan: &Plan) -> Vec<Subject> {
    let settings = Settings::new(index, plan);
    let clusters = (0..)
        .zip(&plan.resources)
        .filter(|(_, resource)| [AKS, EKS, GKE].iter().any(|kind| resource.is(Mode::Managed, kind)));
    let subjects = clusters.filter_map(|(position, _)| {
        let cluster = Planned::new(index, plan, position)?;
        Some(subject(&cluster, &settings))
    });
    subjects.collect()
}

fn subject(cluster: &Planned<'_>, settings: &Settings<'_>) -> Subject {
    let (recorded, sent_by) = match &*cluster.resource.kind {
        EKS => (of_types(cluster), Vec::new()),
        AKS => settings.of(cluster),
        _ => (Decided::default(true, cluster.origin("")), Vec::new()),
    };
    let fields = [
        ("address", Fact::from(cluster.address())),
        ("type", Fact::from(&*cluster.resource.kind)),
        ("name", cluster.text("name").map_or_else(Fact::unknown, Fact::from)),
        ("new", Fact::from(cluster.resource.is_created())),
        ("records_audit", recorded.fact()),
        ("sent_by", Fact::array(sent_by)),
        ("missing", Fact::array(recorded.missing.into_iter().map(Fact::from))),
    ];
    Subject {
        resource: cluster.address().to_owned(),
        kind: Arc::clone(&cluster.resource.kind),
        fact: Fact::object(fields).at(Some(cluster.origin(""))),
    }
}

/// `enabled_cluster_log_types` of EKS; without it nothing is recorded.
fn of_types(cluster: &Planned<'_>) -> Decided {
    const TYPES: &str = "enabled_cluster_log_types";
    let listed = cluster.decide(TYPES, false, |node| node.items().any(|item| item.as_str() == Some("audit")));
    let may_be_more = cluster.values.as_ref().is_none_or(|values| values.holds_unknown(&steps(TYPES)));
    if listed.value == Truth::False && may_be_more { cluster.decided(TYPES, Truth::Unknown) } else { listed }
}

/// Diagnostic settings of a plan, by the cluster whose logs they send.
struct Settings<'p> {
    /// Each with the position of its cluster; of one that the plan does not tell, none.
    all: Vec<(Option<u32>, Planned<'p>)>,
}

impl<'p> Settings<'p> {
    fn new(index: u32, plan: &'p Plan) -> Self {
        let clusters: Vec<Planned<'_>> =
            plan.managed(AKS).filter_map(|(position, _)| Planned::new(index, plan, position)).collect();
        let mut all = Vec::new();
        if clusters.is_empty() {
            return Self { all };
        }
        for (position, resource) in plan.managed(SETTING) {
            const TARGET: &str = "target_resource_id";
            let Some(setting) = Planned::new(index, plan, position) else { continue };
            let referred = plan.referred(resource, &steps(TARGET));
            let known = setting.hidden_text(TARGET);
            let mut owners: BTreeSet<u32> = match known {
                Some(id) => clusters
                    .iter()
                    .filter(|cluster| {
                        cluster.hidden_text("id").is_some_and(|own| own.eq_ignore_ascii_case(id))
                    })
                    .map(|cluster| cluster.position)
                    .collect(),
                None => BTreeSet::new(),
            };
            if owners.is_empty() {
                let targets = referred.targets.iter().map(|target| target.resource);
                owners.extend(targets.filter(|target| clusters.iter().any(|one| one.position == *target)));
            }
            if owners.is_empty() && known.is_none() && referred.targets.is_empty() {
                all.push((None, setting));
                continue;
            }
            // Of several instances one is meant, and which is not told.
            let is_told = owners.len() == 1;
            for owner in owners {
                let Some(setting) = Planned::new(index, plan, position) else { continue };
                all.push((is_told.then_some(owner), setting));
            }
        }
        Self { all }
    }

    /// Whether the audit log of a cluster is sent anywhere, and by what.
    fn of(&self, cluster: &Planned<'_>) -> (Decided, Vec<Fact>) {
        let own = || self.all.iter().filter(|(owner, _)| *owner == Some(cluster.position));
        let loose = || self.all.iter().filter(|(owner, _)| owner.is_none());
        let sent_by = own().map(|(_, setting)| setting.reference()).collect();
        let mut recorded = if cluster.resource.is_created() {
            Decided::default(false, cluster.origin(""))
        } else {
            let missing = format!("diagnostic settings of {}", cluster.address());
            Decided::unknown(missing, cluster.origin(""))
        };
        for (_, setting) in own() {
            recorded = collects(setting).or(&recorded);
        }
        if let Some((_, setting)) = loose().find(|(_, setting)| collects(setting).value != Truth::False) {
            let missing = format!("whether {} is about {}", setting.address(), cluster.address());
            recorded = recorded.or(&Decided::unknown(missing, cluster.origin("")));
        }
        (recorded, sent_by)
    }
}

/// Whether a diagnostic setting collects the audit log: `enabled_log`, or `log` of older providers.
fn collects(setting: &Planned<'_>) -> Decided {
    let mut found = Decided::default(false, setting.origin("enabled_log"));
    for block in ["enabled_log", "log"] {
        let is_unread = setting.values.as_ref().is_none_or(|values| values.holds_unknown(&steps(block)));
        let Attribute::Known(list) = setting.get(block) else {
            // `log` is computed where nobody writes it.
            if is_unread && setting.plan.declares(setting.resource, &steps(block)) != Some(false) {
                found = found.or(&setting.decided(block, Truth::Unknown));
            }
            continue;
        };
        let is_audit = |entry: NodeRef<'_>| {
            entry.get("enabled").and_then(NodeRef::as_bool) != Some(false)
                && (entry.str_at(&["category"]).is_some_and(|name| CATEGORIES.contains(&name))
                    || entry.str_at(&["category_group"]).is_some_and(|name| GROUPS.contains(&name)))
        };
        if list.items().any(is_audit) {
            return setting.decided(block, Truth::True);
        }
        if is_unread && list.items().any(|entry| entry.str_at(&["category"]).is_none()) {
            found = found.or(&setting.decided(block, Truth::Unknown));
        }
    }
    found
}

#[cfg(test)]
mod tests;
