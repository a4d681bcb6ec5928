//! Streams: results on standard output, everything else on standard error.

use std::{
    fmt::Display,
    io::{self, IsTerminal as _, Write},
};

use anstream::AutoStream;

use crate::output::{Options, Verbosity};

/// Why a command could not do its work, with the exit code of the contract.
#[derive(Debug)]
pub struct Failure {
    pub code: u8,
    /// Lower-case phrase.
    pub message: String,
    /// What to do next.
    pub help: Option<String>,
}

impl Failure {
    /// The caller's move: usage, configuration, a path that does not exist.
    pub fn usage(message: impl Display) -> Self {
        Self { code: 2, message: message.to_string(), help: None }
    }

    #[must_use]
    pub fn help(self, help: impl Into<String>) -> Self {
        Self { help: Some(help.into()), ..self }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub(super) enum ColorChoice {
    #[default]
    Auto,
    Always,
    Never,
}

/// How to talk to the person, or the machine, that runs a command.
pub(super) struct Terminal {
    color: ColorChoice,
    verbosity: Verbosity,
    /// Progress is for people.
    pub(super) progress: bool,
    is_silent: bool,
}

impl Terminal {
    pub(super) fn new(color: ColorChoice, quiet: bool, verbose: bool, no_progress: bool) -> Self {
        let verbosity = match (quiet, verbose) {
            (true, _) => Verbosity::Quiet,
            (_, true) => Verbosity::Verbose,
            _ => Verbosity::Normal,
        };
        let progress = !no_progress && !quiet && io::stderr().is_terminal();
        Self { color, verbosity, progress, is_silent: false }
    }

    /// One that notices nothing: what there is to say is said elsewhere.
    pub(super) const fn silent() -> Self {
        Self { color: ColorChoice::Never, verbosity: Verbosity::Quiet, progress: false, is_silent: true }
    }

    /// Options for what goes to standard output.
    pub(super) fn options(&self) -> Options {
        let choice = match self.color {
            ColorChoice::Always => anstream::ColorChoice::Always,
            ColorChoice::Never => anstream::ColorChoice::Never,
            ColorChoice::Auto => AutoStream::choice(&io::stdout()),
        };
        Options { color: choice != anstream::ColorChoice::Never, verbosity: self.verbosity }
    }

    /// Options for what goes to a file.
    pub(super) fn file_options(&self) -> Options {
        Options { color: self.color == ColorChoice::Always, verbosity: self.verbosity }
    }

    /// Writes a result; a reader that closed the pipe has seen enough.
    #[expect(clippy::unused_self, reason = "whoever may print has a terminal")]
    pub(super) fn print(&self, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), Failure> {
        let mut out = io::stdout().lock();
        match write(&mut out).and_then(|()| out.flush()) {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                Err(Failure::usage(format!("standard output cannot be written: {error}")))
            }
            _ => Ok(()),
        }
    }

    pub(super) fn notice(&self, message: impl Display) {
        if self.verbosity > Verbosity::Quiet {
            drop(writeln!(anstream::stderr(), "note: {message}"));
        }
    }

    /// What must be known even by those who want to hear little: whatever may change a verdict.
    pub(super) fn notice_always(&self, message: impl Display) {
        if !self.is_silent {
            drop(writeln!(anstream::stderr(), "note: {message}"));
        }
    }

    #[expect(clippy::unused_self, reason = "whoever may print has a terminal")]
    pub(super) fn error(&self, failure: &Failure) {
        let mut out = anstream::stderr();
        drop(writeln!(out, "error: {}", failure.message));
        if let Some(help) = &failure.help {
            drop(writeln!(out, "  help: {help}"));
        }
    }
}
