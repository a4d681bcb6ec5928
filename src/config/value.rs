//! Values that are more than text: checked where they are read, so that an error points at them.

use std::ops::Deref;

use jiff::civil::Date;
use regex::{Regex, RegexBuilder};
use serde::Deserialize;

/// Text that says something.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(with = "String"))]
#[serde(try_from = "String")]
pub struct Phrase(String);

impl TryFrom<String> for Phrase {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, &'static str> {
        let trimmed = text.trim();
        if trimmed.is_empty() { Err("this is empty; say something") } else { Ok(Self(trimmed.to_owned())) }
    }
}

impl Deref for Phrase {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

/// A day in UTC, written `YYYY-MM-DD`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(with = "String", extend("format" = "date")))]
#[serde(try_from = "String")]
pub struct Day(pub Date);

impl TryFrom<String> for Day {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Self::parse(&text).ok_or_else(|| format!("`{text}` is no day; write it as YYYY-MM-DD"))
    }
}

impl Day {
    /// `None` for anything but an existing day in exactly this form.
    pub fn parse(text: &str) -> Option<Self> {
        let day: Date = text.parse().ok()?;
        (day.to_string() == text).then_some(Self(day))
    }
}

/// A regular expression in the syntax of the crate `regex`, which takes time linear in the text; of a bounded size.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(with = "String"))]
#[serde(try_from = "String")]
pub struct RegularExpression {
    anywhere: Regex,
    whole: Regex,
}

/// Bytes of a compiled expression: counted repetitions multiply.
const LARGEST_EXPRESSION: usize = 1 << 20;

/// Characters of a written one.
const LONGEST_EXPRESSION: usize = 1000;

impl TryFrom<String> for RegularExpression {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        if text.chars().count() > LONGEST_EXPRESSION {
            return Err(format!(
                "this regular expression has more than {LONGEST_EXPRESSION} characters; split it"
            ));
        }
        let compile = |text: &str| RegexBuilder::new(text).size_limit(LARGEST_EXPRESSION).build();
        let compiled = compile(&text).and_then(|anywhere| {
            let whole = compile(&format!(r"\A(?:{text})\z"))?;
            Ok(Self { anywhere, whole })
        });
        compiled.map_err(|error| match error {
            regex::Error::CompiledTooBig(_) => {
                "this regular expression is too large; repeat less in it".to_owned()
            }
            error => {
                let last = error.to_string();
                let cause = last.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
                format!("this is no regular expression: {cause}")
            }
        })
    }
}

impl RegularExpression {
    /// For occurrences within a text.
    pub const fn as_regex(&self) -> &Regex {
        &self.anywhere
    }

    /// Whether it matches a text from its beginning to its end.
    pub fn is_whole(&self, text: &str) -> bool {
        self.whole.is_match(text)
    }
}
