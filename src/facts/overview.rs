//! What `probity facts -f json` shows: the lists of the contract, one function each.

use super::{Fact, Set, connections, credentials, datastores, flows, mesh};

/// Hands over the entries of one list of one set, one at a time: together with all their settings, the workloads of a
/// large estate would fill the memory.
type EachEntry = fn(&Set<'_>, &mut dyn FnMut(Fact));

/// The lists of `probity.facts/v1` in their order. Each entry is an object; entries of `because` and `environment` carry
/// their places.
pub const OVERVIEW: &[(&str, EachEntry)] = &[
    ("workloads", mesh::workload_overview),
    ("connections", |set, each| connections::overview(set).into_iter().for_each(each)),
    ("datastores", |set, each| datastores::datastore_list(set).into_iter().for_each(each)),
    ("accesses", |set, each| datastores::access_list(set).into_iter().for_each(each)),
    ("credentials", |set, each| credentials::overview(set).into_iter().for_each(each)),
    ("topics", |set, each| flows::topic_list(set).into_iter().for_each(each)),
    ("flows", |set, each| flows::flow_list(set).into_iter().for_each(each)),
];
