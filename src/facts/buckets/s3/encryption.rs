//! Whose key encrypts a bucket. Every new object is encrypted with SSE-S3 at least (Amazon S3 User Guide, since January
//! 2023), so a bucket without a configuration is encrypted all the same.

use super::{ENCRYPTION, Joined};
use crate::{
    document::Step,
    facts::{
        Fact,
        buckets::planned::{Planned, steps},
    },
    resource::terraform::{Attribute, Mode},
};

const INLINE: &str = "server_side_encryption_configuration";
const DEFAULT: &str = "rule.0.apply_server_side_encryption_by_default.0";

impl Joined<'_> {
    /// `{algorithm, key, missing}`.
    pub(super) fn encryption(&self, bucket: &Planned<'_>) -> Fact {
        if let Some(part) = self.parts.of(bucket, ENCRYPTION).next() {
            return configured(part, DEFAULT);
        }
        if self.parts.may_have(bucket, ENCRYPTION) {
            let missing = format!("which {ENCRYPTION} decides for {}", bucket.address());
            return fact(bucket, DEFAULT, "unknown", "unknown", Some(missing));
        }
        let inline = format!("{INLINE}.0.{DEFAULT}");
        let declared = bucket.plan.declares(bucket.resource, &[Step::from(INLINE)]) == Some(true);
        match bucket.get(INLINE) {
            Attribute::Known(_) => configured(bucket, &inline),
            Attribute::Unknown if declared => configured(bucket, &inline),
            _ if bucket.resource.is_created() => fact(bucket, INLINE, "sse-s3", "none", None),
            _ => {
                let missing = format!("the encryption configuration of {}", bucket.address());
                fact(bucket, INLINE, "unknown", "unknown", Some(missing))
            }
        }
    }
}

fn configured(resource: &Planned<'_>, base: &str) -> Fact {
    let path = |name: &str| format!("{base}.{name}");
    let algorithm = match resource.get(&path("sse_algorithm")) {
        Attribute::Known(algorithm) => match algorithm.as_str() {
            Some("aws:kms") => "sse-kms",
            Some("aws:kms:dsse") => "dsse-kms",
            _ => "sse-s3",
        },
        Attribute::Absent => "sse-s3",
        Attribute::Unknown => {
            let missing = format!("{}.{}", resource.address(), path("sse_algorithm"));
            return fact(resource, base, "unknown", "unknown", Some(missing));
        }
    };
    if algorithm == "sse-s3" {
        return fact(resource, base, algorithm, "none", None);
    }
    let key_path = path("kms_master_key_id");
    let key = match resource.get(&key_path) {
        Attribute::Known(key) => owner_of(key.as_str().unwrap_or_default()),
        Attribute::Absent => "aws-managed",
        Attribute::Unknown => referred(resource, &key_path),
    };
    let missing = (key == "unknown").then(|| format!("{}.{key_path}", resource.address()));
    fact(resource, base, algorithm, key, missing)
}

/// Whose key an id, ARN or alias names.
fn owner_of(key: &str) -> &'static str {
    if key.is_empty() || key.contains("alias/aws/") { "aws-managed" } else { "customer" }
}

/// Whose key an id is that is known only after apply, told by what it refers to.
fn referred(resource: &Planned<'_>, path: &str) -> &'static str {
    let targets = resource.plan.referred(resource.resource, &steps(path)).targets;
    let owners = targets.into_iter().filter_map(|target| {
        let target = Planned::new(resource.plan_index, resource.plan, target.resource)?;
        match (target.resource.mode, &*target.resource.kind) {
            (
                Mode::Managed,
                "aws_kms_key" | "aws_kms_alias" | "aws_kms_external_key" | "aws_kms_replica_key",
            ) => Some("customer"),
            (Mode::Data, "aws_kms_key") => target.hidden_text("key_id").map(owner_of),
            (Mode::Data, "aws_kms_alias") => target.hidden_text("name").map(owner_of),
            _ => None,
        }
    });
    let mut owners: Vec<&str> = owners.collect();
    owners.dedup();
    match owners.as_slice() {
        ["customer"] => "customer",
        ["aws-managed"] => "aws-managed",
        _ => "unknown",
    }
}

fn fact(resource: &Planned<'_>, base: &str, algorithm: &str, key: &str, missing: Option<String>) -> Fact {
    let at = |name: &str| Some(resource.origin(&format!("{base}.{name}")));
    Fact::object([
        ("algorithm", Fact::from(algorithm).at(at("sse_algorithm"))),
        ("key", Fact::from(key).at(at("kms_master_key_id"))),
        ("missing", Fact::from(missing)),
    ])
}
