//! Integration tests: one binary, so that it links once.

mod architecture;
mod audit;
mod canaries;
mod command;
mod configuration;
mod conftest;
mod datastores;
mod documents;
mod fixtures;
mod policies;
mod terraform;
mod terraform_lines;
mod waivers;
mod yaml_suite;
