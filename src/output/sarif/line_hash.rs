//! `primaryLocationLineHash`: the fingerprint by which code scanning recognises an alert when lines move.
//!
//! A rolling hash over the 100 characters that follow a line's start, white space left out, as github/codeql-action
//! computes it (`src/fingerprints.ts`). Ours is over the masked text: a hash of a credential could be guessed back.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    iter,
};

const BLOCK: usize = 100;
const BASE: u64 = 37;
const END_OF_FILE: u16 = u16::MAX;

/// Hashes of the wanted lines (from 1): `hash:n`, where the hash occurs for the n-th time in the file.
pub(super) fn line_hashes(text: &str, wanted: &BTreeSet<usize>) -> BTreeMap<usize, String> {
    let mut rolling = Rolling::new(wanted);
    let mut line = 0;
    let mut starts_line = true;
    let mut after_return = false;
    for unit in text.encode_utf16().chain(iter::once(END_OF_FILE)) {
        let skipped =
            unit == u16::from(b' ') || unit == u16::from(b'\t') || (after_return && unit == u16::from(b'\n'));
        after_return = unit == u16::from(b'\r');
        if skipped {
            continue;
        }
        let unit = if after_return { u16::from(b'\n') } else { unit };
        line += usize::from(starts_line);
        rolling.push(unit, starts_line.then_some(line));
        starts_line = unit == u16::from(b'\n');
    }
    for _ in 0..BLOCK {
        rolling.push(0, None);
    }
    rolling.hashes
}

/// The window, and the lines whose hash is still growing.
struct Rolling<'a> {
    wanted: &'a BTreeSet<usize>,
    window: [u16; BLOCK],
    /// The line that starts at this position of the window.
    lines: [Option<usize>; BLOCK],
    position: usize,
    hash: u64,
    leaving: u64,
    seen: HashMap<u64, usize>,
    hashes: BTreeMap<usize, String>,
}

impl<'a> Rolling<'a> {
    fn new(wanted: &'a BTreeSet<usize>) -> Self {
        Self {
            wanted,
            window: [0; BLOCK],
            lines: [None; BLOCK],
            position: 0,
            hash: 0,
            leaving: (0..BLOCK).fold(1, |power: u64, _| power.wrapping_mul(BASE)),
            seen: HashMap::new(),
            hashes: BTreeMap::new(),
        }
    }

    fn push(&mut self, unit: u16, starts: Option<usize>) {
        let (Some(slot), Some(line)) =
            (self.window.get_mut(self.position), self.lines.get_mut(self.position))
        else {
            return;
        };
        if let Some(line) = std::mem::replace(line, starts) {
            let count = self.seen.entry(self.hash).or_default();
            *count += 1;
            if self.wanted.contains(&line) {
                self.hashes.insert(line, format!("{:x}:{count}", self.hash));
            }
        }
        let left = std::mem::replace(slot, unit);
        self.hash = self
            .hash
            .wrapping_mul(BASE)
            .wrapping_add(u64::from(unit))
            .wrapping_sub(self.leaving.wrapping_mul(u64::from(left)));
        self.position = (self.position + 1) % BLOCK;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &str) -> Vec<String> {
        line_hashes(text, &(1..=100).collect()).into_values().collect()
    }

    #[test]
    fn the_published_vectors_hold() {
        assert_eq!(all(""), ["c129715d7a2bc9a3:1"]);
        assert_eq!(
            all(" a\nb\n  \t\tc\n d"),
            ["271789c17abda88f:1", "54703d4cd895b18:1", "180aee12dab6264:1", "a23a3dc5e078b07b:1"]
        );
        let lorem = all(&"Lorem ipsum dolor sit amet.\n".repeat(10));
        assert_eq!(lorem.get(5).map(String::as_str), Some("a7f2ff13bc495cf2:6"));
        assert_eq!(lorem.get(6).map(String::as_str), Some("a7f2ff1481e87703:1"));
    }

    #[test]
    fn line_endings_make_no_difference() {
        let unix = all("a: 1\n\nb: 2\n");
        assert_eq!(all("a: 1\r\n\r\nb: 2\r\n"), unix);
        assert_eq!(all("a: 1\r\rb: 2\r"), unix);
    }

    #[test]
    fn only_wanted_lines_are_kept_but_all_are_counted() {
        let text = "same\n".repeat(200);
        let hashes = line_hashes(&text, &BTreeSet::from([3]));
        assert_eq!(hashes.keys().copied().collect::<Vec<_>>(), [3]);
        assert!(hashes.values().all(|hash| hash.ends_with(":3")));
    }
}
