//! Scalars as kubectl resolves them: go-yaml 2 (`resolve.go`, `decode.go`) below sigs.k8s.io/yaml.

use std::borrow::Cow;

use base64::{
    Engine,
    alphabet::STANDARD,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};

/// What a scalar stands for.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Scalar<'s> {
    Null,
    Bool(bool),
    Integer(i64),
    Unsigned(u64),
    /// May be infinite or not a number: then it can be a key only.
    Float(f64),
    String(Cow<'s, str>),
}

/// The scalar does not fit its tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Misfit;

/// A plain scalar without a tag.
pub(super) fn plain(text: &str) -> Scalar<'_> {
    match text.as_bytes().first() {
        None => Scalar::Null,
        Some(b'y' | b'Y' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' | b'o' | b'O' | b'~') => word(text),
        Some(b'.') => match word(text) {
            Scalar::String(text) => fraction(&text).map_or(Scalar::String(text), Scalar::Float),
            special => special,
        },
        Some(b'0'..=b'9') => number(text),
        Some(b'+' | b'-') => match word(text) {
            Scalar::String(_) => number(text),
            special => special,
        },
        Some(_) => Scalar::String(text.into()),
    }
}

/// A scalar with a tag of the YAML repository, whatever its style. `!!timestamp` is left as it is written, and so is
/// what has a tag that means nothing here.
pub(super) fn tagged<'s>(tag: &str, text: &'s str) -> Result<Scalar<'s>, Misfit> {
    match (tag, plain(text)) {
        ("binary", _) => binary(text),
        ("null", Scalar::Null) => Ok(Scalar::Null),
        ("bool", scalar @ Scalar::Bool(_)) => Ok(scalar),
        ("int", scalar @ (Scalar::Integer(_) | Scalar::Unsigned(_))) => Ok(scalar),
        ("float", scalar @ Scalar::Float(_)) => Ok(scalar),
        #[expect(clippy::cast_precision_loss, reason = "the tag asks for it")]
        ("float", Scalar::Integer(value)) => Ok(Scalar::Float(value as f64)),
        ("null" | "bool" | "int" | "float", _) => Err(Misfit),
        _ => Ok(Scalar::String(text.into())),
    }
}

fn word(text: &str) -> Scalar<'_> {
    match text {
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => {
            Scalar::Bool(true)
        }
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
            Scalar::Bool(false)
        }
        "~" | "null" | "Null" | "NULL" => Scalar::Null,
        ".nan" | ".NaN" | ".NAN" => Scalar::Float(f64::NAN),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => Scalar::Float(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => Scalar::Float(f64::NEG_INFINITY),
        _ => Scalar::String(text.into()),
    }
}

/// Text that starts with a digit or a sign.
fn number(text: &str) -> Scalar<'_> {
    if !text.bytes().all(|byte| byte.is_ascii_hexdigit() || b"+-._xXoO".contains(&byte)) {
        return Scalar::String(text.into());
    }
    let digits: Cow<'_, str> =
        if text.contains('_') { text.replace('_', "").into() } else { Cow::Borrowed(text) };
    integer(&digits)
        .or_else(|| finite(&digits).map(Scalar::Float))
        .or_else(|| signed_binary(&digits))
        .unwrap_or(Scalar::String(text.into()))
}

/// `strconv.ParseInt(text, 0, 64)`, then `strconv.ParseUint`.
fn integer(text: &str) -> Option<Scalar<'static>> {
    let (sign, rest) = match text.as_bytes() {
        [b'-', ..] => (Some('-'), text.get(1..)?),
        [b'+', ..] => (Some('+'), text.get(1..)?),
        _ => (None, text),
    };
    let (radix, digits) = match rest.as_bytes() {
        [b'0', b'x' | b'X', ..] => (16, rest.get(2..)?),
        [b'0', b'o' | b'O', ..] => (8, rest.get(2..)?),
        [b'0', b'b' | b'B', ..] => (2, rest.get(2..)?),
        [b'0', _, ..] => (8, rest.get(1..)?),
        _ => (10, rest),
    };
    if digits.starts_with(['+', '-']) {
        return None;
    }
    match (u64::from_str_radix(digits, radix).ok()?, sign) {
        (value, Some('-')) => 0_i64.checked_sub_unsigned(value).map(Scalar::Integer),
        (value, sign) => match i64::try_from(value) {
            Ok(value) => Some(Scalar::Integer(value)),
            Err(_) if sign.is_none() => Some(Scalar::Unsigned(value)),
            Err(_) => None,
        },
    }
}

/// go-yaml strips `0b` and lets a sign follow it.
fn signed_binary(text: &str) -> Option<Scalar<'static>> {
    let digits = text.strip_prefix("0b")?;
    let signed = digits.strip_prefix(['+', '-']).is_some_and(|rest| !rest.starts_with(['+', '-']));
    if signed { i64::from_str_radix(digits, 2).ok().map(Scalar::Integer) } else { None }
}

/// `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`
fn is_float(text: &str) -> bool {
    let text = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent.strip_prefix(['+', '-']).unwrap_or(exponent))),
        None => (text, None),
    };
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    digits(whole)
        && digits(fraction)
        && !(whole.is_empty() && fraction.is_empty())
        && exponent.is_none_or(|exponent| !exponent.is_empty() && digits(exponent))
}

/// `strconv.ParseFloat`, which refuses what is too large.
fn finite(text: &str) -> Option<f64> {
    if !is_float(text) {
        return None;
    }
    text.parse::<f64>().ok().filter(|value| value.is_finite())
}

/// Text that starts with a point: an underscore may stand between two digits, as in Go.
fn fraction(text: &str) -> Option<f64> {
    if !text.contains('_') {
        return finite(text);
    }
    let digit = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_digit);
    let bytes = text.as_bytes();
    let separates = |(at, _): (usize, _)| digit(bytes.get(at.wrapping_sub(1))) && digit(bytes.get(at + 1));
    if text.match_indices('_').all(separates) { finite(&text.replace('_', "")) } else { None }
}

/// Base64 as Go's `StdEncoding` reads it: line breaks are skipped, padding is wanted, trailing bits are free. Each byte
/// that is no UTF-8 becomes a replacement character, as `encoding/json` has it.
fn binary(text: &str) -> Result<Scalar<'_>, Misfit> {
    const ENGINE: GeneralPurpose = GeneralPurpose::new(
        &STANDARD,
        GeneralPurposeConfig::new()
            .with_decode_padding_mode(DecodePaddingMode::RequireCanonical)
            .with_decode_allow_trailing_bits(true),
    );
    let compact: String = text.chars().filter(|character| !matches!(character, '\r' | '\n')).collect();
    let bytes = ENGINE.decode(compact).map_err(|_| Misfit)?;
    let mut decoded = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        decoded.push_str(chunk.valid());
        decoded.extend(chunk.invalid().iter().map(|_| char::REPLACEMENT_CHARACTER));
    }
    Ok(Scalar::String(decoded.into()))
}
