//! Statements from the two notations of a policy: its JSON, and the blocks of `aws_iam_policy_document`.

use super::{Access, Condition, Patterns, Principal, Statement};
use crate::{
    document::Step,
    facts::{buckets::partial::Partial, truth::Truth},
};

/// Statements of a policy's JSON; `None` where the text is no policy.
pub(in crate::facts::buckets) fn from_json(text: &str) -> Option<Vec<Statement>> {
    let policy: serde_json::Value = serde_json::from_str(text).ok()?;
    let policy = Partial::from_json(&policy);
    let Partial::Fields(fields) = &policy else { return None };
    let statements = fields.get("Statement")?.items()?;
    Some(statements.into_iter().map(from_json_statement).collect())
}

/// Statements of the blocks of a data source `aws_iam_policy_document`, each with its place there; `None` where not
/// even their number is known. Policies that it takes in as JSON are the caller's.
pub(in crate::facts::buckets) fn from_policy_document(document: &Partial) -> Option<Vec<Statement>> {
    let statements = document.field("statement").items()?;
    let placed = statements.into_iter().enumerate();
    Some(placed.map(|(index, statement)| from_block(statement, index)).collect())
}

fn from_json_statement(statement: &Partial) -> Statement {
    let principal = match (statement.field("NotPrincipal"), statement.field("Principal")) {
        (Partial::Absent, Partial::Absent) => Principal::Fixed,
        (Partial::Absent, principal) => json_principal(principal),
        _ => Principal::AllBut,
    };
    let mut conditions = Vec::new();
    if let Partial::Fields(operators) = statement.field("Condition") {
        for (operator, keys) in operators {
            let Partial::Fields(keys) = keys else { continue };
            conditions.extend(keys.iter().map(|(key, values)| Condition {
                operator: Some(operator.clone()),
                key: Some(key.clone()),
                values: texts(values),
            }));
        }
    }
    Statement {
        allows: allows(statement.field("Effect"), false),
        principal,
        conditions,
        access: access(statement.field("Action"), statement.field("NotAction")),
        actions: Patterns::of(statement.field("Action"), statement.field("NotAction")),
        resources: Patterns::of(statement.field("Resource"), statement.field("NotResource")),
        at: Vec::new(),
    }
}

/// `"*"`, or lists by kind: `{"AWS": ["*"]}`.
fn json_principal(principal: &Partial) -> Principal {
    match principal {
        Partial::Fields(kinds) => broadest(&kinds.values().map(identifiers).collect::<Vec<_>>()),
        other => identifiers(other),
    }
}

fn from_block(block: &Partial, index: usize) -> Statement {
    let mut at = vec![Step::from("statement"), Step::from(index)];
    let principal = match (block.field("not_principals").items(), block.field("principals").items()) {
        (Some(others), _) if !others.is_empty() => Principal::AllBut,
        (Some(_), Some(blocks)) => {
            let named: Vec<Principal> =
                blocks.into_iter().map(|block| identifiers(block.field("identifiers"))).collect();
            if let Some(everyone) =
                named.iter().position(|named| matches!(named, Principal::Everyone | Principal::Open))
            {
                at.extend([Step::from("principals"), Step::from(everyone), Step::from("identifiers")]);
            }
            broadest(&named)
        }
        _ => Principal::Unknown,
    };
    let conditions = match block.field("condition").items() {
        Some(blocks) => blocks
            .into_iter()
            .map(|block| Condition {
                operator: block.field("test").text().map(ToOwned::to_owned),
                key: block.field("variable").text().map(ToOwned::to_owned),
                values: texts(block.field("values")),
            })
            .collect(),
        None => vec![Condition { operator: None, key: None, values: None }],
    };
    Statement {
        allows: allows(block.field("effect"), true),
        principal,
        conditions,
        access: access(block.field("actions"), block.field("not_actions")),
        actions: Patterns::of(block.field("actions"), block.field("not_actions")),
        resources: Patterns::of(block.field("resources"), block.field("not_resources")),
        at,
    }
}

fn allows(effect: &Partial, by_default: bool) -> Truth {
    match effect {
        Partial::Unknown => Truth::Unknown,
        Partial::Absent => by_default.into(),
        effect => (effect.text() == Some("Allow")).into(),
    }
}

/// Not fixed is what holds `*` or a policy variable.
fn identifiers(identifiers: &Partial) -> Principal {
    let Some(items) = identifiers.items() else { return Principal::Unknown };
    let principals = items.into_iter().map(|item| match item {
        Partial::Unknown => Principal::Unknown,
        item if item.text() == Some("*") => Principal::Everyone,
        item if item.text().is_some_and(|text| text.contains('*') || text.contains("${")) => Principal::Open,
        _ => Principal::Fixed,
    });
    broadest(&principals.collect::<Vec<_>>())
}

fn broadest(principals: &[Principal]) -> Principal {
    [Principal::Everyone, Principal::Open, Principal::Unknown]
        .into_iter()
        .find(|principal| principals.contains(principal))
        .unwrap_or(Principal::Fixed)
}

pub(super) fn texts(values: &Partial) -> Option<Vec<Option<String>>> {
    Some(values.items()?.into_iter().map(|value| value.text().map(ToOwned::to_owned)).collect())
}

/// What actions come to. `NotAction` allows nearly everything, unknown ones may.
fn access(actions: &Partial, others: &Partial) -> Access {
    const READING: [&str; 5] = ["get", "list", "head", "receive", "subscribe"];
    const WRITING: [&str; 8] =
        ["put", "delete", "create", "restore", "abort", "replicate", "send", "publish"];
    let (Some(actions), true) = (actions.items(), *others == Partial::Absent) else { return Access::BOTH };
    actions.into_iter().fold(Access::default(), |access, action| {
        let action = action.text().unwrap_or("*").to_ascii_lowercase();
        let verb = action.split_once(':').map_or(action.as_str(), |(_, verb)| verb);
        access.with(if READING.iter().any(|reading| verb.starts_with(reading)) {
            Access::READ
        } else if WRITING.iter().any(|writing| verb.starts_with(writing)) {
            Access::WRITE
        } else {
            Access::BOTH
        })
    })
}
