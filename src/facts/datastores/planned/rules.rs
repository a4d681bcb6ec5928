//! Rules of security groups of AWS: whom each admits to a port (Amazon VPC, "Security group rules").

use std::collections::BTreeSet;

use super::{
    groups::{Groups, groups},
    told,
};
use crate::{
    document::{NodeRef, Step},
    facts::{Because, buckets::planned::Planned, truth::Truth},
    resource::{
        cidr::Cidr,
        terraform::{Attribute, Mode},
    },
};

/// One rule that admits callers to a group.
pub(super) struct Rule {
    /// Groups whose members it admits.
    pub(super) groups: BTreeSet<u32>,
    /// Whether these are all.
    groups_known: bool,
    /// Whether the members of the group itself are admitted.
    pub(super) own: bool,
    pub(super) ranges: Vec<String>,
    /// Whether these are all: addresses of a prefix list are not in the rule.
    pub(super) ranges_known: bool,
    pub(super) because: Because,
    pub(super) port: Truth,
}

impl Rule {
    /// Whether the plan tells whom it admits.
    pub(super) fn is_known(&self) -> bool {
        self.groups_known && self.ranges_known
    }
}

/// Rules that are resources of their own, with the attribute that names whom each admits.
pub(super) const SEPARATE: &[(&str, &str)] = &[
    ("aws_security_group_rule", "source_security_group_id"),
    ("aws_vpc_security_group_ingress_rule", "referenced_security_group_id"),
];

/// Protocols that a connection to a database may come by; numbers are those of IANA.
const EVERY_PROTOCOL: &[&str] = &["-1", "all"];
const TCP: &[&str] = &["tcp", "6"];

/// Rules of a group: those written in it, and those that name it.
pub(super) fn rules(group: &Planned<'_>, groups: &Groups, port: Option<i64>) -> Vec<Rule> {
    let mut found = Vec::new();
    match group.get("ingress") {
        Attribute::Known(inline) => {
            for index in 0..inline.items().count() {
                let ranges = &["cidr_blocks", "ipv6_cidr_blocks"];
                found.push(rule(
                    group,
                    groups,
                    &format!("ingress.{index}."),
                    "security_groups",
                    ranges,
                    port,
                ));
            }
        }
        Attribute::Unknown if is_written(group, "ingress") => {
            let text = format!("the rules of {} decide", group.address());
            found.push(Rule {
                groups: BTreeSet::new(),
                groups_known: false,
                own: false,
                ranges: Vec::new(),
                ranges_known: false,
                because: told(group, "ingress", text),
                port: Truth::Unknown,
            });
        }
        _ => {}
    }
    for position in groups.separate_rules(group.position) {
        let Some(planned) = Planned::new(group.plan_index, group.plan, position) else { continue };
        let source = SEPARATE.iter().find(|(kind, _)| planned.resource.is(Mode::Managed, kind));
        if let Some((_, source)) = source
            && planned.text("type").is_none_or(|direction| direction == "ingress")
        {
            let ranges = &["cidr_blocks", "ipv6_cidr_blocks", "cidr_ipv4", "cidr_ipv6"];
            found.push(rule(&planned, groups, "", source, ranges, port));
        }
    }
    found
}

fn rule(
    planned: &Planned<'_>,
    known: &Groups,
    at: &str,
    source: &str,
    ranges: &[&str],
    port: Option<i64>,
) -> Rule {
    let path = |attribute: &str| format!("{at}{attribute}");
    let number = |attribute: &str| match planned.get(&path(attribute)) {
        Attribute::Known(node) => node.as_i64(),
        _ => None,
    };
    let protocol = planned.text(&path("protocol")).or_else(|| planned.text(&path("ip_protocol")));
    let protocol = protocol.map(str::to_ascii_lowercase);
    let matches_port = match (protocol.as_deref(), number("from_port"), number("to_port"), port) {
        (Some(protocol), ..) if EVERY_PROTOCOL.contains(&protocol) => Truth::True,
        (Some(protocol), ..) if !TCP.contains(&protocol) => Truth::False,
        (_, Some(first), Some(last), Some(port)) => (first <= port && port <= last).into(),
        _ => Truth::Unknown,
    };
    let mut decides = "from_port";
    // Of a block the plan's configuration tells each attribute apart; of a list of objects it does not.
    let (mut admitted, mut all_known) = groups(planned, &path(source));
    if admitted.is_empty() && all_known && !at.is_empty() {
        (admitted, all_known) = groups(planned, "ingress");
    }
    let groups_known = match planned.get(&path(source)) {
        Attribute::Absent => true,
        Attribute::Known(value) => {
            // Of groups that exist the plan has ids.
            let ids = value.as_str().into_iter().chain(value.items().filter_map(NodeRef::as_str));
            let by_id: Vec<Option<u32>> =
                ids.filter(|id| !id.is_empty()).map(|id| known.with_id(id)).collect();
            let refers_to_all = all_known && !admitted.is_empty();
            admitted.extend(by_id.iter().flatten());
            refers_to_all || by_id.iter().all(Option::is_some)
        }
        Attribute::Unknown => {
            (all_known && !admitted.is_empty()) || (at.is_empty() && !is_written(planned, source))
        }
    };
    if !admitted.is_empty() || !groups_known {
        decides = source;
    }
    let mut found = Vec::new();
    let mut ranges_known = true;
    for attribute in ranges {
        match planned.get(&path(attribute)) {
            Attribute::Known(value) => {
                let before = found.len();
                found.extend(value.as_str().map(ToOwned::to_owned));
                found.extend(value.items().filter_map(NodeRef::as_str).map(ToOwned::to_owned));
                let all = value.items().all(|range| range.as_str().is_some());
                ranges_known &= all;
                if found.len() > before || !all {
                    decides = attribute;
                }
            }
            Attribute::Unknown if !at.is_empty() || is_written(planned, attribute) => {
                ranges_known = false;
                decides = attribute;
            }
            _ => {}
        }
    }
    for attribute in ["prefix_list_ids", "prefix_list_id"] {
        let is_given = match planned.get(&path(attribute)) {
            Attribute::Known(value) => {
                value.as_str().is_some_and(|id| !id.is_empty()) || value.items().next().is_some()
            }
            Attribute::Unknown => !at.is_empty() || is_written(planned, attribute),
            Attribute::Absent => false,
        };
        if is_given {
            ranges_known = false;
            decides = attribute;
        }
    }
    let own = matches!(planned.get(&path("self")), Attribute::Known(node) if node.as_bool() == Some(true));
    let text = if groups_known && ranges_known {
        format!("{} admits callers", planned.address())
    } else {
        format!("whom `{decides}` of {} admits", planned.address())
    };
    Rule {
        groups: admitted,
        groups_known,
        own,
        ranges: found,
        ranges_known,
        because: told(planned, &path(decides), text),
        port: matches_port,
    }
}

/// Whether somebody wrote a value: providers fill in others, which plans do not know either.
fn is_written(planned: &Planned<'_>, attribute: &str) -> bool {
    planned.plan.declares(planned.resource, &[Step::from(attribute)]) != Some(false)
}

/// Whether a range covers more than the addresses of one service.
pub(super) fn is_wide(range: &str) -> bool {
    let length = range.split_once('/').and_then(|(_, length)| length.parse::<u32>().ok());
    let limit = if range.contains(':') { 64 } else { 24 };
    Cidr::parse(range).is_some() && length.is_some_and(|length| length <= limit)
}
