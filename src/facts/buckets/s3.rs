//! Amazon S3: buckets joined with the resources that configure them.
//!
//! A new bucket has all four public access blocks on and ACLs off unless the plan says otherwise (Amazon S3 User Guide,
//! defaults since April 2023); of one that exists, what the plan does not hold is unknown. A block of new policies or
//! ACLs refuses what the plan writes, and leaves alone what is there. Settings of an account count where the plan
//! holds them. Deliberately absent: grants in the ACLs of objects.

mod access_points;
mod acl;
mod encryption;

use super::{
    parts::{Kinds, Parts},
    planned::{Decided, Planned},
    resource_policy::{policy_of, refuses_plaintext},
    way::{self, Way},
};
use crate::{
    document::Step,
    facts::{Fact, truth::Truth},
    resource::terraform::{Attribute, Plan},
};

const ACL: &str = "aws_s3_bucket_acl";
const BLOCK: &str = "aws_s3_bucket_public_access_block";
const ENCRYPTION: &str = "aws_s3_bucket_server_side_encryption_configuration";
const OWNERSHIP: &str = "aws_s3_bucket_ownership_controls";
const POLICY: &str = "aws_s3_bucket_policy";

const KINDS: Kinds = Kinds {
    owner: "aws_s3_bucket",
    names: &["bucket", "id"],
    parts: &[
        (ACL, &["bucket"]),
        (BLOCK, &["bucket"]),
        (ENCRYPTION, &["bucket"]),
        (OWNERSHIP, &["bucket"]),
        (POLICY, &["bucket"]),
    ],
};

/// Objects, which may have an ACL of their own.
const OBJECTS: Kinds = Kinds {
    parts: &[
        ("aws_s3_object", &["bucket"]),
        ("aws_s3_bucket_object", &["bucket"]),
        ("aws_s3_object_copy", &["bucket"]),
    ],
    ..KINDS
};

/// Arguments of the public access block; left out they are false.
const BLOCKS: [&str; 4] =
    ["block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets"];

/// The buckets of a plan, each with its fields.
pub(super) fn buckets(plan_index: u32, plan: &Plan) -> Vec<(u32, Vec<(&'static str, Fact)>)> {
    let parts = Parts::new(plan_index, plan, &KINDS);
    if parts.owners.is_empty() {
        return Vec::new();
    }
    let accounts = plan.managed("aws_s3_account_public_access_block");
    let accounts = accounts.filter_map(|(position, _)| Planned::new(plan_index, plan, position)).collect();
    let [objects, points, point_policies] = [&OBJECTS, &access_points::POINTS, &access_points::POLICIES]
        .map(|kinds| Parts::new(plan_index, plan, kinds));
    let joined = Joined { parts, objects, points, point_policies, accounts };
    joined.parts.owners.iter().map(|bucket| (bucket.position, joined.fields(bucket))).collect()
}

struct Joined<'p> {
    parts: Parts<'p>,
    objects: Parts<'p>,
    points: Parts<'p>,
    point_policies: Parts<'p>,
    accounts: Vec<Planned<'p>>,
}

impl Joined<'_> {
    fn fields(&self, bucket: &Planned<'_>) -> Vec<(&'static str, Fact)> {
        let [block_acls, block_policy, ignore, restrict] =
            BLOCKS.map(|argument| self.block(bucket, argument));
        let acls_enabled = self.acls_enabled(bucket);
        let mut policy = self.policy(bucket);
        policy.blocks.push(("restrict_public_buckets", restrict.clone()));
        let points = self.points(bucket, &restrict);
        if policy.written {
            policy.blocks.push(("block_public_policy", block_policy.clone()));
        }
        let acls = std::iter::once(self.acl(bucket)).chain(self.acl_of_objects(bucket));
        let acls = acls.map(|mut acl| {
            acl.blocks.push(("object_ownership", acls_enabled.not()));
            acl.blocks.push(("ignore_public_acls", ignore.clone()));
            if acl.written {
                acl.blocks.push(("block_public_acls", block_acls.clone()));
            }
            acl
        });
        let ways: Vec<Way> = std::iter::once(policy).chain(points).chain(acls).collect();
        let secure_transport = self.secure_transport(bucket);
        let mut fields = way::fields(&ways);
        fields.extend([
            ("name", bucket.text("bucket").map_or_else(Fact::unknown, Fact::from)),
            ("acls_enabled", acls_enabled.fact()),
            ("block_public_acls", block_acls.fact()),
            ("block_public_policy", block_policy.fact()),
            ("ignore_public_acls", ignore.fact()),
            ("restrict_public_buckets", restrict.fact()),
            ("public_access_block", self.block_resource(bucket)),
            ("secure_transport", secure_transport.fact()),
            ("secure_transport_missing", Fact::array(secure_transport.missing.into_iter().map(Fact::from))),
            ("encryption", self.encryption(bucket)),
            ("related", self.parts.related(bucket)),
        ]);
        fields
    }

    fn policy(&self, bucket: &Planned<'_>) -> Way {
        self.parts.decide(
            bucket,
            POLICY,
            |part| policy_of(part, "policy"),
            || {
                let declared = bucket.plan.declares(bucket.resource, &[Step::from("policy")]);
                match bucket.get("policy") {
                    // What the provider computes for a new bucket is none, though the plan lists it as unknown.
                    Attribute::Unknown if declared != Some(true) => inherited(bucket, "policy", "policy"),
                    Attribute::Absent => inherited(bucket, "policy", "policy"),
                    _ => Way { written: bucket.resource.is_created(), ..policy_of(bucket, "policy") },
                }
            },
        )
    }

    /// Whether the policy refuses what comes without TLS. A new bucket has no policy but the plan's.
    fn secure_transport(&self, bucket: &Planned<'_>) -> Decided {
        let name = bucket.hidden_text("bucket");
        let own = || {
            let declared = bucket.plan.declares(bucket.resource, &[Step::from("policy")]);
            match bucket.get("policy") {
                Attribute::Unknown if declared != Some(true) => nothing(bucket, "policy"),
                Attribute::Absent => nothing(bucket, "policy"),
                _ => refuses_plaintext(bucket, "policy", name),
            }
        };
        self.parts.decide(bucket, POLICY, |part| refuses_plaintext(part, "policy", name), own)
    }

    /// One of the public access blocks, of the bucket or of its account: the stricter holds.
    fn block(&self, bucket: &Planned<'_>, argument: &str) -> Decided {
        let read = |part: &Planned<'_>| part.decide(argument, false, |node| node.as_bool() == Some(true));
        let own = self.parts.decide(bucket, BLOCK, read, || {
            if bucket.resource.is_created() {
                return Decided::default(true, bucket.origin(""));
            }
            Decided::unknown(format!("the public access block of {}", bucket.address()), bucket.origin(""))
        });
        let provider =
            |resource: &Planned<'_>| resource.plan.provider_key(resource.resource).map(ToOwned::to_owned);
        self.accounts.iter().fold(own, |strictest, account| {
            let mut decided = read(account);
            if decided.value == Truth::True && provider(account) != provider(bucket) {
                decided = Decided::unknown(
                    format!("whether {} is of the account of {}", account.address(), bucket.address()),
                    bucket.origin(""),
                );
            }
            strictest.or(&decided)
        })
    }

    /// The public access block of the bucket itself, with the arguments that its configuration leaves out.
    fn block_resource(&self, bucket: &Planned<'_>) -> Fact {
        let Some(part) = self.parts.of(bucket, BLOCK).next() else { return Fact::default() };
        let omitted = BLOCKS
            .into_iter()
            .filter(|argument| part.plan.declares(part.resource, &[Step::from(*argument)]) == Some(false));
        Fact::object([
            ("resource", Fact::from(part.address())),
            ("omitted", Fact::array(omitted.map(Fact::from))),
        ])
        .at(Some(part.origin("")))
    }

    fn acls_enabled(&self, bucket: &Planned<'_>) -> Decided {
        let read = |part: &Planned<'_>| {
            part.decide("rule.0.object_ownership", false, |node| node.as_str() != Some("BucketOwnerEnforced"))
        };
        self.parts.decide(bucket, OWNERSHIP, read, || {
            if bucket.resource.is_created() {
                return Decided::default(false, bucket.origin(""));
            }
            Decided::unknown(format!("the object ownership of {}", bucket.address()), bucket.origin(""))
        })
    }
}

/// What a bucket has that the plan says nothing about: nothing if it is new, else unknown.
fn inherited(bucket: &Planned<'_>, kind: &'static str, attribute: &str) -> Way {
    Way::shut(kind, bucket, nothing(bucket, attribute))
}

fn nothing(bucket: &Planned<'_>, attribute: &str) -> Decided {
    if bucket.resource.is_created() {
        Decided::default(false, bucket.origin(attribute))
    } else {
        bucket.decided(attribute, Truth::Unknown)
    }
}
