//! T1 to T17: what somebody without the key can do to a log.

use super::*;

/// Verifies with everything but a head that is kept elsewhere.
fn exit_code(system: &Memory) -> u8 {
    verified(system, &pinned()).exit_code()
}

#[test]
fn t1_no_bit_of_a_small_log_can_be_flipped() {
    for options in [options(), unsigned()] {
        let (system, _) = log_of(options, &[1, 3]);
        let intact = verified(&system, &pinned()).exit_code();
        for file in [FIRST_SEGMENT, "log/log.json"] {
            let bytes = system.read(file).unwrap();
            for position in 0..bytes.len() {
                for bit in 0..8 {
                    let mut changed = bytes.clone();
                    changed[position] ^= 1 << bit;
                    system.put(file, changed);
                    let verdict = verified(&system, &pinned());
                    assert_eq!(
                        verdict.exit_code(),
                        1,
                        "{file}, byte {position}, bit {bit}: {}",
                        verdict.render()
                    );
                }
            }
            system.put(file, bytes);
        }
        assert_eq!(exit_code(&system), intact);
    }
}
