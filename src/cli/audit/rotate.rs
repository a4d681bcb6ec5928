//! `probity audit rotate`: hands the log over to another key.

use std::path::PathBuf;

use clap::Args;

use super::{
    LogArgument, failure,
    run::{Signing, state_folder},
};
use crate::{
    audit::{AuditError, Options, Writer, keyfile::read_private, signer::Signer},
    cli::{Failure, clock, terminal::Terminal},
};

/// Arguments of `probity audit rotate`.
#[derive(Debug, Args)]
pub(super) struct Rotate {
    #[command(flatten)]
    log: LogArgument,
    /// File with the private key that signs from now on (see `keygen`; its name is that of the log).
    #[arg(long, value_name = "FILE")]
    to: PathBuf,
    /// Revoke the old key as well: its signatures do not count any more.
    #[arg(long, value_name = "REASON", value_parser = ["compromised", "lost", "retired"])]
    revoke: Option<String>,
    #[command(flatten)]
    signing: Signing,
}

impl Rotate {
    pub(super) fn run(&self, terminal: &Terminal) -> Result<u8, Failure> {
        let directory = self.log.directory(terminal)?;
        if !directory.join("log.json").exists() {
            return Err(failure(AuditError::Missing { path: directory }));
        }
        let mut options = Options::new(clock::system);
        options.signer = self.signing.signer(&directory).map_err(failure)?;
        options.state = state_folder();
        let to = Signer::Key(read_private(&self.to).map_err(failure)?);
        let verifier = to.verifier().clone();
        let mut writer = Writer::open(&directory, options).map_err(failure)?;
        writer.warnings().iter().for_each(|warning| terminal.notice(warning));
        writer.rotate_key(to, self.revoke.as_deref()).map_err(failure)?;
        terminal.print(|out| writeln!(out, "{verifier}"))?;
        Ok(0)
    }
}
