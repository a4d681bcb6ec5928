//! Global Datastores of ElastiCache: a secondary replication group has the encryption and the credentials of the primary
//! (Amazon ElastiCache, "Replication across AWS Regions using global datastores").

use super::buckets::planned::{Planned, steps};
use crate::resource::terraform::{Attribute, Mode, Plan};

const MEMBER: &str = "aws_elasticache_replication_group";
const GLOBAL: &str = "aws_elasticache_global_replication_group";
const JOINS: &str = "global_replication_group_id";

/// Whose settings hold for a replication group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Settings {
    Own,
    /// Those of the primary at this position of the same plan.
    Of(u32),
    /// Those of a primary that the plan does not have.
    Elsewhere,
}

impl Settings {
    /// A primary gets the same attribute from the provider, so only one that somebody wrote makes a secondary.
    pub(super) fn of(group: &Planned<'_>) -> Self {
        let is_written = group.resource.is(Mode::Managed, MEMBER)
            && !matches!(group.get(JOINS), Attribute::Absent)
            && group.plan.declares(group.resource, &steps(JOINS)) != Some(false);
        if !is_written {
            return Self::Own;
        }
        let global = group.referred(JOINS, GLOBAL).next();
        match global.and_then(|(_, global)| primary(group.plan, global)) {
            Some(primary) if primary == group.position => Self::Own,
            Some(primary) => Self::Of(primary),
            None => Self::Elsewhere,
        }
    }
}

/// The primary of a Global Datastore at a position of a plan; `None` for any other resource.
pub(super) fn primary(plan: &Plan, position: u32) -> Option<u32> {
    let global = plan.resource(position).filter(|resource| resource.is(Mode::Managed, GLOBAL))?;
    let targets = plan.referred(global, &steps("primary_replication_group_id")).targets;
    let mut groups = targets
        .into_iter()
        .map(|target| target.resource)
        .filter(|target| plan.resource(*target).is_some_and(|group| group.is(Mode::Managed, MEMBER)));
    groups.next()
}
