//! Ranges of numbers, bounded: the engine's own reserve memory for as many numbers as a policy asks for.
//!
//! Policies are rewritten to call these: see [`super::SUBSTITUTES`].

use regorus::Value;

use super::{Fault, Function, MOST_ELEMENTS};

pub(super) const FUNCTIONS: &[Function] = &[
    ("numbers.array", 2, |arguments| range(integer(arguments, 0)?, integer(arguments, 1)?, 1)),
    ("numbers.array_step", 3, |arguments| {
        let step = integer(arguments, 2)?;
        if step < 1 {
            return Err("the step is no positive integer".into());
        }
        range(integer(arguments, 0)?, integer(arguments, 1)?, step)
    }),
];

fn integer(arguments: &[Value], position: usize) -> Result<i64, Fault> {
    let number = match arguments.get(position) {
        Some(Value::Number(number)) if number.is_integer() => number.as_i64(),
        _ => return Err(format!("argument {} is no integer", position + 1).into()),
    };
    number.ok_or_else(|| Fault::Host(format!("argument {} has more than 64 bits", position + 1)))
}

/// From `first` to `last`, both included, upwards or downwards.
fn range(first: i64, last: i64, step: i64) -> Result<Value, Fault> {
    if first.abs_diff(last) / step.unsigned_abs() >= MOST_ELEMENTS {
        return Err(Fault::Host(format!("from {first} to {last} are more than {MOST_ELEMENTS} numbers")));
    }
    let upwards = first <= last;
    let numbers = std::iter::successors(Some(first), |number| {
        let next = if upwards { number.checked_add(step) } else { number.checked_sub(step) };
        next.filter(|next| if upwards { *next <= last } else { *next >= last })
    });
    Ok(Value::from(numbers.map(Value::from).collect::<Vec<_>>()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(first: i64, last: i64, step: i64) -> String {
        match range(first, last, step) {
            Ok(value) => value.to_string(),
            Err(Fault::Call(message) | Fault::Host(message)) => message,
        }
    }

    #[test]
    fn both_ends_are_included_in_both_directions() {
        assert_eq!(numbers(1, 3, 1), "[1,2,3]");
        assert_eq!(numbers(3, 1, 1), "[3,2,1]");
        assert_eq!(numbers(2, 2, 1), "[2]");
        assert_eq!(numbers(0, 5, 2), "[0,2,4]");
        assert_eq!(numbers(5, 0, 2), "[5,3,1]");
        assert_eq!(numbers(i64::MAX - 1, i64::MAX, 1), format!("[{},{}]", i64::MAX - 1, i64::MAX));
    }

    #[test]
    fn no_policy_can_exhaust_the_memory() {
        for (first, last) in [(1, 1_000_001), (1_000_001, 1), (i64::MIN, i64::MAX)] {
            assert!(numbers(first, last, 1).contains("more than 1000000 numbers"), "{first} to {last}");
        }
        assert_eq!(numbers(1, 1_000_000_000, 1_000_000_000), "[1]");
    }
}
