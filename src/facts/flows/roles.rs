//! What roles of AWS let services do with buckets of a plan (domains.md T6): policies of a role, inline or attached, and
//! who takes the role: a function, a task, or the Pods of a `ServiceAccount` (IRSA, EKS Pod Identity).
//!
//! Deliberately absent: policies that AWS manages, grants for all buckets (`*`), conditions, and what buckets themselves
//! grant.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::buckets::{Buckets, Position};
use crate::{
    facts::{
        Because, Set,
        buckets::planned::{Planned, steps},
        datastores::{Function, ROLE_ANNOTATION, TAKES_ROLE},
        topics::Direction,
        workloads::Workload,
    },
    resource::terraform::{Mode, Plan},
};

const ROLE: &str = "aws_iam_role";
const POLICY: &str = "aws_iam_policy";
const DOCUMENT: &str = "aws_iam_policy_document";

/// What a role may do with one bucket.
#[derive(Debug, Clone)]
pub(super) struct Right {
    pub(super) bucket: Position,
    reads: bool,
    writes: bool,
    pub(super) because: Because,
}

impl Right {
    /// Which way objects go; who may do both may do either.
    pub(super) const fn direction(&self) -> Direction {
        match (self.reads, self.writes) {
            (true, false) => Direction::Reads,
            (false, true) => Direction::Writes,
            _ => Direction::Unknown,
        }
    }
}

/// Rights of all roles of the plans of a set.
#[derive(Debug, Default)]
pub(super) struct Roles {
    rights: BTreeMap<Position, BTreeMap<Position, Right>>,
    by_name: BTreeMap<String, Position>,
    /// Roles by namespace and `ServiceAccount`.
    by_account: BTreeMap<(String, String), BTreeSet<Position>>,
}

impl Roles {
    pub(super) fn new(set: &Set<'_>, buckets: &Buckets) -> Self {
        let mut roles = Self::default();
        for (index, plan) in (0..).zip(&set.view.estate.plans) {
            let planned = |kind: &'static str| {
                plan.managed(kind).filter_map(move |(position, _)| Planned::new(index, plan, position))
            };
            for role in planned(ROLE) {
                if let Some(name) = role.hidden_text("name") {
                    roles.by_name.insert(name.to_owned(), (index, role.position));
                }
                for at in 0..inline_policies(&role) {
                    roles.grant(
                        &role,
                        &format!("inline_policy.{at}.policy"),
                        (index, role.position),
                        buckets,
                    );
                }
            }
            for holder in planned("aws_iam_role_policy") {
                for role in roles.named(&holder, "role") {
                    roles.grant(&holder, "policy", role, buckets);
                }
            }
            for attachment in planned("aws_iam_role_policy_attachment") {
                let taken_by = roles.named(&attachment, "role");
                for target in plan.referred(attachment.resource, &steps("policy_arn")).targets {
                    let policy = Planned::new(index, plan, target.resource);
                    let Some(policy) = policy.filter(|policy| policy.resource.is(Mode::Managed, POLICY))
                    else {
                        continue;
                    };
                    for role in &taken_by {
                        roles.grant(&policy, "policy", *role, buckets);
                    }
                }
            }
            for association in planned("aws_eks_pod_identity_association") {
                let text = |attribute| association.hidden_text(attribute).map(ToOwned::to_owned);
                if let Some(account) = text("namespace").zip(text("service_account")) {
                    let taken = roles.named(&association, "role_arn");
                    roles.by_account.entry(account).or_default().extend(taken);
                }
            }
        }
        for account in set.view.of_kind("", "ServiceAccount") {
            let annotations = set.view.estate.node(account).at(&["metadata", "annotations"]);
            let role = annotations.and_then(|node| node.str_at(&[ROLE_ANNOTATION])).map(role_name);
            if let Some(role) = role.and_then(|name| roles.by_name.get(name)).copied() {
                let namespace = account.namespace();
                let account = (namespace.to_owned(), account.object.name.to_string());
                roles.by_account.entry(account).or_default().insert(role);
            }
        }
        roles
    }

    /// What a function or a container service may do.
    pub(super) fn of_function(&self, plan: &Plan, function: &Function) -> Vec<&Right> {
        let mut taken = BTreeSet::new();
        for position in &function.told_by {
            let Some(told) = Planned::new(function.plan, plan, *position) else { continue };
            let attributes = TAKES_ROLE.iter().filter(|(kind, _)| told.resource.is(Mode::Managed, kind));
            taken.extend(attributes.flat_map(|(_, attribute)| self.named(&told, attribute)));
        }
        self.of(&taken)
    }

    /// What the Pods of a workload may do.
    pub(super) fn of_workload(&self, workload: &Workload<'_>) -> Vec<&Right> {
        let account = (workload.namespace.to_owned(), workload.service_account.to_owned());
        self.by_account.get(&account).map(|taken| self.of(taken)).unwrap_or_default()
    }

    fn of(&self, taken: &BTreeSet<Position>) -> Vec<&Right> {
        taken.iter().filter_map(|role| self.rights.get(role)).flat_map(BTreeMap::values).collect()
    }

    /// Roles that an attribute names, by reference, by name or by ARN.
    fn named(&self, holder: &Planned<'_>, attribute: &str) -> BTreeSet<Position> {
        let known = holder.hidden_text(attribute).and_then(|text| self.by_name.get(role_name(text)));
        let referred = holder.plan.referred(holder.resource, &steps(attribute)).targets;
        let is_role = |position: &u32| {
            holder.plan.resource(*position).is_some_and(|resource| resource.is(Mode::Managed, ROLE))
        };
        let referred = referred.into_iter().map(|target| target.resource).filter(is_role);
        known.copied().into_iter().chain(referred.map(|position| (holder.plan_index, position))).collect()
    }

    fn grant(&mut self, holder: &Planned<'_>, path: &str, role: Position, buckets: &Buckets) {
        for (bucket, reads, writes) in statements(holder, path, buckets) {
            let of_role = self.rights.entry(role).or_default();
            let right = of_role.entry(bucket).or_insert_with(|| Right {
                bucket,
                reads: false,
                writes: false,
                because: Because {
                    text: format!("{} lets its role use the bucket", holder.address()),
                    resource: Some(holder.address().into()),
                    origin: Some(holder.origin(path)),
                },
            });
            right.reads |= reads;
            right.writes |= writes;
        }
    }
}

/// Buckets that a policy names, each with whether its objects may be read and written.
fn statements(holder: &Planned<'_>, path: &str, buckets: &Buckets) -> Vec<(Position, bool, bool)> {
    if let Some(text) = holder.hidden_text(path) {
        let policy: Value = serde_json::from_str(text).unwrap_or_default();
        let listed = |field: &Value| -> Vec<String> {
            match field {
                Value::Array(items) => {
                    items.iter().filter_map(Value::as_str).map(ToOwned::to_owned).collect()
                }
                Value::String(text) => vec![text.clone()],
                _ => Vec::new(),
            }
        };
        let statements = match policy.get("Statement") {
            Some(Value::Array(items)) => items.iter().collect(),
            Some(single) => vec![single],
            None => Vec::new(),
        };
        let allowing = statements
            .into_iter()
            .filter(|statement| statement.get("Effect").and_then(Value::as_str) == Some("Allow"));
        let named = allowing.flat_map(|statement| {
            let of = |field: &str| statement.get(field).map(listed).unwrap_or_default();
            let (reads, writes) = ways(&of("Action"));
            let named: BTreeSet<Position> =
                of("Resource").iter().filter_map(|resource| buckets.of_arn(resource)).collect();
            named.into_iter().map(move |bucket| (bucket, reads, writes))
        });
        return named.filter(|(_, reads, writes)| *reads || *writes).collect();
    }
    let referred = holder.plan.referred(holder.resource, &steps(path));
    let mut found = Vec::new();
    for target in &referred.targets {
        match holder.plan.resource(target.resource) {
            Some(document) if document.is(Mode::Data, DOCUMENT) => {
                found.extend(of_document(holder, &document.module_address, &document.name, buckets));
            }
            // What the text around the reference says is not in a plan.
            _ if buckets.is_bucket((holder.plan_index, target.resource)) => {
                found.push(((holder.plan_index, target.resource), true, true));
            }
            _ => {}
        }
    }
    for reference in &referred.unresolved {
        let name = reference.strip_prefix("data.").and_then(|rest| rest.strip_prefix(DOCUMENT));
        if let Some(name) = name.and_then(|rest| rest.trim_start_matches('.').split(['.', '[']).next()) {
            found.extend(of_document(holder, &holder.resource.module_address, name, buckets));
        }
    }
    found
}

/// A policy document as the configuration has it, which keeps its statements apart.
fn of_document(
    holder: &Planned<'_>,
    module: &str,
    name: &str,
    buckets: &Buckets,
) -> Vec<(Position, bool, bool)> {
    let expressions = holder.plan.data_expressions(module, DOCUMENT, name).unwrap_or_default();
    let constant = |statement: &Value, field: &str| -> Vec<String> {
        let items = statement.get(field).and_then(|field| field.get("constant_value"));
        let items = items.and_then(Value::as_array).into_iter().flatten();
        items.filter_map(Value::as_str).map(ToOwned::to_owned).collect()
    };
    let statements = expressions.get("statement").and_then(Value::as_array).into_iter().flatten();
    let allowing = statements.filter(|statement| {
        let effect = statement.get("effect").and_then(|effect| effect.get("constant_value"));
        effect.is_none_or(|effect| effect == "Allow")
    });
    let named = allowing.flat_map(|statement| {
        let (reads, writes) = ways(&constant(statement, "actions"));
        let references = statement.get("resources").and_then(|field| field.get("references"));
        let references = references.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
        let mut named: BTreeSet<Position> =
            references.filter_map(|reference| planned_bucket(holder, module, reference, buckets)).collect();
        named.extend(constant(statement, "resources").iter().filter_map(|text| buckets.of_arn(text)));
        named.into_iter().map(move |bucket| (bucket, reads, writes))
    });
    named.filter(|(_, reads, writes)| *reads || *writes).collect()
}

/// `aws_s3_bucket.uploads.arn`, as it stands in a module.
fn planned_bucket(
    holder: &Planned<'_>,
    module: &str,
    reference: &str,
    buckets: &Buckets,
) -> Option<Position> {
    let mut parts = reference.splitn(3, '.');
    let stem = format!("{}.{}", parts.next()?, parts.next()?);
    let address = if module.is_empty() { stem } else { format!("{module}.{stem}") };
    let position = (holder.plan_index, holder.plan.position(&address)?);
    buckets.is_bucket(position).then_some(position)
}

/// Whether actions let objects be read, and written.
fn ways(actions: &[String]) -> (bool, bool) {
    let lets = |wanted: &[&str]| {
        actions.iter().any(|action| {
            let action = action.to_ascii_lowercase();
            match action.strip_suffix('*') {
                Some(start) => wanted.iter().any(|wanted| wanted.starts_with(start)),
                None => wanted.contains(&&*action),
            }
        })
    };
    (lets(&["s3:getobject", "s3:getobjectversion"]), lets(&["s3:putobject"]))
}

fn inline_policies(role: &Planned<'_>) -> usize {
    let values = role.values.as_ref().and_then(|values| values.document.as_ref());
    let blocks = values.and_then(|document| document.root().get("inline_policy"));
    blocks.map_or(0, |blocks| blocks.items().count())
}

/// `arn:aws:iam::111122223333:role/path/shop`, or the name alone.
fn role_name(text: &str) -> &str {
    text.rsplit('/').next().unwrap_or(text)
}
