//! Judgement: Rego over documents and facts gives findings that name a path; the engine turns paths into places.
//!
//! One rule is one package with METADATA, or follows the convention of [`conftest`]; [`load`] refuses what could not be
//! judged rightly later, [`selector`] says which subjects a rule meets, [`engine`] evaluates, [`verdict`] reads what a
//! rule said, [`builtins`] adds what Rego's engine lacks.
//! Deliberately absent: waivers, overrides and output. The only module that names `regorus`.

mod annotations;
mod builtins;
pub mod bundle;
pub mod case;
pub mod compared;
pub mod conftest;
pub mod engine;
pub mod example;
mod guard;
mod guarded;
mod input;
mod load;
pub mod metadata;
mod redact;
#[cfg(feature = "registry")]
pub mod registry;
mod rewrite;
pub mod schema;
pub mod selector;
mod syntax;
pub mod test;
mod unknown;
mod verdict;

pub use builtins::{ReadError, ReadFile};
pub use engine::{Evaluation, Within, evaluate};
pub use input::parse_data;
pub use load::{Dialect, Options, Policies, PolicyFile, REGISTRY, built_in};
