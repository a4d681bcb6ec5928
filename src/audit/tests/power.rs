//! C3: power fails at any operation, and of what was not synced any part may be there.

use super::{memory::Fault, *};
use crate::audit::{AuditError, note::Note, verify::Outcome};

/// Numbers that a seed determines (`SplitMix64`).
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut value = self.0;
        value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((value ^ (value >> 31)) % limit as u64).unwrap()
    }
}

/// Three runs in a row, each ended by a loss of power; what was acknowledged must survive all of them.
fn play(seed: u64) {
    let mut random = Random(seed);
    let mut system = Memory::default();
    let mut heads: Vec<(String, Note)> = Vec::new();
    for round in 0..3 {
        let fault = [Fault::Killed, Fault::KilledWithin, Fault::LosesData][random.below(3)];
        system.fail_at(1 + random.below(110) as u64, fault);
        let options = Options { segment_records: [7, 100_000][random.below(2)], ..options() };
        if let Ok(mut writer) = open(&system, options) {
            for _ in 0..4 {
                let events = decisions(0..1 + random.below(9));
                let Ok(receipt) = writer.append(&events) else { break };
                heads.push((format!("acknowledged in round {round}"), receipt.note));
            }
        }
        system = system.after_power_loss(&mut |limit| random.below(limit));
        let case = format!("seed {seed}, round {round}");
        match verify_on(&system, Path::new(LOG), &against(&heads)) {
            Ok(verdict) if heads.is_empty() && matches!(verdict.outcome, Outcome::Empty { .. }) => {}
            Ok(verdict) => assert_eq!(verdict.exit_code(), 0, "{case}: {}", verdict.render()),
            // Not even the folder may be there yet.
            Err(error) => {
                assert!(heads.is_empty() && matches!(error, AuditError::Missing { .. }), "{case}: {error}");
            }
        }
        // Sometimes the next run goes well before the next loss.
        if random.below(2) == 0 {
            let mut writer = open(&system, self::options()).unwrap_or_else(|error| panic!("{case}: {error}"));
            let receipt = writer.append(&[end()]).unwrap_or_else(|error| panic!("{case}: {error}"));
            heads.push(("the run after".to_owned(), receipt.note));
            let verdict = verified(&system, &against(&heads));
            assert_eq!(verdict.exit_code(), 0, "{case}, after a run: {}", verdict.render());
        }
    }
}

fn against(heads: &[(String, Note)]) -> VerifyOptions {
    VerifyOptions { trusted: heads.to_vec(), state: Some(STATE.into()), ..pinned() }
}

#[test]
fn c3_no_loss_of_power_takes_what_was_acknowledged() {
    (0..300).for_each(play);
}

/// A recovery whose own commit line was torn: the next one must not set aside the same bytes again.
#[test]
fn c3_a_recovery_of_a_recovery_sets_nothing_aside_twice() {
    [7_314, 53_693, 56_988].into_iter().for_each(play);
}

#[test]
#[ignore = "minutes in a release build: `tests/e2e/run audit-matrix`"]
fn c3_no_loss_of_power_in_a_hundred_thousand_runs() {
    use rayon::prelude::*;
    (0..100_000_u64).into_par_iter().for_each(play);
}
