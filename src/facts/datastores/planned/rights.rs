//! Rights of roles of AWS: which services may use which tables of `DynamoDB`, and which may log in to servers of RDS by
//! their role (Service Authorization Reference; "IAM database authentication" of Amazon RDS).
//!
//! A role of one service whose policy names a table says that the service uses it. A pattern such as `table/*`, a role
//! that several services have, and policies of AWS itself say only that they could.
//! Deliberately absent: policies of organisations and of sessions.

use std::collections::{BTreeMap, BTreeSet};

use super::{Cloud, resource_policies, told};
use crate::facts::{
    Because, Set,
    buckets::{
        access_policy::pattern::is_match,
        planned::{Planned, steps},
    },
    datastores::{
        clients::{Access, Caller, Named},
        own::Own,
        servers::ServerId,
    },
    environment::Evidence,
    roles::{Holder, Named as Resource, Policy, Role, Statement, last_part, roles, statements},
    truth::Truth,
};

/// What works with the items of a table, in lower case. What reads its stream or describes it does not.
const ITEMS: &[&str] = &[
    "dynamodb:getitem",
    "dynamodb:batchgetitem",
    "dynamodb:query",
    "dynamodb:scan",
    "dynamodb:conditioncheckitem",
    "dynamodb:putitem",
    "dynamodb:updateitem",
    "dynamodb:deleteitem",
    "dynamodb:batchwriteitem",
    "dynamodb:partiqlselect",
    "dynamodb:partiqlinsert",
    "dynamodb:partiqlupdate",
    "dynamodb:partiqldelete",
];
const CONNECT: &[&str] = &["rds-db:connect"];

/// Policies of AWS itself that allow the items of every table.
const MANAGED: &[&str] = &[
    "AdministratorAccess",
    "PowerUserAccess",
    "ReadOnlyAccess",
    "AmazonDynamoDBFullAccess",
    "AmazonDynamoDBFullAccess_v2",
    "AmazonDynamoDBFullAccesswithDataPipeline",
    "AmazonDynamoDBReadOnlyAccess",
    "DatabaseAdministrator",
];

/// What a service could do with a table.
#[derive(Debug, Clone)]
pub(super) struct Right {
    pub(super) caller: Caller,
    pub(super) surely: Truth,
    pub(super) because: Because,
}

/// Rights of services that are not known to use what they have them for.
#[derive(Debug, Default)]
pub(super) struct Rights {
    by_server: BTreeMap<ServerId, Vec<Right>>,
    /// By the last part of an ARN, a pattern.
    by_pattern: BTreeMap<String, Vec<Right>>,
}

/// Position of a plan, and of a resource in it.
type Position = (u32, u32);

/// Servers that rights are about, by what policies call them.
#[derive(Default)]
struct Targets {
    by_position: BTreeMap<Position, Target>,
    tables: BTreeMap<String, Vec<Position>>,
    instances: BTreeMap<String, Position>,
    /// Functions that are called with what the stream of a table holds.
    consumers: BTreeSet<(String, Position)>,
}

struct Target {
    server: ServerId,
    kind: Kind,
    /// The last part of its ARN, as far as it is known.
    resource: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Table,
    /// Of RDS.
    Instance,
}

/// What one statement grants on one server, or on tables of a pattern.
struct Grant {
    on: Result<Position, String>,
    surely: Truth,
    /// Whether it allows what works with the data: of a policy that is not known yet nobody can tell.
    acts: Truth,
    /// Who is logged in as; the role where nothing says otherwise.
    user: Option<String>,
    because: Because,
}

impl Rights {
    /// Adds what a service could do with one server.
    pub(super) fn add(&mut self, server: ServerId, right: Right) {
        self.by_server.entry(server).or_default().push(right);
    }

    /// Who could use a server, whatever patterns say.
    pub(super) fn of(&self, server: ServerId, most: usize) -> Vec<&Right> {
        self.by_server.get(&server).into_iter().flatten().take(most).collect()
    }

    /// Who could use a table.
    pub(super) fn to(&self, server: ServerId, table: Option<&str>, most: usize) -> Vec<&Right> {
        let own = self.by_server.get(&server).into_iter().flatten();
        let resource = format!("table/{}", table.unwrap_or_default());
        // Of a table without a name yet a pattern for all holds.
        let holds = |pattern: &str| match table {
            Some(_) => is_match(pattern, &resource),
            None => matches!(pattern, "*" | "table/*"),
        };
        let matching = self.by_pattern.iter().filter(|(pattern, _)| holds(pattern));
        own.chain(matching.flat_map(|(_, rights)| rights)).take(most).collect()
    }
}

/// Rights of all services. Accesses that follow from them are added, and those that are there get their principal.
pub(super) fn rights(
    set: &Set<'_>,
    cloud: &Cloud,
    own: &BTreeMap<ServerId, Own>,
    accesses: &mut Vec<Access>,
) -> Rights {
    let targets = Targets::new(set, cloud);
    let mut rights = Rights::default();
    if targets.by_position.is_empty() {
        return rights;
    }
    let mut known: BTreeMap<(ServerId, String), Vec<usize>> = BTreeMap::new();
    for (index, access) in accesses.iter().enumerate() {
        known.entry((access.server, access.caller.id.to_string())).or_default().push(index);
    }
    let mut by_tables = resource_policies::allowed(set, ITEMS);
    for role in roles(set, cloud.services()) {
        let callers: Vec<Caller> =
            role.holders.iter().filter_map(|holder| caller(set, cloud, *holder)).collect();
        let services: BTreeSet<&str> = callers.iter().map(|caller| &*caller.service).collect();
        let of_tables = by_tables.remove(&role.position).unwrap_or_default();
        let of_tables = of_tables.into_iter().map(|(table, because)| Grant {
            on: Ok(table),
            surely: Truth::True,
            acts: Truth::True,
            user: None,
            because,
        });
        for grant in grants(&targets, &role).into_iter().chain(of_tables) {
            let principal = grant.user.or_else(|| Some(format!("role/{}", role.name.as_ref()?)));
            let principal = principal.map_or(Named::Unknown, Named::Known);
            for caller in &callers {
                let right =
                    || Right { caller: caller.clone(), surely: grant.surely, because: grant.because.clone() };
                let position = match &grant.on {
                    Ok(position) => *position,
                    Err(pattern) => {
                        rights.by_pattern.entry(pattern.clone()).or_default().push(right());
                        continue;
                    }
                };
                let Some(target) = targets.by_position.get(&position) else { continue };
                let server = target.server;
                let is_consumer = || targets.consumers.contains(&(caller.id.to_string(), position));
                let key = (server, caller.id.to_string());
                if let Some(indices) = known.get(&key) {
                    for index in indices {
                        let access = accesses.get_mut(*index).filter(|one| one.principal == Named::Unknown);
                        if let Some(access) = access.filter(|_| principal != Named::Unknown) {
                            access.principal = principal.clone();
                            access.principal_because = Some(grant.because.clone());
                        }
                    }
                } else if services.len() > 1 || grant.surely != Truth::True {
                    rights.by_server.entry(server).or_default().push(right());
                } else if grant.acts == Truth::True || !is_consumer() {
                    known.insert(key, vec![accesses.len()]);
                    accesses.push(Access {
                        database: super::database(own, server, Named::Unknown),
                        principal: principal.clone(),
                        principal_because: Some(grant.because.clone()),
                        ..Access::to(caller.clone(), server, Evidence::Explicit, grant.because.clone())
                    });
                }
            }
        }
    }
    rights
}

/// Who has a role, as somebody who uses databases.
pub(super) fn caller(set: &Set<'_>, cloud: &Cloud, holder: Holder) -> Option<Caller> {
    match holder {
        Holder::Function(index) => Some(super::caller(set, cloud.services().get(index)?)),
        Holder::Workload(id) => Some(Caller::of(set, id)),
    }
}

impl Targets {
    fn new(set: &Set<'_>, cloud: &Cloud) -> Self {
        let mut targets = Self::default();
        for (position, server) in &cloud.by_position {
            let plan = set.view.estate.plans.get(position.0 as usize);
            let planned = plan.and_then(|plan| Planned::new(position.0, plan, position.1));
            let Some(planned) = planned else { continue };
            match &*planned.resource.kind {
                "aws_dynamodb_table" => {
                    let name = planned.text("name");
                    let resource = format!("table/{}", name.unwrap_or_default());
                    targets
                        .by_position
                        .insert(*position, Target { server: *server, kind: Kind::Table, resource });
                    if let Some(name) = name {
                        targets.tables.entry(name.to_owned()).or_default().push(*position);
                    }
                }
                "aws_db_instance" | "aws_rds_cluster" => {
                    let resource = String::new();
                    targets
                        .by_position
                        .insert(*position, Target { server: *server, kind: Kind::Instance, resource });
                    let id = planned.text("resource_id").or_else(|| planned.text("cluster_resource_id"));
                    targets.instances.extend(id.map(|id| (id.to_owned(), *position)));
                }
                _ => {}
            }
        }
        for (index, plan) in (0..).zip(&set.view.estate.plans) {
            for (_, mapping) in plan.managed("aws_lambda_event_source_mapping") {
                let referred = |attribute: &str| plan.referred(mapping, &steps(attribute)).targets;
                for table in referred("event_source_arn") {
                    for function in referred("function_name") {
                        let function = plan.resource(function.resource);
                        let id = function.map(|function| function.address.to_string());
                        targets.consumers.extend(id.map(|id| (id, (index, table.resource))));
                    }
                }
            }
        }
        targets
    }

    /// What a statement of a plan names: the position, and whom it lets log in.
    fn named(&self, plan: u32, resource: Resource<'_>) -> Option<(Position, Option<String>)> {
        match resource {
            Resource::Referred(referred) => {
                let target = self.by_position.get(&(plan, referred.resource))?;
                let attribute = referred.attribute.as_deref();
                let is_meant = match target.kind {
                    Kind::Table => !attribute.is_some_and(|name| name.starts_with("stream_")),
                    Kind::Instance => matches!(attribute, Some("resource_id" | "cluster_resource_id")),
                };
                is_meant.then_some(((plan, referred.resource), None))
            }
            Resource::Pattern(pattern) => {
                let last = last_part(pattern);
                if let Some(table) = last.strip_prefix("table/") {
                    let (name, rest) = table.split_once('/').unwrap_or((table, "index"));
                    let tables = self.tables.get(name).filter(|_| rest.starts_with("index"))?;
                    let own = tables.iter().find(|(index, _)| *index == plan);
                    let only = if let [only] = tables.as_slice() { Some(only) } else { None };
                    return own.or(only).map(|position| (*position, None));
                }
                let (id, user) = last.strip_prefix("dbuser:")?.split_once('/')?;
                let user = (!user.contains(['*', '?', '$'])).then(|| user.to_owned());
                self.instances.get(id).map(|position| (*position, user))
            }
        }
    }
}

/// What the policies of a role grant, each server and pattern once.
fn grants(targets: &Targets, role: &Role<'_>) -> Vec<Grant> {
    let mut found: BTreeMap<Result<Position, String>, Grant> = BTreeMap::new();
    let mut denying: Vec<(u32, Statement)> = Vec::new();
    for policy in &role.policies {
        match policy {
            Policy::Managed(name, by, attribute) if MANAGED.contains(&name.as_str()) => {
                let because = told(by, attribute, format!("`{name}` allows every table"));
                found.entry(Err("*".to_owned())).or_insert_with(|| Grant {
                    on: Err("*".to_owned()),
                    surely: Truth::from(!role.is_bounded).or(Truth::Unknown),
                    acts: Truth::True,
                    user: None,
                    because,
                });
            }
            Policy::Managed(..) => {}
            Policy::Written(holder, attribute) => {
                for statement in statements(holder, attribute) {
                    if statement.allows {
                        allowed(targets, role, (holder, attribute), &statement, &mut found);
                    } else if !statement.is_conditional {
                        denying.push((holder.plan_index, statement));
                    }
                }
            }
        }
    }
    for (on, grant) in &mut found {
        let denies = |plan: u32, statement: &Statement| match on {
            Ok(position) => {
                let resource = targets.by_position.get(position).map_or("", |target| &target.resource);
                statement.is_about((plan == position.0).then_some(position.1), resource)
            }
            Err(_) => Truth::Unknown,
        };
        let is_denied = denying.iter().any(|(plan, statement)| {
            statement.acts(ITEMS).or(statement.acts(CONNECT)).and(denies(*plan, statement)) != Truth::False
        });
        if is_denied {
            grant.surely = grant.surely.and(Truth::Unknown);
        }
    }
    found.into_values().collect()
}

fn allowed(
    targets: &Targets,
    role: &Role<'_>,
    (holder, attribute): (&Planned<'_>, &str),
    statement: &Statement,
    found: &mut BTreeMap<Result<Position, String>, Grant>,
) {
    let (items, connect) = (statement.acts(ITEMS), statement.acts(CONNECT));
    for resource in statement.named() {
        if let Some((position, user)) = targets.named(holder.plan_index, resource) {
            let kind = targets.by_position.get(&position).map(|target| target.kind);
            let acts = if kind == Some(Kind::Table) { items } else { connect };
            if acts != Truth::False {
                let text = format!("`{attribute}` of {} names it", holder.address());
                let grant = found.entry(Ok(position)).or_insert_with(|| Grant {
                    on: Ok(position),
                    surely: Truth::True,
                    acts,
                    user,
                    because: told(holder, attribute, text),
                });
                grant.acts = grant.acts.or(acts);
            }
        } else if let Resource::Pattern(pattern) = resource
            && items == Truth::True
            && let last = last_part(pattern)
            && last.contains(['*', '?'])
            && (last == "*" || last.starts_with("table"))
        {
            let sure = !statement.is_conditional && !role.is_bounded;
            let text = format!("`{attribute}` of {} allows `{pattern}`", holder.address());
            found.entry(Err(last.to_owned())).or_insert_with(|| Grant {
                on: Err(last.to_owned()),
                surely: Truth::from(sure).or(Truth::Unknown),
                acts: Truth::True,
                user: None,
                because: told(holder, attribute, text),
            });
        }
    }
}
