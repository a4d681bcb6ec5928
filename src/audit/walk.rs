//! One pass over the segments: what is committed, what is not, and the first thing that is wrong.
//!
//! Whatever reads the log goes through here: verification, the writer that catches up with others, `show`, proofs.
//! Records count only once a commit covers them. What follows the last commit of a segment is a tail: not part of the
//! log, and in all but the last segment a `log.recovered` record must name it.

mod diagnosis;
mod segment;
mod tail;

use std::{fmt, path::Path};

use super::{
    chain::{Chain, Fault},
    commit::Commit,
    layout::{SEGMENTS, SegmentName},
    note::Note,
    record::Record,
    store::{Context as _, FileSystem, IoError},
};
use segment::Walk;
pub use tail::{FAILED_SYNC, Tail};

/// Takes in what a walk finds.
pub trait Visitor {
    /// A record, not yet covered by a commit; `chain` is the log with it.
    fn record(&mut self, record: &Record<'_>, line: &[u8], chain: &Chain) -> Result<(), Fault>;
    /// A commit that adds up; its signatures are the visitor's to judge. What came since the last one counts now.
    fn commit(&mut self, commit: &Commit) -> Result<(), Fault>;
    /// What came since the last commit does not count.
    fn discard(&mut self);
    /// Whether a note that a crash left behind without the rest of its line counts as a commit.
    fn adopts(&self, note: &Note) -> bool;
}

/// Something wrong with the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Index of the first bad record, or of the last record that a bad commit covers.
    pub index: Option<u64>,
    /// File relative to the log's folder.
    pub file: String,
    /// Byte offset in the file.
    pub offset: u64,
    pub fault: Fault,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(index) = self.index {
            write!(f, "record {index}: ")?;
        }
        write!(f, "{} (`{}`, byte {})", self.fault.what, self.file, self.offset)?;
        if let Some(expected) = &self.fault.expected {
            write!(f, "; expected {expected}")?;
        }
        if let Some(actual) = &self.fault.actual {
            write!(f, "; found {actual}")?;
        }
        Ok(())
    }
}

/// Why a walk ended early.
#[derive(Debug)]
pub enum Stop {
    Io(IoError),
    Violation(Box<Violation>),
}

impl From<IoError> for Stop {
    fn from(error: IoError) -> Self {
        Self::Io(error)
    }
}

impl From<Violation> for Stop {
    fn from(violation: Violation) -> Self {
        Self::Violation(Box::new(violation))
    }
}

/// A committed point of the log.
#[derive(Debug, Clone)]
pub struct Position {
    pub segment: SegmentName,
    /// Just behind the commit line.
    pub offset: u64,
    pub chain: Chain,
    /// `None` before the first commit.
    pub commit: Option<Commit>,
}

impl Position {
    /// Something wrong with the commit here.
    pub(super) fn violation(&self, index: u64, fault: Fault) -> Violation {
        violation(index, self.segment, self.offset, fault)
    }

    pub fn beginning() -> Self {
        Self { segment: SegmentName::default(), offset: 0, chain: Chain::beginning(), commit: None }
    }
}

/// Where a walk ended.
#[derive(Debug)]
pub struct End {
    /// Behind the newest commit line.
    pub position: Position,
    /// The newest segment; `None` if there is none.
    pub newest: Option<SegmentName>,
    /// Tails that no record names: of the newest segment, and of those before it that its recovery did not get to.
    pub tails: Vec<Tail>,
    /// A head whose commit line a crash cut off behind the note, and the records up to it: it counts, and is to be
    /// restated.
    pub adopted: Option<(Chain, Commit)>,
}

impl End {
    /// The newest head; `None` if nothing was ever committed.
    pub fn head(&self) -> Option<&Commit> {
        self.adopted.as_ref().map(|(_, commit)| commit).or(self.position.commit.as_ref())
    }
}

/// Names of the segments, in order.
pub fn segments(system: &dyn FileSystem, directory: &Path) -> Result<Vec<SegmentName>, Stop> {
    let folder = directory.join(SEGMENTS);
    let names = match system.list(&folder) {
        Ok(names) => names,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(error).on("list", &folder).map_err(Stop::Io),
    };
    let mut segments = Vec::with_capacity(names.len());
    for name in names {
        match SegmentName::parse(&name) {
            Some(segment) => segments.push(segment),
            None if Path::new(&name).extension().is_some_and(|extension| extension == "jsonl") => {
                let fault = Fault::new("the name is not that of a segment");
                return Err(
                    Violation { index: None, file: format!("{SEGMENTS}/{name}"), offset: 0, fault }.into()
                );
            }
            None => {}
        }
    }
    // A generation of three digits comes after one of two, though not as text.
    segments.sort_unstable();
    Ok(segments)
}

/// Walks from a committed point to the end.
pub fn walk(
    system: &dyn FileSystem,
    directory: &Path,
    start: Position,
    visitor: &mut dyn Visitor,
) -> Result<End, Stop> {
    let segments = segments(system, directory)?;
    let first = start.segment;
    let mut before = start.commit.is_some().then_some(first);
    let mut walk = Walk::new(system, directory, start, visitor);
    for segment in segments.into_iter().filter(|segment| *segment >= first) {
        if before != Some(segment) {
            walk.check_name(segment, before)?;
        }
        walk.segment(segment)?;
        before = Some(segment);
    }
    walk.finish(before)
}

fn violation(index: u64, segment: SegmentName, offset: u64, fault: Fault) -> Violation {
    Violation { index: Some(index), file: file_name(segment), offset, fault }
}

fn file_name(segment: SegmentName) -> String {
    format!("{SEGMENTS}/{segment}")
}
