//! One commit: records, sync, signature, sync.

use std::path::Path;

use super::{Receipt, Writer, batch::Batch, recover::Plan};
use crate::audit::{
    chain::Chain,
    commit::Commit,
    error::AuditError,
    event::Event,
    layout::{CHECKPOINT, FAILED_SYNC, SEGMENTS, SegmentName, blob},
    note::{Checkpoint, Note},
    store::{
        Access, Attributes, Context as _, IoError, Shape, StoredFile, append_all, create_directories, replace,
    },
    walk::Position,
};

impl Writer {
    pub(super) fn append_locked(&mut self, events: &[Event]) -> Result<Receipt, AuditError> {
        if events.is_empty() {
            return Err(AuditError::Request("a commit needs at least one event".to_owned()));
        }
        let plan = self.catch_up(false)?;
        if plan.new_segment.is_some() {
            self.probe_signer(plan.head.commit.as_ref())?;
        }
        self.store_blobs(events)?;
        let batch = self.batch(&plan, events)?;
        let segment = plan.new_segment.unwrap_or(plan.head.segment);
        let path = segment.path(&self.directory);
        let mut file = self.open_segment(&path, &plan)?;
        let start = file.length().on("look at", &path)?;

        self.write(&mut *file, &path, start, &batch.bytes)?;
        self.sync(&mut *file, &path, segment)?;
        if plan.new_segment.is_some() {
            let folder = self.directory.join(SEGMENTS);
            self.system.sync_directory(&folder).on("sync", &folder)?;
        }
        let data_end = start + batch.bytes.len() as u64;
        self.check_length(&*file, &path, data_end)?;

        let commit = self.commit(&batch)?;
        let mut line = commit.encode();
        line.push(b'\n');
        self.write(&mut *file, &path, data_end, &line)?;
        self.sync(&mut *file, &path, segment)?;
        // From here on the commit is durable.
        let offset = data_end + line.len() as u64;
        let Batch { chain, first, last_record, last_proof, .. } = batch;
        if plan.new_segment.is_some() && plan.head.commit.is_some() {
            // Best effort: sealing only guards against accidents.
            let _ = self.system.seal(&plan.head.segment.path(&self.directory));
        }
        self.publish(&commit.note)?;
        self.known = Position { segment, offset, chain, commit: Some(commit.clone()) };
        Ok(Receipt {
            origin: self.description.origin.clone(),
            run: self.run.clone(),
            first,
            count: events.len() as u64,
            size: commit.note.checkpoint.size,
            root: commit.note.checkpoint.root,
            signed: commit.note.is_signed(),
            note: commit.note,
            last_record,
            last_proof,
        })
    }

    pub(super) fn rehearse_locked(&mut self) -> Result<(), AuditError> {
        let plan = self.catch_up(false)?;
        self.probe_signer(plan.head.commit.as_ref())?;
        let segment = plan.new_segment.unwrap_or(plan.head.segment);
        self.open_segment(&segment.path(&self.directory), &plan).map(drop)
    }

    fn commit(&self, batch: &Batch) -> Result<Commit, AuditError> {
        let frontier = batch.chain.frontier.clone();
        let checkpoint = Checkpoint {
            origin: self.description.origin.clone(),
            size: frontier.size(),
            root: frontier.root(),
        };
        Ok(Commit { note: self.signed(checkpoint)?, frontier })
    }

    fn signed(&self, checkpoint: Checkpoint) -> Result<Note, AuditError> {
        let mut note = Note::unsigned(checkpoint);
        for signer in self.options.signer.iter().chain(&self.next_signer) {
            signer.sign(&mut note)?;
        }
        Ok(note)
    }

    /// Has the head that there is signed once more, which says nothing new: a signer that cannot sign must not leave
    /// another segment behind at each attempt.
    pub(super) fn probe_signer(&self, head: Option<&Commit>) -> Result<(), AuditError> {
        let empty = || Checkpoint {
            origin: self.description.origin.clone(),
            size: 0,
            root: Chain::beginning().frontier.root(),
        };
        self.signed(head.map_or_else(empty, |commit| commit.note.checkpoint.clone())).map(drop)
    }

    /// Opens the segment that is added to; one that is not what this program made is refused.
    pub(super) fn open_segment(&self, path: &Path, plan: &Plan) -> Result<Box<dyn StoredFile>, AuditError> {
        if plan.new_segment.is_some() && !plan.is_there {
            return Ok(self.system.open(path, Access::Create).on("create", path)?);
        }
        let expected = if plan.is_there { 0 } else { plan.head.offset };
        let what = match self.system.attributes(path).on("look at", path)? {
            Attributes { shape: Shape::Directory | Shape::Other, .. } => "is not a regular file",
            found if found.links != 1 => "has a second name (a hard link)",
            found if !found.own => "belongs to another user",
            found if found.writable_by_others => "can be written by others",
            found if found.length != expected => {
                return Err(AuditError::Interference { path: path.to_owned() });
            }
            _ => return Ok(self.system.open(path, Access::Append).on("open", path)?),
        };
        Err(AuditError::Unsafe { path: path.to_owned(), what })
    }

    fn write(
        &self,
        file: &mut dyn StoredFile,
        path: &Path,
        start: u64,
        bytes: &[u8],
    ) -> Result<(), AuditError> {
        append_all(file, bytes).on("append to", path)?;
        self.check_length(file, path, start + bytes.len() as u64)
    }

    /// A writer that ignores the lock shows in the length.
    fn check_length(&self, file: &dyn StoredFile, path: &Path, expected: u64) -> Result<(), AuditError> {
        if file.length().on("look at", path)? == expected {
            Ok(())
        } else {
            Err(AuditError::Interference { path: self.directory.join(path) })
        }
    }

    /// After a failed sync nobody knows what is on the disk: whoever comes next starts a new segment.
    fn sync(&self, file: &mut dyn StoredFile, path: &Path, segment: SegmentName) -> Result<(), AuditError> {
        file.sync().on("sync", path).map_err(|error| {
            let marker = self.directory.join(FAILED_SYNC);
            let draft = format!("{FAILED_SYNC}.tmp");
            let _ = replace(&*self.system, &marker, &draft, segment.to_string().as_bytes(), true);
            AuditError::Io(error)
        })
    }

    /// Copies the newest note to where readers, and the next run of this user, look for it.
    fn publish(&self, note: &Note) -> Result<(), IoError> {
        let path = self.directory.join(CHECKPOINT);
        replace(&*self.system, &path, "checkpoint.tmp", note.encode().as_bytes(), false)?;
        match &self.memory {
            Some(memory) => memory.remember(&*self.system, note),
            None => Ok(()),
        }
    }

    /// Lists that are too long for a record lie beside the log, durable before the record that names them.
    fn store_blobs(&self, events: &[Event]) -> Result<(), IoError> {
        for (sha256, bytes) in events.iter().filter_map(Event::blob) {
            let path = blob(&self.directory, sha256);
            let known =
                matches!(self.system.attributes(&path), Ok(found) if found.length == bytes.len() as u64);
            if known {
                continue;
            }
            if let Some(folder) = path.parent() {
                create_directories(&*self.system, folder)?;
            }
            replace(&*self.system, &path, "blob.tmp", bytes, true)?;
            let _ = self.system.seal(&path);
        }
        Ok(())
    }

    pub(super) fn time(&self) -> String {
        format!("{:.3}", (self.options.clock)())
    }
}
