//! Where among words a command starts: first in a script or behind what ends another, behind assignments and words such as
//! `then`, `sudo` and `timeout 5`. The words of `echo`, of `kubectl exec` and of anything else are no commands of their own.

use std::{borrow::Cow, ops::Range};

use super::{Word, is_name, is_script_flag, is_shell};

/// A program, and the indices of its arguments.
pub(super) struct Command<'t> {
    pub(super) program: &'t str,
    pub(super) arguments: Range<usize>,
}

/// Words of a shell behind which a command starts.
const KEYWORDS: [&str; 10] = ["!", "(", "do", "elif", "else", "if", "then", "until", "while", "{"];

/// Programs that start another: short flags of theirs with a value, those without one, and how many words stand before it.
const STARTING: &[(&str, &str, &str, usize)] = &[
    ("command", "", "p", 0),
    ("env", "u", "i", 0),
    ("exec", "a", "cl", 0),
    ("gosu", "", "", 1),
    ("nice", "n", "", 0),
    ("nohup", "", "", 0),
    ("su-exec", "", "", 1),
    ("sudo", "ghpu", "EHiknS", 0),
    ("time", "", "p", 0),
    ("timeout", "ks", "v", 1),
];

/// All commands, those within `$(…)` too.
pub(super) fn commands<'t>(words: &[Word<'t>]) -> Vec<Command<'t>> {
    let mut found = Vec::new();
    let mut position = 0;
    while let Some(word) = words.get(position) {
        let is_first = position == 0 || word.starts || word.opens;
        let at = if is_first {
            program(words, position)
        } else {
            substituted(word.text).map(|text| (text, position))
        };
        let from = position;
        position += 1;
        let Some((program, at)) = at else { continue };
        let end = end(words, at);
        found.push(Command { program, arguments: at + 1..end });
        // Arguments may hold commands of their own.
        position = (at + 1).max(from + 1);
        if let Some(behind) = behind_document(words, at + 1..end) {
            position = behind;
        }
    }
    found
}

/// The program of the command that starts at a word, and where it stands.
fn program<'t>(words: &[Word<'t>], start: usize) -> Option<(&'t str, usize)> {
    let end = end(words, start);
    let mut at = start;
    while let Some(word) = words.get(at).filter(|_| at < end.max(start + 1)) {
        if let Some(program) = substituted(word.text) {
            return Some((program, at));
        }
        let text = word.text.trim_start_matches('(');
        if KEYWORDS.contains(&word.text) || text.is_empty() || is_assignment(text) || text.ends_with("()") {
            at += 1;
            continue;
        }
        let name = text.rsplit('/').next().unwrap_or(text);
        let Some((_, valued, switches, before)) = STARTING.iter().find(|(known, ..)| *known == name) else {
            return Some((text, at));
        };
        at += 1;
        while let Some(flags) = words.get(at).and_then(|word| word.text.strip_prefix('-')) {
            let mut letters = flags.chars();
            match (letters.next(), letters.next()) {
                (Some('-'), None) => {}
                (Some(flag), None) if valued.contains(flag) => at += 1,
                (Some(_), _) if flags.chars().all(|flag| switches.contains(flag)) => {}
                _ => return None,
            }
            at += 1;
        }
        at += before;
    }
    None
}

/// The program behind the last `$(` or backtick that a word opens: `N=$(psql`.
fn substituted(text: &str) -> Option<&str> {
    let (_, dollar) = text.rsplit_once("$(").unwrap_or_default();
    let (before, tick) = text.rsplit_once('`').unwrap_or_default();
    let opened = if !tick.is_empty() && before.matches('`').count() % 2 == 0 { tick } else { dollar };
    (!opened.is_empty() && !opened.contains([')', '`']) && !opened.contains(char::is_whitespace))
        .then_some(opened)
}

fn is_assignment(text: &str) -> bool {
    text.split_once('=').is_some_and(|(name, _)| is_name(name) && !name.starts_with('-'))
}

/// Where the command ends that a word belongs to.
fn end(words: &[Word<'_>], from: usize) -> usize {
    let rest = words.get(from + 1..).unwrap_or_default();
    rest.iter().position(|word| word.starts || word.opens).map_or(words.len(), |end| from + 1 + end)
}

/// Behind the document that a command is given in the script (`<<END`): its lines are no commands.
fn behind_document(words: &[Word<'_>], arguments: Range<usize>) -> Option<usize> {
    let own = words.get(arguments.clone())?;
    let (index, mark) = own.iter().enumerate().find_map(|(index, word)| {
        let mark = word.text.trim_start_matches(|character: char| character.is_ascii_digit());
        Some((index, mark.strip_prefix("<<").filter(|mark| !mark.starts_with('<'))?))
    })?;
    let mark = mark.trim_start_matches('-');
    let mark = if mark.is_empty() { own.get(index + 1)?.text } else { mark };
    let mark = mark.trim_matches(['"', '\'', '\\']);
    let mut rest = words.iter().enumerate().skip(arguments.end);
    let last = rest.find(|(_, word)| word.starts && word.text == mark);
    Some(last.map_or(words.len(), |(index, _)| index))
}

/// Arguments with their positions, without redirections. `None` stands for one that holds what another command prints; behind
/// what closes the command there are none.
pub(super) fn arguments<'t>(words: &[Word<'t>]) -> Vec<(usize, Option<&'t str>)> {
    let mut found = Vec::new();
    let mut index = 0;
    while let Some(word) = words.get(index) {
        let (at, text) = (index, word.text);
        index += 1;
        let redirection = text.trim_start_matches(|character: char| character.is_ascii_digit());
        if redirection.starts_with(['<', '>']) {
            index += usize::from(redirection.trim_matches(['<', '>', '-']).is_empty());
            continue;
        }
        let opened = |text: &str| without_variables(text).matches("$(").count();
        if prints(text) {
            let is_open = |depth: usize, ticks: usize| depth > 0 || ticks % 2 == 1;
            let closed = |text: &str| without_variables(text).matches(')').count();
            let mut depth = opened(text).saturating_sub(closed(text));
            let mut ticks = text.matches('`').count();
            // The last backtick closes what the command stands in.
            if depth == 0 && ticks == 1 && text.ends_with('`') {
                found.extend(
                    Some(text.trim_end_matches('`'))
                        .filter(|text| !text.is_empty())
                        .map(|text| (at, Some(text))),
                );
                break;
            }
            while is_open(depth, ticks)
                && let Some(word) = words.get(index)
            {
                depth = (depth + opened(word.text)).saturating_sub(closed(word.text));
                ticks += word.text.matches('`').count();
                index += 1;
            }
            // Of a flag nothing but its value is unknown.
            if !text.starts_with('-') {
                found.push((at, None));
            }
            continue;
        }
        // `… orders)` closes what the command stands in.
        if text.ends_with(')') && text.matches(')').count() > text.matches('(').count() {
            let text = text.trim_end_matches(')');
            found.extend(Some(text).filter(|text| !text.is_empty()).map(|text| (at, Some(text))));
            break;
        }
        found.push((at, Some(text)));
    }
    found
}

/// Whether a word holds what another command prints.
pub(super) fn prints(text: &str) -> bool {
    without_variables(text).contains("$(") || text.contains('`')
}

/// Without references of Kubernetes to variables: `$(NAME)`. What is nothing else stands for a name.
pub(super) fn without_variables(text: &str) -> Cow<'_, str> {
    let mut rest = text;
    let mut found = String::new();
    while let Some((before, behind)) = rest.split_once("$(") {
        let name = behind.split_once(')').filter(|(name, _)| {
            !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        });
        found.push_str(before);
        rest = if let Some((name, rest)) = name {
            found.push_str(name);
            rest
        } else {
            found.push_str("$(");
            behind
        };
    }
    if found.is_empty() { Cow::Borrowed(text) } else { Cow::Owned(found + rest) }
}

/// Position among the arguments of the script that a shell is given: `bash -c SCRIPT`, `su postgres -c SCRIPT`.
pub(super) fn script(program: &str, arguments: &[Word<'_>]) -> Option<usize> {
    if program != "su" && !is_shell(program) {
        return None;
    }
    let flag = arguments.iter().position(|word| is_script_flag(word.text))?;
    arguments.get(flag + 1).map(|_| flag + 1)
}
