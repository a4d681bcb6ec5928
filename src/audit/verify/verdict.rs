//! What verification found, for people and for exit codes.

use std::fmt::{self, Write as _};

use crate::audit::{
    heads::Contradiction, key::VerifierKey, note::Note, printable::printable, walk::Violation,
};

/// What verification found.
#[derive(Debug)]
pub struct Verdict {
    pub origin: String,
    pub outcome: Outcome,
    /// The newest head; `None` if nothing was ever committed.
    pub head: Option<Note>,
    /// Index of the first record that was verified.
    pub first: u64,
    /// How many heads were checked.
    pub commits: u64,
    pub signatures: Signatures,
    /// Whether the log was compared with a head that is kept elsewhere.
    pub remembers: bool,
    pub notices: Vec<Notice>,
}

/// Whether the log is what it was.
#[derive(Debug)]
pub enum Outcome {
    Intact,
    /// The log holds no record, and nobody remembers that it did: it may never have, or all of it was removed.
    Empty {
        /// When `log.json` says that it was made.
        created: String,
        /// Keys that were to sign it; none: unsigned.
        keys: Vec<VerifierKey>,
    },
    Damaged(Box<Violation>),
    /// Heads that are kept elsewhere and that the log does not have.
    Rollback(Vec<Contradiction>),
}

/// Whose signatures the heads carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signatures {
    None,
    /// Of the key that the log itself names.
    OwnKey,
    /// Of a key that the user knows from elsewhere.
    PinnedKey,
}

/// Something worth knowing that does not make the log less intact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    IncompleteScan { run: String, index: u64, time: String },
    Tail { segment: String, start: u64, length: u64 },
    LateWaiver { index: u64, id: String, until: String },
    ClockBack { index: u64, milliseconds: u64 },
    EvidenceUnavailable { index: u64, sha256: String },
    DamagedCopy,
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::IncompleteScan { run, index, time } => {
                write!(f, "incomplete scan: run {run} began at {time} (record {index}) and did not end")
            }
            Self::Tail { segment, start, length } => write!(
                f,
                "uncommitted tail: {length} bytes from byte {start} of seg/{segment} are not part of the log; the next \
                 run sets them aside"
            ),
            Self::LateWaiver { index, id, until } => {
                write!(
                    f,
                    "waiver `{}` was used after its last day {} (record {index})",
                    printable(id),
                    printable(until)
                )
            }
            Self::ClockBack { index, milliseconds } => {
                write!(
                    f,
                    "the clock went back by {milliseconds} ms (record {index}); the order is that of the records"
                )
            }
            Self::EvidenceUnavailable { index, sha256 } => {
                write!(f, "evidence unavailable: the payload {sha256} that record {index} names is gone")
            }
            Self::DamagedCopy => {
                write!(
                    f,
                    "the `checkpoint` file cannot be used; it is only a copy, and the next run writes it anew"
                )
            }
        }
    }
}

impl Verdict {
    pub(super) fn damaged(violation: Box<Violation>) -> Self {
        Self::without_log(Outcome::Damaged(violation))
    }

    /// Of a log of which nothing is left but heads that were kept elsewhere.
    pub(super) fn gone(contradictions: Vec<Contradiction>) -> Self {
        Self { remembers: true, ..Self::without_log(Outcome::Rollback(contradictions)) }
    }

    const fn without_log(outcome: Outcome) -> Self {
        Self {
            origin: String::new(),
            outcome,
            head: None,
            first: 0,
            commits: 0,
            signatures: Signatures::None,
            remembers: false,
            notices: Vec::new(),
        }
    }

    /// As the contract has it: 0, 1, 3 or 5.
    pub const fn exit_code(&self) -> u8 {
        match (&self.outcome, self.signatures) {
            (Outcome::Damaged(_), _) => 1,
            (Outcome::Rollback(_), _) => 3,
            (Outcome::Empty { .. }, _) => 5,
            (Outcome::Intact, Signatures::None | Signatures::OwnKey) => 5,
            (Outcome::Intact, Signatures::PinnedKey) => 0,
        }
    }

    /// One line: the verdict.
    pub fn headline(&self) -> String {
        match (&self.outcome, self.signatures) {
            (Outcome::Damaged(violation), _) => format!("NOT INTACT: {}", printable(&violation.to_string())),
            (Outcome::Empty { .. }, _) => {
                "EMPTY: the log holds no record, and nothing tells whether it ever did".to_owned()
            }
            (Outcome::Rollback(_), _) if self.head.is_none() => {
                "ROLLED BACK: no record of the log is left, but a head of it is remembered".to_owned()
            }
            (Outcome::Rollback(_), _) => {
                "ROLLED BACK or replaced: a remembered head is not in this log".to_owned()
            }
            (Outcome::Intact, Signatures::None) => "intact, UNSIGNED".to_owned(),
            (Outcome::Intact, Signatures::OwnKey) => "intact, key not pinned".to_owned(),
            (Outcome::Intact, Signatures::PinnedKey) => "intact, signed by the pinned key".to_owned(),
        }
    }

    /// The whole verdict for people, with what it can and what it cannot tell.
    pub fn render(&self) -> String {
        let mut text = format!("{}\n", self.headline());
        if let Some(Note { checkpoint, .. }) = &self.head {
            let _ = writeln!(
                text,
                "{}: {} records, verified from index {}, {} heads\nroot {}",
                printable(&checkpoint.origin),
                checkpoint.size,
                self.first,
                self.commits,
                checkpoint.root.base64()
            );
        }
        match &self.outcome {
            Outcome::Rollback(contradictions) => {
                for contradiction in contradictions {
                    self.render_contradiction(&mut text, contradiction);
                }
            }
            Outcome::Empty { created, keys } => self.render_emptiness(&mut text, created, keys),
            Outcome::Intact | Outcome::Damaged(_) => {}
        }
        for notice in &self.notices {
            let _ = writeln!(text, "notice: {notice}");
        }
        if self.head.is_some() {
            self.render_levels(&mut text);
        }
        text
    }

    fn render_contradiction(&self, text: &mut String, contradiction: &Contradiction) {
        let Contradiction { label, note, root } = contradiction;
        let what = match root {
            Some(root) => format!("this log has the root {} at that size", root.base64()),
            None if self.head.is_none() => "this log holds no record".to_owned(),
            None => "this log is shorter".to_owned(),
        };
        let found = self.head.as_ref().map_or_else(|| "(none)\n".to_owned(), Note::encode);
        let _ = write!(
            text,
            "\n{}: {what}\nremembered head:\n{}\nhead of this log:\n{}\n",
            printable(label),
            indented(&note.encode()),
            indented(&found)
        );
    }

    fn render_emptiness(&self, text: &mut String, created: &str, keys: &[VerifierKey]) {
        let keys: Vec<String> = keys.iter().map(ToString::to_string).collect();
        let signed = if keys.is_empty() {
            "nobody was to sign it".to_owned()
        } else {
            format!("to be signed by {}", printable(&keys.join(", ")))
        };
        let _ = writeln!(
            text,
            "{}: made {}, {signed}\nEither no run has recorded anything yet, or all records were removed. Only a head that is \
             kept elsewhere tells these apart, and none is remembered here: give one with `--trusted`, such as the proof \
             beside a SARIF report.",
            printable(&self.origin),
            printable(created),
        );
    }

    /// What is noticed at which level of trust (rows), marked where this verification stands.
    fn render_levels(&self, text: &mut String) {
        const ROWS: [(&str, [&str; 3]); 6] = [
            ("a record changed, added, moved or taken out", ["mostly", "yes", "yes"]),
            ("everything after it rewritten to match", ["NO", "yes", "yes"]),
            ("the log cut back to an earlier head", ["NO", "NO", "yes"]),
            ("history rewritten with the stolen key", ["NO", "NO", "yes"]),
            ("two histories shown to two readers", ["NO", "NO", "if they compare"]),
            ("something the scanner never recorded", ["NO", "NO", "NO"]),
        ];
        let level = match (self.signatures, self.remembers) {
            (Signatures::PinnedKey, true) => 2,
            (Signatures::PinnedKey, false) => 1,
            (_, _) => 0,
        };
        let heads = ["chain only", "key pinned", "+ kept head"];
        let _ = writeln!(text, "\nWould this verification notice …");
        let titles = heads
            .iter()
            .enumerate()
            .map(|(column, title)| if column == level { format!("[{title}]") } else { (*title).to_owned() });
        let _ = writeln!(text, "  {:<46}{}", "", columns(titles));
        for (event, answers) in ROWS {
            let _ = writeln!(text, "  {event:<46}{}", columns(answers.into_iter().map(str::to_owned)));
        }
        if self.remembers && level < 2 {
            let _ = writeln!(
                text,
                "A head that is kept elsewhere was compared: up to it, nothing was changed or cut."
            );
        }
    }
}

fn columns(cells: impl Iterator<Item = String>) -> String {
    cells.fold(String::new(), |line, cell| format!("{line}{cell:<16}")).trim_end().to_owned()
}

fn indented(text: &str) -> String {
    text.lines().fold(String::new(), |text, line| text + "  " + &printable(line) + "\n")
}
