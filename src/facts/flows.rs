//! Flows of data: what goes from where to where, what it carries, and how it got there (domains.md T6 to T8).
//!
//! Data that a service reads from a datastore, a topic or another service's answers is in that service from then on,
//! and leaves it to topics, buckets and outside parties, until a service is declared to sanitize. What a service writes into a
//! datastore or asks of another service is not known; of that only what is declared counts.
//! Deliberately absent: what may be sent where.

mod buckets;
mod connectors;
mod declared;
mod google_grants;
mod graph;
mod roles;
mod spread;
mod subjects;
#[cfg(test)]
mod tests;

pub(super) use self::{
    declared::of_database,
    graph::{Flows, Way, What},
    subjects::{flow_list, flow_subjects, topic_list, topic_subjects},
};
