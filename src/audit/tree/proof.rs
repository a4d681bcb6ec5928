//! Inclusion and consistency proofs (RFC 6962, section 2.1; checked as in RFC 9162, sections 2.1.3.2 and 2.1.4.2).
//!
//! A proof is the roots of some ranges of leaves. They are collected in one pass over the leaves, so that a proof
//! costs no memory whatever the size of the tree.

use std::ops::Range;

use super::{Frontier, Hash};

/// Ranges whose roots prove that a leaf is in a tree, from the leaf's sibling up.
pub fn inclusion_ranges(index: u64, size: u64) -> Vec<Range<u64>> {
    let mut ranges = Vec::new();
    let mut tree = 0..size;
    while tree.end - tree.start > 1 {
        let middle = tree.start + left_half(tree.end - tree.start);
        if index < middle {
            ranges.push(middle..tree.end);
            tree.end = middle;
        } else {
            ranges.push(tree.start..middle);
            tree.start = middle;
        }
    }
    ranges.reverse();
    ranges
}

/// Ranges whose roots prove that a tree of `old` leaves is the beginning of one of `new`.
pub fn consistency_ranges(old: u64, new: u64) -> Vec<Range<u64>> {
    let mut ranges = Vec::new();
    if old == 0 || old == new {
        return ranges;
    }
    let mut tree = 0..new;
    // Whether the subtree that is left is the whole old tree, whose root the checker has.
    let mut whole = true;
    while tree.end != old {
        let middle = tree.start + left_half(tree.end - tree.start);
        if old <= middle {
            ranges.push(middle..tree.end);
            tree.end = middle;
        } else {
            ranges.push(tree.start..middle);
            tree.start = middle;
            whole = false;
        }
    }
    if !whole {
        ranges.push(tree);
    }
    ranges.reverse();
    ranges
}

/// Collects the roots of ranges while leaves pass by.
#[derive(Debug, Clone)]
pub struct RangeRoots {
    ranges: Vec<(Range<u64>, Frontier)>,
}

impl RangeRoots {
    /// The ranges must not overlap.
    pub fn new(ranges: Vec<Range<u64>>) -> Self {
        Self { ranges: ranges.into_iter().map(|range| (range, Frontier::default())).collect() }
    }

    /// Takes the next leaf in.
    pub fn leaf(&mut self, index: u64, leaf: Hash) {
        if let Some((_, frontier)) = self.ranges.iter_mut().find(|(range, _)| range.contains(&index)) {
            frontier.push(leaf);
        }
    }

    /// The roots in the order of the ranges; `None` if leaves are missing.
    pub fn roots(&self) -> Option<Vec<Hash>> {
        self.ranges
            .iter()
            .map(|(range, frontier)| (frontier.size() == range.end - range.start).then(|| frontier.root()))
            .collect()
    }
}

/// Whether a proof shows that a leaf is in the tree with a root.
pub fn includes(root: &Hash, size: u64, index: u64, leaf: Hash, proof: &[Hash]) -> bool {
    if index >= size {
        return false;
    }
    let (mut node, mut last, mut hash) = (index, size - 1, leaf);
    for sibling in proof {
        if last == 0 {
            return false;
        }
        if node & 1 == 1 || node == last {
            hash = Hash::node(sibling, &hash);
            while node & 1 == 0 && node != 0 {
                (node, last) = (node >> 1, last >> 1);
            }
        } else {
            hash = Hash::node(&hash, sibling);
        }
        (node, last) = (node >> 1, last >> 1);
    }
    last == 0 && hash == *root
}

/// Whether a proof shows that the tree with the old root is the beginning of the one with the new root.
pub fn extends(old: u64, old_root: &Hash, new: u64, new_root: &Hash, proof: &[Hash]) -> bool {
    if old > new {
        return false;
    }
    if old == new {
        return proof.is_empty() && old_root == new_root;
    }
    if old == 0 {
        return proof.is_empty() && *old_root == Hash::empty();
    }
    let mut rest = proof.iter();
    let first = if old.is_power_of_two() { Some(old_root) } else { rest.next() };
    let Some(first) = first else { return false };
    let shift = (old - 1).trailing_ones();
    let (mut node, mut last) = ((old - 1) >> shift, (new - 1) >> shift);
    let (mut old_hash, mut new_hash) = (*first, *first);
    for sibling in rest {
        if last == 0 {
            return false;
        }
        if node & 1 == 1 || node == last {
            old_hash = Hash::node(sibling, &old_hash);
            new_hash = Hash::node(sibling, &new_hash);
            while node & 1 == 0 && node != 0 {
                (node, last) = (node >> 1, last >> 1);
            }
        } else {
            new_hash = Hash::node(&new_hash, sibling);
        }
        (node, last) = (node >> 1, last >> 1);
    }
    last == 0 && old_hash == *old_root && new_hash == *new_root
}

/// The largest power of two below a number greater than one.
const fn left_half(size: u64) -> u64 {
    1 << (size - 1).ilog2()
}

#[cfg(test)]
mod tests;
