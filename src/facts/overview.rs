//! What `probity facts -f json` shows: the lists of the contract, one function each.

use super::{Fact, Set, Value, datastores};

/// Makes one list of one set.
type MakeList = fn(&Set<'_>) -> Vec<Fact>;

/// The lists of `probity.facts/v1` in their order. Each entry is an object; `because` entries carry their places.
pub const OVERVIEW: &[(&str, MakeList)] = &[
    ("workloads", workloads),
    ("connections", none),
    ("datastores", datastores::datastore_list),
    ("accesses", datastores::access_list),
    ("credentials", none),
    ("topics", none),
    ("flows", none),
];

const fn none(_: &Set<'_>) -> Vec<Fact> {
    Vec::new()
}

fn workloads(set: &Set<'_>) -> Vec<Fact> {
    let workloads = set.workloads().iter().map(|(id, workload)| {
        let ports = set.services().ports_of(id, workload).into_iter().map(|port| {
            Fact::object([
                ("port", Fact::from(port.port.map(i64::from))),
                ("protocol", Fact::from(port.protocol)),
                ("mtls", Fact::unknown()),
            ])
            .at(port.place.map(super::Origin::Place))
        });
        Fact::object([
            ("id", Fact::from(&*workload.resource.id)),
            ("service", Fact::from(&*workload.service)),
            ("service_account", Fact::from(workload.service_account)),
            ("mesh", Fact::unknown()),
            ("ports", Fact::array(ports)),
            ("because", Fact { value: Value::Array(Vec::new()), origin: None }),
        ])
    });
    workloads.collect()
}
