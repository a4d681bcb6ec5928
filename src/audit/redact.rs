//! A second net: what looks like a credential does not get into the log, whichever field it came in by.
//!
//! The first net is that bodies have no fields for contents or values at all. This one knows only shapes that nothing
//! else has, so that names stay what they are.

use std::{borrow::Cow, sync::LazyLock};

use regex::Regex;
use serde_json::Value;

const REDACTED: &str = "${before}[redacted]${after}";

/// Shapes of credentials in plain text.
static CREDENTIAL: LazyLock<Regex> = LazyLock::new(|| {
    let shapes = [
        // User and password of a URL, which may hold what else would end it (a colon with digits and a slash is a port),
        // or a token in the user's place.
        r"(?P<before>://)(?:[^/@\s:]*:(?:\d*[^\d/@\s]\S*|\d+)|[^/@\s]+)(?P<after>@)",
        r"-----BEGIN [A-Z ]*PRIVATE KEY-----(?s:.*)",
        r"PRIVATE\+KEY\+\S+",
        r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b",
        r"\bgh[pousr]_[0-9A-Za-z]{30,}",
        r"\bgithub_pat_[0-9A-Za-z_]{22,}",
        r"\bglpat-[0-9A-Za-z_-]{20,}",
        r"\bxox[abeprs]-[0-9A-Za-z-]{10,}",
        r"\b[rs]k_(?:live|test)_[0-9A-Za-z]{16,}",
        r"\bsk-[0-9A-Za-z_-]{32,}",
        r"\bAIza[0-9A-Za-z_-]{35,}",
        r"\bnpm_[0-9A-Za-z]{36,}",
        r"\bhv[sb]\.[0-9A-Za-z_-]{20,}",
        r"\beyJ[0-9A-Za-z_-]{8,}\.[0-9A-Za-z_-]{8,}\.[0-9A-Za-z_-]*",
    ];
    Regex::new(&shapes.join("|")).expect("the shapes are valid")
});

/// What every credential begins with, also where it stands in JSON. Most records hold none of it and are not decoded.
static BEGINNING: LazyLock<Regex> = LazyLock::new(|| {
    let beginnings = "://|PRIVATE|AKIA|ASIA|gh[pousr]_|github_pat_|glpat-|xox[abeprs]-|[rs]k_(?:live|test)_|sk-\
                      |AIza|npm_|hv[sb]\\.|eyJ";
    Regex::new(beginnings).expect("the beginnings are valid")
});

/// Canonical JSON without what looks like a credential.
pub fn redacted(json: &str) -> Cow<'_, str> {
    if !BEGINNING.is_match(json) {
        return Cow::Borrowed(json);
    }
    // Escapes hide where a word begins: shapes are looked for in the strings themselves.
    let Ok(mut value) = serde_json::from_str::<Value>(json) else { return Cow::Borrowed(json) };
    if redact(&mut value) { Cow::Owned(value.to_string()) } else { Cow::Borrowed(json) }
}

/// Redacts all strings but keys; whether there was anything to redact.
fn redact(value: &mut Value) -> bool {
    match value {
        Value::String(text) => match CREDENTIAL.replace_all(text, REDACTED) {
            Cow::Borrowed(_) => false,
            Cow::Owned(redacted) => {
                *text = redacted;
                true
            }
        },
        Value::Array(items) => items.iter_mut().fold(false, |any, item| redact(item) | any),
        Value::Object(members) => members.values_mut().fold(false, |any, member| redact(member) | any),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::audit::canonical::Cursor;

    fn redacted_text(text: &str) -> String {
        let json = serde_json::to_string(text).unwrap();
        serde_json::from_str(&redacted(&json)).unwrap()
    }

    #[test]
    fn shapes_of_credentials_are_taken_out_and_names_are_left() {
        let npm = "npm_0123456789abcdefghijABCDEFGHIJ012345";
        let table = [
            ("https://ann:hunter2@git.example.com/shop", "https://[redacted]@git.example.com/shop"),
            (r#"https://ann:hun"te\r2@git.example.com"#, "https://[redacted]@git.example.com"),
            ("https://ann:hun/ter2@tickets.example.com/7", "https://[redacted]@tickets.example.com/7"),
            ("https://ann:hun@t/er@tickets.example.com/7", "https://[redacted]@tickets.example.com/7"),
            ("https://:hun/ter2@tickets.example.com/7", "https://[redacted]@tickets.example.com/7"),
            ("https://registry.example.com:5000/@shop/cart", "https://registry.example.com:5000/@shop/cart"),
            ("https://tickets.example.com/@ann/7", "https://tickets.example.com/@ann/7"),
            ("https://ghtoken@git.example.com/shop", "https://[redacted]@git.example.com/shop"),
            ("AKIAABCDEFGHIJKLMNOP", "[redacted]"),
            ("Secret/shop/ghp_0123456789abcdefghijABCDEFGHIJ", "Secret/shop/[redacted]"),
            ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln", "[redacted]"),
            ("-----BEGIN RSA PRIVATE KEY-----\nMIIE\n\"\\", "[redacted]"),
            (npm, "[redacted]"),
            (&format!("a\n{npm}\r{npm}"), "a\n[redacted]\r[redacted]"),
            ("\rk_live_0123456789abcdef", "\rk_live_0123456789abcdef"),
            ("Deployment/shop/cart", "Deployment/shop/cart"),
            ("postgresql:Service/shop/db:5432/orders", "postgresql:Service/shop/db:5432/orders"),
            ("https://git.example.com/shop", "https://git.example.com/shop"),
            ("git@git.example.com:shop.git", "git@git.example.com:shop.git"),
            (
                "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
                "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            ),
        ];
        for (text, expected) in table {
            assert_eq!(redacted_text(text), expected);
        }
    }

    /// Text with everything in it that JSON escapes or that a shape begins with.
    fn text() -> impl Strategy<Value = String> {
        let token = prop_oneof![
            Just("npm_0123456789abcdefghijABCDEFGHIJ012345"),
            Just("rk_live_0123456789abcdef"),
            Just("-----BEGIN RSA PRIVATE KEY-----"),
            Just("PRIVATE+KEY+"),
        ];
        let piece = prop_oneof![r#"://|@|["\\\n\r\t]|[a-z]{1,3}|é|\u{8}"#, token.prop_map(str::to_owned)];
        prop::collection::vec(piece, 0..9).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn what_is_left_is_canonical(texts in prop::collection::vec(text(), 0..4)) {
            let json = serde_json::to_string(&texts).unwrap();
            let json = redacted(&json);
            let mut cursor = Cursor::new(&json);
            prop_assert!(cursor.value().and_then(|_| cursor.end()).is_ok(), "{}", json);
        }

        #[test]
        fn nothing_that_looks_like_a_credential_is_left(text in text()) {
            let once = redacted_text(&text);
            prop_assert_eq!(redacted_text(&once), once);
        }
    }
}
