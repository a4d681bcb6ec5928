//! `$(NAME)` in variables, commands and arguments, as the kubelet expands it
//! (kubernetes/kubernetes `third_party/forked/golang/expansion`), and `${NAME:default}` in Spring's files.

/// Replaces `$(NAME)` by what `value` gives and `$$` by `$`. What `value` does not know stays as it is written.
/// `None` where nothing was replaced.
pub(super) fn expand<'v>(text: &str, value: impl Fn(&str) -> Option<&'v str>) -> Option<String> {
    if !text.contains('$') {
        return None;
    }
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
                    Some(value) => expanded.push_str(value),
                    None => expanded.extend(["$(", name, ")"]),
                }
                behind
            }
            None => {
                expanded.push('$');
                after
            }
        };
    }
    expanded.push_str(rest);
    (expanded != text).then_some(expanded)
}

/// How deep placeholders may stand in one another.
const DEEPEST: usize = 16;

/// Replaces `${NAME}` and `${NAME:default}` (Spring's property placeholders), also within defaults. A name that `value`
/// does not know gets its default, else stays as it is written. `None` where nothing was replaced.
pub(super) fn placeholders<'v>(text: &str, value: impl Fn(&str) -> Option<&'v str>) -> Option<String> {
    let expanded = replaced(text, &value, 0);
    (expanded != text).then_some(expanded)
}

fn replaced<'v>(text: &str, value: &dyn Fn(&str) -> Option<&'v str>, depth: usize) -> String {
    let mut expanded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, inside)) = rest.split_once("${") {
        let Some(end) = end(inside).filter(|_| depth < DEEPEST) else { break };
        let (placeholder, behind) = inside.split_at(end);
        expanded.push_str(before);
        let (name, default) =
            placeholder.split_once(':').map_or((placeholder, None), |(name, default)| (name, Some(default)));
        match (value(name), default) {
            (Some(value), _) => expanded.push_str(value),
            (None, Some(default)) => expanded.push_str(&replaced(default, value, depth + 1)),
            (None, None) => expanded.extend(["${", placeholder, "}"]),
        }
        rest = behind.get(1..).unwrap_or_default();
    }
    expanded.push_str(rest);
    expanded
}

/// Where the brace stands that closes a placeholder.
fn end(inside: &str) -> Option<usize> {
    let mut open = 0_usize;
    for (at, brace) in inside.match_indices(['{', '}']) {
        match brace {
            "{" => open += 1,
            _ if open == 0 => return Some(at),
            _ => open -= 1,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_expand_as_in_the_kubelet() {
        let value = |name: &str| match name {
            "A" => Some("1"),
            "EMPTY" => Some(""),
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
            assert_eq!(expand(text, value).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn placeholders_take_the_variable_or_their_default() {
        let value = |name: &str| (name == "HOST").then_some("db");
        for (text, expected) in [
            ("jdbc:postgresql://${HOST}/x", Some("jdbc:postgresql://db/x")),
            ("${HOST:localhost}:${PORT:5432}", Some("db:5432")),
            ("${OTHER}", None),
            ("${OTHER:}", Some("")),
            ("${A:${HOST}}", Some("db")),
            ("//${A:${B:pg1}}:${P:1}", Some("//pg1:1")),
            ("${A:${B}}", Some("${B}")),
            ("${A", None),
        ] {
            assert_eq!(placeholders(text, value).as_deref(), expected, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_expands_without_panic(text in "[$(){}:Aä ]{0,20}") {
            let _ = expand(&text, |_| Some("v"));
            let _ = placeholders(&text, |_| None);
        }
    }
}
