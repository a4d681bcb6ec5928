//! Numbers as Go reads and writes them.

use super::Kind;

/// A number of a document; `None` for infinities and for what is no number, which JSON cannot hold.
///
/// A float without a fraction becomes an integer where one can hold it: Go writes `1e3` as `1000`, which the API
/// server then reads as an integer. Large ones go through their shortest digits, as there.
pub(super) fn float(value: f64) -> Option<Kind> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if !value.is_finite() {
        return None;
    }
    if value.fract() != 0.0 {
        return Some(Kind::Float(value));
    }
    #[expect(
        clippy::cast_possible_truncation,
        reason = "below 2^53 every float without a fraction is an integer"
    )]
    let integer = if value.abs() < EXACT { Some(value as i64) } else { value.to_string().parse().ok() };
    Some(integer.map_or(Kind::Float(value), Kind::Integer))
}

/// A float as key of a mapping: `strconv.FormatFloat(value, 'g', -1, 32)`, as sigs.k8s.io/yaml has it.
pub(super) fn float_key(value: f64) -> String {
    #[expect(clippy::cast_possible_truncation, reason = "single precision is what the model uses")]
    let value = value as f32;
    if value.is_nan() {
        return ".nan".into();
    }
    if value.is_infinite() {
        return if value > 0.0 { ".inf" } else { "-.inf" }.into();
    }
    let scientific = format!("{value:e}");
    let Some((digits, exponent)) = scientific.split_once('e') else {
        return scientific;
    };
    match exponent.parse::<i32>() {
        Ok(exponent) if !(-4..6).contains(&exponent) => {
            format!("{digits}e{}{:02}", if exponent < 0 { '-' } else { '+' }, exponent.abs())
        }
        _ => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn float_keys_are_written_as_go_writes_them() {
        for (value, expected) in [
            (0.1, "0.1"),
            (-0.0, "-0"),
            (899.0, "899"),
            (100_000.0, "100000"),
            (1e6, "1e+06"),
            (1_234_567.0, "1.234567e+06"),
            (0.0001, "0.0001"),
            (0.000_012, "1.2e-05"),
            (2.345_678_912_345, "2.3456788"),
            (1e22, "1e+22"),
            (1e300, ".inf"),
            (f64::NEG_INFINITY, "-.inf"),
            (f64::NAN, ".nan"),
        ] {
            assert_eq!(float_key(value), expected);
        }
    }

    #[test]
    fn floats_without_fraction_are_integers_where_one_can_hold_them() {
        assert!(matches!(float(1e3), Some(Kind::Integer(1000))));
        assert!(matches!(float(-0.0), Some(Kind::Integer(0))));
        assert!(matches!(float(1e18), Some(Kind::Integer(1_000_000_000_000_000_000))));
        assert!(matches!(float(1_152_921_504_606_846_976.0), Some(Kind::Integer(1_152_921_504_606_847_000))));
        assert!(matches!(float(-9_223_372_036_854_775_808.0), Some(Kind::Float(_))));
        assert!(matches!(float(9_223_372_036_854_775_808.0), Some(Kind::Float(_))));
        assert!(matches!(float(0.5), Some(Kind::Float(_))));
        assert!(float(f64::INFINITY).is_none());
        assert!(float(f64::NAN).is_none());
    }
}
