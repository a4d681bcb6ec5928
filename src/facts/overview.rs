//! What `probity facts -f json` shows: the lists of the contract, one function each.

use super::{Fact, Set, connections, credentials, datastores, flows, mesh};

/// Makes one list of one set.
type MakeList = fn(&Set<'_>) -> Vec<Fact>;

/// The lists of `probity.facts/v1` in their order. Each entry is an object; `because` entries carry their places.
pub const OVERVIEW: &[(&str, MakeList)] = &[
    ("workloads", mesh::workload_overview),
    ("connections", connections::overview),
    ("datastores", datastores::datastore_list),
    ("accesses", datastores::access_list),
    ("credentials", credentials::overview),
    ("topics", flows::topic_list),
    ("flows", flows::flow_list),
];
