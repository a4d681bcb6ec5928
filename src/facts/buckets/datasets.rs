//! Datasets of `BigQuery`, which are public as buckets are: by their own `access` entries and by IAM grants to `allUsers`
//! or `allAuthenticatedUsers`.
//!
//! Source: `BigQuery` documentation, "Control access to resources with IAM" and REST resource `datasets`. Nothing blocks a
//! grant but a policy of the organisation. Deliberately absent: grants on tables and views.

use super::{
    google::{Notation, access, encryption, grant},
    parts::{Kinds, Parts},
    planned::Planned,
    way::{self, Way},
};
use crate::{
    document::{NodeRef, Step},
    facts::{Fact, truth::Truth},
    resource::terraform::{Attribute, Plan},
};

/// Parts that grant, each with the attribute that says to whom.
const GRANTS: [(&str, &str, Notation); 5] = [
    ("google_bigquery_dataset_iam_binding", "members", Notation::Members),
    ("google_bigquery_dataset_iam_member", "member", Notation::Members),
    ("google_bigquery_dataset_iam_policy", "policy_data", Notation::Policy),
    ("google_bigquery_dataset_access", "special_group", Notation::Members),
    ("google_bigquery_dataset_access", "iam_member", Notation::Members),
];

const KINDS: Kinds = Kinds {
    owner: "google_bigquery_dataset",
    names: &["dataset_id", "id"],
    parts: &[
        ("google_bigquery_dataset_iam_binding", &["dataset_id"]),
        ("google_bigquery_dataset_iam_member", &["dataset_id"]),
        ("google_bigquery_dataset_iam_policy", &["dataset_id"]),
        ("google_bigquery_dataset_access", &["dataset_id"]),
    ],
};

/// Whom an entry may name that stands for everyone.
const OPEN: [(&str, &str); 2] = [("allUsers", "everyone"), ("allAuthenticatedUsers", "every Google account")];

pub(super) fn datasets(plan_index: u32, plan: &Plan) -> Vec<(u32, Vec<(&'static str, Fact)>)> {
    let parts = Parts::new(plan_index, plan, &KINDS);
    parts.owners.iter().map(|dataset| (dataset.position, fields(&parts, dataset))).collect()
}

fn fields(parts: &Parts<'_>, dataset: &Planned<'_>) -> Vec<(&'static str, Fact)> {
    const BLOCK: &str = "default_encryption_configuration";
    const KEY: &str = "default_encryption_configuration.0.kms_key_name";
    let mut ways = own(dataset);
    for (kind, attribute, notation) in GRANTS {
        ways.extend(
            parts.of(dataset, kind).map(|part| Way { kind: "policy", ..grant(part, attribute, notation) }),
        );
    }
    let mut fields = way::fields(&ways);
    fields.extend([
        ("name", dataset.text("dataset_id").map_or_else(Fact::unknown, Fact::from)),
        ("encryption", encryption(dataset, BLOCK, KEY)),
        ("related", parts.related(dataset)),
    ]);
    fields
}

/// Its own entries; those that nobody wrote let in the project alone.
fn own(dataset: &Planned<'_>) -> Vec<Way> {
    const ENTRIES: &str = "access";
    let declared = dataset.plan.declares(dataset.resource, &[Step::from(ENTRIES)]) != Some(false);
    let node = match dataset.get(ENTRIES) {
        Attribute::Known(node) => node,
        Attribute::Unknown if declared => {
            return vec![Way::shut("acl", dataset, dataset.decided(ENTRIES, Truth::Unknown))];
        }
        Attribute::Unknown | Attribute::Absent => return Vec::new(),
    };
    let entries = node.items().enumerate().filter_map(|(index, entry)| {
        let (member, attribute) = ["special_group", "iam_member"].into_iter().find_map(|attribute| {
            Some((entry.str_at(&[attribute]).filter(|text| !text.is_empty())?, attribute))
        })?;
        let (name, audience) = OPEN.into_iter().find(|(name, _)| *name == member)?;
        let granted = dataset.decided(&format!("{ENTRIES}.{index}.{attribute}"), Truth::True);
        let role = entry.get("role").and_then(NodeRef::as_str).unwrap_or_default();
        let what = format!("its `access` names `{name}`");
        Some(Way { what, audience, access: access(role), ..Way::shut("acl", dataset, granted) })
    });
    entries.collect()
}
