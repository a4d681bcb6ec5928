//! What grants of Google Cloud let services do with buckets of a plan (domains.md T6; Cloud Storage, "IAM roles").
//!
//! Deliberately absent: grants for a whole project, and roles that somebody made.

use super::{
    buckets::{Buckets, Position},
    roles::{Right, user},
};
use crate::facts::{
    Because, Set, buckets::planned::Planned, service_accounts::ServiceAccounts, topics::Direction,
};

/// Types that grant, with the attribute that says to whom.
const GRANTS: [(&str, &str); 2] =
    [("google_storage_bucket_iam_member", "member"), ("google_storage_bucket_iam_binding", "members")];

/// Roles of Google that are about objects, each with the way that they let them go.
const ROLES: [(&str, Direction); 8] = [
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
        for (kind, attribute) in GRANTS {
            for (position, _) in plan.managed(kind) {
                let Some(grant) = Planned::new(index, plan, position) else { continue };
                let Some(bucket) = bucket(&grant, buckets) else { continue };
                let role = grant.text("role").unwrap_or_default();
                let Some((_, direction)) = ROLES.iter().find(|(name, _)| *name == role) else { continue };
                let accounts = accounts.get_or_insert_with(|| ServiceAccounts::new(set, functions));
                for holders in accounts.members(&grant, attribute) {
                    let users: Vec<_> =
                        holders.into_iter().filter_map(|holder| user(set, functions, holder)).collect();
                    let is_own = users
                        .iter()
                        .all(|(service, _)| Some(service) == users.first().map(|(first, _)| first));
                    found.extend(users.iter().map(|(_, by)| Right {
                        by: by.clone(),
                        bucket,
                        direction: *direction,
                        is_own,
                        because: Because {
                            text: format!("{} lets its account use the bucket", grant.address()),
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

/// The bucket that a grant is about: by reference, else by its name.
fn bucket(grant: &Planned<'_>, buckets: &Buckets) -> Option<Position> {
    let referred = grant.referred("bucket", "google_storage_bucket").next();
    referred.or_else(|| buckets.named(grant.hidden_text("bucket")?))
}
