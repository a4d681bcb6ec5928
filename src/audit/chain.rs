//! The rules that hold from record to record and from record to commit.

use jiff::Timestamp;

use super::{
    commit::Commit,
    record::{Malformed, Record},
    tree::{Frontier, Hash},
};

/// Where the log stands after some record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chain {
    pub frontier: Frontier,
    /// Leaf hash of the last record; `None` where reading began behind it.
    pub previous: Option<Hash>,
    /// Time of the last record.
    pub time: Option<String>,
}

/// A rule that a record or a commit breaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    pub what: String,
    pub expected: Option<String>,
    pub actual: Option<String>,
}

impl Fault {
    pub fn new(what: impl Into<String>) -> Self {
        Self { what: what.into(), expected: None, actual: None }
    }

    pub fn compared(what: impl Into<String>, expected: impl Into<String>, actual: impl Into<String>) -> Self {
        Self { what: what.into(), expected: Some(expected.into()), actual: Some(actual.into()) }
    }
}

impl From<Malformed> for Fault {
    fn from(error: Malformed) -> Self {
        Self::new(format!("the record is {error}"))
    }
}

impl Chain {
    /// Before the first record.
    pub fn beginning() -> Self {
        Self { frontier: Frontier::default(), previous: Some(Hash::empty()), time: None }
    }

    /// Number of records so far: the index of the next one.
    pub const fn size(&self) -> u64 {
        self.frontier.size()
    }

    /// Takes the next record in.
    pub fn record<'l>(&mut self, line: &'l [u8]) -> Result<Record<'l>, Fault> {
        let record = Record::parse(line)?;
        if record.index != self.size() {
            return Err(Fault::compared(
                "the record has another index than its place",
                self.size().to_string(),
                record.index.to_string(),
            ));
        }
        if let Some(previous) = self.previous
            && previous.hex_bytes() != record.previous.as_bytes()
        {
            return Err(Fault::compared(BROKEN_LINK, previous.hex(), record.previous));
        }
        self.push(Hash::leaf(line), record.time);
        Ok(record)
    }

    /// Takes a record in by its leaf hash.
    pub fn push(&mut self, leaf: Hash, time: &str) {
        self.frontier.push(leaf);
        self.previous = Some(leaf);
        match &mut self.time {
            Some(last) => time.clone_into(last),
            none => *none = Some(time.to_owned()),
        }
    }

    /// Checks that a commit is a head of exactly these records; signatures are another matter.
    pub fn check(&self, commit: &Commit) -> Result<(), Fault> {
        let checkpoint = &commit.note.checkpoint;
        if checkpoint.size != self.size() {
            return Err(Fault::compared(
                "the commit is of another size than the log here",
                self.size().to_string(),
                checkpoint.size.to_string(),
            ));
        }
        let root = self.frontier.root();
        if checkpoint.root != root {
            return Err(Fault::compared(
                "the records do not add up to the root of the commit",
                checkpoint.root.hex(),
                root.hex(),
            ));
        }
        if commit.frontier != self.frontier {
            return Err(Fault::new("the frontier of the commit is not that of the tree"));
        }
        Ok(())
    }

    /// By how many milliseconds a time lies before that of the last record.
    pub fn behind(&self, time: &str) -> Option<u64> {
        let last = self.time.as_deref().filter(|last| time < *last)?;
        let [last, time] = [last, time].map(|time| time.parse::<Timestamp>().ok());
        u64::try_from(last?.as_millisecond() - time?.as_millisecond()).ok()
    }
}

/// What is said where a record does not name the hash of the one before it.
pub const BROKEN_LINK: &str = "the record does not name the hash of the record before it";
