//! The audit log: append-only, hash-chained, verifiable with tools that are not ours.
//!
//! | module | owns |
//! |---|---|
//! | [`tree`], [`canonical`], [`record`], [`event`], [`redact`] | leaves: what is recorded, in which bytes, with which hash |
//! | [`key`], [`note`], [`commit`] | heads: who claims which records |
//! | [`store`], [`layout`], [`lines`] | files: names, reading, the file system behind an interface |
//! | [`chain`], [`walk`], [`locate`] | the rules of the log, applied in one pass from any commit on |
//! | [`log`], [`signer`], [`keyfile`], [`evidence`] | writing, and what has to be secret |
//! | [`heads`] | heads that are remembered elsewhere |
//! | [`mod@verify`], [`show`], [`printable`] | reading |
//! | [`proof`], [`export`] | what an auditor can check without the log; the log as static files |
//!
//! Deliberately absent: reports, findings, the environment; the caller says what happened and when.

pub mod canonical;
pub mod chain;
pub mod commit;
pub mod error;
pub mod event;
pub mod evidence;
pub mod export;
pub mod heads;
pub mod key;
pub mod keyfile;
pub mod layout;
pub mod lines;
pub mod locate;
pub mod log;
pub mod note;
pub mod printable;
pub mod proof;
pub mod record;
pub mod redact;
pub mod show;
pub mod signer;
pub mod store;
pub mod tree;
pub mod verify;
pub mod walk;

pub use self::{
    error::{AuditError, Cause},
    event::Event,
    log::{Options, Receipt, Writer},
    verify::{Verdict, VerifyOptions, verify},
};

#[cfg(test)]
mod tests;
