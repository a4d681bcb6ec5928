//! Time where the engine answers otherwise than OPA: dates that overflow into the next month, durations in days.
//!
//! Policies are rewritten to call these: see [`super::SUBSTITUTES`].

use jiff::{
    Span, Timestamp,
    civil::{Date, DateTime},
    tz::TimeZone,
};
use regorus::Value;

use super::{Fault, Function, text};

pub(super) const FUNCTIONS: &[Function] = &[
    ("time.moved_on", 4, add_date),
    ("time.duration_in_nanos", 1, |arguments| {
        let nanoseconds = duration(text(arguments, 0)?).ok_or("the argument is no duration")?;
        Ok(Value::from(nanoseconds))
    }),
];

/// `time.add_date`: 31 October and one month are 1 December, as in `Time.AddDate` of Go.
fn add_date(arguments: &[Value]) -> Result<Value, Fault> {
    let integer = |position: usize| {
        let value = arguments.get(position).and_then(|value| value.as_i64().ok());
        value.ok_or_else(|| Fault::from(format!("argument {} is no integer", position + 1)))
    };
    let (years, months, days) = (integer(1)?, integer(2)?, integer(3)?);
    let outside = || Fault::from("the time is outside of what nanoseconds of 64 bits can say");
    let time = utc(arguments.first())?;
    let added = moved(time.date(), years, months, days).map(|date| date.to_datetime(time.time()));
    let added = added.and_then(|added| added.to_zoned(TimeZone::UTC).ok()).ok_or_else(outside)?;
    let nanoseconds = i64::try_from(added.timestamp().as_nanosecond()).map_err(|_| outside())?;
    Ok(Value::from(nanoseconds))
}

/// Nanoseconds since the epoch, alone or in an array with the name of a time zone.
fn utc(value: Option<&Value>) -> Result<DateTime, Fault> {
    let (number, zone) = match value {
        Some(Value::Array(items)) => (items.first(), items.get(1)),
        value => (value, None),
    };
    let is_utc = zone.is_none_or(|zone| zone.as_string().is_ok_and(|zone| matches!(&**zone, "" | "UTC")));
    if !is_utc {
        return Err(Fault::Host("dates are moved in UTC only".to_owned()));
    }
    let number = number.and_then(|value| value.as_i64().ok()).ok_or("argument 1 is no integer")?;
    let time = Timestamp::from_nanosecond(i128::from(number)).map_err(|error| error.to_string())?;
    Ok(time.to_zoned(TimeZone::UTC).datetime())
}

fn moved(date: Date, years: i64, months: i64, days: i64) -> Option<Date> {
    let month = i64::from(date.month()).checked_sub(1)?.checked_add(months)?;
    let year = i64::from(date.year()).checked_add(years)?.checked_add(month.div_euclid(12))?;
    let (year, month) = (i16::try_from(year).ok()?, i8::try_from(month.rem_euclid(12)).ok()? + 1);
    let days = i64::from(date.day()).checked_sub(1)?.checked_add(days)?;
    let days = Span::new().try_days(days).ok()?;
    Date::new(year, month, 1).ok()?.checked_add(days).ok()
}

/// Nanoseconds of a text such as `1h30m`, with OPA's units for days, weeks and years (`topdown/time.go`).
fn duration(text: &str) -> Option<i64> {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    if unsigned == "0" {
        return Some(0);
    }
    let mut rest = unsigned;
    let mut total: u64 = 0;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let (digits, unit) = rest.split_at_checked(end)?;
        let end = unit.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(unit.len());
        let (unit, more) = unit.split_at_checked(end)?;
        total = total.checked_add(segment(digits, unit)?)?;
        rest = more;
    }
    let is_negative = text.starts_with('-');
    // The least number has no positive counterpart.
    if is_negative && total == i64::MIN.unsigned_abs() {
        return Some(i64::MIN);
    }
    let total = i64::try_from(total).ok().filter(|_| !unsigned.is_empty())?;
    Some(if is_negative { -total } else { total })
}

/// Nanoseconds of one number with its unit.
fn segment(digits: &str, unit: &str) -> Option<u64> {
    let hours = |count: f64| segment(&(digits.parse::<f64>().ok()? * count).to_string(), "h");
    let scale: u64 = match unit {
        "ns" => 1,
        "us" | "µs" | "μs" => 1_000,
        "ms" => 1_000_000,
        "s" => 1_000_000_000,
        "m" => 60_000_000_000,
        "h" => 3_600_000_000_000,
        "d" => return hours(24.0),
        "w" => return hours(168.0),
        "y" => return hours(8760.0),
        _ => return None,
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if whole.is_empty() && fraction.is_empty() || fraction.contains('.') {
        return None;
    }
    let whole = if whole.is_empty() { 0 } else { whole.parse::<u64>().ok()?.checked_mul(scale)? };
    whole.checked_add(fraction_of(fraction, scale)?)
}

/// As Go has it (`leadingFraction`): digits beyond 63 bits are left out, and the rest is a binary fraction.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "less than one unit, in nanoseconds"
)]
fn fraction_of(digits: &str, unit: u64) -> Option<u64> {
    let (mut value, mut scale) = (0_u64, 1.0_f64);
    for digit in digits.bytes() {
        let next = value.checked_mul(10)?.checked_add(u64::from(digit.checked_sub(b'0')?))?;
        if next > 1 << 63 {
            break;
        }
        (value, scale) = (next, scale * 10.0);
    }
    Some((value as f64 * (unit as f64 / scale)) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_that_a_month_has_not_lie_in_the_next_one() {
        let date = |year, month, day| Date::new(year, month, day).unwrap();
        for (from, by, expected) in [
            (date(2024, 10, 31), (0, 1, 0), date(2024, 12, 1)),
            (date(2024, 2, 29), (1, 0, 0), date(2025, 3, 1)),
            (date(2024, 1, 31), (0, -2, 0), date(2023, 12, 1)),
            (date(2024, 1, 1), (0, 0, -1), date(2023, 12, 31)),
            (date(2024, 12, 15), (0, 13, 20), date(2026, 2, 4)),
        ] {
            assert_eq!(moved(from, by.0, by.1, by.2), Some(expected), "{from} {by:?}");
        }
        assert_eq!(moved(date(2024, 1, 1), i64::MAX, 0, 0), None);
    }

    #[test]
    fn durations_have_days_weeks_and_years() {
        const HOUR: i64 = 3_600_000_000_000;
        for (text, expected) in [
            ("1h30m", Some(HOUR + HOUR / 2)),
            ("1d2h", Some(26 * HOUR)),
            ("1.5d", Some(36 * HOUR)),
            ("1w", Some(168 * HOUR)),
            ("-1y", Some(-8760 * HOUR)),
            ("1.5s", Some(1_500_000_000)),
            (".5us", Some(500)),
            ("0.3333333333333333333h", Some(1_200_000_000_000)),
            ("0", Some(0)),
            ("-0", Some(0)),
            ("", None),
            ("-", None),
            ("1", None),
            ("1x", None),
            ("1.2.3s", None),
            (".s", None),
            ("300y", None),
        ] {
            assert_eq!(duration(text), expected, "{text}");
        }
    }
}
