//! `probity audit export`: the log as tiles.

use std::path::PathBuf;

use clap::Args;

use super::{KeyArguments, LogArgument, failure, run::state_folder};
use crate::{
    audit::{VerifyOptions, export::export, verify},
    cli::{Failure, scan::absolute, terminal::Terminal},
};

/// Arguments of `probity audit export`.
#[derive(Debug, Args)]
pub(super) struct Export {
    #[command(flatten)]
    log: LogArgument,
    #[command(flatten)]
    keys: KeyArguments,
    /// Folder for the tiles: a new or an empty one, or that of an older export of the same log.
    #[arg(long, value_name = "DIR")]
    to: PathBuf,
}

impl Export {
    /// What does not verify is not passed on.
    pub(super) fn run(&self, terminal: &Terminal) -> Result<u8, Failure> {
        if self.to.to_string_lossy().contains("://") {
            return Err(Failure::usage(format!("`--to {}` is no folder", self.to.display()))
                .help("export into a folder, and copy that, `checkpoint` last"));
        }
        let directory = self.log.directory(terminal)?;
        let keys = self.keys.keys()?;
        let is_pinned = !keys.is_empty();
        let options = VerifyOptions { keys, state: state_folder(), ..VerifyOptions::default() };
        let verdict = verify(&directory, &options).map_err(failure)?;
        // 5: intact, but unsigned, which `export` says itself, or no key was given.
        let code = verdict.exit_code();
        if code != 0 && (code != 5 || is_pinned) {
            terminal.print(|out| out.write_all(verdict.render().as_bytes()))?;
            return Ok(code);
        }
        let note = export(&directory, &absolute(&self.to)?).map_err(failure)?;
        let size = note.checkpoint.size;
        terminal.notice(format!("{size} records of `{}`", note.checkpoint.origin));
        Ok(0)
    }
}
