//! Judgement: Rego over documents and facts gives findings that name a path; the engine turns paths into places.
//!
//! One rule is one package with METADATA; [`load`] refuses what could not be judged rightly later, [`selector`]
//! says which subjects a rule meets, [`engine`] evaluates, [`verdict`] reads what a rule said.
//! Deliberately absent: waivers, overrides and output. The only module that names `regorus`.

pub mod case;
pub mod engine;
pub mod example;
mod guard;
mod input;
mod load;
pub mod metadata;
mod redact;
pub mod schema;
pub mod selector;
pub mod test;
mod unknown;
mod verdict;

pub use engine::{Evaluation, evaluate};
pub use load::{Policies, PolicyFile, built_in};
