//! A live cluster, played by a service in this process: the same verdicts as on files, and nothing passes by not being
//! seen.

mod command;
mod declared;
mod delivery;
mod drift;
mod faults;
mod observed;
pub(crate) mod server;
mod shards;
