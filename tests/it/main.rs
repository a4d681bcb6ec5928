//! Integration tests: one binary, so that it links once.

mod architecture;
mod audit;
mod command;
mod documents;
mod fixtures;
mod policies;
mod terraform;
mod yaml_suite;
