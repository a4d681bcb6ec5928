//! Why the log could not be opened, written or read.

use std::{io::ErrorKind, path::PathBuf};

use super::{
    key::{GenerateError, KeyError},
    note::NoteError,
    signer::SignError,
    store::IoError,
    walk::{Stop, Violation},
};

/// Why the log could not be used; [`AuditError::cause`] says whose move it is.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    #[error(transparent)]
    Io(#[from] IoError),
    #[error("the audit log `{}` was in use by others for {seconds} s: try again, or wait longer (`--audit-lock-timeout`)", path.display())]
    Locked { path: PathBuf, seconds: u64 },
    #[error("the audit log `{}` lies on {kind}, where locks may not hold: choose a local folder, or allow it explicitly", path.display())]
    Network { path: PathBuf, kind: &'static str },
    #[error("`{}` {what}: the audit log is not used like that; put it right, or choose another folder", path.display())]
    Unsafe { path: PathBuf, what: &'static str },
    #[error("`{}` holds other things and no audit log: name a new or an empty folder for it", path.display())]
    Occupied { path: PathBuf },
    #[error("there is no audit log in `{}`: name its folder, or run `probity scan` first", path.display())]
    Missing { path: PathBuf },
    #[error(
        "`{name}` cannot be the origin of a log: use a name without spaces and `+`, such as `audit.example.com/shop`"
    )]
    Origin { name: String },
    #[error(
        "the audit log belongs to `{log}`, but `{given}` was asked for: name the right folder, or the right key"
    )]
    OtherOrigin { log: String, given: String },
    #[error("the audit log of `{origin}` is signed, but no key was given: nothing unsigned is added to it")]
    KeyMissing { origin: String },
    #[error(
        "the newest head of the audit log is not signed by the key `{key}`: it was rotated, or this is the wrong one"
    )]
    OtherKey { key: String },
    #[error(
        "the key `{}` can be read by others, who could then {misuse}: take the permission away (`chmod 600`; \
         of a mounted Secret: `defaultMode: 0400`)",
        path.display()
    )]
    KeyShared { path: PathBuf, misuse: &'static str },
    #[error("the key cannot be used: {0}")]
    Key(#[from] KeyError),
    #[error(transparent)]
    Generate(#[from] GenerateError),
    #[error(transparent)]
    Sign(#[from] SignError),
    #[error("the note cannot be used: {0}")]
    Note(#[from] NoteError),
    #[error("the proof cannot be used: {0}")]
    Proof(String),
    #[error("the audit log is damaged: {0}")]
    Damaged(Box<Violation>),
    #[error(
        "the audit log was rolled back or replaced: a head of {remembered_size} records is remembered, but {found}. \
         Restore the log; if it is gone on purpose, start a new one explicitly\n\nremembered:\n{remembered}\nfound:\n{found_note}"
    )]
    Rollback { remembered_size: u64, remembered: String, found: String, found_note: String },
    #[error("the log has fewer records than the head of {size} that was asked for")]
    Shorter { size: u64 },
    #[error("somebody wrote to `{}` at the same time without the lock: nothing was signed", path.display())]
    Interference { path: PathBuf },
    #[error("a record of type `{kind}` cannot be written: it is {reason}")]
    Record { kind: &'static str, reason: String },
    #[error("{0}")]
    Request(String),
}

/// What kind of failure it is; callers turn it into their exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// The user asked for something that is not possible.
    Usage,
    /// The log cannot be read or written.
    Io,
    /// The log was changed.
    Damage,
    /// The log is shorter than, or another than, one that is remembered.
    Rollback,
}

impl AuditError {
    pub const fn cause(&self) -> Cause {
        match self {
            Self::Io(_)
            | Self::Locked { .. }
            | Self::Unsafe { .. }
            | Self::Sign(_)
            | Self::Interference { .. }
            | Self::Record { .. } => Cause::Io,
            Self::Network { .. }
            | Self::Missing { .. }
            | Self::Occupied { .. }
            | Self::Origin { .. }
            | Self::OtherOrigin { .. }
            | Self::KeyMissing { .. }
            | Self::OtherKey { .. }
            | Self::KeyShared { .. }
            | Self::Key(_)
            | Self::Generate(_)
            | Self::Note(_)
            | Self::Proof(_)
            | Self::Request(_) => Cause::Usage,
            Self::Damaged(_) => Cause::Damage,
            Self::Rollback { .. } | Self::Shorter { .. } => Cause::Rollback,
        }
    }
}

impl AuditError {
    /// Whether the place, not the log, is the obstacle: another place would do.
    pub fn is_about_the_place(&self) -> bool {
        match self {
            Self::Io(IoError { source, .. }) => matches!(
                source.kind(),
                ErrorKind::PermissionDenied
                    | ErrorKind::ReadOnlyFilesystem
                    | ErrorKind::NotADirectory
                    | ErrorKind::NotFound
            ),
            Self::Network { .. } => true,
            _ => false,
        }
    }
}

impl From<Stop> for AuditError {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Io(error) => Self::Io(error),
            Stop::Violation(violation) => Self::Damaged(violation),
        }
    }
}
