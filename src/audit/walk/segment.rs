//! The walk through one segment after the other.

use std::path::Path;

use super::{
    End, Position, Stop, Violation, Visitor, diagnosis,
    tail::{OpenEnd, Tail},
    violation,
};
use crate::audit::{
    chain::{Chain, Fault},
    commit::{self, Commit},
    event::{Kind, Recovered},
    layout::SegmentName,
    lines::{Line, Lines},
    record,
    store::{Access, Context as _, FileSystem, Shape, StoredFile},
};

pub(super) struct Walk<'w> {
    pub(super) system: &'w dyn FileSystem,
    pub(super) directory: &'w Path,
    pub(super) visitor: &'w mut dyn Visitor,
    /// Segment in which the walk began.
    pub(super) start: SegmentName,
    /// Behind the newest commit.
    pub(super) position: Position,
    /// After the newest record.
    pub(super) current: Chain,
    /// Ends of the segments since the newest commit, whose meaning the next good segment decides.
    pub(super) open: Vec<OpenEnd>,
    /// Tails that no record has named yet.
    pub(super) tails: Vec<Tail>,
    /// Tails that records since the newest commit name, with the index of the record.
    pub(super) named: Vec<(Recovered, u64)>,
}

/// A segment while it is read.
struct Reading<'r> {
    name: SegmentName,
    path: &'r Path,
    file: &'r dyn StoredFile,
    /// Nothing of it was read yet.
    fresh: bool,
    /// No record of it was read yet.
    empty: bool,
    end: OpenEnd,
}

impl<'w> Walk<'w> {
    pub(super) fn new(
        system: &'w dyn FileSystem,
        directory: &'w Path,
        start: Position,
        visitor: &'w mut dyn Visitor,
    ) -> Self {
        Self {
            system,
            directory,
            visitor,
            start: start.segment,
            current: start.chain.clone(),
            position: start,
            open: Vec::new(),
            tails: Vec::new(),
            named: Vec::new(),
        }
    }

    pub(super) fn check_name(&self, segment: SegmentName, before: Option<SegmentName>) -> Result<(), Stop> {
        let size = self.position.chain.size();
        if [size, self.current.size()].into_iter().any(|size| segment.may_follow(before, size)) {
            return Ok(());
        }
        let expected = before.map_or_else(SegmentName::default, SegmentName::recovery);
        let fault = Fault::compared(
            "a segment is missing before this one, or it was renamed",
            expected.to_string(),
            segment.to_string(),
        );
        Err(violation(size, segment, 0, fault).into())
    }

    pub(super) fn segment(&mut self, name: SegmentName) -> Result<(), Stop> {
        let path = name.path(self.directory);
        let file = self.open_segment(&path, name)?;
        let start = if name == self.position.segment { self.position.offset } else { 0 };
        let mut reading = Reading {
            name,
            path: &path,
            file: &*file,
            fresh: start == 0,
            empty: start == 0,
            end: OpenEnd::new(name, start),
        };
        let mut lines = Lines::new(&*file, start).on("read", &path)?;
        while let Some(line) = lines.next_line().on("read", &path)? {
            self.line(&mut reading, line)?;
            reading.fresh = false;
        }
        reading.end.length = lines.offset();
        self.open.push(reading.end);
        Ok(())
    }

    pub(super) fn finish(mut self, newest: Option<SegmentName>) -> Result<End, Stop> {
        let adopted = self
            .torn_head()
            .filter(|commit| self.visitor.adopts(&commit.note))
            .filter(|commit| self.current.check(commit).is_ok());
        match &adopted {
            Some(commit) => self.visitor.commit(commit).map_err(|fault| self.at_head(fault))?,
            None => self.visitor.discard(),
        }
        self.close_open_ends(adopted.is_some())?;
        if adopted.is_some() {
            // Records below an adopted head set aside as those below any other.
            for (named, _) in &self.named {
                self.tails.retain(|tail| !tail.is_named_by(named));
            }
        }
        let adopted = adopted.map(|commit| (self.current, commit));
        Ok(End { position: self.position, newest, tails: self.tails, adopted })
    }

    /// The commit that the first open end was to be, if its note is whole.
    fn torn_head(&self) -> Option<Commit> {
        let (note, _) = self.open.first()?.torn.as_ref()?;
        Some(Commit { note: note.clone(), frontier: self.current.frontier.clone() })
    }

    fn line(&mut self, reading: &mut Reading<'_>, line: Line<'_>) -> Result<(), Stop> {
        let commit = (line.terminated && line.bytes.starts_with(commit::START))
            .then(|| Commit::parse(line.bytes).ok())
            .flatten();
        if let Some(commit) = commit {
            let end = line.offset + line.bytes.len() as u64 + 1;
            if let Some(problem) = reading.end.problem.take() {
                return Err(self.diagnosed(reading, problem, &commit)?.into());
            }
            if reading.fresh && (self.position.commit.is_some() || !self.open.is_empty()) {
                self.restated(reading, line.bytes, end, commit)
            } else {
                self.committed(reading, line.offset, end, commit)
            }
        } else if reading.end.problem.is_some() {
            Ok(())
        } else {
            let index = self.current.size();
            let Err(fault) = self.record(reading, line)? else { return Ok(()) };
            reading.end.torn = commit::torn_note(line.bytes).map(|note| (note, line.offset));
            reading.end.cut_off = !line.terminated;
            reading.end.problem = Some(violation(index, reading.name, line.offset, fault));
            Ok(())
        }
    }

    /// A line that is no commit: the next record, or something that does not belong here.
    fn record(&mut self, reading: &mut Reading<'_>, line: Line<'_>) -> Result<Result<(), Fault>, Stop> {
        if reading.fresh && self.position.commit.is_some() {
            return Ok(Err(Fault::new("the segment does not begin with a copy of the last commit")));
        }
        if line.too_long {
            return Ok(Err(Fault::new("the line is longer than any record or commit")));
        }
        if !line.terminated {
            return Ok(Err(Fault::new("the line is cut off")));
        }
        if !line.bytes.starts_with(record::START) {
            return Ok(Err(Fault::new("the line is neither a record nor a commit")));
        }
        if reading.fresh && !self.open.is_empty() {
            // Nothing was ever committed: the log begins anew here.
            if let Err(fault) = Chain::beginning().record(line.bytes) {
                return Ok(Err(fault));
            }
            self.visitor.discard();
            self.current = Chain::beginning();
            self.named.clear();
            self.close_open_ends(false)?;
        }
        let record = match self.current.record(line.bytes) {
            Ok(record) => record,
            Err(fault) => return Ok(Err(fault)),
        };
        if std::mem::take(&mut reading.empty)
            && reading.name.generation > 0
            && !matches!(record.kind, Kind::Recovered | Kind::Genesis)
        {
            return Ok(Err(Fault::new(
                "the segment has the name of a recovery, but does not begin with one",
            )));
        }
        if record.kind == Kind::Recovered {
            match serde_json::from_str(record.body) {
                Ok(named) => self.named.push((named, record.index)),
                Err(_) => return Ok(Err(Fault::new("the record does not say which bytes it sets aside"))),
            }
        }
        Ok(self.visitor.record(&record, line.bytes, &self.current))
    }

    /// A commit over the records before it.
    fn committed(
        &mut self,
        reading: &mut Reading<'_>,
        offset: u64,
        end: u64,
        commit: Commit,
    ) -> Result<(), Stop> {
        let last = commit.note.checkpoint.size.saturating_sub(1);
        if self.position.commit.is_some() && self.current.size() == self.position.chain.size() {
            let fault = Fault::new("the commit adds no record to the one before it");
            return Err(violation(last, reading.name, offset, fault).into());
        }
        if let Err(fault) = self.current.check(&commit) {
            // Where records are missing or too many, the first of those; else the last that the commit covers.
            let (claimed, found) = (commit.note.checkpoint.size, self.current.size());
            let index = if claimed == found { last } else { claimed.min(found) };
            return Err(self
                .diagnosed(reading, violation(index, reading.name, offset, fault), &commit)?
                .into());
        }
        self.visitor.commit(&commit).map_err(|fault| violation(last, reading.name, offset, fault))?;
        self.check_names(reading.name, offset)?;
        self.advance(reading, end, commit);
        Ok(())
    }

    /// The first line of a segment that goes on from others: the newest head once more.
    fn restated(
        &mut self,
        reading: &mut Reading<'_>,
        line: &[u8],
        end: u64,
        commit: Commit,
    ) -> Result<(), Stop> {
        let known = self.position.chain.check(&commit);
        let adopts = known.is_err() && self.current.check(&commit).is_ok();
        let differs = match &self.position.commit {
            Some(before) if known.is_ok() => before.encode() != line,
            _ if adopts => self.torn_head().is_some_and(|torn| torn.note != commit.note),
            _ => false,
        };
        if differs {
            let fault = Fault::new("the segment begins with a copy of the last commit that differs from it");
            let last = commit.note.checkpoint.size.saturating_sub(1);
            return Err(violation(last, reading.name, 0, fault).into());
        }
        match known {
            Ok(()) => {
                self.current = self.position.chain.clone();
                self.visitor.discard();
                self.named.clear();
            }
            // Its own line was torn or lost; the record that says so must follow.
            Err(_) if adopts => {}
            Err(fault) => {
                let problem = self.open.iter_mut().find_map(|open| open.problem.take());
                let found = || violation(self.position.chain.size(), reading.name, 0, fault);
                return Err(problem.unwrap_or_else(found).into());
            }
        }
        self.visitor.commit(&commit).map_err(|fault| self.at_head(fault))?;
        self.close_open_ends(adopts)?;
        self.advance(reading, end, commit);
        Ok(())
    }

    /// Everything up to `end` counts: the position from which the walk goes on.
    fn advance(&mut self, reading: &mut Reading<'_>, end: u64, commit: Commit) {
        self.position = Position {
            segment: reading.name,
            offset: end,
            chain: self.current.clone(),
            commit: Some(commit),
        };
        reading.end.committed(end);
    }

    fn at_head(&self, fault: Fault) -> Violation {
        violation(self.current.size().saturating_sub(1), self.position.segment, self.position.offset, fault)
    }

    fn diagnosed(
        &self,
        reading: &Reading<'_>,
        violation: Violation,
        commit: &Commit,
    ) -> Result<Violation, Stop> {
        let start = reading.end.start;
        diagnosis::changed_record(reading.file, start, &self.position.chain, commit, violation)
            .on("read", reading.path)
            .map_err(Stop::Io)
    }

    /// Opens a segment; a name that stands for anything but one file is refused.
    fn open_segment(&self, path: &Path, name: SegmentName) -> Result<Box<dyn StoredFile>, Stop> {
        let attributes = self.system.attributes(path).on("look at", path)?;
        let what = match attributes.shape {
            Shape::File if attributes.links > 1 => "the segment has a second name (a hard link)",
            Shape::File => return Ok(self.system.open(path, Access::Read).on("read", path)?),
            Shape::Directory | Shape::Other => "the segment is not a regular file",
        };
        Err(violation(self.position.chain.size(), name, 0, Fault::new(what)).into())
    }
}
