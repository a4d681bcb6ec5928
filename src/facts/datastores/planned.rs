//! Databases of clouds, and the functions and container services that use them, as plans have them (domains.md Q12).
//!
//! Endpoints are unknown until they exist: what the configuration refers to links them, else a name that both know.

mod authentication;
mod callers;
mod domains;
mod firewalls;
mod google_grants;
mod groups;
mod kinds;
mod links;
mod resource_policies;
mod rights;
mod rules;

use std::collections::{BTreeMap, BTreeSet};

pub(super) use self::groups::reach;
pub(in crate::facts) use self::{
    callers::{Service, TASKS},
    google_grants::is_conditional,
};
use self::{domains::Domain, groups::Groups, kinds::Kind, links::Links, rights::Rights};
use super::{
    clients::{Access, Caller, Named},
    own::Own,
    readers::Role,
    servers::{ServedBy, Server, ServerId, Servers},
};
use crate::{
    estate::Resource,
    facts::{
        Because, Fact, Origin, Set,
        accesses::{Claim, Part, claims},
        buckets::planned::Planned,
        environment::Evidence,
        hosts::{Host, Resolved},
    },
    resource::terraform::Plan,
};

/// Servers and services of all plans.
#[derive(Debug, Default)]
pub(super) struct Cloud {
    pub(super) by_position: BTreeMap<(u32, u32), ServerId>,
    /// What is used where a copy is: replicas, and members of a group.
    copies: BTreeMap<(u32, u32), ServerId>,
    links: Vec<Links>,
    groups: Vec<Groups>,
    domains: BTreeMap<(u32, u32), Domain>,
    services: Vec<Service>,
    rights: Rights,
    /// By what the host name of an endpoint begins with.
    by_identifier: BTreeMap<String, ServerId>,
}

impl Cloud {
    /// Adds the servers of all plans, with what they say of themselves.
    pub(super) fn new<'e>(
        set: &Set<'e>,
        servers: &mut Servers<'e>,
        own: &mut BTreeMap<ServerId, Own>,
    ) -> Self {
        let mut cloud = Self::default();
        for (index, plan) in (0..).zip(&set.view.estate.plans) {
            for (position, resource) in (0..).zip(&plan.resources) {
                let Some(kind) = Kind::of(resource) else { continue };
                let Some(planned) = Planned::new(index, plan, position) else { continue };
                let Some(engine) = kind.engine(&planned) else { continue };
                let by = ServedBy::Planned { plan: index, position };
                let mut server = Server::new(planned.address(), Some(engine), by);
                server.encrypted = kind.encrypted(&planned);
                let id = servers.add(server);
                let authentication = authentication::authentication(&planned);
                own.insert(id, Own { authentication, ..kind.own(&planned, engine) });
                cloud.by_position.insert((index, position), id);
                servers.alias(planned.address().to_owned(), id);
                for identifier in kind.identifiers(&planned) {
                    cloud.by_identifier.entry(identifier).or_insert(id);
                }
            }
            cloud.join_copies(index, plan);
            for (server, name, because) in kinds::separate_databases(index, plan) {
                let server = match server {
                    Ok(position) => cloud.by_position.get(&(index, position)).copied(),
                    Err(identifier) => cloud.named(&identifier),
                };
                if let Some(own) = server.and_then(|server| own.get_mut(&server)) {
                    own.databases.insert(name, because);
                }
            }
            let services = callers::services(index, plan);
            cloud.groups.push(Groups::new(index, plan, &services));
            for ((_, position), id) in cloud.by_position.range((index, 0)..=(index, u32::MAX)) {
                let planned = Planned::new(index, plan, *position);
                if let (Some(planned), Some(server)) = (planned, servers.get_mut(*id)) {
                    server.exposures = groups::exposures(&planned, server.engine, cloud.groups.last());
                }
            }
            for (position, exposure) in firewalls::exposures(index, plan) {
                let id = cloud.by_position.get(&(index, position));
                if let Some(server) = id.and_then(|id| servers.get_mut(*id)) {
                    server.exposures.push(exposure);
                }
            }
            for (position, domain) in domains::domains(index, plan) {
                let Some(id) = cloud.by_position.get(&(index, position)) else { continue };
                if let (Some(planned), Some(server)) =
                    (Planned::new(index, plan, position), servers.get_mut(*id))
                {
                    server.exposures = domain.exposures();
                    own.entry(*id).or_default().authentication = Some(domain.authentication(&planned));
                }
                cloud.domains.insert((index, position), domain);
            }
            cloud.links.push(Links::new(index, plan, &cloud.by_position));
            cloud.services.extend(services);
        }
        cloud
    }

    /// Leads those who use a copy to the server that it is of.
    fn join_copies(&mut self, index: u32, plan: &Plan) {
        let positions: Vec<u32> =
            self.by_position.range((index, 0)..=(index, u32::MAX)).map(|((_, at), _)| *at).collect();
        for position in positions {
            let Some((_, of)) = kinds::source(plan, index, position) else { continue };
            let Some(server) = self.by_position.get(&(index, of.position)).copied() else { continue };
            self.copies.insert((index, position), server);
            let Some(copy) = Planned::new(index, plan, position) else { continue };
            let kind = Kind::of(copy.resource);
            for identifier in kind.into_iter().flat_map(|kind| kind.identifiers(&copy)) {
                self.by_identifier.insert(identifier, server);
            }
        }
    }

    /// The server that is used where a resource of a plan is.
    fn used_at(&self, position: (u32, u32)) -> Option<ServerId> {
        self.copies.get(&position).or_else(|| self.by_position.get(&position)).copied()
    }

    pub(super) fn services(&self) -> &[Service] {
        &self.services
    }

    /// The server of a plan that a host of the world is an endpoint of.
    pub(super) fn named(&self, identifier: &str) -> Option<ServerId> {
        self.by_identifier.get(identifier).copied()
    }

    /// The server that a value of an object stands for which a plan holds: `Secret/shop/db#host`.
    pub(super) fn referred(
        &self,
        set: &Set<'_>,
        servers: &Servers<'_>,
        claim: &Claim<'_, '_>,
        reference: &str,
    ) -> Option<ServerId> {
        let (id, name) = reference.split_once('#')?;
        choose(servers, &self.linked(set.view.get(id)?), claim.engine, name)
    }

    /// Servers that the planned resource behind an object refers to.
    pub(super) fn linked(&self, object: &Resource) -> Vec<ServerId> {
        let Some(via) = &object.via else { return Vec::new() };
        let (Some(links), Ok(plan)) = (self.links.get(via.plan), u32::try_from(via.plan)) else {
            return Vec::new();
        };
        let positions = links.of(via.resource).iter();
        positions.filter_map(|position| self.used_at((plan, *position))).collect()
    }

    /// Accesses of services of plans.
    pub(super) fn accesses<'e>(
        &self,
        set: &Set<'e>,
        servers: &mut Servers<'e>,
        own: &BTreeMap<ServerId, Own>,
    ) -> Vec<Access> {
        let mut all = Vec::new();
        for service in &self.services {
            let Some(plan) = set.view.estate.plans.get(service.plan as usize) else { continue };
            all.extend(self.of_service(set, servers, own, plan, service));
        }
        all
    }

    /// Adds the accesses that follow from the rights of roles.
    pub(super) fn add_rights(
        &mut self,
        set: &Set<'_>,
        own: &BTreeMap<ServerId, Own>,
        accesses: &mut Vec<Access>,
    ) {
        let mut rights = rights::rights(set, self, own, accesses);
        google_grants::add(set, self, own, accesses, &mut rights);
        self.rights = rights;
    }

    fn of_service<'e>(
        &self,
        set: &Set<'e>,
        servers: &mut Servers<'e>,
        own: &BTreeMap<ServerId, Own>,
        plan: &Plan,
        service: &Service,
    ) -> Vec<Access> {
        let caller = caller(set, service);
        let linked: Vec<(u32, ServerId)> = service
            .told_by
            .iter()
            .filter_map(|position| Some((*position, self.links.get(service.plan as usize)?.of(*position))))
            .flat_map(|(by, to)| to.iter().map(move |to| (by, *to)))
            .filter_map(|(by, to)| Some((by, self.used_at((service.plan, to))?)))
            .collect();
        let candidates: Vec<ServerId> = linked.iter().map(|(_, server)| *server).collect();
        let mut found: Vec<Access> = Vec::new();
        let settings = service.settings(plan);
        for claim in claims(&settings, "") {
            let server = match &claim.host {
                Part::Text(host) => {
                    let resolved = set.hosts().resolve(set, host, "");
                    let outside = matches!(resolved.host, Host::External(_));
                    outside.then(|| servers.claimed(set, self, &resolved, &claim)).flatten()
                }
                Part::Referred(_) | Part::Unknown => {
                    choose(servers, &candidates, claim.engine, &claim.by.name)
                }
                Part::Absent => None,
            };
            let Some(server) = server else { continue };
            let origin = Origin::Place(claim.by.place.clone());
            let because = |text: String, origin: Origin| Because {
                text,
                resource: Some(service.id.clone()),
                origin: Some(origin),
            };
            let known =
                |part: &Part<'_>| part.known().map_or(Named::Unknown, |text| Named::Known(text.to_owned()));
            let named = because(format!("`{}` names the server", claim.by.name), origin);
            found.push(Access {
                database: database(own, server, known(&claim.database)),
                principal: known(&claim.principal),
                password: claim.password,
                transport: claim.transport,
                principal_because: claim.principal_by.map(|setting| {
                    because(
                        format!("`{}` names the principal", setting.name),
                        Origin::Place(setting.place.clone()),
                    )
                }),
                ..Access::to(caller.clone(), server, Evidence::Explicit, named)
            });
        }
        // What is referred to, and no variable speaks of by its name.
        for (by, server) in linked {
            if found.iter().any(|access| access.server == server) {
                continue;
            }
            let origin = service.reference_place(plan, by);
            let text = format!("its configuration refers to {}", servers.get(server).id);
            let because = Because { text, resource: Some(service.id.clone()), origin: Some(origin) };
            found.push(Access {
                database: database(own, server, Named::Unknown),
                ..Access::to(caller.clone(), server, Evidence::Explicit, because)
            });
        }
        found
    }
}

/// A service as somebody who uses databases.
fn caller(set: &Set<'_>, service: &Service) -> Caller {
    let declared = set.view.estate.config.service_of(&service.id);
    Caller {
        id: service.id.clone(),
        service: declared.map_or_else(|| service.id.clone(), Into::into),
        workload: None,
        role: Role::of_name(&service.id),
    }
}

/// The database that is named, else the only one that the server was made with.
pub(super) fn database(own: &BTreeMap<ServerId, Own>, server: ServerId, named: Named) -> Named {
    if named.known().is_some() {
        return named;
    }
    let mut made = own.get(&server).into_iter().flat_map(|own| own.databases.keys());
    match (made.next(), made.next()) {
        (Some(only), None) => Named::Known(only.clone()),
        _ => named,
    }
}

/// Of several servers the one of the engine, and of those the one whose name the variable shares words with.
fn choose(
    servers: &Servers<'_>,
    candidates: &[ServerId],
    engine: Option<&str>,
    variable: &str,
) -> Option<ServerId> {
    let distinct: BTreeSet<ServerId> = candidates.iter().copied().collect();
    let relational = |engine: Option<&str>| {
        matches!(engine, Some("postgresql" | "mysql" | "mariadb" | "sqlserver" | "oracle"))
    };
    let fits = |id: &&ServerId| {
        let of_server = servers.get(**id).engine;
        match engine {
            Some(engine) => of_server == Some(engine) || (relational(Some(engine)) && relational(of_server)),
            None => relational(of_server) || distinct.len() == 1,
        }
    };
    let fitting: Vec<&ServerId> = distinct.iter().filter(fits).collect();
    if let [only] = fitting.as_slice() {
        return Some(**only);
    }
    let lower = variable.to_ascii_lowercase();
    let mut named = fitting.into_iter().filter(|id| {
        let name = servers.get(**id).id.rsplit('.').next().unwrap_or_default().to_ascii_lowercase();
        name.split(['_', '-', '[']).any(|word| word.len() > 2 && lower.contains(word))
    });
    match (named.next(), named.next()) {
        (Some(only), None) => Some(*only),
        _ => None,
    }
}

/// A host by which endpoints of clouds are looked up.
pub(super) fn identifier(resolved: &Resolved<'_>) -> Option<String> {
    let Host::External(name) = &resolved.host else { return None };
    // `project:region:instance` of Cloud SQL.
    if let Some((_, instance)) = name.rsplit_once(':') {
        return Some(instance.to_owned());
    }
    crate::resource::cloud_endpoint::CloudEndpoint::of(name).map(|cloud| cloud.identifier)
}

/// A step that a value of a planned resource decides.
fn told(planned: &Planned<'_>, path: &str, text: String) -> Because {
    Because { text, resource: Some(planned.address().into()), origin: Some(planned.origin(path)) }
}

/// A boolean of a plan as a fact.
fn decided(planned: &Planned<'_>, path: &str, absent: Option<bool>) -> Fact {
    use crate::resource::terraform::Attribute;
    let value = match planned.get(path) {
        Attribute::Known(node) => match (node.as_bool(), node.as_str()) {
            (Some(value), _) => Fact::from(value),
            (None, Some("true")) => Fact::from(true),
            (None, Some("false")) => Fact::from(false),
            (None, _) => Fact::unknown(),
        },
        Attribute::Absent => absent.map_or_else(Fact::unknown, Fact::from),
        Attribute::Unknown => Fact::unknown(),
    };
    value.at(planned.origin(path))
}
