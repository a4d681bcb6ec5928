//! What policies of AWS allow: statements as far as a plan knows them (IAM User Guide, "IAM JSON policy
//! elements reference").
//!
//! Of a policy that is known only after apply the blocks of its `aws_iam_policy_document` say more than the values; of
//! one that is made by `jsonencode` a plan tells what it refers to, and no action.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::{
    document::{NodeRef, Step},
    facts::{
        buckets::{
            access_policy::pattern::{Patterns, is_match},
            partial::Partial,
            planned::{Planned, steps},
        },
        truth::Truth,
    },
    resource::terraform::{Attribute, Mode, Target},
};

const DOCUMENT: &str = "aws_iam_policy_document";

/// Attributes by which a policy document takes in others.
const INCLUDED: [&str; 2] = ["source_policy_documents", "override_policy_documents"];

/// One statement of a policy.
#[derive(Debug)]
pub(in crate::facts) struct Statement {
    pub(in crate::facts) allows: bool,
    actions: Patterns,
    resources: Patterns,
    /// What its resources refer to.
    refers: Vec<Target>,
    /// Whether it holds only under conditions.
    pub(in crate::facts) is_conditional: bool,
}

/// What a resource of a statement is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::facts) enum Named<'s> {
    Pattern(&'s str),
    Referred(&'s Target),
}

impl Statement {
    /// Whether it is about one of the actions, which are in lower case.
    pub(in crate::facts) fn acts(&self, actions: &[&str]) -> Truth {
        let each = actions.iter().map(|action| {
            self.actions.hold(|pattern| is_match(&pattern.to_ascii_lowercase(), action).into())
        });
        each.fold(Truth::False, Truth::or)
    }

    /// What it names; nothing where it excludes instead.
    pub(in crate::facts) fn named(&self) -> impl Iterator<Item = Named<'_>> {
        let patterns = self.resources.known().filter(|_| !self.resources.excludes());
        patterns.map(Named::Pattern).chain(self.refers.iter().map(Named::Referred))
    }

    /// Whether it is about all resources but some.
    pub(in crate::facts) const fn excludes(&self) -> bool {
        self.resources.excludes()
    }

    /// Whether it is about a resource, of which the last part of the ARN is given, and the position where it is one of
    /// the same plan.
    pub(in crate::facts) fn is_about(&self, position: Option<u32>, resource: &str) -> Truth {
        let refers = self.refers.iter().any(|target| Some(target.resource) == position);
        let written = self.resources.hold(|pattern| is_match(last_part(pattern), resource).into());
        if refers { (!self.excludes()).into() } else { written }
    }

    fn of_json(statement: &Partial) -> Self {
        Self {
            allows: statement.field("Effect").text() == Some("Allow"),
            actions: Patterns::of(statement.field("Action"), statement.field("NotAction")),
            resources: Patterns::of(statement.field("Resource"), statement.field("NotResource")),
            refers: Vec::new(),
            is_conditional: !matches!(statement.field("Condition"), Partial::Absent),
        }
    }

    /// A block of the configuration; of what all blocks refer to it has what it names itself.
    fn of_block(block: &Value, all: &[Target], address: impl Fn(u32) -> Option<String>) -> Self {
        let fields = Partial::from_expressions(block);
        let references = block.get("resources").and_then(|resources| resources.get("references"));
        let written: Vec<&str> =
            references.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
        // Behind a module or a variable the name of the resource does not show.
        let is_named = |target: &&Target| {
            let named = address(target.resource);
            named.is_some_and(|named| {
                written.iter().any(|text| {
                    let rest = text.strip_prefix(&named);
                    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
                })
            }) || written.iter().any(|text| text.starts_with("module.") || text.starts_with("var."))
        };
        Self {
            allows: fields.field("effect").text().is_none_or(|effect| effect == "Allow"),
            actions: Patterns::of(fields.field("actions"), fields.field("not_actions")),
            resources: Patterns::of(fields.field("resources"), fields.field("not_resources")),
            refers: all.iter().filter(is_named).cloned().collect(),
            is_conditional: !matches!(fields.field("condition"), Partial::Absent),
        }
    }

    /// What a policy refers to of which the actions are not in the plan.
    fn of_references(refers: Vec<Target>) -> Self {
        let unknown = || Patterns::of(&Partial::Unknown, &Partial::Absent);
        Self { allows: true, actions: unknown(), resources: unknown(), refers, is_conditional: false }
    }
}

/// The part of an ARN behind region and account; `*` is all of them.
pub(in crate::facts) fn last_part(pattern: &str) -> &str {
    pattern.splitn(6, ':').nth(5).unwrap_or(pattern)
}

/// Statements of the policy at an attribute.
pub(in crate::facts) fn statements(holder: &Planned<'_>, attribute: &str) -> Vec<Statement> {
    let mut found = Vec::new();
    read(holder, attribute, &mut BTreeSet::new(), &mut found);
    found
}

fn read(holder: &Planned<'_>, attribute: &str, seen: &mut BTreeSet<u32>, found: &mut Vec<Statement>) {
    if let Attribute::Known(node) = holder.get(attribute) {
        found.extend(node.as_str().into_iter().flat_map(of_text));
        found.extend(node.items().filter_map(NodeRef::as_str).flat_map(of_text));
        return;
    }
    let referred = holder.plan.referred(holder.resource, &steps(attribute));
    let mut direct = Vec::new();
    for target in referred.targets {
        let document = Planned::new(holder.plan_index, holder.plan, target.resource);
        match document.filter(|document| document.resource.is(Mode::Data, DOCUMENT)) {
            Some(document) if seen.insert(target.resource) => of_document(&document, seen, found),
            Some(_) => {}
            None => direct.push(target),
        }
    }
    if !direct.is_empty() {
        found.push(Statement::of_references(direct));
    }
}

fn of_text(text: &str) -> Vec<Statement> {
    let policy: Option<Value> = serde_json::from_str(text).ok();
    let policy = policy.map_or(Partial::Absent, |policy| Partial::from_json(&policy));
    let statements = policy.field("Statement").items().unwrap_or_default();
    statements.into_iter().map(Statement::of_json).collect()
}

fn of_document(document: &Planned<'_>, seen: &mut BTreeSet<u32>, found: &mut Vec<Statement>) {
    let (plan, resource) = (document.plan, document.resource);
    let all = plan.referred(resource, &[Step::from("statement")]).targets;
    let expressions = plan.data_expressions(&resource.module_address, DOCUMENT, &resource.name);
    let blocks = expressions.as_ref().and_then(|fields| fields.get("statement")?.as_array());
    let address = |position: u32| {
        let target = plan.resource(position)?;
        Some(format!("{}.{}", target.kind, target.name))
    };
    for block in blocks.into_iter().flatten() {
        found.push(Statement::of_block(block, &all, address));
    }
    for included in INCLUDED {
        read(document, included, seen, found);
    }
}
