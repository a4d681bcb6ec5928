//! What roles of AWS let services do with buckets of a plan (domains.md T6).
//!
//! A role of one service whose policy names a bucket says that the service uses it. One that several services have says
//! of none that it does, only which way objects go.
//! Deliberately absent: policies that AWS manages, grants for several buckets by a pattern, and what buckets themselves
//! grant.

use std::collections::{BTreeMap, BTreeSet};

use super::buckets::{Buckets, Position, User};
use crate::facts::{
    Because, Set,
    buckets::planned::Planned,
    datastores::Function,
    roles::{Holder, Named, Policy, Role, Statement, roles, statements},
    topics::Direction,
    truth::Truth,
};

/// What works with objects, in lower case.
const READS: [&str; 2] = ["s3:getobject", "s3:getobjectversion"];
const WRITES: [&str; 1] = ["s3:putobject"];

/// What a service may do with one bucket.
#[derive(Debug, Clone)]
pub(super) struct Right {
    pub(super) by: User,
    pub(super) bucket: Position,
    /// Which way objects go; who may do both may do either.
    pub(super) direction: Direction,
    /// Whether the role is the service's alone.
    pub(super) is_own: bool,
    pub(super) because: Because,
}

/// What a role may do with one bucket, as far as a plan knows.
struct Grant {
    reads: Truth,
    writes: Truth,
    because: Because,
}

/// Rights of all services of a set, by role and bucket.
pub(super) fn rights(set: &Set<'_>, buckets: &Buckets) -> Vec<Right> {
    let functions = set.datastores().functions();
    let mut found = Vec::new();
    for role in roles(set, functions) {
        let holders: Vec<(&str, User)> =
            role.holders.iter().filter_map(|holder| user(set, functions, *holder)).collect();
        let services: BTreeSet<&str> = holders.iter().map(|(service, _)| *service).collect();
        for (bucket, grant) in grants(&role, buckets) {
            let direction = match (grant.reads, grant.writes) {
                (Truth::False, Truth::False) => continue,
                (_, Truth::False) => Direction::Reads,
                (Truth::False, _) => Direction::Writes,
                _ => Direction::Unknown,
            };
            found.extend(holders.iter().map(|(_, by)| Right {
                by: by.clone(),
                bucket,
                direction,
                is_own: services.len() == 1,
                because: grant.because.clone(),
            }));
        }
    }
    found
}

/// The logical service of who has a role, and what it is among users of buckets.
pub(super) fn user<'s>(
    set: &'s Set<'_>,
    functions: &'s [Function],
    holder: Holder,
) -> Option<(&'s str, User)> {
    match holder {
        Holder::Function(index) => {
            let function = functions.get(index)?;
            let declared = set.view.estate.config.service_of(&function.id);
            let service = declared.unwrap_or(&function.id);
            Some((service, User::Function((function.plan, function.position))))
        }
        Holder::Workload(id) => Some((&*set.workloads().get(id).service, User::Workload(id))),
    }
}

/// What the policies of a role allow, and do not deny.
fn grants(role: &Role<'_>, buckets: &Buckets) -> BTreeMap<Position, Grant> {
    let mut found: BTreeMap<Position, Grant> = BTreeMap::new();
    let mut denying: Vec<(u32, Statement)> = Vec::new();
    for policy in &role.policies {
        let Policy::Written(holder, attribute) = policy else { continue };
        for statement in statements(holder, attribute) {
            if statement.allows {
                allow(&statement, (holder, attribute), buckets, &mut found);
            } else if !statement.is_conditional {
                denying.push((holder.plan_index, statement));
            }
        }
    }
    for (position, grant) in &mut found {
        let objects = buckets.objects(*position);
        for (plan, denial) in &denying {
            let referred = (*plan == position.0).then_some(position.1);
            if denial.is_about(referred, &objects) != Truth::True {
                continue;
            }
            let keeps = |actions: &[&str]| Truth::from(denial.acts(actions) != Truth::True);
            grant.reads = grant.reads.and(keeps(&READS));
            grant.writes = grant.writes.and(keeps(&WRITES));
        }
    }
    found
}

fn allow(
    statement: &Statement,
    (holder, attribute): (&Planned<'_>, &str),
    buckets: &Buckets,
    found: &mut BTreeMap<Position, Grant>,
) {
    let (reads, writes) = (statement.acts(&READS), statement.acts(&WRITES));
    for named in statement.named() {
        let bucket = match named {
            Named::Pattern(pattern) => buckets.of_arn(pattern),
            Named::Referred(target) => Some((holder.plan_index, target.resource)),
        };
        let Some(bucket) = bucket.filter(|bucket| buckets.is_bucket(*bucket)) else { continue };
        let grant = found.entry(bucket).or_insert_with(|| Grant {
            reads: Truth::False,
            writes: Truth::False,
            because: Because {
                text: format!("{} lets its role use the bucket", holder.address()),
                resource: Some(holder.address().into()),
                origin: Some(holder.origin(attribute)),
            },
        });
        grant.reads = grant.reads.or(reads);
        grant.writes = grant.writes.or(writes);
    }
}
