//! The fact `bucket`: an S3 bucket of a plan, joined with the resources that configure it.
//!
//! Whether it is public follows AWS: (policy public and not restricted) or (ACL public, ACLs enabled and not
//! ignored). A new bucket has all four public access blocks on and ACLs off unless the plan says otherwise (defaults
//! since April 2023); of a bucket that exists already, what the plan does not hold is unknown. Sources: Amazon S3 API
//! `PublicAccessBlockConfiguration`, `OwnershipControls`; Amazon S3 User Guide, "Blocking public access".
//!
//! Fields: `address`, `name`, `new`, `public` and `intended_public` (true, false or `"unknown"`), `public_through`
//! (`[{kind: "policy"|"acl", resource, what}]`), `encryption` (`{algorithm, key}`), `missing` (what would decide).

use std::collections::BTreeMap;

use super::{
    Fact, Origin, Subject,
    public_policy::{Openness, openness},
};
use crate::{
    document::{Path, Step},
    resource::terraform::{Attribute, Mode, Plan, PlannedResource, Values},
};

/// One subject for each S3 bucket of a plan.
pub(super) fn subjects(plan_index: u32, plan: &Plan) -> Vec<Subject> {
    let joined = Joined::new(plan);
    let buckets = plan.managed("aws_s3_bucket");
    buckets.filter_map(|(position, resource)| joined.bucket(plan_index, position, resource)).collect()
}

/// Resources that configure a bucket, by the bucket's position and their type.
struct Joined<'p> {
    plan: &'p Plan,
    parts: BTreeMap<(u32, &'p str), u32>,
    /// A resource of this type configures some bucket that cannot be told.
    loose: BTreeMap<&'p str, u32>,
}

/// Turns the position of a resource and the path in it into an origin.
type OriginOf<'o> = dyn Fn(&Option<(u32, Path)>) -> Option<Origin> + 'o;

const PARTS: [&str; 5] = [
    "aws_s3_bucket_acl",
    "aws_s3_bucket_ownership_controls",
    "aws_s3_bucket_policy",
    "aws_s3_bucket_public_access_block",
    "aws_s3_bucket_server_side_encryption_configuration",
];

/// True, false, or what the input does not determine, with the position of the deciding resource and the path in it.
#[derive(Clone)]
struct Decided {
    value: Option<bool>,
    at: Option<(u32, Path)>,
    /// What would decide, where the value is unknown.
    missing: Option<String>,
}

impl Decided {
    fn known(value: bool) -> Self {
        Self { value: Some(value), at: None, missing: None }
    }

    fn unknown(missing: String) -> Self {
        Self { value: None, at: None, missing: Some(missing) }
    }

    fn at(self, position: u32, path: &[Step]) -> Self {
        Self { at: Some((position, Path(path.to_vec()))), ..self }
    }

    fn and(&self, other: &Self) -> Option<bool> {
        match (self.value, other.value) {
            (Some(false), _) | (_, Some(false)) => Some(false),
            (Some(true), Some(true)) => Some(true),
            _ => None,
        }
    }
}

impl<'p> Joined<'p> {
    fn new(plan: &'p Plan) -> Self {
        let mut names: BTreeMap<String, u32> = BTreeMap::new();
        for (position, bucket) in plan.managed("aws_s3_bucket") {
            if let Some(name) = text(plan, bucket, "bucket") {
                names.insert(name, position);
            }
        }
        let mut joined = Self { plan, parts: BTreeMap::new(), loose: BTreeMap::new() };
        for kind in PARTS {
            for (position, part) in plan.managed(kind) {
                let buckets = plan.referred(part, "bucket").into_iter().filter(|position| {
                    plan.resource(*position)
                        .is_some_and(|resource| resource.is(Mode::Managed, "aws_s3_bucket"))
                });
                let mut buckets: Vec<u32> = buckets.collect();
                if buckets.is_empty() {
                    buckets.extend(text(plan, part, "bucket").and_then(|name| names.get(&name)).copied());
                }
                if buckets.is_empty() && text(plan, part, "bucket").is_none() {
                    joined.loose.insert(kind, position);
                }
                for bucket in buckets {
                    joined.parts.insert((bucket, kind), position);
                }
            }
        }
        joined
    }

    fn part(&self, bucket: u32, kind: &'static str) -> Option<(u32, &'p PlannedResource)> {
        let position = *self.parts.get(&(bucket, kind))?;
        Some((position, self.plan.resource(position)?))
    }

    fn bucket(&self, plan_index: u32, position: u32, resource: &PlannedResource) -> Option<Subject> {
        let values = resource.values(self.plan).ok()?;
        let origin = |at: &Option<(u32, Path)>| {
            at.clone().map(|(resource, path)| Origin::Planned { plan: plan_index, resource, path })
        };
        let policy = self.policy(position, &values);
        let acl = self.acl(position, &values);
        let block = |argument: &str| self.access_block(position, resource, argument);
        let (restrict, ignore) = (block("restrict_public_buckets"), block("ignore_public_acls"));
        let acls_enabled = self.acls_enabled(position, resource);
        let negate =
            |decided: &Decided| Decided { value: decided.value.map(|value| !value), ..decided.clone() };
        let policy_public = Decided { value: policy.0.and(&negate(&restrict)), ..policy.0.clone() };
        let effective_acl = Decided { value: acl.0.and(&negate(&ignore)), ..acl.0.clone() };
        let acl_public = Decided { value: effective_acl.and(&acls_enabled), ..acl.0.clone() };
        let either = |one: Option<bool>, other: Option<bool>| match (one, other) {
            (Some(true), _) | (_, Some(true)) => Some(true),
            (Some(false), Some(false)) => Some(false),
            _ => None,
        };
        let public = either(policy_public.value, acl_public.value);
        let through = [("policy", &policy_public, &policy.1), ("acl", &acl_public, &acl.1)];
        let through = through.into_iter().filter(|(_, decided, _)| decided.value == Some(true)).map(
            |(kind, decided, what)| {
                let at = decided.at.as_ref().and_then(|(position, _)| self.plan.resource(*position));
                let address = at.map_or(&*resource.address, |resource| &*resource.address);
                Fact::object([
                    ("kind", Fact::from(kind)),
                    ("resource", Fact::from(address)),
                    ("what", Fact::from(what.as_str())),
                ])
                .at(origin(&decided.at))
            },
        );
        let missing = [&policy.0, &restrict, &acl.0, &ignore, &acls_enabled];
        let missing = missing.into_iter().filter_map(|decided| decided.missing.as_deref()).map(Fact::from);
        let encryption = self.encryption(position, &values, &origin);
        let here = Origin::Planned { plan: plan_index, resource: position, path: Path::default() };
        let fact = Fact::object([
            ("address", Fact::from(&*resource.address)),
            ("name", text(self.plan, resource, "bucket").map_or_else(Fact::unknown, Fact::from)),
            ("new", Fact::from(resource.is_created())),
            ("public", three(public)),
            ("intended_public", three(either(policy.0.value, acl.0.value))),
            ("public_through", Fact::array(through)),
            ("encryption", encryption),
            ("missing", Fact::array(missing)),
        ]);
        Some(Subject {
            resource: resource.address.to_string(),
            kind: "aws_s3_bucket".into(),
            fact: fact.at(here),
        })
    }

    /// Whether the bucket policy lets everyone in, and through what.
    fn policy(&self, bucket: u32, inline: &Values) -> (Decided, String) {
        let path = [Step::from("policy")];
        let Some((position, part)) = self.part(bucket, "aws_s3_bucket_policy") else {
            if let Some(position) = self.loose.get("aws_s3_bucket_policy") {
                let address = self.plan.resource(*position).map_or("", |resource| &resource.address);
                return (Decided::unknown(format!("the bucket of {address}")), String::new());
            }
            return match inline.attribute(&path) {
                Attribute::Known(node) => judge_policy(node.as_str(), bucket, &path),
                // What split resources or defaults decide is not unknown because the plan lists it so.
                Attribute::Unknown | Attribute::Absent => {
                    (self.default(bucket, false, "its policy"), String::new())
                }
            };
        };
        let Ok(values) = part.values(self.plan) else {
            return (Decided::unknown(format!("{}.policy", part.address)), String::new());
        };
        match values.attribute(&path) {
            Attribute::Known(node) => judge_policy(node.as_str(), position, &path),
            _ => (Decided::unknown(format!("{}.policy", part.address)).at(position, &path), String::new()),
        }
    }

    /// Whether the ACL grants something to everyone, and what.
    fn acl(&self, bucket: u32, inline: &Values) -> (Decided, String) {
        let path = [Step::from("acl")];
        let Some((position, part)) = self.part(bucket, "aws_s3_bucket_acl") else {
            return match inline.attribute(&path) {
                Attribute::Known(node) => canned(node.as_str().unwrap_or_default(), bucket, &path),
                _ => (self.default(bucket, false, "its ACL"), String::new()),
            };
        };
        let Ok(values) = part.values(self.plan) else {
            return (Decided::unknown(format!("{}.acl", part.address)), String::new());
        };
        if let Attribute::Known(node) = values.attribute(&path) {
            return canned(node.as_str().unwrap_or_default(), position, &path);
        }
        let grants = [Step::from("access_control_policy")];
        match values.attribute(&grants) {
            Attribute::Known(node) => {
                let text = node.to_json().to_string();
                let group = ["AllUsers", "AuthenticatedUsers"]
                    .into_iter()
                    .find(|group| text.contains(&format!("/groups/global/{group}")));
                let what = group.map(|group| format!("a grant to `{group}`")).unwrap_or_default();
                (Decided::known(group.is_some()).at(position, &grants), what)
            }
            Attribute::Absent if !values.is_unknown(&path) => (Decided::known(false), String::new()),
            _ => (Decided::unknown(format!("{}.acl", part.address)).at(position, &path), String::new()),
        }
    }

    /// One of the four public access blocks; the resource's arguments default to false.
    fn access_block(&self, bucket: u32, resource: &PlannedResource, argument: &str) -> Decided {
        let path = [Step::from(argument)];
        let Some((position, part)) = self.part(bucket, "aws_s3_bucket_public_access_block") else {
            if let Some(position) = self.loose.get("aws_s3_bucket_public_access_block") {
                let address = self.plan.resource(*position).map_or("", |resource| &resource.address);
                return Decided::unknown(format!("the bucket of {address}"));
            }
            if resource.is_created() {
                return Decided::known(true);
            }
            return Decided::unknown(format!("the public access block of {}", resource.address));
        };
        let Ok(values) = part.values(self.plan) else {
            return Decided::unknown(format!("{}.{argument}", part.address));
        };
        match values.attribute(&path) {
            Attribute::Known(node) => Decided::known(node.as_bool() == Some(true)).at(position, &path),
            Attribute::Absent => Decided::known(false).at(position, &path),
            Attribute::Unknown => {
                Decided::unknown(format!("{}.{argument}", part.address)).at(position, &path)
            }
        }
    }

    fn acls_enabled(&self, bucket: u32, resource: &PlannedResource) -> Decided {
        let path = [Step::from("rule"), Step::from(0), Step::from("object_ownership")];
        let Some((position, part)) = self.part(bucket, "aws_s3_bucket_ownership_controls") else {
            // An ACL that is applied needs ACLs enabled: without the control a new bucket refuses it.
            if resource.is_created() {
                return Decided::known(false);
            }
            return Decided::unknown(format!("the object ownership of {}", resource.address));
        };
        let Ok(values) = part.values(self.plan) else {
            return Decided::unknown(format!("{}.rule", part.address));
        };
        match values.attribute(&path) {
            Attribute::Known(node) => {
                Decided::known(node.as_str() != Some("BucketOwnerEnforced")).at(position, &path)
            }
            Attribute::Absent => Decided::known(false).at(position, &path),
            Attribute::Unknown => {
                Decided::unknown(format!("{}.rule[0].object_ownership", part.address)).at(position, &path)
            }
        }
    }

    /// What a bucket has that the plan says nothing about: the default of new ones, unknown for others.
    fn default(&self, bucket: u32, value: bool, what: &str) -> Decided {
        let Some(resource) = self.plan.resource(bucket) else { return Decided::known(value) };
        if resource.is_created() {
            return Decided::known(value);
        }
        Decided::unknown(format!("{what}, which {} has but the plan does not hold", resource.address))
    }

    fn encryption(&self, bucket: u32, inline: &Values, origin: &OriginOf<'_>) -> Fact {
        let split = self.part(bucket, "aws_s3_bucket_server_side_encryption_configuration");
        let parsed = split.and_then(|(_, part)| part.values(self.plan).ok());
        let (position, values, base) = if let (Some((position, _)), Some(values)) = (&split, &parsed) {
            (*position, values, vec![Step::from("rule"), Step::from(0)])
        } else {
            let block = [Step::from("server_side_encryption_configuration"), Step::from(0)];
            (bucket, inline, block.into_iter().chain([Step::from("rule"), Step::from(0)]).collect())
        };
        let path = |name: &str| {
            let mut path = base.clone();
            path.extend([
                Step::from("apply_server_side_encryption_by_default"),
                Step::from(0),
                Step::from(name),
            ]);
            path
        };
        let at = |path: Vec<Step>| origin(&Some((position, Path(path))));
        let referred = split.is_some_and(|(_, part)| {
            self.plan.referred(part, "rule").into_iter().any(|target| {
                self.plan.resource(target).is_some_and(|resource| resource.kind.starts_with("aws_kms_"))
            })
        });
        let (algorithm, key) =
            match (values.attribute(&path("sse_algorithm")), values.attribute(&path("kms_master_key_id"))) {
                (Attribute::Known(node), _) if node.as_str() == Some("AES256") => ("sse-s3", "none"),
                (Attribute::Known(node), key)
                    if node.as_str().is_some_and(|text| text.starts_with("aws:kms")) =>
                {
                    let algorithm =
                        if node.as_str() == Some("aws:kms:dsse") { "dsse-kms" } else { "sse-kms" };
                    let key = match key {
                        Attribute::Known(key)
                            if key.as_str().is_some_and(|text| text.ends_with("alias/aws/s3")) =>
                        {
                            "aws-managed"
                        }
                        Attribute::Known(key) if key.as_str() != Some("") => "customer",
                        Attribute::Unknown if referred => "customer",
                        Attribute::Unknown => "unknown",
                        _ => "aws-managed",
                    };
                    (algorithm, key)
                }
                (Attribute::Unknown, _) if split.is_some() => ("unknown", "unknown"),
                _ if split.is_none()
                    && self.plan.resource(bucket).is_some_and(|resource| !resource.is_created()) =>
                {
                    ("unknown", "unknown")
                }
                // Every object is encrypted with SSE-S3 since January 2023.
                _ => ("sse-s3", "none"),
            };
        Fact::object([
            ("algorithm", Fact::from(algorithm).at(at(path("sse_algorithm")))),
            ("key", Fact::from(key).at(at(path("kms_master_key_id")))),
        ])
    }
}

fn canned(acl: &str, position: u32, path: &[Step]) -> (Decided, String) {
    let public = matches!(acl, "public-read" | "public-read-write" | "authenticated-read");
    let what = if public { format!("the ACL `{acl}`") } else { String::new() };
    (Decided::known(public).at(position, path), what)
}

fn judge_policy(text: Option<&str>, position: u32, path: &[Step]) -> (Decided, String) {
    match openness(text.unwrap_or_default()) {
        Openness::Public(what) => (Decided::known(true).at(position, path), what),
        Openness::Private => (Decided::known(false).at(position, path), String::new()),
        Openness::Unknown => (
            Decided::unknown("a bucket policy that can be read".to_owned()).at(position, path),
            String::new(),
        ),
    }
}

fn text(plan: &Plan, resource: &PlannedResource, attribute: &str) -> Option<String> {
    let values = resource.values(plan).ok()?;
    match values.attribute(&[Step::from(attribute)]) {
        Attribute::Known(node) => node.as_str().map(ToOwned::to_owned),
        _ => None,
    }
}

fn three(value: Option<bool>) -> Fact {
    value.map_or_else(Fact::unknown, Fact::from)
}

#[cfg(test)]
mod tests;
