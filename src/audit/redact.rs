//! A second net: what looks like a credential does not get into the log, whichever field it came in by.
//!
//! The first net is that bodies have no fields for contents or values at all. This one knows only shapes that nothing
//! else has, so that names stay what they are.

use std::{borrow::Cow, sync::LazyLock};

use regex::Regex;

const REDACTED: &str = "${before}[redacted]${after}";

/// Shapes of credentials in canonical JSON. None matches a quote, a backslash or a control character, so that what is
/// left is canonical JSON as well.
static CREDENTIAL: LazyLock<Regex> = LazyLock::new(|| {
    let shapes = [
        // User and password of a URL, or a token in the user's place.
        r#"(?P<before>://)[^/@\s"\\]+(?P<after>@)"#,
        r#"-----BEGIN [A-Z ]*PRIVATE KEY-----[^"]*"#,
        r#"PRIVATE\+KEY\+[^"\\\s]+"#,
        r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b",
        r"\bgh[pousr]_[0-9A-Za-z]{30,}",
        r"\bgithub_pat_[0-9A-Za-z_]{22,}",
        r"\bglpat-[0-9A-Za-z_-]{20,}",
        r"\bxox[abeprs]-[0-9A-Za-z-]{10,}",
        r"\b[rs]k_(?:live|test)_[0-9A-Za-z]{16,}",
        r"\bsk-[0-9A-Za-z_-]{32,}",
        r"\bAIza[0-9A-Za-z_-]{35}",
        r"\bnpm_[0-9A-Za-z]{36}",
        r"\bhv[sb]\.[0-9A-Za-z_-]{20,}",
        r"\beyJ[0-9A-Za-z_-]{8,}\.[0-9A-Za-z_-]{8,}\.[0-9A-Za-z_-]*",
    ];
    Regex::new(&shapes.join("|")).expect("the shapes are valid")
});

/// Canonical JSON without what looks like a credential.
pub fn redacted(json: &str) -> Cow<'_, str> {
    CREDENTIAL.replace_all(json, REDACTED)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::audit::canonical::Cursor;

    #[test]
    fn shapes_of_credentials_are_taken_out_and_names_are_left() {
        let table = [
            ("https://ann:hunter2@git.example.com/shop", "https://[redacted]@git.example.com/shop"),
            ("https://ghtoken@git.example.com/shop", "https://[redacted]@git.example.com/shop"),
            ("AKIAABCDEFGHIJKLMNOP", "[redacted]"),
            ("Secret/shop/ghp_0123456789abcdefghijABCDEFGHIJ", "Secret/shop/[redacted]"),
            ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln", "[redacted]"),
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
            assert_eq!(redacted(text), expected);
        }
    }

    proptest! {
        #[test]
        fn what_is_left_is_canonical(texts in prop::collection::vec(r#"(://|@|PRIVATE\+KEY\+|-----BEGIN RSA PRIVATE KEY-----|["\\\n]|[a-z]{0,3}|é){0,9}"#, 0..4)) {
            let json = serde_json::to_string(&texts).unwrap();
            let json = redacted(&json);
            let mut cursor = Cursor::new(&json);
            prop_assert!(cursor.value().and_then(|_| cursor.end()).is_ok(), "{}", json);
        }
    }
}
