//! The newest commits, found from the end: opening a log costs the same whatever its size.

use std::path::Path;

use super::{
    chain::{Chain, Fault},
    error::AuditError,
    layout::{SEGMENTS, SegmentName},
    lines::{self, Found, last_commit, record_before},
    record::Record,
    store::{Access, Context as _, FileSystem, LocalFileSystem, StoredFile},
    tree::Hash,
    walk::{Position, Stop, Violation, segments},
};

/// The newest commit of at most `size` records from which a walk sees everything that is still open; the beginning if
/// there is none.
pub fn locate(system: &dyn FileSystem, directory: &Path, size: u64) -> Result<Position, Stop> {
    for segment in segments(system, directory)?.into_iter().rev() {
        let path = segment.path(directory);
        let file = system.open(&path, Access::Read).on("read", &path)?;
        let mut before = file.length().on("read", &path)?;
        while let Some(found) = last_commit(&*file, before).on("read", &path)? {
            before = found.offset;
            let fits = found.commit.note.checkpoint.size <= size;
            // Behind a restated head alone, the bytes that its segment is to set aside may still be unnamed.
            let first_line = found.offset == 0 && segment != SegmentName::default();
            let newest_asked = size == u64::MAX;
            if fits && !(first_line && newest_asked) {
                return position(&*file, segment, found).on("read", &path)?.map_err(Stop::from);
            }
        }
    }
    Ok(Position::beginning())
}

/// When the newest committed record of a log on this machine was written; `None` if there is none. The log is not
/// verified.
pub fn last_written(directory: &Path) -> Result<Option<String>, AuditError> {
    Ok(locate(&LocalFileSystem, directory, u64::MAX)?.chain.time)
}

fn position(
    file: &dyn StoredFile,
    segment: SegmentName,
    Found { commit, offset, end }: Found,
) -> std::io::Result<Result<Position, Violation>> {
    let checkpoint = &commit.note.checkpoint;
    if commit.frontier.root() != checkpoint.root {
        let fault = Fault::new("the frontier of the commit does not fold to its root");
        let index = Some(checkpoint.size.saturating_sub(1));
        return Ok(Err(Violation { index, file: format!("{SEGMENTS}/{segment}"), offset, fault }));
    }
    let mut chain = Chain { frontier: commit.frontier.clone(), previous: None, time: None };
    let line = record_before(file, offset)?;
    if let Ok(record) = Record::parse(&line)
        && record.index + 1 == chain.size()
    {
        chain.previous = Some(Hash::leaf(&line));
        chain.time = Some(record.time.to_owned());
    }
    Ok(Ok(Position { segment, offset: end, chain, commit: Some(commit) }))
}

/// The first record of the log, without its line feed; `None` if there is none yet.
pub fn first_record(system: &dyn FileSystem, directory: &Path) -> Result<Option<Vec<u8>>, Stop> {
    for segment in segments(system, directory)? {
        let path = segment.path(directory);
        let file = system.open(&path, Access::Read).on("read", &path)?;
        let mut lines = lines::Lines::new(&*file, 0).on("read", &path)?;
        let first = lines.next_line().on("read", &path)?;
        if let Some(line) = first.filter(|line| line.terminated)
            && Record::parse(line.bytes).is_ok_and(|record| record.index == 0)
        {
            return Ok(Some(line.bytes.to_vec()));
        }
    }
    Ok(None)
}
