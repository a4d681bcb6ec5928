//! Types of resources that are database servers, as their providers document them.

mod table;

use self::table::{DATABASES, KINDS};
use super::{decided, told};
use crate::{
    document::Step,
    facts::{Because, Fact, buckets::planned::Planned, datastores::own::Own, global_datastores},
    resource::terraform::{Attribute, Mode, Plan, PlannedResource},
};

/// One type.
pub(super) struct Kind {
    name: &'static str,
    engine: Engine,
    encrypted: Encrypted,
    /// Attributes with the name of its first database, of its superuser, and of itself.
    databases: &'static [&'static str],
    superusers: &'static [&'static str],
    identifiers: &'static [&'static str],
    /// Security groups of its network interfaces.
    pub(super) groups: Option<&'static str>,
}

enum Engine {
    Is(&'static str),
    In(&'static str),
}

enum Encrypted {
    Always,
    /// An attribute, and what holds without it; `None`: not known.
    By(&'static str, Option<bool>),
    /// Aurora: clusters that are new are encrypted in any case (Amazon Aurora, "Encrypting Amazon Aurora resources").
    /// Clusters of other engines, which are Multi-AZ clusters of RDS, are not unless told.
    NewOrBy(&'static str),
    /// A cluster of ElastiCache by itself has no switch; what belongs to a replication group is judged there.
    NoSwitch,
}

/// What a server may be made from; whether that was encrypted decides where nothing is written.
const SOURCES: &[&str] = &[
    "replicate_source_db",
    "replication_source_identifier",
    "snapshot_identifier",
    "restore_to_point_in_time",
    "global_replication_group_id",
];

/// A replica of a replica has a source again; AWS allows three in a row.
const CHAIN: usize = 4;

impl Kind {
    pub(super) fn of(resource: &PlannedResource) -> Option<&'static Self> {
        KINDS.iter().find(|kind| resource.is(Mode::Managed, kind.name))
    }

    /// `None` where the plan does not say; a replica has that of its source.
    pub(super) fn engine(&self, planned: &Planned<'_>) -> Option<&'static str> {
        match self.engine {
            Engine::Is(engine) => Some(engine),
            Engine::In(attribute) => match planned.text(attribute) {
                Some(text) => engine_of(text),
                None if self.name.starts_with("aws_elasticache") => Some("redis"),
                None => {
                    let (kind, attribute) = source(planned.plan, planned.plan_index, planned.position)?;
                    let Engine::In(name) = kind.engine else { return None };
                    engine_of(attribute.text(name)?)
                }
            },
        }
    }

    pub(super) fn encrypted(&self, planned: &Planned<'_>) -> Fact {
        self.encrypted_after(planned, 0)
    }

    fn encrypted_after(&self, planned: &Planned<'_>, depth: usize) -> Fact {
        match self.encrypted {
            Encrypted::Always => Fact::from(true).at(planned.origin("")),
            Encrypted::NoSwitch => match planned.text("engine") {
                Some("redis") if !is_given(planned, "replication_group_id") => {
                    Fact::from(false).at(planned.origin("engine"))
                }
                Some("valkey") if !is_given(planned, "replication_group_id") => {
                    Fact::unknown().at(planned.origin("engine"))
                }
                _ => Fact::default(),
            },
            Encrypted::By(attribute, _) | Encrypted::NewOrBy(attribute)
                if !is_decided(planned, attribute)
                    && let Some(source) = SOURCES.iter().find(|source| is_given(planned, source)) =>
            {
                let from = planned.plan.referred(planned.resource, &[Step::from(*source)]);
                let from: Option<(&Self, Planned<'_>)> = match from.targets.as_slice() {
                    [only] if from.unresolved.is_empty() && depth < CHAIN => {
                        let position = original(planned.plan, only.resource);
                        let from = Planned::new(planned.plan_index, planned.plan, position);
                        from.and_then(|from| Some((Self::of(from.resource)?, from)))
                    }
                    _ => None,
                };
                from.map_or_else(
                    || Fact::unknown().at(planned.origin(source)),
                    |(kind, from)| kind.encrypted_after(&from, depth + 1),
                )
            }
            Encrypted::By(attribute, absent) => {
                // ElastiCache: off for Redis, on for Valkey.
                let absent = if planned.text("engine") == Some("valkey") { Some(true) } else { absent };
                match absent {
                    Some(default) if is_computed(planned, attribute) => {
                        Fact::from(default).at(planned.origin(attribute))
                    }
                    _ => decided(planned, attribute, absent),
                }
            }
            Encrypted::NewOrBy(attribute) => match planned.get(attribute) {
                Attribute::Known(_) => decided(planned, attribute, None),
                _ if !planned.text("engine").is_none_or(|engine| engine.starts_with("aurora")) => {
                    if is_computed(planned, attribute) {
                        Fact::from(false).at(planned.origin(attribute))
                    } else {
                        decided(planned, attribute, planned.resource.is_created().then_some(false))
                    }
                }
                _ if planned.resource.is_created() => Fact::from(true).at(planned.origin("")),
                _ => Fact::unknown().at(planned.origin(attribute)),
            },
        }
    }

    /// Databases and superusers that it is made with.
    pub(super) fn own(&self, planned: &Planned<'_>, engine: &str) -> Own {
        let mut own = Own::default();
        for attribute in self.databases {
            if let Some(name) = planned.text(attribute).filter(|name| !name.is_empty()) {
                let because = told(planned, attribute, format!("`{attribute}` names it"));
                own.databases.entry(name.to_owned()).or_insert(because);
            }
        }
        for attribute in self.superusers {
            if let Some(name) = planned.text(attribute) {
                let because = told(planned, attribute, format!("`{attribute}` names it"));
                own.superusers.insert(name.to_owned(), because);
            }
        }
        if engine == "redis" && own.databases.is_empty() {
            own.databases.insert("0".to_owned(), told(planned, "", "Redis has it".to_owned()));
        }
        own
    }

    /// Names that its endpoints begin with, in lower case.
    pub(super) fn identifiers(&self, planned: &Planned<'_>) -> Vec<String> {
        self.identifiers.iter().filter_map(|name| planned.text(name)).map(str::to_ascii_lowercase).collect()
    }
}

/// Attributes that make a server one more copy of another: who uses it uses the same data.
const COPIES: &[(&str, &str)] = &[
    ("aws_db_instance", "replicate_source_db"),
    ("aws_rds_cluster", "replication_source_identifier"),
    ("aws_elasticache_cluster", "replication_group_id"),
    ("aws_elasticache_replication_group", "global_replication_group_id"),
];

/// What is behind a Global Datastore: its primary.
fn original(plan: &Plan, position: u32) -> u32 {
    global_datastores::primary(plan, position).unwrap_or(position)
}

/// The server that a server of a plan is a copy of, the first of several in a row.
pub(super) fn source(plan: &Plan, index: u32, mut position: u32) -> Option<(&'static Kind, Planned<'_>)> {
    let mut found = None;
    for _ in 0..CHAIN {
        let Some(resource) = plan.resource(position) else { break };
        let Some((_, attribute)) = COPIES.iter().find(|(kind, _)| resource.is(Mode::Managed, kind)) else {
            break;
        };
        let targets = plan.referred(resource, &[Step::from(*attribute)]).targets;
        let [only] = targets.as_slice() else { break };
        position = original(plan, only.resource);
        let Some(kind) = plan.resource(position).and_then(Kind::of) else { break };
        found = Planned::new(index, plan, position).map(|planned| (kind, planned));
    }
    found
}

/// Whether the plan calls an attribute of a new resource unknown because the provider fills it in, not because of what
/// somebody wrote: then the default holds.
fn is_computed(planned: &Planned<'_>, attribute: &str) -> bool {
    let block = attribute.split('.').next().unwrap_or(attribute);
    matches!(planned.get(attribute), Attribute::Unknown)
        && planned.resource.is_created()
        && planned.plan.declares(planned.resource, &[Step::from(block)]) == Some(false)
}

/// Whether the plan decides an attribute, or somebody wrote what decides it.
fn is_decided(planned: &Planned<'_>, attribute: &str) -> bool {
    match planned.get(attribute) {
        Attribute::Known(_) => true,
        Attribute::Absent => false,
        Attribute::Unknown => !is_computed(planned, attribute),
    }
}

/// Whether an attribute has a value, be it one that is known after apply.
fn is_given(planned: &Planned<'_>, attribute: &str) -> bool {
    match planned.get(attribute) {
        Attribute::Known(value) => {
            value.as_str().is_some_and(|text| !text.is_empty()) || value.items().next().is_some()
        }
        Attribute::Absent => false,
        Attribute::Unknown => {
            planned.plan.declares(planned.resource, &[Step::from(attribute)]) != Some(false)
        }
    }
}

/// Databases of a plan that are resources of their own: position of the server, or its name, and the database.
pub(super) fn separate_databases(index: u32, plan: &Plan) -> Vec<(Result<u32, String>, String, Because)> {
    let mut found = Vec::new();
    for (kind, attribute) in DATABASES {
        for (position, _) in plan.managed(kind) {
            let Some(database) = Planned::new(index, plan, position) else { continue };
            let Some(name) = database.text("name").map(ToOwned::to_owned) else { continue };
            let because = told(&database, "name", "`name` names it".to_owned());
            let referred = plan.referred(database.resource, &[Step::from(*attribute)]);
            let server =
                referred.targets.iter().map(|target| target.resource).find(|target| {
                    plan.resource(*target).is_some_and(|resource| Kind::of(resource).is_some())
                });
            let server = match server {
                Some(server) => Ok(server),
                None => Err(database.text(attribute).unwrap_or_default().to_ascii_lowercase()),
            };
            found.push((server, name, because));
        }
    }
    found
}

/// Engines as AWS and Google call them.
fn engine_of(text: &str) -> Option<&'static str> {
    let lower = text.to_ascii_lowercase();
    [
        ("aurora-postgresql", "postgresql"),
        ("postgres", "postgresql"),
        ("aurora", "mysql"),
        ("mysql", "mysql"),
        ("mariadb", "mariadb"),
        ("sqlserver", "sqlserver"),
        ("custom-sqlserver", "sqlserver"),
        ("oracle", "oracle"),
        ("custom-oracle", "oracle"),
        ("db2", "db2"),
        ("redis", "redis"),
        ("valkey", "redis"),
        ("memcached", "memcached"),
        ("docdb", "mongodb"),
        ("neptune", "neptune"),
    ]
    .iter()
    .find(|(start, _)| lower.starts_with(start))
    .map(|(_, engine)| *engine)
}
