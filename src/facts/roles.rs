//! Roles of AWS: which services of a set have each, and which policies each has (IAM; "Granting AWS Identity and Access
//! Management permissions to workloads on Amazon EKS").
//!
//! Deliberately absent: what the policies are about, and policies of organisations and of sessions.

mod statements;

use std::collections::{BTreeMap, BTreeSet};

pub(super) use self::statements::{Named, Statement, last_part, statements};
use super::{
    Set,
    buckets::planned::{Planned, steps},
    datastores::{Function, TASKS},
    workloads::WorkloadId,
};
use crate::{
    document::NodeRef,
    resource::terraform::{Attribute, Mode, Plan},
};

const ROLE: &str = "aws_iam_role";

/// Annotation of a `ServiceAccount` with the ARN of the role that its Pods have (Amazon EKS, "IAM roles for service
/// accounts").
const ROLE_ANNOTATION: &str = "eks.amazonaws.com/role-arn";

/// Types of what runs, with the attribute that says which role it takes.
const TAKES_ROLE: [(&str, &str); 3] = [
    ("aws_lambda_function", "role"),
    (TASKS, "task_role_arn"),
    ("aws_apprunner_service", "instance_configuration.0.instance_role_arn"),
];

/// Types that attach policies to roles, with the attributes that name the role and the policy.
const ATTACHED: &[(&str, &str, &str)] = &[
    ("aws_iam_role_policy", "role", "policy"),
    ("aws_iam_role_policy_attachment", "role", "policy_arn"),
    ("aws_iam_policy_attachment", "roles", "policy_arn"),
];

/// Position of a plan, and of a resource in it.
type Position = (u32, u32);

/// One policy of a role.
pub(super) enum Policy<'e> {
    /// It stands at an attribute of a resource.
    Written(Planned<'e>, String),
    /// One of AWS, by its name; with the resource and the attribute that attach it.
    Managed(String, Planned<'e>, &'static str),
}

/// Who has a role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Holder {
    /// Position among the functions and container services of a set.
    Function(usize),
    Workload(WorkloadId),
}

/// A role that services have.
pub(super) struct Role<'e> {
    pub(super) position: Position,
    /// As in its ARN; `None`: known after apply.
    pub(super) name: Option<String>,
    /// Whether a boundary may take away what its policies allow.
    pub(super) is_bounded: bool,
    pub(super) holders: Vec<Holder>,
    pub(super) policies: Vec<Policy<'e>>,
}

/// All roles of a set that services have; `functions` are all of its plans.
pub(super) fn roles<'e>(set: &Set<'e>, functions: &[Function]) -> Vec<Role<'e>> {
    let estate = set.view.estate;
    let mut holders: BTreeMap<Position, Vec<Holder>> = BTreeMap::new();
    let names = Names::new(set);
    for (index, function) in functions.iter().enumerate() {
        let Some(plan) = estate.plans.get(function.plan as usize) else { continue };
        for (position, attribute) in taken(function, plan) {
            let Some(told) = Planned::new(function.plan, plan, position) else { continue };
            for role in names.of(&told, attribute) {
                holders.entry(role).or_default().push(Holder::Function(index));
            }
        }
    }
    for (role, workloads) in of_accounts(set, &names) {
        holders.entry(role).or_default().extend(workloads.into_iter().map(Holder::Workload));
    }
    let mut attached: BTreeMap<Position, Vec<Policy<'e>>> = BTreeMap::new();
    if !holders.is_empty() {
        for (index, plan) in (0..).zip(&estate.plans) {
            attach(index, plan, &names, &mut attached);
        }
    }
    let roles = holders.into_iter().filter_map(|((index, position), holders)| {
        let role = Planned::new(index, estate.plans.get(index as usize)?, position)?;
        let mut policies = attached.remove(&(index, position)).unwrap_or_default();
        policies.extend(own(index, &role));
        let bounded = !matches!(role.get("permissions_boundary"), Attribute::Absent)
            && role.plan.declares(role.resource, &steps("permissions_boundary")) != Some(false);
        let name = role.text("name").map(ToOwned::to_owned);
        Some(Role { position: (index, position), name, is_bounded: bounded, holders, policies })
    });
    roles.collect()
}

/// Roles by their names.
pub(super) struct Names(BTreeMap<String, Vec<Position>>);

impl Names {
    pub(super) fn new(set: &Set<'_>) -> Self {
        let mut names: BTreeMap<String, Vec<Position>> = BTreeMap::new();
        for (index, plan) in (0..).zip(&set.view.estate.plans) {
            for (position, _) in plan.managed(ROLE) {
                let role = Planned::new(index, plan, position);
                if let Some(name) = role.as_ref().and_then(|role| role.text("name")) {
                    names.entry(name.to_owned()).or_default().push((index, position));
                }
            }
        }
        Self(names)
    }

    /// Roles that an attribute refers to, or names.
    pub(super) fn of(&self, planned: &Planned<'_>, attribute: &str) -> Vec<Position> {
        let mut roles: Vec<Position> = planned.referred(attribute, ROLE).collect();
        if roles.is_empty() {
            let texts = planned.hidden_texts(attribute).into_iter();
            roles.extend(texts.filter_map(|text| self.named(text, Some(planned.plan_index))));
        }
        roles
    }

    /// The role with a name or ARN: of the same plan, else the only one.
    pub(super) fn named(&self, text: &str, plan: Option<u32>) -> Option<Position> {
        let roles = self.0.get(text.rsplit('/').next()?)?;
        let own = roles.iter().find(|(index, _)| Some(*index) == plan);
        own.or(if let [only] = roles.as_slice() { Some(only) } else { None }).copied()
    }
}

/// Policies that stand in a role itself.
fn own<'e>(index: u32, role: &Planned<'e>) -> Vec<Policy<'e>> {
    let again = || Planned::new(index, role.plan, role.position);
    let mut found = Vec::new();
    let count = match role.get("inline_policy") {
        Attribute::Known(blocks) => blocks.items().count(),
        _ => 0,
    };
    for at in 0..count {
        found.extend(again().map(|role| Policy::Written(role, format!("inline_policy.{at}.policy"))));
    }
    found.extend(policies(role, "managed_policy_arns"));
    found
}

fn attach<'e>(index: u32, plan: &'e Plan, names: &Names, attached: &mut BTreeMap<Position, Vec<Policy<'e>>>) {
    for (kind, role, policy) in ATTACHED {
        for (position, _) in plan.managed(kind) {
            let Some(planned) = Planned::new(index, plan, position) else { continue };
            for role in names.of(&planned, role) {
                let found = if *policy == "policy" {
                    let again = Planned::new(index, plan, position);
                    again.map(|planned| Policy::Written(planned, (*policy).to_owned())).into_iter().collect()
                } else {
                    policies(&planned, policy)
                };
                attached.entry(role).or_default().extend(found);
            }
        }
    }
}

/// Policies that an attribute refers to or names by ARN.
fn policies<'e>(planned: &Planned<'e>, attribute: &'static str) -> Vec<Policy<'e>> {
    let (plan, index) = (planned.plan, planned.plan_index);
    let mut found = Vec::new();
    for target in plan.referred(planned.resource, &steps(attribute)).targets {
        let policy = Planned::new(index, plan, target.resource);
        let written = policy.filter(|policy| policy.resource.is(Mode::Managed, "aws_iam_policy"));
        found.extend(written.map(|policy| Policy::Written(policy, "policy".to_owned())));
    }
    if let Attribute::Known(node) = planned.get(attribute) {
        let texts = node.as_str().into_iter().chain(node.items().filter_map(NodeRef::as_str));
        for text in texts.filter(|text| text.contains(":iam::aws:policy/")) {
            let name = text.rsplit('/').next().unwrap_or_default().to_owned();
            let by = Planned::new(index, plan, planned.position);
            found.extend(by.map(|by| Policy::Managed(name, by, attribute)));
        }
    }
    found
}

/// Workloads by the role that their `ServiceAccount` is given: by its annotation, or by an association of EKS.
fn of_accounts(set: &Set<'_>, names: &Names) -> BTreeMap<Position, Vec<WorkloadId>> {
    let mut by_account: BTreeMap<(String, String), BTreeSet<Position>> = BTreeMap::new();
    for account in set.view.of_kind("", "ServiceAccount") {
        let node = set.view.estate.node(account);
        let namespace = account.namespace();
        let text = node.at(&["metadata", "annotations"]).and_then(|all| all.str_at(&[ROLE_ANNOTATION]));
        let named = text.and_then(|text| names.named(text, None));
        let referred = account.via.as_ref().and_then(|via| {
            let plan = set.view.estate.plans.get(via.plan)?;
            let planned = Planned::new(u32::try_from(via.plan).ok()?, plan, via.resource)?;
            let mut paths = plan.references(planned.resource).into_keys();
            let of_annotations = |path: &String| path.contains("annotations") || path == "manifest";
            let path = paths.find(of_annotations)?;
            names.of(&planned, if path == "manifest" { "manifest" } else { "metadata.0.annotations" }).pop()
        });
        if let Some(role) = named.or(referred) {
            let key = (namespace.to_owned(), account.object.name.to_string());
            by_account.entry(key).or_default().insert(role);
        }
    }
    for (index, plan) in (0..).zip(&set.view.estate.plans) {
        for (position, _) in plan.managed("aws_eks_pod_identity_association") {
            let Some(planned) = Planned::new(index, plan, position) else { continue };
            let account = planned.text("namespace").zip(planned.text("service_account"));
            if let Some((namespace, account)) = account {
                let key = (namespace.to_owned(), account.to_owned());
                by_account.entry(key).or_default().extend(names.of(&planned, "role_arn"));
            }
        }
    }
    let mut found: BTreeMap<Position, Vec<WorkloadId>> = BTreeMap::new();
    if by_account.is_empty() {
        return found;
    }
    for (id, workload) in set.workloads().iter() {
        let key = (workload.namespace.to_owned(), workload.service_account.to_owned());
        // Of two roles nothing says which one its Pods get.
        if let Some(roles) = by_account.get(&key).filter(|roles| roles.len() == 1) {
            for role in roles {
                found.entry(*role).or_default().push(id);
            }
        }
    }
    found
}

/// Resources that give a function a role, with the attribute that does.
fn taken(function: &Function, plan: &Plan) -> Vec<(u32, &'static str)> {
    let kind = |position: &u32| plan.resource(*position).map(|resource| &*resource.kind);
    let each = function.told_by.iter().filter_map(|position| {
        let kind = kind(position)?;
        let (_, attribute) = TAKES_ROLE.iter().find(|(known, _)| *known == kind)?;
        Some((*position, *attribute))
    });
    each.collect()
}
