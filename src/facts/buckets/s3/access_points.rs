//! Access points of a bucket: policies of their own, which count where the bucket's policy delegates to access points, and
//! public access blocks of their own, all on unless they are turned off (Amazon S3 User Guide, "Configuring IAM policies for
//! using access points", "Managing public access to access points").
//!
//! One of a VPC is never public. Deliberately absent: access points of several regions, and of Object Lambda.

use super::{
    super::{
        parts::Kinds,
        planned::{Decided, Planned},
        resource_policy::{AccessPoint, delegates, policy_of},
        way::Way,
    },
    Joined, KINDS, POLICY,
};
use crate::{document::Step, facts::truth::Truth, resource::terraform::Attribute};

const POINT: &str = "aws_s3_access_point";
const SEPARATE: &str = "aws_s3control_access_point_policy";

pub(super) const POINTS: Kinds = Kinds { parts: &[(POINT, &["bucket"])], ..KINDS };

/// Access points with the policies that are resources of their own.
pub(super) const POLICIES: Kinds =
    Kinds { owner: POINT, names: &["arn"], parts: &[(SEPARATE, &["access_point_arn"])] };

impl Joined<'_> {
    /// Ways through access points; `restrict` is the block of the bucket.
    pub(super) fn points(&self, bucket: &Planned<'_>, restrict: &Decided) -> Vec<Way> {
        let mut points = self.points.of(bucket, POINT).peekable();
        if points.peek().is_none() {
            return Vec::new();
        }
        let mut ways = Vec::new();
        for point in points {
            let mut delegated = self.delegates(bucket, point);
            match (point.get("vpc_configuration.0.vpc_id"), point.get("vpc_configuration")) {
                (Attribute::Absent, Attribute::Absent) => {}
                (Attribute::Absent, Attribute::Known(blocks)) if blocks.items().next().is_none() => {}
                // A dynamic block, of which nobody knows whether it makes any.
                (_, Attribute::Unknown)
                    if point.plan.declares(point.resource, &[Step::from("vpc_configuration")])
                        != Some(true) =>
                {
                    delegated = delegated.and(&point.decided("vpc_configuration", Truth::Unknown));
                }
                _ => continue,
            }
            let declares = |name: &str| point.plan.declares(point.resource, &[Step::from(name)]);
            let own = declares("policy") == Some(true) || matches!(point.get("policy"), Attribute::Known(_));
            let separate = self.point_policies.of(point, SEPARATE);
            let written = own.then(|| policy_of(point, "policy"));
            for way in written.into_iter().chain(separate.map(|policy| policy_of(policy, "policy"))) {
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

    /// Whether the bucket's policy leaves it to an access point whom it lets in.
    fn delegates(&self, bucket: &Planned<'_>, point: &Planned<'_>) -> Decided {
        let named = AccessPoint { name: point.hidden_text("name"), account: account(point) };
        let read = |holder: &Planned<'_>| delegates(holder, "policy", named);
        self.parts.decide(bucket, POLICY, read, || {
            let declared = bucket.plan.declares(bucket.resource, &[Step::from("policy")]);
            if declared == Some(true) { read(bucket) } else { super::nothing(bucket, "policy") }
        })
    }
}

/// The account that an access point is in, as far as it or its policy says so.
fn account<'p>(point: &'p Planned<'_>) -> Option<&'p str> {
    const DIGITS: usize = 12;
    let of_arn = |text: &'p str| {
        let (before, _) = text.split_once(":accesspoint/")?;
        let account = before.rsplit(':').next()?;
        (account.len() == DIGITS && account.bytes().all(|byte| byte.is_ascii_digit())).then_some(account)
    };
    point
        .hidden_text("account_id")
        .or_else(|| ["arn", "policy"].iter().find_map(|at| of_arn(point.hidden_text(at)?)))
}
