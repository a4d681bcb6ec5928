//! Attempts that fail again and again: no number of them may cost the log.

use super::*;
use crate::audit::walk;

const MANY: usize = 250;

fn beginnings() -> [(&'static str, Memory); 2] {
    let new = Memory::default();
    open(&new, options()).unwrap();
    [("a new log", new), ("a log with records", log_of(options(), &[5]).0)]
}

fn append(system: &Memory, options: Options) -> Result<Receipt, crate::audit::AuditError> {
    open(system, options).and_then(|mut writer| writer.append(&[start()]))
}

fn segments(system: &Memory) -> usize {
    walk::segments(system, Path::new(LOG)).unwrap().len()
}

fn assert_goes_on(case: &str, system: &Memory) {
    for _ in 0..2 {
        let receipt = append(system, options()).unwrap_or_else(|error| panic!("{case}: {error}"));
        let verdict = verified(system, &pinned());
        assert_eq!(verdict.exit_code(), 0, "{case}: {}", verdict.render());
        assert_eq!(verdict.head, Some(receipt.note), "{case}");
    }
}

#[test]
fn a_disk_that_stays_full_leaves_no_more_than_one_segment_behind() {
    for (case, system) in beginnings() {
        for room in [0, 700] {
            system.leave_room(Some(room));
            for _ in 0..MANY {
                assert!(append(&system, options()).is_err(), "{case}");
            }
            // One that was torn, and the next one, which is empty.
            assert!(segments(&system) <= 4, "{case}: {}", segments(&system));
            system.leave_room(None);
            assert_goes_on(case, &system);
        }
    }
}

#[test]
fn generations_do_not_run_out() {
    for (case, system) in beginnings() {
        for _ in 0..MANY {
            system.leave_room(Some(10));
            assert!(append(&system, options()).is_err(), "{case}");
        }
        system.leave_room(None);
        assert!(segments(&system) >= MANY, "{case}: each attempt left bytes behind");
        assert_goes_on(case, &system);
    }
}

#[cfg(unix)]
#[test]
fn a_signer_that_cannot_sign_leaves_no_more_than_one_segment_behind() {
    for (case, system) in beginnings() {
        for _ in 0..MANY {
            let signer = Signer::command("false", key(1).verifier().clone()).unwrap();
            assert!(append(&system, Options { signer: Some(signer), ..options() }).is_err(), "{case}");
        }
        assert_eq!(segments(&system), usize::from(case != "a new log"), "{case}");
        assert_goes_on(case, &system);
    }
}
