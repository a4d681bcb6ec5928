//! The fact `bucket`: a storage bucket of a plan, joined with the resources that configure it.
//!
//! Effectively public is what a policy or an ACL grants to everyone and nothing blocks; each provider's file says what
//! its blocks and defaults are. Fields, where `T` is true, false or `"unknown"`:
//!
//! | field | value |
//! |---|---|
//! | `provider`, `address`, `type`, `name`, `new` | `aws`, `gcp` or `azure`; the name may be `"unknown"` |
//! | `public`, `intended_public` | `T`: with and without what blocks |
//! | `public_policy`, `public_acl` | `T`, null where there is no such thing: granted, whatever blocks it |
//! | `public_through`, `blocked_through` | `[{kind: "policy"\|"acl", resource, what, audience, access: "read"\|"write"\|"read-write", blocked_by}]` |
//! | `missing` | what would decide `public` |
//! | `encryption` | `{algorithm, key: "customer"\|"aws-managed"\|"provider-managed"\|"none"\|"unknown", missing}` |
//! | `secure_transport` | `T`: only TLS is let in; null where the provider takes nothing else |
//! | `secure_transport_missing` | what would decide it |
//! | `classification` | level that its tags or labels declare, or ask for by their categories, or null |
//! | `related` | `[{resource, type}]` that configure it |
//!
//! Datasets of `BigQuery` are among them. Azure grants access by container and encrypts by account: the one has no `encryption`, the other has that alone.
//! Of S3 alone there are `acls_enabled`, `block_public_acls`, `block_public_policy`, `ignore_public_acls`,
//! `restrict_public_buckets` (`T`) and `public_access_block` (null or `{resource, omitted}`).

pub(super) mod access_policy;
mod azure;
mod datasets;
mod google;
pub(super) mod partial;
pub(super) mod parts;
pub(super) mod planned;
pub(super) mod resource_policy;
mod s3;
pub(super) mod topics;
pub(super) mod way;

use std::sync::Arc;

use self::planned::Planned;
use super::{Fact, Subject, declared::Declared};
use crate::resource::{classification::Vocabulary, terraform::Plan};

/// Buckets of one provider, by their positions in a plan, with the provider's fields.
type Provider = fn(u32, &Plan) -> Vec<(u32, Vec<(&'static str, Fact)>)>;

const PROVIDERS: [(&str, Provider); 4] =
    [("aws", s3::buckets), ("azure", azure::buckets), ("gcp", datasets::datasets), ("gcp", google::buckets)];

/// One subject for each bucket of a plan.
pub(super) fn subjects(vocabulary: Vocabulary<'_>, plan_index: u32, plan: &Plan) -> Vec<Subject> {
    let mut found: Vec<(u32, Subject)> = Vec::new();
    for (provider, buckets) in PROVIDERS {
        for (position, fields) in buckets(plan_index, plan) {
            let Some(bucket) = Planned::new(plan_index, plan, position) else { continue };
            found.push((position, subject(vocabulary, provider, &bucket, fields)));
        }
    }
    found.sort_by_key(|(position, _)| *position);
    found.into_iter().map(|(_, subject)| subject).collect()
}

fn subject(
    vocabulary: Vocabulary<'_>,
    provider: &str,
    bucket: &Planned<'_>,
    fields: Vec<(&'static str, Fact)>,
) -> Subject {
    let own = Declared::planned(vocabulary, bucket.plan_index, bucket.plan, bucket.position);
    // Containers of Azure have no tags: their account's speak of them.
    let account = azure::account(bucket).filter(|_| !own.is_declared());
    let declared =
        account.map_or(own, |account| Declared::planned(vocabulary, bucket.plan_index, bucket.plan, account));
    let origin = declared.because.as_ref().and_then(|because| because.origin.clone());
    let classification = declared.level_fact().at(origin);
    let shared = [
        ("provider", Fact::from(provider)),
        ("address", Fact::from(bucket.address())),
        ("type", Fact::from(&*bucket.resource.kind)),
        ("new", Fact::from(bucket.resource.is_created())),
        ("classification", classification),
        ("secure_transport", Fact::default()),
        ("secure_transport_missing", Fact::array([])),
    ];
    Subject {
        resource: bucket.address().to_owned(),
        kind: Arc::clone(&bucket.resource.kind),
        fact: Fact::object(shared.into_iter().chain(fields)).at(Some(bucket.origin(""))),
    }
}

#[cfg(test)]
mod tests;
