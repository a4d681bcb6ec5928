//! Numbers under Go's verbs (package `fmt`, "Printing").

use super::{super::term, Flags};

/// Whether the verb fits an integer.
pub(super) fn integer(number: i64, verb: char, flags: &Flags, out: &mut String) -> bool {
    let magnitude = number.unsigned_abs();
    let digits = match verb {
        'd' | 'v' => magnitude.to_string(),
        'b' => format!("{magnitude:b}"),
        'o' | 'O' => format!("{magnitude:o}"),
        'x' => format!("{magnitude:x}"),
        'X' => format!("{magnitude:X}"),
        'c' | 'q' | 'U' => {
            character(number, verb, flags, out);
            return true;
        }
        _ => return false,
    };
    whole(number < 0, &digits, verb, flags, out);
    true
}

/// Whether the verb fits an integer beyond 64 bits.
pub(super) fn large(digits: &str, verb: char, flags: &Flags, out: &mut String) -> bool {
    let (negative, magnitude) = digits.strip_prefix('-').map_or((false, digits), |rest| (true, rest));
    let fits = matches!(verb, 'd' | 's' | 'v');
    if fits {
        whole(negative, magnitude, 'd', flags, out);
    }
    fits
}

fn whole(negative: bool, digits: &str, verb: char, flags: &Flags, out: &mut String) {
    let signed = negative || flags.plus || flags.space;
    let least = match flags.precision {
        Some(0) if digits == "0" => {
            return Flags { zero: false, ..*flags }.pad("", out);
        }
        Some(precision) => precision,
        None if flags.zero && !flags.minus => flags.width.unwrap_or(0).saturating_sub(usize::from(signed)),
        None => 0,
    };
    let mut body = format!("{digits:0>least$}");
    if flags.sharp {
        let prefix = match verb {
            'b' => "0b",
            'o' if !body.starts_with('0') => "0",
            'x' => "0x",
            'X' => "0X",
            _ => "",
        };
        body.insert_str(0, prefix);
    }
    if verb == 'O' {
        body.insert_str(0, "0o");
    }
    match (negative, flags.plus, flags.space) {
        (true, _, _) => body.insert(0, '-'),
        (false, true, _) => body.insert(0, '+'),
        (false, false, true) => body.insert(0, ' '),
        (false, false, false) => {}
    }
    Flags { zero: false, ..*flags }.pad(&body, out);
}

fn character(number: i64, verb: char, flags: &Flags, out: &mut String) {
    let found = u32::try_from(number).ok().and_then(char::from_u32).unwrap_or(char::REPLACEMENT_CHARACTER);
    let body = match verb {
        'c' => found.to_string(),
        'q' => {
            let mut literal = String::from("'");
            term::escape(found, '\'', flags.plus, &mut literal);
            literal.push('\'');
            literal
        }
        _ => {
            let digits = flags.precision.unwrap_or(4).max(4);
            let code = format!("U+{number:0digits$X}");
            return Flags { zero: false, ..*flags }
                .pad(&if flags.sharp { format!("{code} '{found}'") } else { code }, out);
        }
    };
    flags.pad(&body, out);
}

/// Whether the verb fits a float.
pub(super) fn float(number: f64, verb: char, flags: &Flags, out: &mut String) -> bool {
    let magnitude = number.abs();
    let body = match verb {
        'v' | 'g' | 'G' => shortest(magnitude, flags.precision),
        'e' | 'E' => scientific(magnitude, Some(flags.precision.unwrap_or(6))),
        'f' | 'F' => format!("{magnitude:.*}", flags.precision.unwrap_or(6)),
        _ => return false,
    };
    let body = if matches!(verb, 'E' | 'G') { body.to_uppercase() } else { body };
    let sign = match (number.is_sign_negative(), flags.plus, flags.space) {
        (true, _, _) => "-",
        (false, true, _) => "+",
        (false, false, true) => " ",
        (false, false, false) => "",
    };
    if flags.zero && !flags.minus && !sign.is_empty() {
        let width = flags.width.unwrap_or(0).saturating_sub(1);
        out.push_str(sign);
        Flags { width: Some(width), ..*flags }.pad(&body, out);
    } else {
        flags.pad(&format!("{sign}{body}"), out);
    }
    true
}

/// Go's `%g`: scientific for exponents below -4 or beyond the precision, which counts as 6 where none is given
/// (`strconv.FormatFloat`).
fn shortest(number: f64, precision: Option<usize>) -> String {
    let significant = precision.map(|digits| digits.max(1));
    let text = match significant {
        Some(digits) => format!("{number:.*e}", digits - 1),
        None => format!("{number:e}"),
    };
    let (mantissa, exponent) = split(&text);
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    let digits = digits.trim_end_matches('0');
    let count = digits.len().max(1);
    let limit = match significant {
        None => 6,
        Some(most) if most > count && i64::try_from(count).is_ok_and(|count| count > exponent) => {
            i64::try_from(count).unwrap_or(i64::MAX)
        }
        Some(most) => i64::try_from(most).unwrap_or(i64::MAX),
    };
    if exponent < -4 || exponent >= limit {
        scientific(number, Some(count - 1))
    } else {
        let decimals = i64::try_from(count).unwrap_or(i64::MAX) - 1 - exponent;
        // The text is rounded to its significant digits already, or exact.
        let rounded: f64 = text.parse().unwrap_or(number);
        format!("{rounded:.*}", usize::try_from(decimals).unwrap_or(0))
    }
}

/// `d.ddde±dd`, at least two digits of exponent.
fn scientific(number: f64, decimals: Option<usize>) -> String {
    let text = match decimals {
        Some(decimals) => format!("{number:.decimals$e}"),
        None => format!("{number:e}"),
    };
    let (mantissa, exponent) = split(&text);
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{mantissa}e{sign}{:02}", exponent.unsigned_abs())
}

fn split(text: &str) -> (&str, i64) {
    let (mantissa, exponent) = text.split_once('e').unwrap_or((text, "0"));
    (mantissa, exponent.parse().unwrap_or(0))
}
