//! Integration tests: one binary, so that it links once.

mod architecture;
mod audit;
mod baseline;
mod canaries;
mod chart;
mod cluster;
mod command;
mod configuration;
mod conftest;
mod datastores;
mod documents;
mod fix;
mod fixtures;
mod fuzz;
mod labels;
mod lineage;
mod odd_types;
mod policies;
mod readme;
mod registry;
mod rendering;
mod since;
mod terraform;
mod terraform_lines;
mod waivers;
mod yaml_suite;
