//! Proofs against the definitions of RFC 6962, and against an implementation that is not ours.

use proptest::prelude::*;

use super::*;
use crate::audit::tree::tests::{LEAVES, ROOTS};

fn leaves(size: u64) -> Vec<Hash> {
    (0..size).map(|index| Hash::leaf(&index.to_be_bytes())).collect()
}

/// `MTH` as section 2.1 defines it.
fn root_of(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => Hash::empty(),
        [leaf] => *leaf,
        _ => {
            let (left, right) = leaves.split_at(usize::try_from(left_half(leaves.len() as u64)).unwrap());
            Hash::node(&root_of(left), &root_of(right))
        }
    }
}

fn roots(leaves: &[Hash], ranges: Vec<Range<u64>>) -> Vec<Hash> {
    let mut collected = RangeRoots::new(ranges);
    for (index, leaf) in leaves.iter().enumerate() {
        collected.leaf(index as u64, *leaf);
    }
    collected.roots().unwrap()
}

#[test]
fn the_frontier_folds_to_the_defined_root() {
    let leaves = leaves(300);
    let mut frontier = Frontier::default();
    for size in 0..=leaves.len() {
        assert_eq!(frontier.root(), root_of(&leaves[..size]), "size {size}");
        if let Some(leaf) = leaves.get(size) {
            frontier.push(*leaf);
        }
    }
}

#[test]
fn every_leaf_of_every_small_tree_is_proved_and_nothing_else() {
    let all = leaves(66);
    for size in 1..=all.len() {
        let (leaves, root) = (&all[..size], root_of(&all[..size]));
        let size = size as u64;
        for index in 0..size {
            let proof = roots(leaves, inclusion_ranges(index, size));
            let leaf = leaves[usize::try_from(index).unwrap()];
            assert!(includes(&root, size, index, leaf, &proof), "{index} of {size}");
            // T15: wrong index, extra hash, missing hash, other leaf, other size, other root.
            for other in (0..size + 2).filter(|other| *other != index) {
                assert!(!includes(&root, size, other, leaf, &proof), "{index} of {size} passes for {other}");
            }
            let longer = [&proof[..], &[leaf]].concat();
            assert!(!includes(&root, size, index, leaf, &longer));
            if let Some((_, shorter)) = proof.split_last() {
                assert!(!includes(&root, size, index, leaf, shorter));
                assert!(!includes(&root, size, index, leaf, &proof[1..]));
            }
            assert!(!includes(&root, size, index, Hash::leaf(b"other"), &proof));
            assert!(!includes(&Hash::leaf(b"other"), size, index, leaf, &proof));
        }
    }
}

#[test]
fn an_inner_node_does_not_pass_for_a_leaf() {
    let leaves = leaves(4);
    let node_bytes = [&leaves[0].0[..], &leaves[1].0].concat();
    let right = Hash::node(&leaves[2], &leaves[3]);
    assert!(!includes(&root_of(&leaves), 2, 0, Hash::leaf(&node_bytes), &[right]));
}

#[test]
fn every_small_tree_extends_its_beginnings_and_nothing_else() {
    let all = leaves(66);
    for new in 0..=all.len() {
        let new_root = root_of(&all[..new]);
        for old in 0..=new {
            let old_root = root_of(&all[..old]);
            let (old, new) = (old as u64, new as u64);
            let proof = roots(&all[..usize::try_from(new).unwrap()], consistency_ranges(old, new));
            assert!(extends(old, &old_root, new, &new_root, &proof), "{old} to {new}");
            // T16: m > n, truncated, swapped, other roots.
            if old != new {
                assert!(!extends(new, &new_root, old, &old_root, &proof));
            }
            if let Some((_, shorter)) = proof.split_last() {
                assert!(!extends(old, &old_root, new, &new_root, shorter));
                let mut swapped = proof.clone();
                swapped.reverse();
                assert!(swapped == proof || !extends(old, &old_root, new, &new_root, &swapped));
            }
            let longer = [&proof[..], &[new_root]].concat();
            assert!(!extends(old, &old_root, new, &new_root, &longer), "{old} to {new}");
            if old > 0 {
                assert!(!extends(old, &Hash::leaf(b"other"), new, &new_root, &proof));
            }
            if old > 0 && old < new {
                assert!(!extends(old, &old_root, new, &Hash::leaf(b"other"), &proof));
            }
        }
    }
}

/// T16: the published vectors of certificate-transparency implementations: the roots of eight trees, and the proofs
/// between some.
#[test]
fn the_reference_vectors_of_rfc_6962_hold() {
    let leaves = LEAVES.map(Hash::leaf);
    for (size, root) in (1..).zip(ROOTS) {
        assert_eq!(root_of(&leaves[..size]).hex(), root, "size {size}");
    }
    let proof = |old: u64, new: u64| -> Vec<String> {
        let leaves = &leaves[..usize::try_from(new).unwrap()];
        roots(leaves, consistency_ranges(old, new)).iter().map(Hash::hex).collect()
    };
    assert_eq!(proof(1, 1), [""; 0]);
    assert_eq!(
        proof(1, 8),
        [
            "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
        ]
    );
    assert_eq!(
        proof(6, 8),
        [
            "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ]
    );
    assert_eq!(
        proof(2, 5),
        [
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        ]
    );
}

#[test]
fn missing_leaves_give_no_proof() {
    let mut collected = RangeRoots::new(inclusion_ranges(0, 4));
    collected.leaf(1, Hash::empty());
    assert_eq!(collected.roots(), None);
}

proptest! {
    #[test]
    fn another_implementation_agrees(size in 1_u64..400, index in any::<prop::sample::Index>(), old in any::<prop::sample::Index>()) {
        let mut theirs = ct_merkle::mem_backed_tree::MemoryBackedTree::<sha2::Sha256, [u8; 8]>::new();
        (0..size).for_each(|index| theirs.push(index.to_be_bytes()));
        let all = leaves(size);
        let root = root_of(&all);
        prop_assert_eq!(theirs.root().as_bytes().to_vec(), root.0.to_vec());

        let index = index.index(usize::try_from(size).unwrap());
        let proof = roots(&all, inclusion_ranges(index as u64, size));
        let bytes: Vec<u8> = proof.iter().flat_map(|hash| hash.0).collect();
        let their_proof = theirs.prove_inclusion(index);
        prop_assert_eq!(their_proof.as_bytes(), &bytes[..]);

        let old = old.index(usize::try_from(size).unwrap()) + 1;
        let proof = roots(&all, consistency_ranges(old as u64, size));
        let bytes: Vec<u8> = proof.iter().flat_map(|hash| hash.0).collect();
        let their_proof = theirs.prove_consistency(usize::try_from(size).unwrap() - old);
        prop_assert_eq!(their_proof.as_bytes(), &bytes[..]);
    }
}
