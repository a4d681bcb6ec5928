//! What is recorded: the typed bodies of records.
//!
//! Fields are declared in the order of their names, which makes what `serde` writes canonical; the writer checks it.
//! No body has a field for contents, matched text, values of variables or free error texts: only names, classes,
//! counts and digests.

pub mod digest;
pub mod log;
pub mod run;
pub mod waiver;

use std::borrow::Cow;

use serde::Serialize;

pub use self::{
    digest::{Digest, Input, List},
    log::{Closed, Genesis, KeyRevoked, KeyRotated, Predecessor, Recovered},
    run::{
        Actor, Ci, Decision, DecisionBatch, Git, Limit, Manifest, Outcomes, Override, PolicyDigest,
        ReportDigest, ScanEnd, ScanInputs, ScanStart, Tool,
    },
    waiver::{WaiverChange, WaiverUse},
};
use super::redact::redacted;

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Event {
    /// First record of every log; written by the log itself.
    Genesis(Genesis),
    /// A run begins; before any policy is evaluated.
    ScanStart(Box<ScanStart>),
    /// What the run read.
    ScanInputs(ScanInputs),
    /// A decision that is not a pass.
    Decision(Decision),
    /// All passes of one rule.
    DecisionBatch(DecisionBatch),
    /// A waiver is in force: each run says so, which tells when it came and went.
    WaiverGrant(WaiverChange),
    WaiverUse(WaiverUse),
    WaiverExpire(WaiverChange),
    WaiverRevoke(WaiverChange),
    /// A setting changed what a rule would have said.
    Override(Override),
    /// A run ends; after its last output.
    ScanEnd(ScanEnd),
    /// Bytes after the last commit were set aside; written by the log itself.
    Recovered(Recovered),
    KeyRotated(KeyRotated),
    KeyRevoked(KeyRevoked),
    /// Last record of a log.
    Closed(Closed),
}

macro_rules! kinds {
    ($($kind:ident $name:literal,)*) => {
        /// Type of a record.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Kind { $($kind,)* }

        impl Kind {
            pub const ALL: &[Self] = &[$(Self::$kind,)*];

            /// As it stands in the record.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$kind => $name,)* }
            }

            pub fn from_name(name: &str) -> Option<Self> {
                match name { $($name => Some(Self::$kind),)* _ => None }
            }
        }

        impl Event {
            pub const fn kind(&self) -> Kind {
                match self { $(Self::$kind(_) => Kind::$kind,)* }
            }
        }
    };
}

kinds! {
    Genesis "log.genesis",
    ScanStart "scan.start",
    ScanInputs "scan.inputs",
    Decision "decision",
    DecisionBatch "decision.batch",
    WaiverGrant "waiver.grant",
    WaiverUse "waiver.use",
    WaiverExpire "waiver.expire",
    WaiverRevoke "waiver.revoke",
    Override "override",
    ScanEnd "scan.end",
    Recovered "log.recovered",
    KeyRotated "key.rotated",
    KeyRevoked "key.revoked",
    Closed "log.closed",
}

impl Event {
    /// Canonical JSON of the body, without what looks like a credential.
    pub(super) fn body(&self) -> String {
        let json = serde_json::to_string(self).expect("bodies have string keys and cannot fail to serialise");
        match redacted(&json) {
            Cow::Borrowed(_) => json,
            Cow::Owned(json) => json,
        }
    }

    /// The list that is to lie beside the log: digest and canonical JSON.
    pub(super) fn blob(&self) -> Option<(&str, &[u8])> {
        match self {
            Self::ScanInputs(read) => read.inputs.beside(),
            Self::DecisionBatch(batch) => batch.resources.beside(),
            // All of them, so that a new kind with a list is not forgotten.
            Self::Genesis(_)
            | Self::ScanStart(_)
            | Self::Decision(_)
            | Self::WaiverGrant(_)
            | Self::WaiverUse(_)
            | Self::WaiverExpire(_)
            | Self::WaiverRevoke(_)
            | Self::Override(_)
            | Self::ScanEnd(_)
            | Self::Recovered(_)
            | Self::KeyRotated(_)
            | Self::KeyRevoked(_)
            | Self::Closed(_) => None,
        }
    }

    /// The event with the time by which the clock went back, if it has a field for it.
    pub(super) fn with_clock_back(&self, milliseconds: u64) -> Option<Self> {
        let clock_back_ms = Some(milliseconds);
        match self {
            Self::ScanStart(start) => {
                Some(Self::ScanStart(Box::new(ScanStart { clock_back_ms, ..(**start).clone() })))
            }
            Self::ScanEnd(end) => Some(Self::ScanEnd(ScanEnd { clock_back_ms, ..end.clone() })),
            _ => None,
        }
    }
}

#[cfg(test)]
pub(in crate::audit) mod tests;
