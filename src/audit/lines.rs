//! Lines of a segment, forwards and backwards, in bounded memory whatever the bytes are.

use std::io;

use super::{
    commit::{self, Commit},
    record,
    store::{StoredFile, read_full},
};

const CHUNK: u64 = 1 << 20;
/// Step of the search for the last commit.
const STEP: u64 = 1 << 16;

/// A line without its line feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line<'a> {
    /// Where it starts in the file.
    pub offset: u64,
    /// Empty where the line is longer than any may be.
    pub bytes: &'a [u8],
    /// Whether a line feed ends it.
    pub terminated: bool,
    pub too_long: bool,
}

/// Reads a file line by line.
pub struct Lines<'f> {
    file: &'f dyn StoredFile,
    chunk: usize,
    /// Bytes of the file from `base` on, of which those in `start..end` are not read yet.
    buffer: Vec<u8>,
    base: u64,
    start: usize,
    end: usize,
    at_end: bool,
}

impl<'f> Lines<'f> {
    pub fn new(file: &'f dyn StoredFile, offset: u64) -> io::Result<Self> {
        // One byte more than the rest, so that the end of a short file is noticed at once.
        let rest = file.length()?.saturating_sub(offset) + 1;
        let chunk = usize::try_from(rest.min(CHUNK)).expect("a chunk fits into memory");
        Ok(Self { file, chunk, buffer: Vec::new(), base: offset, start: 0, end: 0, at_end: false })
    }

    /// Where the next line starts.
    pub const fn offset(&self) -> u64 {
        self.base + self.start as u64
    }

    /// The next line; `None` at the end of the file.
    pub fn next_line(&mut self) -> io::Result<Option<Line<'_>>> {
        let mut searched = 0;
        loop {
            let rest = &self.buffer[self.start..self.end];
            if let Some(found) = memchr::memchr(b'\n', &rest[searched..]) {
                return Ok(Some(self.take(searched + found, true)));
            }
            searched = rest.len();
            if searched > commit::LONGEST {
                return self.pass_over().map(Some);
            }
            if self.at_end {
                return Ok((searched > 0).then(|| self.take(searched, false)));
            }
            self.fill()?;
        }
    }

    fn take(&mut self, length: usize, terminated: bool) -> Line<'_> {
        let (offset, start) = (self.offset(), self.start);
        self.start += length + usize::from(terminated);
        let too_long = length > commit::LONGEST;
        let bytes = if too_long { &[][..] } else { &self.buffer[start..start + length] };
        Line { offset, bytes, terminated, too_long }
    }

    fn pass_over(&mut self) -> io::Result<Line<'_>> {
        let offset = self.offset();
        let terminated = loop {
            self.start = self.end;
            if self.at_end {
                break false;
            }
            self.fill()?;
            if let Some(found) = memchr::memchr(b'\n', &self.buffer[self.start..self.end]) {
                self.start += found + 1;
                break true;
            }
        };
        Ok(Line { offset, bytes: &[], terminated, too_long: true })
    }

    fn fill(&mut self) -> io::Result<()> {
        self.buffer.copy_within(self.start..self.end, 0);
        self.base += self.start as u64;
        self.end -= self.start;
        self.start = 0;
        let room = self.end + self.chunk;
        if self.buffer.len() < room {
            self.buffer.resize(room, 0);
        }
        let count = read_full(self.file, self.base + self.end as u64, &mut self.buffer[self.end..room])?;
        self.at_end = count < self.chunk;
        self.end += count;
        Ok(())
    }
}

/// A commit and where its line lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    pub commit: Commit,
    pub offset: u64,
    /// Just behind its line feed.
    pub end: u64,
}

/// The last complete commit line that ends at or before a byte offset, searched backwards.
pub fn last_commit(file: &dyn StoredFile, before: u64) -> io::Result<Option<Found>> {
    let mut end = before;
    let mut window = Vec::new();
    while end > 0 {
        let start = end.saturating_sub(STEP);
        // The byte before shows whether a line starts here; those behind complete a start that the step cut.
        let from = start.saturating_sub(1);
        let to = before.min(end + commit::START.len() as u64);
        read_range(file, from, to, &mut window)?;
        let mut searched = window.len();
        while let Some(at) = memchr::memmem::rfind(&window[..searched], commit::START) {
            searched = at + commit::START.len() - 1;
            let offset = from + at as u64;
            let starts_line = offset == 0 || at.checked_sub(1).is_some_and(|at| window[at] == b'\n');
            if starts_line
                && offset < end
                && let Some(found) = commit_at(file, offset, before, &window[at..])?
            {
                return Ok(Some(found));
            }
        }
        end = start;
    }
    Ok(None)
}

/// The record whose line ends just before a byte offset; empty if none does.
pub fn record_before(file: &dyn StoredFile, offset: u64) -> io::Result<Vec<u8>> {
    let mut window = Vec::new();
    read_range(file, offset.saturating_sub(record::LONGEST as u64 + 2), offset, &mut window)?;
    if window.pop() != Some(b'\n') {
        return Ok(Vec::new());
    }
    if let Some(feed) = memchr::memrchr(b'\n', &window) {
        window.drain(..=feed);
    }
    Ok(window)
}

fn commit_at(file: &dyn StoredFile, offset: u64, before: u64, seen: &[u8]) -> io::Result<Option<Found>> {
    let mut line = Vec::new();
    let bytes = if let Some(feed) = memchr::memchr(b'\n', seen) {
        &seen[..feed]
    } else {
        read_range(file, offset, before.min(offset + commit::LONGEST as u64 + 1), &mut line)?;
        let Some(feed) = memchr::memchr(b'\n', &line) else { return Ok(None) };
        &line[..feed]
    };
    let end = offset + bytes.len() as u64 + 1;
    Ok(Commit::parse(bytes).ok().map(|commit| Found { commit, offset, end }))
}

fn read_range(file: &dyn StoredFile, from: u64, to: u64, window: &mut Vec<u8>) -> io::Result<()> {
    let length = usize::try_from(to.saturating_sub(from)).map_err(io::Error::other)?;
    window.resize(length, 0);
    let count = read_full(file, from, window)?;
    window.truncate(count);
    Ok(())
}
