//! Integration tests: one binary, so that it links once.

mod architecture;
mod audit;
mod command;
mod configuration;
mod documents;
mod fixtures;
mod policies;
mod terraform;
mod waivers;
mod yaml_suite;
