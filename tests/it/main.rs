//! Integration tests: one binary, so that it links once.

mod architecture;
mod command;
mod fixtures;
mod policies;
