//! Integration tests: one binary, so that it links once.

mod parsers;
mod yaml_suite;
