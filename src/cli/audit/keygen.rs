//! `probity audit keygen`: a key pair in the format of Go's `note` package.

use std::path::PathBuf;

use clap::Args;

use super::{LogArgument, failure, run::default_origin};
use crate::{
    audit::{
        AuditError,
        key::PrivateKey,
        keyfile::{forbid_core_dumps, write_private},
    },
    cli::{Failure, terminal::Terminal},
};

/// Arguments of `probity audit keygen`.
#[derive(Debug, Args)]
pub(super) struct Keygen {
    /// Name of the log that the key signs, such as `audit.example.com/shop` [default: one for the log of this folder].
    #[arg(value_name = "NAME")]
    name: Option<String>,
    /// The same, as `scan` calls it.
    #[arg(long, value_name = "NAME", conflicts_with = "name")]
    audit_origin: Option<String>,
    /// New file for the private key, readable by you alone; the verifier key is printed. Without one, the private key is
    /// printed, and the verifier key goes to standard error.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

impl Keygen {
    pub(super) fn run(&self, terminal: &Terminal) -> Result<u8, Failure> {
        forbid_core_dumps();
        let name = match self.name.as_ref().or(self.audit_origin.as_ref()) {
            Some(name) => name.clone(),
            None => default_origin(&LogArgument::default().directory(terminal)?),
        };
        let key = PrivateKey::generate(&name).map_err(AuditError::from).map_err(failure)?;
        let Some(path) = &self.output else {
            terminal.notice(format!("verifier key: {}", key.verifier()));
            terminal.print(|out| writeln!(out, "{}", *key.encode()))?;
            return Ok(0);
        };
        write_private(path, &key)
            .map_err(|error| Failure::usage(error).help("name a new file: a key is never overwritten"))?;
        terminal.print(|out| writeln!(out, "{}", key.verifier()))?;
        Ok(0)
    }
}
