//! Firewalls of Azure's database servers: the addresses that each lets in from outside (domains.md 3b).
//!
//! Source: Azure documentation, "Firewall rules in Azure Database for `PostgreSQL`". The rule `0.0.0.0` to `0.0.0.0`
//! stands for everything that anybody runs in Azure.

use std::{collections::BTreeMap, net::Ipv4Addr};

use super::{Kind, groups::port};
use crate::{
    document::Step,
    facts::{Fact, Origin, buckets::planned::Planned},
    resource::terraform::{Attribute, Plan},
};

/// Types of rules, with the attribute that names the server.
const RULES: &[(&str, &str)] = &[
    ("azurerm_postgresql_flexible_server_firewall_rule", "server_id"),
    ("azurerm_mysql_flexible_server_firewall_rule", "server_name"),
    ("azurerm_mssql_firewall_rule", "server_id"),
    ("azurerm_postgresql_firewall_rule", "server_name"),
    ("azurerm_mysql_firewall_rule", "server_name"),
    ("azurerm_mariadb_firewall_rule", "server_name"),
    ("azurerm_redis_firewall_rule", "redis_cache_name"),
];

/// What a server lets in, with the first rule that does.
struct Open {
    ranges: Vec<String>,
    origin: Origin,
}

/// One way in for each server that has rules, by its position.
pub(super) fn exposures(index: u32, plan: &Plan) -> BTreeMap<u32, Fact> {
    let mut open: BTreeMap<u32, Open> = BTreeMap::new();
    for (kind, attribute) in RULES {
        for (position, _) in plan.managed(kind) {
            let Some(rule) = Planned::new(index, plan, position) else { continue };
            let Some(server) = server(plan, &rule, attribute) else { continue };
            let origin = rule.origin("start_ip_address");
            let open = open.entry(server).or_insert_with(|| Open { ranges: Vec::new(), origin });
            open.ranges.push(range(&rule));
        }
    }
    let exposures = open.into_iter().filter_map(|(position, open)| {
        let server = Planned::new(index, plan, position)?;
        let private = matches!(server.get("public_network_access_enabled"),
            Attribute::Known(node) if node.as_bool() == Some(false));
        let engine = Kind::of(server.resource)?.engine(&server);
        let exposure = Fact::object([
            ("kind", Fact::from("PublicAddress")),
            ("service", Fact::default()),
            ("port", port(&server, engine).map_or_else(Fact::unknown, Fact::from)),
            ("internal", Fact::from(false)),
            ("source_ranges", Fact::array(open.ranges.into_iter().map(Fact::from))),
        ]);
        (!private).then(|| (position, exposure.at(open.origin)))
    });
    exposures.collect()
}

/// Position of the server of a rule: by reference, else by name.
fn server(plan: &Plan, rule: &Planned<'_>, attribute: &str) -> Option<u32> {
    let targets = plan.referred(rule.resource, &[Step::from(attribute)]).targets;
    let is_server = |position: &u32| plan.resource(*position).is_some_and(|found| Kind::of(found).is_some());
    let referred = targets.into_iter().map(|target| target.resource).find(is_server);
    referred.or_else(|| {
        let name = rule.text(attribute)?.rsplit('/').next()?;
        (0..).zip(&plan.resources).find_map(|(position, resource)| {
            let server = Kind::of(resource).and(Planned::new(rule.plan_index, plan, position))?;
            (server.text("name") == Some(name)).then_some(position)
        })
    })
}

/// The range of a rule: one address, all of them, or as it is written.
fn range(rule: &Planned<'_>) -> String {
    let address = |attribute: &str| rule.text(attribute).and_then(|text| text.parse::<Ipv4Addr>().ok());
    match (address("start_ip_address"), address("end_ip_address")) {
        (Some(first), Some(last)) if first == last => format!("{first}/32"),
        (Some(first), Some(last)) => covering(first, last),
        _ => "unknown".to_owned(),
    }
}

/// The smallest range that holds both ends.
fn covering(first: Ipv4Addr, last: Ipv4Addr) -> String {
    let length = (first.to_bits() ^ last.to_bits()).leading_zeros();
    let mask = u32::MAX.checked_shl(32 - length).unwrap_or(0);
    format!("{}/{length}", Ipv4Addr::from_bits(first.to_bits() & mask))
}
