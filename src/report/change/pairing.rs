//! Pairings: by what a finding of the tree after a change is one of the tree before it.

use super::super::Judged;
use crate::source::Sources;

/// Secret values as they are written, sorted; `None` where a finding is not about any.
pub(super) type Credential<'s> = Option<Vec<&'s str>>;

/// What makes two findings one, the strictest first.
#[derive(Clone, Copy)]
#[expect(clippy::struct_excessive_bools, reason = "what counts and what does not, each on its own")]
pub(super) struct Pairing {
    same_place: bool,
    same_file: bool,
    pub(super) same_message: bool,
    /// The same credentials.
    pub(super) same_value: bool,
}

const SAME: Pairing = Pairing { same_place: true, same_file: true, same_message: true, same_value: true };

pub(super) const PAIRINGS: [Pairing; 8] = [
    SAME,
    Pairing { same_place: false, ..SAME },
    Pairing { same_file: false, ..SAME },
    Pairing { same_place: false, same_file: false, ..SAME },
    Pairing { same_message: false, ..SAME },
    Pairing { same_file: false, same_message: false, ..SAME },
    Pairing { same_value: false, ..SAME },
    Pairing { same_value: false, same_file: false, ..SAME },
];

/// Fingerprint, or rule and resource; then file, message and values.
pub(super) type Key<'r> = (&'r str, &'r str, Option<&'r str>, Option<String>, Option<&'r [&'r str]>);

impl Pairing {
    /// `None`: the finding has no partner by this pairing.
    pub(super) fn key<'r>(
        self,
        judged: &'r Judged,
        values: &'r Credential<'r>,
        sources: &'r Sources,
    ) -> Option<Key<'r>> {
        let finding = &judged.finding;
        if !self.same_message && values.is_some() {
            return None;
        }
        let of = file(judged, sources);
        let message = self.same_message.then(|| without_positions(&finding.message));
        let resource = finding.resource.as_str();
        let (what, whose, message) = if self.same_place {
            (&*judged.fingerprint, "", message)
        } else if !self.same_file && of == Some(resource) {
            // Values of a chart have the name of their file for one of their own: it may move with them.
            let message = message.map(|text| text.replace(resource, "") + &finding.path.to_string());
            (&*finding.rule, "", message)
        } else {
            (&*finding.rule, resource, message)
        };
        let file = if self.same_file { of } else { None };
        Some((what, whose, file, message, self.same_value.then_some(values.as_deref().unwrap_or_default())))
    }
}

/// A message without positions in lists (`env[1]`), which change when something is put in before.
fn without_positions(message: &str) -> String {
    let mut parts = message.split('[');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| match part.split_once(']') {
        Some((position, rest)) if position.bytes().all(|byte| byte.is_ascii_digit()) => text + rest,
        _ => text + "[" + part,
    })
}

/// The file in which a finding stands.
pub(super) fn file<'s>(judged: &Judged, sources: &'s Sources) -> Option<&'s str> {
    judged.finding.place.as_ref().map(|place| &*sources.get(place.source).file)
}
