//! Security groups and firewalls: who could reach a database of a cloud (domains.md Q11 and Q12).

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
    sync::Arc,
};

use super::{
    Kind,
    callers::Service,
    google_grants,
    rights::Right,
    rules::{SEPARATE, is_wide, rules},
    told,
};
use crate::{
    document::Step,
    facts::{
        Because, Fact, Origin, Set,
        buckets::planned::{Planned, steps},
        datastores::{
            Datastores, ServedBy, ServerId,
            reach::{MOST, Other, Reach},
            readers::Role,
        },
        truth::Truth,
    },
    resource::{
        engine,
        terraform::{Attribute, Mode, Plan, PlannedResource},
    },
};

/// Who could connect to a server of a plan; `None` where neither security groups nor a policy guard it.
pub(in crate::facts::datastores) fn reach(
    set: &Set<'_>,
    datastores: &Datastores<'_>,
    id: ServerId,
) -> Option<Reach> {
    let ServedBy::Planned { plan: index, position } = datastores.servers.get(id).served_by else {
        return None;
    };
    let plan = set.view.estate.plans.get(index as usize)?;
    let server = Planned::new(index, plan, position)?;
    let kind = Kind::of(server.resource)?;
    let needed = datastores.needed(set, id);
    if server.resource.is(Mode::Managed, "aws_dynamodb_table") {
        let rights = &datastores.cloud.rights;
        return by_rights(&rights.to(id, server.text("name"), MOST + needed.len()), &needed);
    }
    if google_grants::is_guarded_by_roles(&server) {
        return by_rights(&datastores.cloud.rights.of(id, MOST + needed.len()), &needed);
    }
    let attribute = kind.groups?;
    let domain = datastores.cloud.domains.get(&(index, position));
    if let Some(domain) = domain.filter(|domain| domain.is_public == Truth::True) {
        return Some(Reach {
            everyone: domain.open.value,
            whom: "everyone".to_owned(),
            because: vec![Because {
                text: format!("the access policy of {} decides", server.address()),
                resource: Some(server.address().into()),
                origin: domain.open.origin.clone(),
            }],
            others: Vec::new(),
            users: needed.len(),
        });
    }
    let (groups, all_known) = groups(&server, attribute);
    let mut reach = Reach {
        everyone: Truth::False,
        whom: String::new(),
        because: Vec::new(),
        others: Vec::new(),
        users: needed.len(),
    };
    if groups.is_empty() || !all_known {
        reach.everyone = Truth::Unknown;
        reach.because.push(told(
            &server,
            attribute,
            format!("the security groups of {} decide", server.address()),
        ));
    }
    let port = port(&server, datastores.servers.get(id).engine);
    let members = datastores.cloud.groups.get(index as usize)?;
    let mut others: BTreeMap<String, (Truth, Because)> = BTreeMap::new();
    for group in &groups {
        let Some(group) = Planned::new(index, plan, *group) else { continue };
        for rule in rules(&group, members, port) {
            if rule.port == Truth::False {
                continue;
            }
            if let Some(range) = rule.ranges.iter().find(|range| is_wide(range)) {
                reach.everyone = reach.everyone.or(rule.port);
                reach.whom = format!("every address of `{range}`");
                reach.because.insert(0, rule.because.clone());
            }
            if !rule.is_known() {
                reach.everyone = reach.everyone.or(Truth::Unknown);
                reach.because.push(rule.because.clone());
            }
            let admitted = rule.groups.iter().copied().chain(rule.own.then_some(group.position));
            for service in admitted.flat_map(|group| members.of(group)) {
                if !needed.contains(service) && Role::of_name(service) == Role::Service {
                    let entry =
                        others.entry(service.to_owned()).or_insert((Truth::False, rule.because.clone()));
                    entry.0 = entry.0.or(rule.port);
                }
            }
        }
    }
    reach.others = others
        .into_iter()
        .map(|(id, (surely, because))| Other { service: id.clone(), id, surely, because: vec![because] })
        .collect();
    Some(reach)
}

/// Who could use what no network guards, only what roles may do. `None` where none of them may.
fn by_rights(rights: &[&Right], needed: &BTreeSet<&str>) -> Option<Reach> {
    let mut others: BTreeMap<String, Other> = BTreeMap::new();
    for right in rights {
        if !needed.contains(&*right.caller.service) && right.caller.role == Role::Service {
            let other = others.entry(right.caller.id.to_string()).or_insert_with(|| Other {
                id: right.caller.id.to_string(),
                service: right.caller.service.to_string(),
                surely: right.surely,
                because: vec![right.because.clone()],
            });
            other.surely = other.surely.or(right.surely);
        }
    }
    (!rights.is_empty()).then(|| Reach {
        everyone: Truth::False,
        whom: String::new(),
        because: Vec::new(),
        others: others.into_values().take(MOST).collect(),
        users: needed.len(),
    })
}

/// Security groups of one plan: the services in each, and the rules that name it.
#[derive(Debug, Default)]
pub(super) struct Groups {
    members: BTreeMap<u32, Vec<Arc<str>>>,
    rules: BTreeMap<u32, Vec<u32>>,
    by_id: BTreeMap<String, u32>,
}

impl Groups {
    pub(super) fn new(index: u32, plan: &Plan, services: &[Service]) -> Self {
        let mut found = Self::default();
        for service in services {
            let Some(attribute) = service.shape.groups else { continue };
            let Some(planned) = Planned::new(index, plan, service.position) else { continue };
            for group in groups(&planned, attribute).0 {
                found.members.entry(group).or_default().push(Arc::clone(&service.id));
            }
        }
        for (kind, _) in SEPARATE {
            for (position, resource) in plan.managed(kind) {
                let named = plan.referred(resource, &[Step::from("security_group_id")]);
                for target in named.targets {
                    found.rules.entry(target.resource).or_default().push(position);
                }
            }
        }
        for (position, _) in plan.managed("aws_security_group") {
            let id =
                Planned::new(index, plan, position).and_then(|group| group.text("id").map(str::to_owned));
            if let Some(id) = id {
                found.by_id.insert(id, position);
            }
        }
        found
    }

    /// The group that has an id.
    pub(super) fn with_id(&self, id: &str) -> Option<u32> {
        self.by_id.get(id).copied()
    }

    /// Rules of their own that name a group.
    pub(super) fn separate_rules(&self, group: u32) -> impl Iterator<Item = u32> {
        self.rules.get(&group).into_iter().flatten().copied()
    }

    fn of(&self, group: u32) -> impl Iterator<Item = &str> {
        self.members.get(&group).into_iter().flatten().map(|id| &**id)
    }
}

/// Security groups that an attribute refers to, and whether these are all: who is in one that the plan only looks up
/// is not known.
pub(super) fn groups(planned: &Planned<'_>, attribute: &str) -> (BTreeSet<u32>, bool) {
    let referred = planned.plan.referred(planned.resource, &steps(attribute));
    let is_group = |position: &u32| {
        let resource = planned.plan.resource(*position);
        resource.is_some_and(|resource| resource.is(Mode::Managed, "aws_security_group"))
    };
    let targets = || referred.targets.iter().map(|target| target.resource);
    let is_looked_up = |position: u32| {
        let resource = planned.plan.resource(position);
        resource.is_some_and(|resource| resource.mode == Mode::Data)
    };
    let all_known = referred.unresolved.is_empty() && !targets().any(is_looked_up);
    (targets().filter(is_group).collect(), all_known)
}

pub(super) fn port(server: &Planned<'_>, engine: Option<&str>) -> Option<i64> {
    match server.get("port") {
        Attribute::Known(node) => node.as_i64(),
        // Only clouds have these, at these ports unless told.
        _ => match engine? {
            "redshift" => Some(5439),
            "neptune" => Some(8182),
            "cosmosdb" => Some(443),
            "redis" if server.resource.is(Mode::Managed, "azurerm_redis_cache") => Some(6380),
            engine => engine::named(engine)?.ports.first().copied(),
        },
    }
}

/// Ways in from the internet: a public address, with the ranges that its firewall admits.
pub(super) fn exposures(server: &Planned<'_>, engine: Option<&str>, known: Option<&Groups>) -> Vec<Fact> {
    let (Some(kind), Some(known)) = (Kind::of(server.resource), known) else { return Vec::new() };
    let is_public =
        |path: &str| matches!(server.get(path), Attribute::Known(node) if node.as_bool() == Some(true));
    let mut ranges: Vec<String> = Vec::new();
    let instance = public_instance(server);
    // Cloud SQL keeps the list while the instance has no public address (`ip_configuration`, `ipv4_enabled`).
    let ipv4_enabled = server.get("settings.0.ip_configuration.0.ipv4_enabled");
    let has_no_address = matches!(ipv4_enabled, Attribute::Known(node) if node.as_bool() == Some(false));
    let attribute = if is_public("publicly_accessible") || instance.is_some() {
        let port = port(server, engine);
        let (found, all_known) = groups(server, kind.groups.unwrap_or_default());
        if found.is_empty() || !all_known {
            ranges.push("unknown".to_owned());
        }
        for group in found {
            let Some(group) = Planned::new(server.plan_index, server.plan, group) else { continue };
            for rule in rules(&group, known, port).into_iter().filter(|rule| rule.port != Truth::False) {
                ranges.extend(rule.ranges);
                if !rule.ranges_known {
                    ranges.push("unknown".to_owned());
                }
            }
        }
        "publicly_accessible"
    } else if let Attribute::Known(networks) = server.get("settings.0.ip_configuration.0.authorized_networks")
        && !has_no_address
    {
        ranges
            .extend(networks.items().filter_map(|network| network.str_at(&["value"])).map(ToOwned::to_owned));
        "settings.0.ip_configuration.0.authorized_networks"
    } else if let Some(instance) = public_alloydb(server) {
        ranges.extend(instance.1);
        return opened(server, engine, ranges, instance.0);
    } else if let Some((attribute, found)) = open_by_default(server) {
        ranges.extend(found);
        return opened(server, engine, ranges, server.origin(attribute));
    } else {
        return Vec::new();
    };
    let origin = instance.map_or_else(|| server.origin(attribute), |instance| instance.origin(attribute));
    opened(server, engine, ranges, origin)
}

/// A public address, for those of some ranges; none without ranges.
fn opened(server: &Planned<'_>, engine: Option<&str>, ranges: Vec<String>, origin: Origin) -> Vec<Fact> {
    if ranges.is_empty() {
        return Vec::new();
    }
    let number = port(server, engine).map_or_else(Fact::unknown, Fact::from);
    let exposure = Fact::object([
        ("kind", Fact::from("PublicAddress")),
        ("service", Fact::default()),
        ("port", number),
        ("internal", Fact::from(false)),
        ("source_ranges", Fact::array(ranges.into_iter().map(Fact::from))),
    ]);
    vec![exposure.at(origin)]
}

/// An instance of an `AlloyDB` cluster with a public address, and whom it lets in (`network_config`).
fn public_alloydb(cluster: &Planned<'_>) -> Option<(Origin, Vec<String>)> {
    if !cluster.resource.is(Mode::Managed, "google_alloydb_cluster") {
        return None;
    }
    let instances = cluster.plan.managed("google_alloydb_instance").filter(|(_, resource)| {
        let referred = cluster.plan.referred(resource, &[Step::from("cluster")]);
        referred.targets.iter().any(|target| target.resource == cluster.position)
    });
    let mut instances =
        instances.filter_map(|(position, _)| Planned::new(cluster.plan_index, cluster.plan, position));
    let is_public = |instance: &Planned<'_>| {
        let public = instance.get("network_config.0.enable_public_ip");
        matches!(public, Attribute::Known(node) if node.as_bool() == Some(true))
    };
    let instance = instances.find(is_public)?;
    let ranges = match instance.get("network_config.0.authorized_external_networks") {
        Attribute::Known(networks) => networks
            .items()
            .map(|network| network.str_at(&["cidr_range"]).unwrap_or("unknown").to_owned())
            .collect(),
        Attribute::Unknown => vec!["unknown".to_owned()],
        Attribute::Absent => Vec::new(),
    };
    Some((instance.origin("network_config.0.enable_public_ip"), ranges))
}

/// Whom services of Azure let in that are open unless somebody closes them: Cosmos DB by its own filters, a cache by rules
/// of its firewall, which are resources of their own ("Configure IP firewall in Azure Cosmos DB"; "Network isolation
/// options" of Azure Cache for Redis).
fn open_by_default(server: &Planned<'_>) -> Option<(&'static str, Vec<String>)> {
    const PUBLIC: &str = "public_network_access_enabled";
    let is_cosmos = server.resource.is(Mode::Managed, "azurerm_cosmosdb_account");
    if !is_cosmos && !server.resource.is(Mode::Managed, "azurerm_redis_cache") {
        return None;
    }
    let is = |attribute: &str, value: bool| matches!(server.get(attribute), Attribute::Known(node) if node.as_bool() == Some(value));
    let is_given = |attribute: &str| !matches!(server.get(attribute), Attribute::Absent);
    if is(PUBLIC, false) || is("is_virtual_network_filter_enabled", true) || is_given("subnet_id") {
        return None;
    }
    let unknown = || vec!["unknown".to_owned()];
    if matches!(server.get(PUBLIC), Attribute::Unknown) {
        return Some((PUBLIC, unknown()));
    }
    if !is_cosmos {
        let mut rules = server.plan.managed("azurerm_redis_firewall_rule");
        let is_of = |(_, rule): (u32, &PlannedResource)| {
            let referred = server.plan.referred(rule, &[Step::from("redis_cache_name")]);
            referred.targets.iter().any(|target| target.resource == server.position)
        };
        return (!rules.any(is_of)).then(|| (PUBLIC, vec!["0.0.0.0/0".to_owned()]));
    }
    let ranges: Vec<String> = match server.get("ip_range_filter") {
        Attribute::Known(filter) => {
            let listed = filter.as_str().unwrap_or_default().split(',');
            let items = filter.items().map(|item| item.as_str().unwrap_or("unknown"));
            let texts = listed.chain(items).map(str::trim).filter(|text| !text.is_empty());
            texts.map(range).collect()
        }
        Attribute::Unknown => unknown(),
        Attribute::Absent => Vec::new(),
    };
    Some((PUBLIC, if ranges.is_empty() { vec!["0.0.0.0/0".to_owned()] } else { ranges }))
}

/// One address is a range of one.
fn range(text: &str) -> String {
    match text.parse::<IpAddr>() {
        Ok(IpAddr::V4(address)) => format!("{address}/32"),
        Ok(IpAddr::V6(address)) => format!("{address}/128"),
        Err(_) => text.to_owned(),
    }
}

/// An instance of a cluster that has a public address: Aurora and Neptune say so of instances only.
fn public_instance<'e>(cluster: &Planned<'e>) -> Option<Planned<'e>> {
    let kind = match &*cluster.resource.kind {
        "aws_rds_cluster" => "aws_rds_cluster_instance",
        "aws_neptune_cluster" => "aws_neptune_cluster_instance",
        _ => return None,
    };
    let instances = cluster.plan.managed(kind).filter(|(_, resource)| {
        let referred = cluster.plan.referred(resource, &[Step::from("cluster_identifier")]);
        referred.targets.iter().any(|target| target.resource == cluster.position)
    });
    let mut instances =
        instances.filter_map(|(position, _)| Planned::new(cluster.plan_index, cluster.plan, position));
    instances.find(|instance| {
        matches!(instance.get("publicly_accessible"), Attribute::Known(node) if node.as_bool() == Some(true))
    })
}
