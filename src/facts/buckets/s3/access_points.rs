//! Access points of a bucket: policies of their own, which count where the bucket's policy delegates to access points, and
//! public access blocks of their own, all on unless they are turned off (Amazon S3 User Guide, "Configuring IAM policies for
//! using access points", "Managing public access to access points").
//!
//! One of a VPC is never public. Deliberately absent: access points of several regions, and of Object Lambda.

use super::{
    super::{
        parts::Kinds,
        planned::{Decided, Planned},
        resource_policy::policy_of,
        way::Way,
    },
    Joined, KINDS, POLICY,
};
use crate::{document::Step, facts::truth::Truth, resource::terraform::Attribute};

const POINT: &str = "aws_s3_access_point";
const SEPARATE: &str = "aws_s3control_access_point_policy";

pub(super) const POINTS: Kinds = Kinds { parts: &[(POINT, &["bucket"])], ..KINDS };

/// Conditions of a bucket's policy that let access points decide begin so.
const DELEGATES: &str = "s3:dataaccesspoint";

impl Joined<'_> {
    /// Ways through access points; `restrict` is the block of the bucket.
    pub(super) fn points(&self, bucket: &Planned<'_>, restrict: &Decided) -> Vec<Way> {
        let mut points = self.points.of(bucket, POINT).peekable();
        if points.peek().is_none() {
            return Vec::new();
        }
        let delegated = self.delegates(bucket);
        let mut ways = Vec::new();
        for point in points {
            if !matches!(point.get("vpc_configuration.0.vpc_id"), Attribute::Absent) {
                continue;
            }
            let declares = |name: &str| point.plan.declares(point.resource, &[Step::from(name)]);
            let own = declares("policy") == Some(true) || matches!(point.get("policy"), Attribute::Known(_));
            let separate = point.plan.managed(SEPARATE).filter_map(|(position, _)| {
                let policy = Planned::new(point.plan_index, point.plan, position)?;
                let is_of = policy.referred("access_point_arn", POINT).any(|(_, at)| at == point.position);
                is_of.then_some(policy)
            });
            let written = own.then(|| policy_of(point, "policy"));
            for way in written.into_iter().chain(separate.map(|policy| policy_of(&policy, "policy"))) {
                let what =
                    way.what.replacen("its policy", &format!("the policy of `{}`", point.address()), 1);
                let granted = way.granted.and(&delegated);
                let mut way = Way { what, granted, ..way };
                let block = |argument: &str| {
                    let path = format!("public_access_block_configuration.0.{argument}");
                    point.decide(&path, true, |node| node.as_bool() == Some(true))
                };
                way.blocks.push(("restrict_public_buckets", restrict.or(&block("restrict_public_buckets"))));
                if way.written {
                    way.blocks.push(("block_public_policy", block("block_public_policy")));
                }
                ways.push(way);
            }
        }
        ways
    }

    /// Whether the bucket's policy leaves it to its access points whom they let in.
    fn delegates(&self, bucket: &Planned<'_>) -> Decided {
        let read = |holder: &Planned<'_>| match holder.get("policy") {
            Attribute::Known(node) => {
                let text = node.as_str().unwrap_or_default().to_ascii_lowercase();
                holder.decided("policy", text.contains(DELEGATES).into())
            }
            Attribute::Absent => holder.decided("policy", Truth::False),
            Attribute::Unknown => holder.decided("policy", Truth::Unknown),
        };
        self.parts.decide(bucket, POLICY, read, || {
            let declared = bucket.plan.declares(bucket.resource, &[Step::from("policy")]);
            if declared == Some(true) { read(bucket) } else { super::nothing(bucket, "policy") }
        })
    }
}
