//! `$(NAME)` in variables, commands and arguments, as the kubelet expands it
//! (kubernetes/kubernetes `third_party/forked/golang/expansion`).

use std::borrow::Cow;

/// Bytes of one variable or argument with which a program still starts (Linux `MAX_ARG_STRLEN`).
const LONGEST: usize = 128 * 1024;

/// Bytes that the texts of one container may still become by references: a program does not start with more than all
/// of them (Linux `bprm_stack_limits`, three quarters of `_STK_LIM`).
#[derive(Debug)]
pub(super) struct Room(usize);

/// References make a text longer than a program could be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TooLong;

impl Default for Room {
    fn default() -> Self {
        Self(6 * 1024 * 1024)
    }
}

impl Room {
    /// Bytes that the next text may have.
    pub(super) fn left(&self) -> usize {
        self.0.min(LONGEST)
    }

    /// Takes the bytes of a text.
    pub(super) fn take(&mut self, text: &str) {
        self.0 = self.0.saturating_sub(text.len());
    }
}

/// Replaces `$(NAME)` by what `value` gives and `$$` by `$`. What `value` does not know stays as it is written.
/// `None` where nothing was replaced.
pub(super) fn expand<'v>(
    text: &str,
    room: &mut Room,
    value: impl Fn(&str) -> Option<Cow<'v, str>>,
) -> Result<Option<String>, TooLong> {
    if !text.contains('$') {
        return Ok(None);
    }
    let longest = room.left();
    let mut expanded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        let (before, from) = rest.split_at(at);
        expanded.push_str(before);
        let after = from.get(1..).unwrap_or_default();
        let name = after.strip_prefix('(').and_then(|inside| inside.split_once(')'));
        rest = match name {
            _ if after.starts_with('$') => {
                expanded.push('$');
                after.get(1..).unwrap_or_default()
            }
            Some((name, behind)) => {
                match value(name) {
                    Some(value) => expanded.push_str(&value),
                    None => expanded.extend(["$(", name, ")"]),
                }
                behind
            }
            None => {
                expanded.push('$');
                after
            }
        };
        if expanded.len() > longest {
            return Err(TooLong);
        }
    }
    expanded.push_str(rest);
    if expanded == text {
        return Ok(None);
    }
    if expanded.len() > longest {
        return Err(TooLong);
    }
    room.take(&expanded);
    Ok(Some(expanded))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_expand_as_in_the_kubelet() {
        let value = |name: &str| match name {
            "A" => Some("1".into()),
            "EMPTY" => Some("".into()),
            _ => None,
        };
        for (text, expected) in [
            ("plain", None),
            ("$(A)", Some("1")),
            ("x-$(A)-$(A)", Some("x-1-1")),
            ("$(EMPTY)", Some("")),
            ("$(B)", None),
            ("$$(A)", Some("$(A)")),
            ("$$$(A)", Some("$1")),
            ("$(A", None),
            ("$A ${A} $", None),
            ("ä$(A)ö", Some("ä1ö")),
        ] {
            let expanded = expand(text, &mut Room::default(), value).expect("short");
            assert_eq!(expanded.as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn what_no_program_could_be_told_is_too_long() {
        let value = |name: &str| (name == "A").then(|| Cow::Owned("x".repeat(1000)));
        let expanded = |times: usize, room: &mut Room| expand(&"$(A)".repeat(times), room, value);
        let mut room = Room::default();
        assert_eq!(expanded(132, &mut room), Err(TooLong));
        for _ in 0..48 {
            let text = expanded(131, &mut room).expect("short enough").expect("replaced");
            assert_eq!(text.len(), 131_000);
        }
        assert_eq!(expanded(131, &mut room), Err(TooLong), "all of them together");
        assert_eq!(expanded(1, &mut room).map(|text| text.map(|text| text.len())), Ok(Some(1000)));
    }

    proptest::proptest! {
        #[test]
        fn any_text_expands_without_panic(text in "[$(){}:Aä ]{0,20}") {
            let _ = expand(&text, &mut Room::default(), |_| Some("v".into()));
        }
    }
}
