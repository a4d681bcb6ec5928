//! What grants of Google Cloud let services do with databases of a plan: logins of Cloud SQL for service accounts, and roles
//! on a database, an instance or a project (Cloud SQL "IAM authentication", Spanner and Bigtable "Access control with IAM").
//!
//! Who may connect to every server of a project uses one of them: which one is said where nothing else says it, and is then
//! no more than possible (domains.md Q10).

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::{
    Cloud,
    rights::{Right, Rights, caller},
    told,
};
use crate::facts::{
    Because, Set,
    buckets::planned::{Planned, steps},
    datastores::{
        clients::{Access, Caller, Named},
        own::Own,
        servers::ServerId,
    },
    environment::Evidence,
    service_accounts::{Member, ServiceAccounts},
    truth::Truth,
};
use crate::resource::terraform::Attribute;

/// A type that grants roles on one server, with the attributes that say to whom, on which server, and on which database.
struct Grants {
    kind: &'static str,
    members: &'static str,
    server: &'static str,
    database: Option<&'static str>,
}

const fn grants(
    kind: &'static str,
    members: &'static str,
    server: &'static str,
    database: Option<&'static str>,
) -> Grants {
    Grants { kind, members, server, database }
}

const ON_SERVERS: &[Grants] = &[
    grants("google_spanner_database_iam_member", "member", "instance", Some("database")),
    grants("google_spanner_database_iam_binding", "members", "instance", Some("database")),
    grants("google_spanner_instance_iam_member", "member", "instance", None),
    grants("google_spanner_instance_iam_binding", "members", "instance", None),
    grants("google_bigtable_instance_iam_member", "member", "instance", None),
    grants("google_bigtable_instance_iam_binding", "members", "instance", None),
    grants("google_bigtable_table_iam_member", "member", "instance_name", None),
    grants("google_bigtable_table_iam_binding", "members", "instance_name", None),
];

const ON_PROJECTS: &[(&str, &str)] =
    &[("google_project_iam_member", "member"), ("google_project_iam_binding", "members")];

/// Roles that work with data, each with the type of the servers that it is about.
const ROLES: &[(&str, &str)] = &[
    ("roles/cloudsql.client", "google_sql_database_instance"),
    ("roles/cloudsql.instanceUser", "google_sql_database_instance"),
    ("roles/cloudsql.editor", "google_sql_database_instance"),
    ("roles/cloudsql.admin", "google_sql_database_instance"),
    ("roles/alloydb.client", "google_alloydb_cluster"),
    ("roles/alloydb.databaseUser", "google_alloydb_cluster"),
    ("roles/alloydb.admin", "google_alloydb_cluster"),
    ("roles/spanner.databaseUser", "google_spanner_instance"),
    ("roles/spanner.databaseReader", "google_spanner_instance"),
    ("roles/spanner.databaseReaderWithDataBoost", "google_spanner_instance"),
    ("roles/spanner.databaseAdmin", "google_spanner_instance"),
    ("roles/spanner.fineGrainedAccessUser", "google_spanner_instance"),
    ("roles/spanner.admin", "google_spanner_instance"),
    ("roles/bigtable.reader", "google_bigtable_instance"),
    ("roles/bigtable.user", "google_bigtable_instance"),
    ("roles/bigtable.admin", "google_bigtable_instance"),
];

const SQL: &str = "google_sql_database_instance";

/// Servers that nothing but roles guards.
const BY_ROLES: &[&str] = &["google_spanner_instance", "google_bigtable_instance"];

/// A server of a plan that roles may be about.
struct Target {
    server: ServerId,
    plan: u32,
    project: Option<String>,
    name: Option<String>,
}

/// What accesses and rights are added to.
struct Found<'f> {
    own: &'f BTreeMap<ServerId, Own>,
    accesses: &'f mut Vec<Access>,
    rights: &'f mut Rights,
    /// Positions of the accesses of each caller to each server.
    known: BTreeMap<(ServerId, Arc<str>), Vec<usize>>,
    /// Whether the grant at hand holds only under a condition.
    is_conditional: bool,
}

/// Adds the accesses and rights of all services that run as an account.
pub(super) fn add(
    set: &Set<'_>,
    cloud: &Cloud,
    own: &BTreeMap<ServerId, Own>,
    accesses: &mut Vec<Access>,
    rights: &mut Rights,
) {
    let targets = targets(set, cloud);
    if targets.is_empty() {
        return;
    }
    let accounts = ServiceAccounts::new(set, cloud.services());
    let members = |grant: &Planned<'_>, attribute: &str| -> Vec<(Option<String>, Vec<Caller>)> {
        let named = accounts.members(grant, attribute).into_iter();
        let called = named.map(|Member { email, holders }| {
            let callers = holders.into_iter().filter_map(|holder| caller(set, cloud, holder));
            (email, callers.collect())
        });
        called.collect()
    };
    let mut known: BTreeMap<_, Vec<usize>> = BTreeMap::new();
    for (index, access) in accesses.iter().enumerate() {
        known.entry((access.server, Arc::clone(&access.caller.id))).or_default().push(index);
    }
    let of_type = |kind: &str| targets.get(kind).map(Vec::as_slice).unwrap_or_default();
    let mut found = Found { own, accesses, rights, known, is_conditional: false };
    let plans = || (0..).zip(&set.view.estate.plans);
    let of_kind = |kind: &'static str| {
        plans().flat_map(move |(index, plan)| {
            plan.managed(kind).filter_map(move |(position, _)| Planned::new(index, plan, position))
        })
    };
    for user in of_kind("google_sql_user") {
        if user.text("type") != Some("CLOUD_IAM_SERVICE_ACCOUNT") {
            continue;
        }
        let Some(server) = server(cloud, of_type(SQL), &user, "instance") else { continue };
        for (email, callers) in members(&user, "name") {
            let login = user.text("name").map(ToOwned::to_owned).or(email);
            let because = told(&user, "name", format!("{} lets its account log in", user.address()));
            found.add(server, &Named::Unknown, login, &callers, &because);
        }
    }
    for grants in ON_SERVERS {
        for grant in of_kind(grants.kind) {
            let role = grant.text("role").unwrap_or_default();
            let Some(kind) = about(role) else { continue };
            let Some(server) = of_grant(cloud, of_type(kind), &grant, grants) else { continue };
            found.is_conditional = is_conditional(&grant);
            let database = grants.database.map_or(Named::Unknown, |attribute| database(&grant, attribute));
            for (email, callers) in members(&grant, grants.members) {
                let text = format!("{} grants its account `{role}`", grant.address());
                found.add(server, &database, email, &callers, &told(&grant, "role", text));
            }
        }
    }
    for (kind, attribute) in ON_PROJECTS {
        for grant in of_kind(kind) {
            let role = grant.text("role").unwrap_or_default();
            let Some(about) = about(role) else { continue };
            let project = grant.text("project");
            found.is_conditional = is_conditional(&grant);
            // Only two projects that are known and differ are two.
            let is_meant = |target: &&Target| match (target.project.as_deref(), project) {
                (Some(one), Some(other)) => one == other,
                _ => target.plan == grant.plan_index,
            };
            let meant = targets.get(about).into_iter().flatten().filter(is_meant);
            let servers: BTreeSet<ServerId> = meant.map(|target| target.server).collect();
            for (email, callers) in members(&grant, attribute) {
                let text = format!("{} grants its account `{role}` for the project", grant.address());
                let because = told(&grant, "role", text);
                found.add_all(&servers, email, &callers, &because, BY_ROLES.contains(&about));
            }
        }
    }
}

/// The type of the servers that a role works with the data of.
fn about(role: &str) -> Option<&'static str> {
    ROLES.iter().find(|(known, _)| *known == role).map(|(_, kind)| *kind)
}

/// Servers by their type.
fn targets(set: &Set<'_>, cloud: &Cloud) -> BTreeMap<&'static str, Vec<Target>> {
    let mut targets: BTreeMap<&'static str, Vec<Target>> = BTreeMap::new();
    for (index, position) in cloud.by_position.keys().copied() {
        let plan = set.view.estate.plans.get(index as usize);
        let planned = plan.and_then(|plan| Planned::new(index, plan, position));
        let (Some(planned), Some(server)) = (planned, cloud.used_at((index, position))) else { continue };
        let kind = ROLES.iter().find(|(_, kind)| *kind == &*planned.resource.kind);
        if let Some((_, kind)) = kind {
            let project = planned.text("project").map(ToOwned::to_owned);
            let name = planned.text("name").map(ToOwned::to_owned);
            targets.entry(kind).or_default().push(Target { server, plan: index, project, name });
        }
    }
    targets
}

/// Whether nothing but roles guards a server, so that who has one reaches it.
pub(super) fn is_guarded_by_roles(server: &Planned<'_>) -> bool {
    BY_ROLES.contains(&&*server.resource.kind)
}

impl Found<'_> {
    /// An account that is one service's alone uses what it is let into; of several nobody knows which.
    fn add(
        &mut self,
        server: ServerId,
        database: &Named,
        login: Option<String>,
        callers: &[Caller],
        because: &Because,
    ) {
        let services: BTreeSet<&str> = callers.iter().map(|caller| &*caller.service).collect();
        let principal = login.map_or(Named::Unknown, Named::Known);
        for caller in callers {
            let mut is_known = false;
            for index in self.known.get(&(server, Arc::clone(&caller.id))).into_iter().flatten() {
                let Some(access) = self.accesses.get_mut(*index) else { continue };
                is_known |= database.known().is_none() || access.database == *database;
                if access.principal == Named::Unknown && principal != Named::Unknown && !self.is_conditional {
                    access.principal = principal.clone();
                    access.principal_because = Some(because.clone());
                }
            }
            if is_known {
                continue;
            }
            if services.len() > 1 {
                self.could(server, caller, because);
                continue;
            }
            let evidence = if self.is_conditional { Evidence::SharedFile } else { Evidence::Explicit };
            self.used(server, database, &principal, evidence, caller, because);
        }
    }

    /// A role for the whole project says which server is meant only where there is one, and nothing else says it.
    fn add_all(
        &mut self,
        servers: &BTreeSet<ServerId>,
        login: Option<String>,
        callers: &[Caller],
        because: &Because,
        is_guard: bool,
    ) {
        let principal = login.map_or(Named::Unknown, Named::Known);
        for caller in callers {
            if is_guard {
                servers.iter().for_each(|server| self.could(*server, caller, because));
            }
            let is_known = |server: &ServerId| self.known.contains_key(&(*server, Arc::clone(&caller.id)));
            if let (Some(only), 1) = (servers.first(), servers.len())
                && !is_known(only)
            {
                self.used(*only, &Named::Unknown, &principal, Evidence::SharedFile, caller, because);
            }
        }
    }

    fn used(
        &mut self,
        server: ServerId,
        database: &Named,
        principal: &Named,
        evidence: Evidence,
        caller: &Caller,
        because: &Because,
    ) {
        self.known.entry((server, Arc::clone(&caller.id))).or_default().push(self.accesses.len());
        self.accesses.push(Access {
            database: super::database(self.own, server, database.clone()),
            principal: principal.clone(),
            principal_because: Some(because.clone()),
            ..Access::to(caller.clone(), server, evidence, because.clone())
        });
    }

    fn could(&mut self, server: ServerId, caller: &Caller, because: &Because) {
        let surely = Truth::from(!self.is_conditional).or(Truth::Unknown);
        let right = Right { caller: caller.clone(), surely, because: because.clone() };
        self.rights.add(server, right);
    }
}

/// Whether a grant holds only where a condition does, which nothing here decides.
pub(in crate::facts) fn is_conditional(grant: &Planned<'_>) -> bool {
    match grant.get("condition") {
        Attribute::Absent => false,
        Attribute::Known(blocks) => blocks.items().next().is_some(),
        Attribute::Unknown => true,
    }
}

/// The server that an attribute refers to, or names: of its type, and of its project where both are known; of its own plan
/// before those of others. Of several nobody knows which.
fn server(cloud: &Cloud, targets: &[Target], grant: &Planned<'_>, attribute: &str) -> Option<ServerId> {
    let referred = grant.plan.referred(grant.resource, &steps(attribute)).targets;
    let mut referred =
        referred.into_iter().filter_map(|target| cloud.used_at((grant.plan_index, target.resource)));
    referred.next().or_else(|| {
        let text = grant.text(attribute)?;
        let name = text.rsplit('/').next()?;
        let written = text.split_once("projects/").and_then(|(_, rest)| rest.split('/').next());
        let project = written.or_else(|| grant.text("project"));
        let is_meant = |target: &&Target| {
            let same = |(one, other): (&str, &str)| one == other;
            target.name.as_deref() == Some(name) && target.project.as_deref().zip(project).is_none_or(same)
        };
        let meant: Vec<&Target> = targets.iter().filter(is_meant).collect();
        let own = || meant.iter().filter(|target| target.plan == grant.plan_index);
        let only: BTreeSet<ServerId> = match own().next() {
            Some(_) => own().map(|target| target.server).collect(),
            None => meant.iter().map(|target| target.server).collect(),
        };
        only.first().copied().filter(|_| only.len() == 1)
    })
}

/// The server of a grant: what it names, else that of the database that it names.
fn of_grant(cloud: &Cloud, targets: &[Target], grant: &Planned<'_>, grants: &Grants) -> Option<ServerId> {
    server(cloud, targets, grant, grants.server).or_else(|| {
        let (_, database) = grant.referred(grants.database?, "google_spanner_database").next()?;
        server(cloud, targets, &Planned::new(grant.plan_index, grant.plan, database)?, "instance")
    })
}

/// The name of the database that a grant is about.
fn database(grant: &Planned<'_>, attribute: &str) -> Named {
    let written = grant.text(attribute).and_then(|text| text.rsplit('/').next()).map(ToOwned::to_owned);
    let referred = || {
        let (_, position) = grant.referred(attribute, "google_spanner_database").next()?;
        let database = Planned::new(grant.plan_index, grant.plan, position)?;
        database.text("name").map(ToOwned::to_owned)
    };
    written.or_else(referred).map_or(Named::Unknown, Named::Known)
}
