//! Catching up with what others, and crashes, left in the log.

use super::Writer;
use crate::audit::{
    chain::{Chain, Fault},
    commit::Commit,
    error::AuditError,
    heads::Expected,
    key::VerifierKey,
    layout::{FAILED_SYNC, SegmentName},
    locate::locate,
    note::Note,
    record::Record,
    store::{Context as _, read_small},
    tree::Hash,
    walk::{self, End, Position, Tail, Visitor, walk},
};

/// Where the next commit goes.
pub(super) struct Plan {
    /// The newest head, adopted or complete.
    pub(super) head: Position,
    /// A new segment, or the end of the one with the newest head.
    pub(super) new_segment: Option<SegmentName>,
    /// The new segment is there already, and nothing was ever written into it: the disk was full.
    pub(super) is_there: bool,
    /// What records must set aside, with the reason.
    pub(super) set_aside: Vec<(Tail, &'static str)>,
}

impl Writer {
    /// Reads what is new since the head that this writer knows, and checks that it extends all remembered heads.
    pub(super) fn catch_up(&mut self, opening: bool) -> Result<Plan, AuditError> {
        if !opening && let Some(plan) = self.nothing_new()? {
            return Ok(plan);
        }
        let mut expected = Expected::default();
        // What this writer knows extends what it remembered when it was opened.
        let known = if opening { 0 } else { self.known.chain.size() };
        if let Some(note) = self.remembered()?.filter(|note| note.checkpoint.size >= known) {
            expected.add("the head in the user's state folder", note);
        }
        let start = if opening {
            // Not later than the remembered head, so that the walk passes it.
            let newest = locate(&*self.system, &self.directory, u64::MAX)?;
            match expected.smallest() {
                Some(size) if size < newest.chain.size() => locate(&*self.system, &self.directory, size)?,
                _ => newest,
            }
        } else {
            self.known.clone()
        };
        let signer = self.options.signer.as_ref().map(|signer| signer.verifier().clone());
        let signed_from_the_start = !self.description.keys.is_empty();
        let was_signed =
            start.commit.as_ref().map_or(signed_from_the_start, |commit| commit.note.is_signed());
        let mut reader = Reader { origin: self.description.origin.clone(), signer, expected, was_signed };
        reader.expected.at(&start.chain);
        reader.expected.commit();
        let end = walk(&*self.system, &self.directory, start.clone(), &mut reader)?;
        self.check_head(&end, &reader)?;
        // From where the next look sees all that is to be set aside; never an adopted head, which has no complete line.
        self.known = if end.tails.is_empty() { end.position.clone() } else { start };
        self.plan(end)
    }

    /// The head in the user's state folder.
    pub(super) fn remembered(&self) -> Result<Option<Note>, AuditError> {
        let Some(memory) = &self.memory else { return Ok(None) };
        Ok(memory.recall(&*self.system, &self.description.origin)?)
    }

    /// The common case: this writer made the newest commit.
    fn nothing_new(&self) -> Result<Option<Plan>, AuditError> {
        if self.known.commit.is_none() {
            return Ok(None);
        }
        let newest = crate::audit::walk::segments(&*self.system, &self.directory)?.pop();
        let path = self.known.segment.path(&self.directory);
        let length = self.system.attributes(&path).on("look at", &path)?.length;
        if newest != Some(self.known.segment) || length != self.known.offset || self.failed_sync()? == newest
        {
            return Ok(None);
        }
        let new_segment = self.rotates(&self.known);
        Ok(Some(Plan { head: self.known.clone(), new_segment, is_there: false, set_aside: Vec::new() }))
    }

    fn check_head(&self, end: &End, reader: &Reader) -> Result<(), AuditError> {
        let head = end.head();
        let begins_anew = head.is_none() && self.options.initialise_new;
        if let Some(contradiction) = reader.expected.contradictions().into_iter().next()
            && !begins_anew
        {
            let found_note = head.map_or_else(|| "no head\n".to_owned(), |commit| commit.note.encode());
            let found = match contradiction.root {
                Some(root) => format!("at that size this log has the root {}", root.base64()),
                None => "this log is shorter".to_owned(),
            };
            return Err(AuditError::Rollback {
                remembered_size: contradiction.note.checkpoint.size,
                remembered: contradiction.note.encode(),
                found,
                found_note,
            });
        }
        if head.is_none()
            && let Some(key) = &reader.signer
            && !self.description.keys.is_empty()
            && !self.description.keys.contains(key)
        {
            return Err(AuditError::OtherKey { key: key.to_string() });
        }
        if let Some(commit) = head {
            reader.check(&commit.note).map_err(|fault| {
                AuditError::Damaged(Box::new(
                    end.position.violation(end.position.chain.size().saturating_sub(1), fault),
                ))
            })?;
            match &reader.signer {
                Some(key) if commit.note.is_signed() && !commit.note.is_in_force(key) => {
                    return Err(AuditError::OtherKey { key: key.to_string() });
                }
                None if commit.note.is_signed() => {
                    return Err(AuditError::KeyMissing { origin: self.description.origin.clone() });
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn plan(&self, end: End) -> Result<Plan, AuditError> {
        let End { mut position, newest, tails, adopted } = end;
        let marked = if newest.is_some() { self.failed_sync()? } else { None };
        let failed_sync = marked.is_some() && marked == newest;
        let mut set_aside: Vec<(Tail, &'static str)> = tails
            .into_iter()
            .map(|tail| {
                let reason = match () {
                    // Also where an attempt came between that got nowhere: what is on the disk may still go.
                    () if marked == Some(tail.segment) => walk::FAILED_SYNC,
                    () if tail.torn_commit => "torn commit",
                    () => "uncommitted",
                };
                (tail, reason)
            })
            .collect();
        if let Some(segment) = newest
            && failed_sync
            && !set_aside.iter().any(|(tail, _)| tail.segment == segment)
        {
            set_aside.push((self.whole(segment)?, walk::FAILED_SYNC));
        }
        if let Some((chain, commit)) = adopted {
            position.chain = chain;
            position.commit = Some(commit);
        }
        let vacant = newest.filter(|newest| !failed_sync && is_vacant(*newest, &set_aside));
        if vacant.is_some() {
            set_aside.retain(|(tail, _)| Some(tail.segment) != vacant);
        }
        let new_segment = match newest {
            None => Some(SegmentName::default()),
            Some(_) if vacant.is_some() => vacant,
            Some(newest) if !set_aside.is_empty() => Some(newest.recovery()),
            Some(_) => self.rotates(&position),
        };
        Ok(Plan { head: position, new_segment, is_there: vacant.is_some(), set_aside })
    }

    /// A segment that ends with a commit, of which nothing is set aside but which is not added to.
    fn whole(&self, segment: SegmentName) -> Result<Tail, AuditError> {
        let path = segment.path(&self.directory);
        let start = self.system.attributes(&path).on("look at", &path)?.length;
        let sha256 = Hash::empty().hex();
        Ok(Tail { segment, start, length: 0, sha256, torn_commit: false, problem: None, cut_off: false })
    }

    fn rotates(&self, head: &Position) -> Option<SegmentName> {
        let size = head.chain.size();
        let full = head.offset >= self.options.segment_bytes
            || size.saturating_sub(head.segment.first) >= self.options.segment_records;
        (full && size > head.segment.first).then_some(SegmentName { first: size, generation: 0 })
    }

    /// The segment in which a sync failed.
    fn failed_sync(&self) -> Result<Option<SegmentName>, AuditError> {
        let bytes = read_small(&*self.system, &self.directory.join(FAILED_SYNC), 128)?;
        Ok(bytes.and_then(|bytes| SegmentName::parse(std::str::from_utf8(&bytes).ok()?.trim_end())))
    }
}

/// Whether a segment was made but never written to, so that the next attempt may use it: a disk that stays full must not
/// leave a file behind for each of them. A recovery needs something else to set aside.
fn is_vacant(newest: SegmentName, set_aside: &[(Tail, &'static str)]) -> bool {
    let is_empty = |tail: &Tail| tail.segment == newest && (tail.start, tail.length) == (0, 0);
    let others = set_aside.iter().any(|(tail, _)| tail.segment != newest);
    set_aside.iter().any(|(tail, _)| is_empty(tail)) && (others || newest.generation == 0)
}

/// Reads as a writer does: it knows its own key only, and needs no more.
struct Reader {
    origin: String,
    signer: Option<VerifierKey>,
    expected: Expected,
    /// Whether the newest head is signed: then an unsigned one is none.
    was_signed: bool,
}

impl Reader {
    fn check(&self, note: &Note) -> Result<(), Fault> {
        if note.checkpoint.origin != self.origin {
            return Err(Fault::compared(
                "the commit is of another log",
                self.origin.clone(),
                note.checkpoint.origin.clone(),
            ));
        }
        note.verify(&self.signer).map(drop).map_err(|error| Fault::new(error.to_string()))
    }
}

impl Visitor for Reader {
    fn record(&mut self, _record: &Record<'_>, _line: &[u8], chain: &Chain) -> Result<(), Fault> {
        self.expected.at(chain);
        Ok(())
    }

    fn commit(&mut self, commit: &Commit) -> Result<(), Fault> {
        self.expected.commit();
        if self.was_signed && !commit.note.is_signed() {
            return Err(Fault::new("the head is not signed, though one before it is"));
        }
        self.was_signed = commit.note.is_signed();
        self.check(&commit.note)
    }

    fn discard(&mut self) {
        self.expected.discard();
    }

    fn adopts(&self, note: &Note) -> bool {
        match &self.signer {
            Some(key) => {
                !note.is_signed() && !self.was_signed || note.verify([key]).is_ok_and(|keys| !keys.is_empty())
            }
            None => !note.is_signed(),
        }
    }
}
