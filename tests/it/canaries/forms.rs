//! Canaries, and what one can look like when it comes out.

use std::{collections::BTreeSet, fmt::Write as _};

use base64::{Engine as _, prelude::BASE64_STANDARD as BASE64};
use md5::Md5;
use probity::{finding::hex, resource::credential::is_random};
use regex::Regex;
use sha1::Sha1;
use sha2::{Digest as _, Sha256, Sha384, Sha512};

/// Hands out values, each once, that are told from all others.
#[derive(Default)]
pub(super) struct Canaries(Vec<String>);

impl Canaries {
    /// A value that only its name or its place tells.
    fn next(&mut self) -> String {
        let number = self.0.len();
        let candidates = (0..).map(|attempt: u32| {
            let digest = hex(&Sha256::digest(format!("{number} {attempt}")));
            format!("Cn{number}x{}Q", &digest[..12])
        });
        // A piece of a digest that is digits alone is left as the number that it may be.
        let begins_with_a_number =
            |canary: &String| hex(&Sha256::digest(canary))[..12].bytes().all(|byte| byte.is_ascii_digit());
        let canary =
            candidates.take(9).find(|canary| !begins_with_a_number(canary)).expect("a letter in one of them");
        assert!(!is_random(&canary), "{canary} would be found wherever it stands");
        self.0.push(canary.clone());
        canary
    }

    /// One that is told by its looks.
    fn random(&mut self) -> String {
        const DIGITS: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
        let number = self.0.len();
        let candidates = (0..).map(|attempt: u32| {
            let digest = Sha256::digest(format!("{number} {attempt}"));
            digest
                .iter()
                .map(|byte| char::from(DIGITS[usize::from(*byte) % DIGITS.len()]))
                .collect::<String>()
        });
        let canary = candidates.take(100).find(|text| is_random(text)).expect("one of them is random");
        self.0.push(canary.clone());
        canary
    }

    /// Puts new values where a text has places for them.
    pub(super) fn fill(&mut self, text: &str) -> String {
        let place =
            Regex::new("%(b64|docker|login|random|properties|xml|sql)?%").expect("a constant expression");
        let mut filled = String::new();
        let mut done = 0;
        for found in place.captures_iter(text) {
            let whole = found.get(0).expect("a match");
            filled.push_str(&text[done..whole.start()]);
            filled.push_str(&match found.get(1).map(|kind| kind.as_str()) {
                Some("b64") => BASE64.encode(self.next()),
                Some("docker") => {
                    BASE64.encode(format!("{{\"auths\":{{\"x\":{{\"password\":\"{}\"}}}}}}", self.next()))
                }
                Some("login") => BASE64.encode(format!("u:{}", self.next())),
                Some("random") => self.random(),
                Some("xml") => BASE64.encode(format!("<a><password>{}</password></a>\n", self.next())),
                Some("sql") => BASE64.encode(format!("CREATE USER a PASSWORD '{}';\n", self.next())),
                Some("properties") => BASE64.encode(format!("db.password={}\n", self.next())),
                _ => self.next(),
            });
            done = whole.end();
        }
        filled + &text[done..]
    }

    /// Where any of them shows in any form.
    pub(super) fn leaks(&self, written: &[(String, String)]) -> Vec<String> {
        let forms: Vec<(&str, &str, String)> = self
            .0
            .iter()
            .flat_map(|canary| forms(canary).into_iter().map(move |(name, form)| (name, &**canary, form)))
            .collect();
        let any: Vec<String> = forms.iter().map(|(_, _, form)| regex::escape(form)).collect();
        let any = regex::RegexBuilder::new(&any.join("|")).size_limit(1 << 28).build().expect("literals");
        let (mut leaks, mut told) = (Vec::new(), BTreeSet::new());
        for (name, text) in written {
            // One of each, so that they can be read.
            for found in any.find_iter(text).filter(|found| told.insert(found.as_str().to_owned())) {
                let known = forms.iter().find(|(_, _, form)| form == found.as_str());
                let (form, canary, _) = known.expect("a match is a form");
                let before = text.floor_char_boundary(found.start().saturating_sub(60));
                let mut leak = String::new();
                let context = &text[before..found.start()];
                write!(leak, "{name}: {form} of {canary} behind {context:?}")
                    .expect("a string takes all text");
                leaks.push(leak);
            }
        }
        leaks
    }
}

/// What a value can look like when it comes out.
fn forms(canary: &str) -> Vec<(&'static str, String)> {
    let percent = |form: fn(u8) -> String| canary.bytes().map(form).collect::<String>();
    let digest = hex(&Sha256::digest(canary));
    let mut forms = vec![
        ("value", canary.to_owned()),
        ("upper case", canary.to_uppercase()),
        ("lower case", canary.to_lowercase()),
        ("reverse", canary.chars().rev().collect()),
        ("URL", percent(|byte| format!("%{byte:02X}"))),
        ("URL in lower case", percent(|byte| format!("%{byte:02x}"))),
        ("escapes of JSON", percent(|byte| format!("\\u{byte:04x}"))),
        ("hexadecimal", hex(canary.as_bytes())),
        ("hexadecimal in upper case", hex(canary.as_bytes()).to_uppercase()),
        ("MD5", hex(&Md5::digest(canary))),
        ("SHA-1", hex(&Sha1::digest(canary))),
        ("SHA-256", digest.clone()),
        ("SHA-256 with a line break", hex(&Sha256::digest(format!("{canary}\n")))),
        ("SHA-384", hex(&Sha384::digest(canary))),
        ("SHA-512", hex(&Sha512::digest(canary))),
        ("SHA-256 in base64", BASE64.encode(Sha256::digest(canary))),
        ("SHA-256 of base64", hex(&Sha256::digest(BASE64.encode(canary)))),
        ("begin of SHA-256", digest[..12].to_owned()),
    ];
    if is_random(canary) {
        forms.extend([("begin", canary[..12].to_owned()), ("end", canary[20..].to_owned())]);
    }
    // At each offset from a group of three bytes, without what its neighbours change.
    for offset in 0..3 {
        let padded = format!("{}{canary}", "x".repeat(offset));
        let whole = BASE64.encode(&padded);
        let start = if offset == 0 { 0 } else { 4 };
        forms.push(("base64", whole[start..padded.len() / 3 * 4].to_owned()));
    }
    forms
}
