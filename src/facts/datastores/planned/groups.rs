//! Security groups and firewalls: who could reach a database of a cloud (domains.md Q11 and Q12).

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::{Kind, callers::Service, told};
use crate::{
    document::{NodeRef, Step},
    facts::{
        Because, Fact, Set,
        buckets::planned::{Planned, steps},
        datastores::{
            Datastores, ServedBy, ServerId,
            reach::{Other, Reach},
            readers::Role,
        },
        truth::Truth,
    },
    resource::{
        cidr::Cidr,
        engine,
        terraform::{Attribute, Mode, Plan},
    },
};

/// One rule that admits callers to a group.
struct Rule {
    /// Groups whose members it admits.
    groups: BTreeSet<u32>,
    /// Whether the members of the group itself are admitted.
    own: bool,
    ranges: Vec<String>,
    because: Because,
    port: Truth,
}

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
    let attribute = kind.groups?;
    let needed = datastores.needed(set, id);
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

/// Security groups of one plan: the services in each, and the rules that name it.
#[derive(Debug, Default)]
pub(super) struct Groups {
    members: BTreeMap<u32, Vec<Arc<str>>>,
    rules: BTreeMap<u32, Vec<u32>>,
}

/// Rules that are resources of their own, with the attribute that names whom each admits.
const SEPARATE: &[(&str, &str)] = &[
    ("aws_security_group_rule", "source_security_group_id"),
    ("aws_vpc_security_group_ingress_rule", "referenced_security_group_id"),
];

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
        found
    }

    fn of(&self, group: u32) -> impl Iterator<Item = &str> {
        self.members.get(&group).into_iter().flatten().map(|id| &**id)
    }
}

/// Security groups that an attribute refers to, and whether these are all.
fn groups(planned: &Planned<'_>, attribute: &str) -> (BTreeSet<u32>, bool) {
    let referred = planned.plan.referred(planned.resource, &steps(attribute));
    let is_group = |position: &u32| {
        let resource = planned.plan.resource(*position);
        resource.is_some_and(|resource| resource.is(Mode::Managed, "aws_security_group"))
    };
    let found = referred.targets.iter().map(|target| target.resource).filter(is_group).collect();
    (found, referred.unresolved.is_empty())
}

/// Rules of a group: those written in it, and those that name it.
fn rules(group: &Planned<'_>, groups: &Groups, port: Option<i64>) -> Vec<Rule> {
    let mut found = Vec::new();
    if let Attribute::Known(inline) = group.get("ingress") {
        for index in 0..inline.items().count() {
            found.push(rule(
                group,
                &format!("ingress.{index}."),
                &["security_groups"],
                &["cidr_blocks", "ipv6_cidr_blocks"],
                port,
            ));
        }
    }
    for position in groups.rules.get(&group.position).into_iter().flatten() {
        let Some(planned) = Planned::new(group.plan_index, group.plan, *position) else { continue };
        let source = SEPARATE.iter().find(|(kind, _)| planned.resource.is(Mode::Managed, kind));
        if let Some((_, source)) = source
            && planned.text("type").is_none_or(|direction| direction == "ingress")
        {
            let ranges = &["cidr_blocks", "ipv6_cidr_blocks", "cidr_ipv4", "cidr_ipv6"];
            found.push(rule(&planned, "", &[source], ranges, port));
        }
    }
    found
}

fn rule(planned: &Planned<'_>, at: &str, sources: &[&str], ranges: &[&str], port: Option<i64>) -> Rule {
    let path = |attribute: &str| format!("{at}{attribute}");
    let number = |attribute: &str| match planned.get(&path(attribute)) {
        Attribute::Known(node) => node.as_i64(),
        _ => None,
    };
    let protocol = planned.text(&path("protocol")).or_else(|| planned.text(&path("ip_protocol")));
    let matches_port = match (number("from_port"), number("to_port"), port) {
        _ if matches!(protocol, Some("-1" | "all")) => Truth::True,
        (Some(first), Some(last), Some(port)) => (first <= port && port <= last).into(),
        _ => Truth::Unknown,
    };
    let mut admitted = BTreeSet::new();
    let mut decides = "from_port";
    for source in sources {
        // Of a block the plan's configuration tells each attribute apart; of a list of objects it does not.
        let found = groups(planned, &path(source)).0;
        let found = if found.is_empty() && !at.is_empty() { groups(planned, "ingress").0 } else { found };
        if !found.is_empty() {
            decides = source;
        }
        admitted.extend(found);
    }
    let texts = |attribute: &&str| -> Vec<String> {
        match planned.get(&path(attribute)) {
            Attribute::Known(node) => {
                let one = node.as_str().map(ToOwned::to_owned);
                one.into_iter()
                    .chain(node.items().filter_map(NodeRef::as_str).map(ToOwned::to_owned))
                    .collect()
            }
            _ => Vec::new(),
        }
    };
    let ranges: Vec<String> = ranges
        .iter()
        .flat_map(|attribute| {
            let found = texts(attribute);
            if !found.is_empty() {
                decides = attribute;
            }
            found
        })
        .collect();
    let own = matches!(planned.get(&path("self")), Attribute::Known(node) if node.as_bool() == Some(true));
    let text = format!("{} admits callers", planned.address());
    Rule { groups: admitted, own, ranges, because: told(planned, &path(decides), text), port: matches_port }
}

/// Whether a range covers more than the addresses of one service.
fn is_wide(range: &str) -> bool {
    let length = range.split_once('/').and_then(|(_, length)| length.parse::<u32>().ok());
    let limit = if range.contains(':') { 64 } else { 24 };
    Cidr::parse(range).is_some() && length.is_some_and(|length| length <= limit)
}

pub(super) fn port(server: &Planned<'_>, engine: Option<&str>) -> Option<i64> {
    match server.get("port") {
        Attribute::Known(node) => node.as_i64(),
        _ => engine::named(engine?)?.ports.first().copied(),
    }
}

/// Ways in from the internet: a public address, with the ranges that its firewall admits.
pub(super) fn exposures(server: &Planned<'_>, engine: Option<&str>, known: Option<&Groups>) -> Vec<Fact> {
    let (Some(kind), Some(known)) = (Kind::of(server.resource), known) else { return Vec::new() };
    let is_public =
        |path: &str| matches!(server.get(path), Attribute::Known(node) if node.as_bool() == Some(true));
    let mut ranges: Vec<String> = Vec::new();
    let instance = public_instance(server);
    let attribute = if is_public("publicly_accessible") || instance.is_some() {
        let port = port(server, engine);
        let (found, all_known) = groups(server, kind.groups.unwrap_or_default());
        if found.is_empty() || !all_known {
            ranges.push("unknown".to_owned());
        }
        for group in found {
            let Some(group) = Planned::new(server.plan_index, server.plan, group) else { continue };
            let open = rules(&group, known, port).into_iter().filter(|rule| rule.port != Truth::False);
            ranges.extend(open.flat_map(|rule| rule.ranges));
        }
        "publicly_accessible"
    } else if let Attribute::Known(networks) = server.get("settings.0.ip_configuration.0.authorized_networks")
    {
        ranges
            .extend(networks.items().filter_map(|network| network.str_at(&["value"])).map(ToOwned::to_owned));
        "settings.0.ip_configuration.0.authorized_networks"
    } else {
        return Vec::new();
    };
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
    let origin = instance.map_or_else(|| server.origin(attribute), |instance| instance.origin(attribute));
    vec![exposure.at(origin)]
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
