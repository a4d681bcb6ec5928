//! Logs that nobody tampered with.

use super::*;
use crate::audit::{verify::Outcome, walk};

#[test]
fn an_untouched_log_is_intact() {
    let (system, receipts) = log_of(options(), &[1, 3, 10]);
    let verdict = verified(&system, &pinned());
    assert_eq!(verdict.exit_code(), 0, "{}", verdict.render());
    assert_eq!(verdict.headline(), "intact, signed by the pinned key");
    let head = verdict.head.unwrap();
    assert_eq!(head, receipts[2].note);
    // The genesis comes first.
    assert_eq!((receipts[0].first, receipts[2].size, verdict.commits), (1, 15, 3));
}

#[test]
fn without_a_key_every_verdict_says_unsigned() {
    let (system, _) = log_of(unsigned(), &[2]);
    for options in [VerifyOptions::default(), pinned()] {
        let verdict = verified(&system, &options);
        assert_eq!((verdict.exit_code(), verdict.headline().as_str()), (5, "intact, UNSIGNED"));
    }
}

#[test]
fn a_key_that_only_the_log_names_is_not_pinned() {
    let (system, _) = log_of(options(), &[2]);
    let verdict = verified(&system, &VerifyOptions::default());
    assert_eq!((verdict.exit_code(), verdict.headline().as_str()), (5, "intact, key not pinned"));
}

#[test]
fn a_commit_is_two_syncs_and_nothing_is_read_twice() {
    let (system, _) = log_of(options(), &[1]);
    let mut writer = open(&system, options()).unwrap();
    writer.append(&decisions(0..1)).unwrap();
    system.start_trace();
    writer.append(&decisions(0..100)).unwrap();
    let trace = system.trace();
    let count = |what: &str| trace.iter().filter(|line| line.starts_with(what)).count();
    assert_eq!((count("sync"), count("syncdir"), count("read"), count("rename")), (2, 0, 0, 2), "{trace:#?}");
}

#[test]
fn segments_rotate_and_the_tree_goes_on() {
    let system = Memory::default();
    let mut writer = open(&system, Options { segment_records: 10, ..options() }).unwrap();
    for number in 0..20 {
        writer.append(&decisions(number * 4..number * 4 + 4)).unwrap();
    }
    let names: Vec<u64> =
        walk::segments(&system, Path::new(LOG)).unwrap().into_iter().map(|name| name.first).collect();
    assert_eq!(names, [0, 13, 25, 37, 49, 61, 73]);
    assert_eq!(verified(&system, &pinned()).exit_code(), 0);
    // Another writer goes on from the newest segment.
    let mut other = open(&system, options()).unwrap();
    assert_eq!(other.append(&[end()]).unwrap().size, 82);
    assert_eq!(verified(&system, &pinned()).exit_code(), 0);
}

#[test]
fn opening_reads_the_end_only() {
    let (system, _) = log_of(options(), &[1, 5000, 1]);
    let writer = open(&system, options()).unwrap();
    drop(writer);
    system.start_trace();
    open(&system, options()).unwrap();
    let reads = system.trace().iter().filter(|line| line.starts_with("read")).count();
    assert!(reads < 20, "{:#?}", system.trace());
}

#[test]
fn two_writers_see_each_other() {
    let system = Memory::default();
    let mut one = open(&system, options()).unwrap();
    let mut other = open(&system, options()).unwrap();
    assert_eq!(one.append(&[start()]).unwrap().size, 2);
    assert_eq!(other.append(&[start()]).unwrap().size, 3);
    assert_eq!(one.append(&[end()]).unwrap().size, 4);
    assert_eq!(other.append(&[end()]).unwrap().size, 5);
    let verdict = verified(&system, &pinned());
    assert!(matches!(verdict.outcome, Outcome::Intact));
    assert_eq!(verdict.notices, []);
}

#[test]
fn a_receipt_proves_its_last_record() {
    let (_, receipts) = log_of(options(), &[1, 2, 5, 9]);
    for receipt in receipts {
        let mut index = receipt.size - 1;
        let mut size = receipt.size;
        let mut hash = crate::audit::tree::Hash::leaf(&receipt.last_record);
        let mut proof = receipt.last_proof.iter();
        while size > 1 {
            if index % 2 == 1 {
                hash = crate::audit::tree::Hash::node(proof.next().unwrap(), &hash);
            }
            (index, size) = (index / 2, size.div_ceil(2));
        }
        assert_eq!((hash, proof.next()), (receipt.root, None));
    }
}
