//! What verification looks at while it walks.

use std::{
    collections::BTreeMap,
    io::ErrorKind,
    path::{Path, PathBuf},
};

use serde::Deserialize;

use super::{
    keys::KeyRing,
    verdict::{Notice, Outcome, Signatures, Verdict},
};
use crate::audit::{
    chain::{Chain, Fault},
    commit::Commit,
    error::AuditError,
    event::{Kind, List},
    heads::Expected,
    layout::{Description, blob},
    log::check_genesis,
    note::Note,
    record::Record,
    store::{FileSystem, IoError, digest},
    walk::{End, Position, Visitor},
};

/// Clocks that go back by less are not worth a word.
const TOLERATED_MILLISECONDS: u64 = 5_000;
/// More notices of one kind are counted, not listed.
const MOST_NOTICES: usize = 1_000;

pub(super) struct Reader<'v> {
    system: &'v dyn FileSystem,
    directory: &'v Path,
    description: &'v Description,
    keys: KeyRing,
    expected: Expected,
    commits: u64,
    time: Option<String>,
    /// Runs that began and did not end: index and time of their first record.
    open_runs: BTreeMap<String, (u64, String)>,
    /// What records since the last commit say.
    pending: Vec<Pending>,
    notices: Vec<Notice>,
    /// First payload that is there but could not be read.
    unreadable: Option<IoError>,
    /// First head that no trusted key signed: the index of its last record.
    untrusted: Option<u64>,
}

enum Pending {
    Start { run: String, index: u64, time: String },
    End { run: String },
    Blob { index: u64, sha256: String },
    Notice(Notice),
}

impl<'v> Reader<'v> {
    pub(super) fn new(
        system: &'v dyn FileSystem,
        directory: &'v Path,
        description: &'v Description,
        keys: KeyRing,
        expected: Expected,
    ) -> Self {
        Self {
            system,
            directory,
            description,
            keys,
            expected,
            commits: 0,
            time: None,
            open_runs: BTreeMap::new(),
            pending: Vec::new(),
            notices: Vec::new(),
            unreadable: None,
            untrusted: None,
        }
    }

    /// Where reading begins; the head there, if any, is checked like those that follow.
    pub(super) fn begin(&mut self, start: &Position) -> Result<(), Fault> {
        self.time.clone_from(&start.chain.time);
        self.expected.at(&start.chain);
        self.expected.commit();
        start.commit.as_ref().map_or(Ok(()), |commit| self.head(commit))
    }

    pub(super) fn verdict(
        mut self,
        end: &End,
        first: u64,
        mut notices: Vec<Notice>,
        remembers: bool,
    ) -> Result<Verdict, AuditError> {
        if let Some(error) = self.unreadable {
            return Err(AuditError::Io(error));
        }
        notices.append(&mut self.notices);
        notices.extend(self.open_runs.into_iter().map(|(run, (index, time))| Notice::IncompleteScan {
            run,
            index,
            time,
        }));
        notices.extend(end.tails.iter().filter(|tail| !tail.torn_commit && tail.length > 0).map(|tail| {
            Notice::Tail { segment: tail.segment.to_string(), start: tail.start, length: tail.length }
        }));
        let head = end.head().map(|commit| commit.note.clone());
        let signatures = match (self.keys.signed(), self.keys.is_pinned()) {
            (false, _) => Signatures::None,
            (true, false) => Signatures::OwnKey,
            (true, true) => Signatures::PinnedKey,
        };
        let contradictions = self.expected.contradictions();
        let outcome = if signatures == Signatures::PinnedKey && !self.keys.head_trusted() {
            let index = self.untrusted.unwrap_or_default();
            let fault = Fault::new("the head over this record is not signed by the key that was asked for");
            return Err(AuditError::Damaged(Box::new(end.position.violation(index, fault))));
        } else if contradictions.is_empty() && head.is_none() {
            Outcome::Empty { created: self.description.created.clone(), keys: self.description.keys.clone() }
        } else if contradictions.is_empty() {
            Outcome::Intact
        } else {
            Outcome::Rollback(contradictions)
        };
        Ok(Verdict {
            origin: self.description.origin.clone(),
            outcome,
            head,
            first,
            commits: self.commits,
            signatures,
            remembers,
            notices,
        })
    }

    fn head(&mut self, commit: &Commit) -> Result<(), Fault> {
        self.keys.commit(&commit.note)?;
        if self.keys.is_pinned() && !self.keys.head_trusted() && self.untrusted.is_none() {
            self.untrusted = Some(commit.frontier.size().saturating_sub(1));
        }
        self.commits += 1;
        Ok(())
    }

    fn notice(&mut self, notice: Notice) {
        if self.notices.len() < MOST_NOTICES {
            self.notices.push(notice);
        }
    }

    fn check_clock(&mut self, record: &Record<'_>) {
        if let Some(last) = &self.time
            && record.time < last.as_str()
        {
            let chain = Chain { time: Some(last.clone()), ..Chain::beginning() };
            if let Some(behind) = chain.behind(record.time).filter(|behind| *behind > TOLERATED_MILLISECONDS)
            {
                self.pending
                    .push(Pending::Notice(Notice::ClockBack { index: record.index, milliseconds: behind }));
            }
        }
        match &mut self.time {
            Some(time) => record.time.clone_into(time),
            none => *none = Some(record.time.to_owned()),
        }
    }

    /// A payload beside the log may be deleted under retention, but not changed.
    fn check_blob(&mut self, index: u64, sha256: &str) -> Result<(), Fault> {
        let path: PathBuf = blob(self.directory, sha256);
        match digest(self.system, &path, 0, u64::MAX).map(|digest| digest.hex()) {
            Ok(found) if found == sha256 => Ok(()),
            Ok(found) => {
                let what = format!("evidence altered: the payload that record {index} names was changed");
                Err(Fault::compared(what, sha256, found))
            }
            Err(error) if error.source.kind() == ErrorKind::NotFound => {
                self.notice(Notice::EvidenceUnavailable { index, sha256: sha256.to_owned() });
                Ok(())
            }
            Err(error) => {
                self.unreadable.get_or_insert(error);
                Ok(())
            }
        }
    }
}

impl Visitor for Reader<'_> {
    fn record(&mut self, record: &Record<'_>, line: &[u8], chain: &Chain) -> Result<(), Fault> {
        if record.index == 0 {
            check_genesis(line, self.description)?;
        }
        self.expected.at(chain);
        self.check_clock(record);
        let (run, index) = (record.run, record.index);
        match record.kind {
            Kind::ScanStart => {
                let time = record.time.to_owned();
                self.pending.push(Pending::Start { run: run.to_owned(), index, time });
            }
            Kind::ScanEnd => self.pending.push(Pending::End { run: run.to_owned() }),
            Kind::WaiverUse => {
                if let Some(notice) = late_use(record) {
                    self.pending.push(Pending::Notice(notice));
                }
            }
            Kind::KeyRotated => self.keys.rotated(record.body)?,
            Kind::KeyRevoked => self.keys.revoked(record.body)?,
            _ => {}
        }
        let named = List::named(record.body);
        self.pending.extend(named.into_iter().map(|sha256| Pending::Blob { index, sha256 }));
        Ok(())
    }

    fn commit(&mut self, commit: &Commit) -> Result<(), Fault> {
        self.expected.commit();
        self.head(commit)?;
        for pending in std::mem::take(&mut self.pending) {
            match pending {
                Pending::Start { run, index, time } => {
                    self.open_runs.insert(run, (index, time));
                }
                Pending::End { run } => {
                    self.open_runs.remove(&run);
                }
                Pending::Blob { index, sha256 } => self.check_blob(index, &sha256)?,
                Pending::Notice(notice) => self.notice(notice),
            }
        }
        Ok(())
    }

    fn discard(&mut self) {
        self.expected.discard();
        self.keys.discard();
        self.pending.clear();
    }

    fn adopts(&self, note: &Note) -> bool {
        self.keys.accepts(note)
    }
}

/// A waiver that was used after its last day.
fn late_use(record: &Record<'_>) -> Option<Notice> {
    #[derive(Deserialize)]
    struct Use {
        id: String,
        until: String,
    }
    let used: Use = serde_json::from_str(record.body).ok()?;
    let late = record.time.get(..10)? > used.until.as_str();
    late.then_some(Notice::LateWaiver { index: record.index, id: used.id, until: used.until })
}
