//! `probity audit`: reading the log, and what an auditor can check without it; the log of a scan is in [`run`].

mod export;
mod keygen;
mod place;
mod prove;
mod rotate;
mod run;
mod show;

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use super::{Failure, terminal::Terminal};
use crate::audit::{
    AuditError, Cause, VerifyOptions,
    key::VerifierKey,
    keyfile::read_verifiers,
    note::Note,
    proof::{self, InclusionProof},
    verify,
};

use place::LogArgument;
pub(super) use run::{Destination, Role, Run, Scanned, remove_proof, worse};

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
        #[command(flatten)]
        keys: KeyArguments,
        /// File with a head that the log must contain, such as the proof beside a SARIF report; may be repeated.
        #[arg(long, value_name = "FILE")]
        trusted: Vec<PathBuf>,
        /// File with a head that was verified before: only what is newer is read.
        #[arg(long, value_name = "FILE")]
        from: Option<PathBuf>,
    },
    /// Show what the log holds, run by run.
    Show(show::Show),
    /// Prove to somebody without the log that it holds a finding or a record.
    Prove(prove::Prove),
    /// Check a proof that `prove` or `consistency` made; needs no log.
    Check(prove::Check),
    /// Prove that one head of the log extends another: nothing before it was changed or cut.
    Consistency(prove::Consistency),
    /// Write the log as tiles (C2SP `tlog-tiles`): static files for readers of transparency logs.
    Export(export::Export),
    /// Make a key that signs the log.
    Keygen(keygen::Keygen),
    /// Hand the log over to another key; prints its verifier key.
    Rotate(rotate::Rotate),
}

#[derive(Debug, Args)]
struct KeyArguments {
    /// Key that must have signed, as `name+id+key`, or a file with such keys; may be repeated.
    #[arg(long, value_name = "KEY")]
    vkey: Vec<String>,
}

impl KeyArguments {
    fn keys(&self) -> Result<Vec<VerifierKey>, Failure> {
        let mut keys = Vec::new();
        for given in &self.vkey {
            match VerifierKey::parse(given) {
                Ok(key) => keys.push(key),
                Err(_) if Path::new(given).is_file() => {
                    let found = read_verifiers(Path::new(given));
                    let found =
                        found.map_err(|error| Failure::usage(format!("`--vkey {given}`: {error}")))?;
                    if found.is_empty() {
                        return Err(Failure::usage(format!("`--vkey {given}` holds no key")));
                    }
                    keys.extend(found);
                }
                Err(error) => return Err(Failure::usage(format!("`--vkey`: {error}"))),
            }
        }
        Ok(keys)
    }
}

pub(super) fn run(arguments: &Arguments, terminal: &Terminal) -> Result<u8, Failure> {
    match &arguments.command {
        Command::Verify { log, keys, trusted, from } => {
            let trusted = trusted.iter().map(|path| Ok((path.display().to_string(), head(path)?)));
            let trusted = trusted.collect::<Result<_, Failure>>()?;
            let from = from.as_deref().map(head).transpose()?;
            let directory = log.directory(terminal)?;
            let origin = Some(run::default_origin(&directory));
            let options =
                VerifyOptions { keys: keys.keys()?, trusted, from, state: run::state_folder(), origin };
            let verdict = verify(&directory, &options).map_err(failure)?;
            terminal.print(|out| out.write_all(verdict.render().as_bytes()))?;
            Ok(verdict.exit_code())
        }
        Command::Show(show) => show.run(terminal),
        Command::Prove(prove) => prove.run(terminal),
        Command::Check(check) => check.run(terminal),
        Command::Consistency(consistency) => consistency.run(terminal),
        Command::Export(export) => export.run(terminal),
        Command::Keygen(keygen) => keygen.run(terminal),
        Command::Rotate(rotate) => rotate.run(terminal),
    }
}

/// A head in a file: a checkpoint, or a proof that ends with one.
fn head(path: &Path) -> Result<Note, Failure> {
    let text = read(path)?;
    let note = if proof::is_proof(&text) {
        InclusionProof::parse(&text).map(|proof| proof.note)
    } else {
        Note::parse(&text).map_err(AuditError::from)
    };
    note.map_err(|error| Failure::usage(format!("`{}` is no head of a log: {error}", path.display())))
}

#[expect(
    clippy::disallowed_methods,
    reason = "heads and proofs are no part of the estate: this is their edge"
)]
fn read(path: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(path).map_err(|error| Failure {
        code: if error.kind() == std::io::ErrorKind::NotFound { 2 } else { 4 },
        ..Failure::usage(format!("`{}` cannot be read: {error}", path.display()))
    })
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
