//! Ranges of numbers, bounded: the engine's own reserve memory for as many numbers as a policy asks for. Numbers in
//! texts, as Go reads them.
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
    ("bits.shl", 2, |arguments| {
        let (number, by) = (integer(arguments, 0)?, integer(arguments, 1)?);
        let by = u32::try_from(by).map_err(|_| Fault::from("a number is shifted by a positive one"))?;
        shifted(number, by)
            .ok_or_else(|| Fault::Host(format!("{number} shifted by {by} has more than 64 bits")))
    }),
    ("as_number", 1, |arguments| match arguments.first() {
        Some(Value::Null | Value::Bool(false)) => Ok(Value::from(0_i64)),
        Some(Value::Bool(true)) => Ok(Value::from(1_i64)),
        Some(number @ Value::Number(_)) => Ok(number.clone()),
        Some(Value::String(text)) => parsed(text).ok_or_else(|| "the text is no number".into()),
        _ => Err("the argument is neither a number, a text, a truth nor null".into()),
    }),
];

/// The engine rounds what needs more than 64 bits.
fn shifted(number: i64, by: u32) -> Option<Value> {
    if number == 0 {
        return Some(Value::from(0_i64));
    }
    let wide = i128::from(number).checked_mul(1_i128.checked_shl(by.min(126))?)?;
    i64::try_from(wide).map(Value::from).ok().or_else(|| u64::try_from(wide).ok().map(Value::from))
}

/// The decimal numbers of `strconv.ParseFloat` of Go: `+1`, `.5` and `5.` are some, blanks around them are not.
fn parsed(text: &str) -> Option<Value> {
    let (sign, digits) =
        text.strip_prefix('-').map_or(("", text.strip_prefix('+').unwrap_or(text)), |rest| ("-", rest));
    let (mantissa, exponent) = digits
        .split_once(['e', 'E'])
        .map_or((digits, None), |(mantissa, exponent)| (mantissa, Some(exponent)));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let are_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let is_exponent = exponent.is_none_or(|exponent| {
        let digits = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
        !digits.is_empty() && are_digits(digits)
    });
    if !are_digits(whole) || !are_digits(fraction) || whole.len() + fraction.len() == 0 || !is_exponent {
        return None;
    }
    // JSON knows neither a leading zero nor a missing digit.
    let whole = Some(whole.trim_start_matches('0')).filter(|whole| !whole.is_empty()).unwrap_or("0");
    let fraction = if fraction.is_empty() { String::new() } else { format!(".{fraction}") };
    let exponent = exponent.map_or_else(String::new, |exponent| format!("e{exponent}"));
    Value::from_numeric_string(&format!("{sign}{whole}{fraction}{exponent}")).ok()
}

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
    fn bits_are_never_lost() {
        for (number, by, expected) in [
            (1, 62, Some("4611686018427387904")),
            (1, 63, Some("9223372036854775808")),
            (1, 64, None),
            (-1, 63, Some("-9223372036854775808")),
            (-1, 64, None),
            (3, 200, None),
            (0, 200, Some("0")),
        ] {
            let found = shifted(number, by).map(|value| value.to_string());
            assert_eq!(found.as_deref(), expected, "{number} << {by}");
        }
    }

    #[test]
    fn no_policy_can_exhaust_the_memory() {
        for (first, last) in [(1, 1_000_001), (1_000_001, 1), (i64::MIN, i64::MAX)] {
            assert!(numbers(first, last, 1).contains("more than 1000000 numbers"), "{first} to {last}");
        }
        assert_eq!(numbers(1, 1_000_000_000, 1_000_000_000), "[1]");
    }
}
