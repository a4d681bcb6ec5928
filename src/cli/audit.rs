//! `probity audit`: reading the log; and the log of a scan, in [`run`].

mod run;

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use super::{Failure, scan::absolute, scan::current_folder, terminal::Terminal};
use crate::{
    audit::{
        AuditError, Cause, VerifyOptions,
        key::VerifierKey,
        note::Note,
        show::{self, Filter},
        verify,
    },
    source::base::Base,
};

pub(super) use run::{Destination, Run, worse};

/// Arguments of `probity audit`.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Verify the log: every byte, every link, every head.
    Verify {
        #[command(flatten)]
        log: LogArgument,
        /// Key that the log must be signed with, as `name+id+key`; may be repeated.
        #[arg(long, value_name = "KEY")]
        vkey: Vec<String>,
        /// File with a head that the log must contain; may be repeated.
        #[arg(long, value_name = "FILE")]
        trusted: Vec<PathBuf>,
        /// File with a head that was verified before: only what is newer is read.
        #[arg(long, value_name = "FILE")]
        from: Option<PathBuf>,
    },
    /// Show the records of the log.
    Show {
        #[command(flatten)]
        log: LogArgument,
        /// Only records of this run.
        #[arg(long, value_name = "RUN")]
        run: Option<String>,
        /// Only records about this rule.
        #[arg(long, value_name = "ID")]
        rule: Option<String>,
        /// Only records about this resource.
        #[arg(long, value_name = "ID")]
        resource: Option<String>,
        /// How to print them; `json` is the records as they stand in the log.
        #[arg(short, long, default_value = "text", value_parser = ["text", "json"])]
        format: String,
    },
}

#[derive(Debug, Args)]
struct LogArgument {
    /// Folder of the log [default: `.probity/audit` at the base].
    #[arg(value_name = "LOG")]
    log: Option<PathBuf>,
}

impl LogArgument {
    fn directory(&self) -> Result<PathBuf, Failure> {
        if let Some(log) = &self.log {
            return absolute(log);
        }
        let base = Base::new(&[], None, &current_folder()?).map_err(Failure::usage)?;
        Ok(run::default_directory(&base)
            .into_iter()
            .find(|path| path.is_dir())
            .unwrap_or_else(|| base.root.join(run::DEFAULT)))
    }
}

pub(super) fn run(arguments: &Arguments, terminal: &Terminal) -> Result<u8, Failure> {
    match &arguments.command {
        Command::Verify { log, vkey, trusted, from } => {
            let keys = vkey.iter().map(|key| VerifierKey::parse(key));
            let keys = keys
                .collect::<Result<_, _>>()
                .map_err(|error| Failure::usage(format!("`--vkey`: {error}")))?;
            let trusted = trusted.iter().map(|path| Ok((path.display().to_string(), head(path)?)));
            let trusted = trusted.collect::<Result<_, Failure>>()?;
            let from = from.as_deref().map(head).transpose()?;
            let options = VerifyOptions { keys, trusted, from, state: run::state_folder() };
            let verdict = verify(&log.directory()?, &options).map_err(failure)?;
            terminal.print(|out| out.write_all(verdict.render().as_bytes()))?;
            Ok(verdict.exit_code())
        }
        Command::Show { log, run, rule, resource, format } => {
            let filter = Filter { run: run.clone(), rule: rule.clone(), resource: resource.clone() };
            let rows = show::records(&log.directory()?, &filter).map_err(failure)?;
            terminal.print(|out| {
                for row in &rows {
                    if format == "json" {
                        writeln!(out, "{}", row.record)?;
                    } else {
                        writeln!(out, "{:>6}  {}  {:14}  {}", row.index, row.time, row.kind, row.summary())?;
                    }
                }
                Ok(())
            })?;
            Ok(0)
        }
    }
}

/// A head in a file: a checkpoint, or anything that begins with one.
#[expect(clippy::disallowed_methods, reason = "a head is no part of the estate: this is its edge")]
fn head(path: &Path) -> Result<Note, Failure> {
    let text = std::fs::read_to_string(path).map_err(|error| Failure {
        code: 4,
        ..Failure::usage(format!("`{}` cannot be read: {error}", path.display()))
    })?;
    Note::parse(&text)
        .map_err(|error| Failure::usage(format!("`{}` is no head of a log: {error}", path.display())))
}

/// Exit code of the commands that read the log (contract, "Exit codes").
fn failure(error: AuditError) -> Failure {
    let code = match error.cause() {
        Cause::Usage => 2,
        Cause::Io => 4,
        Cause::Damage => 1,
        Cause::Rollback => 3,
    };
    Failure { code, ..Failure::usage(error) }
}
