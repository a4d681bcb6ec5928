//! What grants of Google Cloud let services do with buckets and datasets of a plan (domains.md T6; Cloud Storage and
//! `BigQuery`, "IAM roles and permissions").
//!
//! Deliberately absent: grants for a whole project, and roles that somebody made.

use super::{
    buckets::{Buckets, DATASET, Position},
    roles::{Right, user},
};
use crate::facts::{
    Because, Set, buckets::planned::Planned, datastores, service_accounts::ServiceAccounts, topics::Direction,
};

/// Types that grant, with the attributes that say to whom, and what, and the type of that.
const GRANTS: [(&str, &str, &str, &str); 4] = [
    ("google_storage_bucket_iam_member", "member", "bucket", "google_storage_bucket"),
    ("google_storage_bucket_iam_binding", "members", "bucket", "google_storage_bucket"),
    ("google_bigquery_dataset_iam_member", "member", "dataset_id", DATASET),
    ("google_bigquery_dataset_iam_binding", "members", "dataset_id", DATASET),
];

/// Roles of Google that are about objects or rows, each with the way that they let them go.
const ROLES: [(&str, Direction); 11] = [
    ("roles/bigquery.dataViewer", Direction::Reads),
    ("roles/bigquery.dataEditor", Direction::Unknown),
    ("roles/bigquery.dataOwner", Direction::Unknown),
    ("roles/storage.objectViewer", Direction::Reads),
    ("roles/storage.legacyObjectReader", Direction::Reads),
    ("roles/storage.objectCreator", Direction::Writes),
    ("roles/storage.legacyBucketWriter", Direction::Writes),
    ("roles/storage.objectUser", Direction::Unknown),
    ("roles/storage.objectAdmin", Direction::Unknown),
    ("roles/storage.legacyObjectOwner", Direction::Unknown),
    ("roles/storage.admin", Direction::Unknown),
];

/// Rights of all services of a set, by grant.
pub(super) fn rights(set: &Set<'_>, buckets: &Buckets) -> Vec<Right> {
    let functions = set.datastores().functions();
    let mut accounts = None;
    let mut found = Vec::new();
    for (index, plan) in (0..).zip(&set.view.estate.plans) {
        for (kind, attribute, on, about) in GRANTS {
            for (position, _) in plan.managed(kind) {
                let Some(grant) = Planned::new(index, plan, position) else { continue };
                // What holds under a condition only may never hold.
                if datastores::is_conditional(&grant) {
                    continue;
                }
                let Some(bucket) = bucket(&grant, on, about, buckets) else { continue };
                let role = grant.text("role").unwrap_or_default();
                let Some((_, direction)) = ROLES.iter().find(|(name, _)| *name == role) else { continue };
                let accounts = accounts.get_or_insert_with(|| ServiceAccounts::new(set, functions));
                for member in accounts.members(&grant, attribute) {
                    let users: Vec<_> = member
                        .holders
                        .into_iter()
                        .filter_map(|holder| user(set, functions, holder))
                        .collect();
                    let is_own = users
                        .iter()
                        .all(|(service, _)| Some(service) == users.first().map(|(first, _)| first));
                    found.extend(users.iter().map(|(_, by)| Right {
                        by: by.clone(),
                        bucket,
                        direction: *direction,
                        is_own,
                        because: Because {
                            text: format!(
                                "{} lets its account use the {}",
                                grant.address(),
                                if about == DATASET { "dataset" } else { "bucket" },
                            ),
                            resource: Some(grant.address().into()),
                            origin: Some(grant.origin("role")),
                        },
                    }));
                }
            }
        }
    }
    found
}

/// The bucket or dataset that a grant is about: by reference, else by its name.
fn bucket(grant: &Planned<'_>, on: &str, about: &str, buckets: &Buckets) -> Option<Position> {
    let referred = grant.referred(on, about).next();
    referred.or_else(|| {
        let name = grant.hidden_text(on)?;
        if about == DATASET { buckets.dataset(name) } else { buckets.named(name) }
    })
}
