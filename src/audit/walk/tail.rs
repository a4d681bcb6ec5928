//! Bytes behind the last commit of a segment, and the records that name them.

use super::{Stop, Violation, segment::Walk, violation};
use crate::audit::{
    canonical, chain::Fault, event::Recovered, layout::SegmentName, note::Note, store::digest,
};

/// Reason of a record that sets aside what nobody knows to be on the disk.
pub const FAILED_SYNC: &str = "failed sync";

/// Bytes that are not part of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tail {
    pub segment: SegmentName,
    /// Where they start.
    pub start: u64,
    pub length: u64,
    pub sha256: String,
    /// Whether they are what is left of a commit line whose note counts.
    pub torn_commit: bool,
    /// The first line among them that is not the next record.
    pub problem: Option<Violation>,
    /// Whether that line has no line feed, as a crash or a truncation leaves it.
    pub cut_off: bool,
}

impl Tail {
    /// Whether a record sets exactly these bytes aside. What a failed sync left may be gone by now, or in part.
    pub(super) fn is_named_by(&self, record: &Recovered) -> bool {
        if record.reason == FAILED_SYNC {
            let committed = canonical::number(&record.committed_len);
            self.segment.to_string() == record.segment
                && committed.is_some_and(|committed| self.start <= committed)
        } else {
            self.named(&record.reason) == *record
        }
    }

    /// The body of the record that sets these bytes aside.
    pub fn named(&self, reason: &str) -> Recovered {
        Recovered {
            committed_len: self.start.to_string(),
            reason: reason.to_owned(),
            segment: self.segment.to_string(),
            tail_len: self.length.to_string(),
            tail_sha256: self.sha256.clone(),
        }
    }
}

/// How a segment ended.
#[derive(Debug)]
pub(super) struct OpenEnd {
    segment: SegmentName,
    /// Behind its last commit.
    pub(super) start: u64,
    pub(super) length: u64,
    has_commit: bool,
    /// The first line behind the last commit that is not the next record.
    pub(super) problem: Option<Violation>,
    pub(super) cut_off: bool,
    /// The note that this line holds, and where the line starts.
    pub(super) torn: Option<(Note, u64)>,
}

impl OpenEnd {
    pub(super) const fn new(segment: SegmentName, start: u64) -> Self {
        Self {
            segment,
            start,
            length: start,
            has_commit: start > 0,
            problem: None,
            cut_off: false,
            torn: None,
        }
    }

    pub(super) const fn committed(&mut self, end: u64) {
        self.start = end;
        self.has_commit = true;
    }
}

impl Walk<'_> {
    /// Turns what is open into tails; an adopted note makes the first of them start at its line.
    pub(super) fn close_open_ends(&mut self, adopted: bool) -> Result<(), Stop> {
        for (position, open) in std::mem::take(&mut self.open).into_iter().enumerate() {
            let torn_commit = adopted && position == 0;
            // The records before the head that is adopted are part of the log.
            let start = match &open.problem {
                _ if !torn_commit => open.start,
                Some(problem) => problem.offset,
                None => open.length,
            };
            if start == open.length && open.has_commit && !torn_commit {
                continue;
            }
            self.tails.push(Tail {
                segment: open.segment,
                start,
                length: open.length - start,
                sha256: digest(self.system, &open.segment.path(self.directory), start, open.length)?.hex(),
                torn_commit,
                problem: open.problem,
                cut_off: open.cut_off,
            });
        }
        Ok(())
    }

    /// At a commit: every tail must be named by a record that it covers, and every name must be that of a tail.
    pub(super) fn check_names(&mut self, segment: SegmentName, offset: u64) -> Result<(), Stop> {
        for (named, index) in std::mem::take(&mut self.named) {
            let before = self.tails.len();
            self.tails.retain(|tail| !tail.is_named_by(&named));
            let known = self.tails.len() < before || Self::is_empty_tail(&named, segment);
            let older = SegmentName::parse(&named.segment).is_some_and(|named| named < self.start);
            if !known && !older {
                let what = format!(
                    "the bytes that the record sets aside in `{}` are not there, or were changed",
                    named.segment
                );
                return Err(violation(index, segment, offset, Fault::new(what)).into());
            }
        }
        if let Some(tail) = self.tails.first() {
            let fault = Fault::new("no record names these bytes behind the last commit of the segment");
            return Err(violation(self.position.chain.size(), tail.segment, tail.start, fault).into());
        }
        Ok(())
    }

    /// A failed sync starts a new segment even where nothing has to be set aside.
    fn is_empty_tail(named: &Recovered, before: SegmentName) -> bool {
        named.reason == FAILED_SYNC
            && SegmentName::parse(&named.segment).is_some_and(|segment| segment < before)
    }
}
