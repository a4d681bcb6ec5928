//! The blocks of a template: what its loops take, and what their actions may therefore print.

use std::{
    collections::BTreeSet,
    ops::{Range, RangeInclusive},
    sync::{Arc, LazyLock},
};

use regex::Regex;

use super::Texts;

/// A `range` … `end`.
#[derive(Debug)]
pub(super) struct Loop {
    /// Indices of lines, those of its `range` and its `end` among them.
    pub(super) lines: RangeInclusive<usize>,
    /// What it takes, such as `.Values.env`, if that is one path of the values.
    path: Option<String>,
    /// Names of its variables.
    variables: Vec<String>,
}

static TAKES: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"range\s+(?:([^:}]*):=\s*)?\$?(\.Values(?:\.[A-Za-z0-9_]+)+)\s*-?\}\}$")
        .expect("a constant expression")
});

/// `{{ .name | quote }}`: one thing, printed as it is.
static PLAIN: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^\{\{-?\s*(\$?[A-Za-z0-9_.]*)\s*(?:\|\s*(quote|squote|toString)\s*)?-?\}\}$")
        .expect("a constant expression")
});

/// The word that an action begins with.
pub(super) fn word(action: &str) -> &str {
    let inner = action.trim_start_matches(['{', '-']).trim_start();
    inner.split([' ', '}', '-', '\t', '\n', '(']).next().unwrap_or_default()
}

/// All loops of a template, in the order in which they end: an inner one comes before those around it.
pub(super) fn loops(text: &str, actions: &[Range<usize>]) -> Vec<Loop> {
    let mut open: Vec<Option<(usize, &str)>> = Vec::new();
    let mut found = Vec::new();
    let (mut line, mut counted) = (0, 0);
    for action in actions {
        line += text.get(counted..action.start).unwrap_or_default().matches('\n').count();
        counted = action.start;
        let action = text.get(action.clone()).unwrap_or_default();
        match word(action) {
            "range" => open.push(Some((line, action))),
            "if" | "with" | "define" | "block" => open.push(None),
            "end" => {
                if let Some(Some((first, action))) = open.pop() {
                    let takes = TAKES.captures(action);
                    let group = |index: usize| Some(takes.as_ref()?.get(index)?.as_str());
                    let variables = group(1).unwrap_or_default().split(',').map(str::trim);
                    found.push(Loop {
                        lines: first..=line,
                        path: group(2).map(ToOwned::to_owned),
                        variables: variables.filter(|name| !name.is_empty()).map(ToOwned::to_owned).collect(),
                    });
                }
            }
            _ => {}
        }
    }
    found
}

/// What an action in a line may print, and whether it puts quotes around that.
pub(super) fn expected(
    action: &str,
    line: usize,
    loops: &[Loop],
    texts: &Texts<'_>,
) -> (Option<Arc<BTreeSet<String>>>, bool) {
    let Some(plain) = PLAIN.captures(action) else { return (None, false) };
    let named = plain.get(1).map_or("", |name| name.as_str());
    let is_quoted = plain.get(2).is_some_and(|function| function.as_str().ends_with("quote"));
    let around = || loops.iter().filter(|one| one.lines.contains(&line));
    let path = if let Some(values) = named.strip_prefix('$').or(Some(named))
        && values.starts_with(".Values.")
    {
        Some(values)
    } else if let Some(variable) = named.strip_prefix('$') {
        let variable = variable.split('.').next().unwrap_or_default();
        let takes = |one: &&Loop| one.variables.iter().any(|name| name.strip_prefix('$') == Some(variable));
        around().find(takes).and_then(|one| one.path.as_deref())
    } else if named.starts_with('.') {
        // `with` in between may have changed what the dot is: then nothing of it is there, and this is no proof.
        around().next().and_then(|one| one.path.as_deref())
    } else {
        None
    };
    let is_builtin = [".Release.", ".Chart.", ".Capabilities.", ".Template."];
    let path = path.filter(|_| !is_builtin.iter().any(|start| named.starts_with(start)));
    (path.and_then(texts), is_quoted)
}
