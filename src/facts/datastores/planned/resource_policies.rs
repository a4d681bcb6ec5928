//! Policies of tables: roles that they let work with the items (Amazon DynamoDB Developer Guide, "Using resource-based
//! policies").
//!
//! Deliberately absent: everyone, whom the public access block of DynamoDB, which is always on, keeps out; accounts as a
//! whole, and what such a policy denies.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::told;
use crate::{
    facts::{
        Because, Set,
        buckets::{
            access_policy::pattern::is_match,
            planned::{Planned, steps},
        },
        roles::Names,
    },
    resource::terraform::{Attribute, Mode},
};

const POLICY: &str = "aws_dynamodb_resource_policy";
const TABLE: &str = "aws_dynamodb_table";
const DOCUMENT: &str = "aws_iam_policy_document";

/// Position of a plan, and of a resource in it.
type Position = (u32, u32);

/// The tables whose policies let a role do one of the actions, in lower case, by the role.
pub(super) fn allowed(set: &Set<'_>, actions: &[&str]) -> BTreeMap<Position, Vec<(Position, Because)>> {
    let mut found: BTreeMap<Position, Vec<(Position, Because)>> = BTreeMap::new();
    let mut names = None;
    for (index, plan) in (0..).zip(&set.view.estate.plans) {
        for (position, _) in plan.managed(POLICY) {
            let Some(policy) = Planned::new(index, plan, position) else { continue };
            let Some(table) = policy.referred("resource_arn", TABLE).next() else { continue };
            let names = names.get_or_insert_with(|| Names::new(set));
            for role in roles(&policy, names, actions) {
                let because =
                    told(&policy, "policy", format!("`policy` of {} names its role", policy.address()));
                found.entry(role).or_default().push((table, because));
            }
        }
    }
    found
}

/// Roles that a policy lets act: by the ARNs of its text, else by what it refers to.
fn roles(policy: &Planned<'_>, names: &Names, actions: &[&str]) -> BTreeSet<Position> {
    if let Attribute::Known(node) = policy.get("policy") {
        let text =
            node.as_str().and_then(|text| serde_json::from_str::<Value>(text).ok()).unwrap_or_default();
        let statements = list(text.get("Statement"));
        let allowing = statements.into_iter().filter(|statement| {
            let allows = statement.get("Effect").and_then(Value::as_str) == Some("Allow");
            let mut named = list(statement.get("Action")).into_iter().filter_map(Value::as_str);
            allows
                && named.any(|action| {
                    let pattern = action.to_ascii_lowercase();
                    actions.iter().any(|action| is_match(&pattern, action))
                })
        });
        let principals =
            allowing.flat_map(|statement| list(statement.get("Principal").and_then(|of| of.get("AWS"))));
        let arns = principals.filter_map(Value::as_str).filter(|arn| arn.contains(":role/"));
        return arns.filter_map(|arn| names.named(arn, Some(policy.plan_index))).collect();
    }
    // Of one that is known after apply a plan tells whom it names, and not what for.
    let mut found: BTreeSet<Position> = names.of(policy, "policy").into_iter().collect();
    for target in policy.plan.referred(policy.resource, &steps("policy")).targets {
        let document = Planned::new(policy.plan_index, policy.plan, target.resource);
        if let Some(document) = document.filter(|document| document.resource.is(Mode::Data, DOCUMENT)) {
            found.extend(names.of(&document, "statement"));
        }
    }
    found
}

/// An element that is one value, or a list of them.
fn list(element: Option<&Value>) -> Vec<&Value> {
    match element {
        Some(Value::Array(items)) => items.iter().collect(),
        Some(one) => vec![one],
        None => Vec::new(),
    }
}
