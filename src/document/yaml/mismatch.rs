//! Valid YAML 1.2 that go-yaml 2, and so Kubernetes, reads as something else. It is refused with a reason: a setting
//! must not hide in what only Kubernetes sees.

use std::ops::Range;

use granit_parser::ScalarStyle;

use crate::document::bytes;

/// Line breaks of YAML 1.1 that are none in YAML 1.2.
const SEPARATORS: [char; 3] = ['\u{85}', '\u{2028}', '\u{2029}'];

const SEPARATED: &str = "Kubernetes starts a new line at a Unicode line separator in here; remove it";

#[derive(Debug)]
pub(super) struct Mismatch<'t> {
    text: &'t str,
    /// The text holds one of [`SEPARATORS`].
    separators: bool,
}

impl<'t> Mismatch<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self { text, separators: !text.is_ascii() && text.contains(SEPARATORS) }
    }

    pub(super) fn of_scalar(&self, value: &str, style: ScalarStyle) -> Option<&'static str> {
        let quoted = matches!(style, ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted);
        (!quoted && self.separators && value.contains(SEPARATORS)).then_some(SEPARATED)
    }

    /// Of a plain scalar in a flow collection. `colon_end` is where the colon of its key ends, if it has one.
    pub(super) fn of_plain_in_flow(
        &self,
        value: &str,
        tagged: bool,
        colon_end: Option<u32>,
    ) -> Option<&'static str> {
        if value.starts_with('?') {
            return Some("Kubernetes takes this `?` for the mark of a key; quote the value");
        }
        let follows = |end: u32| self.text.get(end as usize..).unwrap_or_default();
        let glued = colon_end.is_some_and(|end| follows(end).starts_with([',', ']', '}']));
        (value.is_empty() && (tagged || glued))
            .then_some("Kubernetes takes what follows for a part of this; add a space or a value")
    }

    pub(super) fn of_comment(&self, span: &Range<u32>) -> Option<&'static str> {
        let comment = if self.separators { self.text.get(bytes(span))? } else { "" };
        comment.contains(SEPARATORS).then_some(SEPARATED)
    }
}

/// go-yaml ends the name of an anchor at the first character that is not one of these (scannerc.go).
pub(super) fn of_anchor(name: &str) -> Option<&'static str> {
    let known = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
    (!known).then_some("Kubernetes ends this anchor's name at its first special character")
}
