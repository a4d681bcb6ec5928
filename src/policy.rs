//! Judgement: Rego over documents and facts gives findings that name a path; the engine turns paths into places.

pub mod metadata;
