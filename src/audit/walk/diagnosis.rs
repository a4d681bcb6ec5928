//! Which record was changed: a broken link alone does not say on which of its two sides.

use std::io;

use super::Violation;
use crate::audit::{
    chain::{BROKEN_LINK, Chain, Fault},
    commit::Commit,
    lines::Lines,
    store::StoredFile,
    tree::{Frontier, Hash},
};

/// Moves the blame to the record before a broken link if exactly that makes the commit add up: the hash that the
/// later record names is then the one that was committed.
pub(super) fn changed_record(
    file: &dyn StoredFile,
    batch: u64,
    committed: &Chain,
    commit: &Commit,
    violation: Violation,
) -> io::Result<Violation> {
    let named = violation.fault.actual.as_deref().and_then(Hash::from_hex);
    let (Some(named), Some(index), true) = (named, violation.index, violation.fault.what == BROKEN_LINK)
    else {
        return Ok(violation);
    };
    if index <= committed.size() {
        return Ok(violation);
    }
    let mut frontier: Frontier = committed.frontier.clone();
    let mut blamed = None;
    let mut lines = Lines::new(file, batch)?;
    while frontier.size() < commit.frontier.size() {
        let Some(line) = lines.next_line()? else { return Ok(violation) };
        let leaf = Hash::leaf(line.bytes);
        if frontier.size() + 1 == index {
            blamed = Some((line.offset, leaf));
            frontier.push(named);
        } else {
            frontier.push(leaf);
        }
    }
    Ok(match blamed {
        Some((offset, leaf)) if frontier.root() == commit.note.checkpoint.root => Violation {
            index: Some(index - 1),
            offset,
            fault: Fault::compared("the record was changed after it was committed", named.hex(), leaf.hex()),
            ..violation
        },
        _ => violation,
    })
}
