//! Values that are more than text: checked where they are read, so that an error points at them.

use std::ops::Deref;

use jiff::civil::Date;
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

/// A regular expression in the syntax of the crate `regex`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(with = "String"))]
#[serde(try_from = "String")]
pub struct RegularExpression(pub String);

impl TryFrom<String> for RegularExpression {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        match regex::Regex::new(&text) {
            Ok(_) => Ok(Self(text)),
            Err(error) => {
                let last = error.to_string();
                let cause = last.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
                Err(format!("this is no regular expression: {cause}"))
            }
        }
    }
}
