//! Arguments of a container: `--key=value`, `--key value`, `-Dkey=value`, `NAME=value`, and what stands alone.
//!
//! A script behind `sh -c` is split into its words. Deliberately absent: what a program makes of its arguments.

use std::{borrow::Cow, ops::Range};

use super::{Channel, Container, Origin, Setting, kept::scalar, variables::Variables};
use crate::{document::NodeRef, source::Place};

/// Settings in the order of the words; a flag that is given twice is there twice.
pub(super) fn of<'e>(container: &Container<'_, 'e>, variables: &Variables<'e>) -> Vec<Setting<'e>> {
    let items = |key| container.node.get(key).into_iter().flat_map(NodeRef::items);
    let mut words: Vec<Word<'e>> = Vec::new();
    let mut script_follows = false;
    for item in items("command").chain(items("args")) {
        let Some(text) = scalar(item) else { continue };
        let first_of_script = words.len();
        if script_follows {
            words.extend(split(text).into_iter().map(|range| Word { item, text, range, quoted: true }));
        } else {
            words.push(Word { item, text, range: 0..text.len(), quoted: false });
        }
        script_follows = !script_follows && is_script_flag(text) && words.iter().any(Word::is_shell);
        if script_follows {
            words.truncate(first_of_script);
        }
    }
    let mut settings = from_words(container, &words);
    settings.iter_mut().for_each(|setting| setting.expand(|name| variables.text(name)));
    settings.extend(of_options(variables));
    settings
}

/// `JAVA_OPTS` and its like hold arguments.
fn of_options<'e>(variables: &Variables<'e>) -> Vec<Setting<'e>> {
    let is_options = |setting: &&Setting<'e>| {
        ["OPTS", "OPTIONS", "ARGS"].iter().any(|end| setting.name.ends_with(end))
            && setting.text.as_deref().is_some_and(|text| text.trim_start().starts_with('-'))
    };
    let mut found = Vec::new();
    for options in variables.iter().filter(is_options) {
        let text = options.text.as_deref().unwrap_or_default();
        for (name, value) in
            pairs(&split(text).into_iter().map(|range| word(text, range)).collect::<Vec<_>>())
        {
            let mut setting = options.clone();
            setting.channel = Channel::Argument;
            setting.name = Cow::Owned(name);
            setting.text = Some(Cow::Owned(value.to_owned()));
            setting.written = None;
            found.push(setting);
        }
    }
    found
}

struct Word<'e> {
    item: NodeRef<'e>,
    /// Text of the whole item.
    text: &'e str,
    /// The word in it, with its quotes.
    range: Range<usize>,
    quoted: bool,
}

impl<'e> Word<'e> {
    fn text(&self) -> &'e str {
        let text = self.text.get(self.range.clone()).unwrap_or_default();
        if self.quoted { unquoted(text) } else { text }
    }

    fn is_shell(&self) -> bool {
        matches!(self.text().rsplit('/').next(), Some("sh" | "bash" | "ash" | "dash" | "zsh"))
    }

    /// Bytes in the source of a part of it, such as the value behind `=`.
    fn place(&self, part: &str) -> Place {
        let word = self.text.get(self.range.clone()).unwrap_or_default();
        let at = self.range.start + word.rfind(part).unwrap_or_default();
        Place::new(self.item.document.source, self.item.part(at..at + part.len()))
    }
}

fn from_words<'e>(container: &Container<'_, 'e>, words: &[Word<'e>]) -> Vec<Setting<'e>> {
    // The first word of a command is the program.
    let is_program = |index| index == 0 && container.node.get("command").is_some();
    let mut settings = Vec::new();
    let mut index = 0;
    while let Some(word) = words.get(index) {
        let (text, next) = (word.text(), words.get(index + 1));
        let (name, value, holder, used): (Cow<'e, str>, &'e str, &Word<'e>, usize) =
            match pair(text, next.map(Word::text)) {
                Some((name, value, false)) => (name.into(), value, word, 1),
                Some((name, value, true)) => (name.into(), value, next.unwrap_or(word), 2),
                None => (format!("args[{index}]").into(), text, word, 1),
            };
        if !is_program(index) {
            let place = holder.place(value);
            let setting =
                container.setting(Channel::Argument, name, Some(value.into()), Origin::Literal, place);
            settings.push(setting);
        }
        index += used;
    }
    settings
}

/// Name and value of each flag in some words.
fn pairs<'t>(words: &[&'t str]) -> Vec<(String, &'t str)> {
    let mut found = Vec::new();
    let mut index = 0;
    while let Some(word) = words.get(index) {
        let pair = pair(word, words.get(index + 1).copied());
        index += if pair.is_some_and(|(_, _, next)| next) { 2 } else { 1 };
        found.extend(pair.map(|(name, value, _)| (name.to_owned(), value)));
    }
    found
}

/// Name and value of one word, and whether the value is the next word.
fn pair<'t>(word: &'t str, next: Option<&'t str>) -> Option<(&'t str, &'t str, bool)> {
    if let Some(property) = word.strip_prefix("-D") {
        let (name, value) = property.split_once('=')?;
        return Some((name, value, false));
    }
    if word.starts_with('-') {
        let is_flag = |text: &str| text.len() > 1 && !text.contains(char::is_whitespace);
        return match word.split_once('=') {
            Some((name, value)) if is_flag(name) => Some((name, unquoted(value), false)),
            _ if is_flag(word) => next.filter(|next| !next.starts_with('-')).map(|next| (word, next, true)),
            _ => None,
        };
    }
    let (name, value) = word.split_once('=')?;
    let is_name = |name: &str| {
        !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-'))
    };
    is_name(name).then(|| (name, unquoted(value), false))
}

/// `-c`, also among other flags of a shell: `-ec`.
fn is_script_flag(text: &str) -> bool {
    text.starts_with('-') && !text.starts_with("--") && text.len() <= 5 && text.ends_with('c')
}

/// Words of a shell script, with their quotes; control operators end a word.
fn split(text: &str) -> Vec<Range<usize>> {
    let mut words = Vec::new();
    let mut start = None;
    let mut quote = None;
    let mut escaped = false;
    for (at, character) in text.char_indices() {
        match (quote, character) {
            _ if escaped => escaped = false,
            (open, '\\') if open != Some('\'') => {
                escaped = true;
                start.get_or_insert(at);
            }
            (Some(open), _) if open == character => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => {
                quote = Some(character);
                start.get_or_insert(at);
            }
            (None, ';' | '|' | '&') => words.extend(start.take().map(|start| start..at)),
            (None, _) if character.is_whitespace() => words.extend(start.take().map(|start| start..at)),
            (None, _) => {
                start.get_or_insert(at);
            }
        }
    }
    words.extend(start.map(|start| start..text.len()));
    words
}

fn word(text: &str, range: Range<usize>) -> &str {
    unquoted(text.get(range).unwrap_or_default())
}

/// Without the quotes around it.
fn unquoted(text: &str) -> &str {
    for quote in ['"', '\''] {
        if let Some(inside) = text.strip_prefix(quote).and_then(|text| text.strip_suffix(quote)) {
            return inside;
        }
    }
    text
}
