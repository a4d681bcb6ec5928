//! Words of commands: flags, properties and assignments, also within a script behind `sh -c`.
//!
//! Deliberately absent: what a program makes of its arguments.

mod client;
mod commands;
mod database_clients;

use std::{collections::BTreeMap, ops::Range};

use self::client::Client;
pub use self::database_clients::{Part, is_name as names_something};
use crate::document::NodeRef;

/// One argument: a flag with its value, an assignment, or a word that stands alone.
#[derive(Debug, Clone, Copy)]
pub struct Argument<'d> {
    /// `--db-host`, for `-Dkey=value` the key, for `NAME=value` the name; `None` for a word that stands alone.
    pub name: Option<&'d str>,
    /// Without the quotes of a script.
    pub text: &'d str,
    /// `command` or `args`, and the position there, of the item that holds the text.
    pub field: &'static str,
    pub index: usize,
    pub item: NodeRef<'d>,
    /// Where in the item the text starts.
    pub offset: usize,
    /// Position among all words; the first of a command is the program.
    pub position: usize,
}

/// A part of a connection that a client of a database is told: `psql -h db`.
#[derive(Debug, Clone, Copy)]
pub struct ToldClient<'d> {
    pub program: &'static str,
    /// Position of the call among those of the program.
    pub call: usize,
    pub part: Part,
    pub text: &'d str,
    pub item: NodeRef<'d>,
    /// Where in the item the text starts.
    pub offset: usize,
    /// Whether all that the call is told was read.
    pub is_whole: bool,
}

/// The item that a word stands in: its field, its index there, and itself.
type Holder<'d> = (&'static str, usize, NodeRef<'d>);

/// What the clients of databases among the words are told.
pub fn told_clients<'d>(command: Option<NodeRef<'d>>, args: Option<NodeRef<'d>>) -> Vec<ToldClient<'d>> {
    let (words, holders) = words_of(command, args);
    let mut found = Vec::new();
    let calls = database_clients::calls(&words);
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for of in calls {
        let count = counts.entry(of.program).or_default();
        let call = *count;
        *count += 1;
        for named in of.named {
            let Some((word, (_, _, item))) = words.get(named.word).zip(holders.get(named.word)) else {
                continue;
            };
            let offset = word.offset + word.text.rfind(named.text).unwrap_or_default();
            let (program, part, text) = (of.program, named.part, named.text);
            let is_whole = of.is_whole;
            found.push(ToldClient { program, call, part, text, item: *item, offset, is_whole });
        }
    }
    found
}

/// Arguments in the order of the words; a flag that is given twice is there twice. Without its program.
pub fn of<'d>(command: Option<NodeRef<'d>>, args: Option<NodeRef<'d>>) -> Vec<Argument<'d>> {
    let has_program = command.is_some_and(|command| command.items().next().is_some());
    let (words, holders) = words_of(command, args);
    let arguments = read(&words).into_iter().filter_map(|read| {
        let (field, index, item) = *holders.get(read.word)?;
        let Read { name, text, offset, position, .. } = read;
        (position > 0 || !has_program).then_some(Argument {
            name,
            text,
            field,
            index,
            item,
            offset,
            position,
        })
    });
    arguments.collect()
}

/// All words, those of scripts split, and the item of each.
fn words_of<'d>(command: Option<NodeRef<'d>>, args: Option<NodeRef<'d>>) -> (Vec<Word<'d>>, Vec<Holder<'d>>) {
    let items = [("command", command), ("args", args)].into_iter().flat_map(|(field, node)| {
        node.into_iter().flat_map(NodeRef::items).enumerate().map(move |(index, item)| (field, index, item))
    });
    let mut words: Vec<Word<'d>> = Vec::new();
    let mut holders = Vec::new();
    let mut script_follows = false;
    for (field, index, item) in items {
        let Some(text) = item
            .as_str()
            .or_else(|| (item.is_scalar() && !item.is_null() && !item.is_unknown()).then(|| item.raw()))
        else {
            continue;
        };
        if script_follows {
            words.extend(split(text));
            script_follows = false;
        } else if is_script_flag(text) && words.iter().any(|word| is_shell(word.text)) {
            script_follows = true;
        } else {
            words.push(Word { text, offset: 0, starts: false, opens: false });
        }
        holders.resize(words.len(), (field, index, item));
    }
    (words, holders)
}

/// Name, value and offset of each flag and assignment in a script of a shell.
pub fn of_script(text: &str) -> Vec<(&str, &str, usize)> {
    let found = read(&split(text)).into_iter();
    found.filter_map(|read| Some((read.name?, read.text, read.offset))).collect()
}

/// Name and value of each flag in a text such as that of `JAVA_OPTS`.
pub fn flags(text: &str) -> Vec<(&str, &str)> {
    let words: Vec<&str> = split(text).into_iter().map(|word| word.text).collect();
    let mut found = Vec::new();
    let mut index = 0;
    while let Some(word) = words.get(index) {
        let pair = pair(word, words.get(index + 1).copied());
        index += if pair.is_some_and(|(_, _, next)| next) { 2 } else { 1 };
        found.extend(pair.map(|(name, value, _)| (name, value)));
    }
    found
}

/// Name, value and offset in it of each setting that the value of a flag holds itself: `--set db.password=…,replicas=2`,
/// `--from-literal=password=…`, `-e DB_PASSWORD=…`, `--data 'user=…&password=…'`. A flag for files names one.
pub fn settings<'t>(flag: &str, value: &'t str) -> Vec<(&'t str, &'t str, usize)> {
    if !flag.starts_with('-') || flag.ends_with("file") {
        return Vec::new();
    }
    let separator = match flag.trim_start_matches('-') {
        flag if flag.starts_with("set") => Some(','),
        flag if flag == "d" || flag.starts_with("data") => Some('&'),
        _ => None,
    };
    let mut offset = 0;
    let parts: Vec<&str> = match separator {
        Some(separator) => value.split_inclusive(separator).collect(),
        None => vec![value],
    };
    let settings = parts.into_iter().filter_map(|part| {
        let start = offset;
        offset += part.len();
        let bare = separator.map_or(part, |separator| part.strip_suffix(separator).unwrap_or(part));
        let (name, text) = bare.split_once('=').filter(|(name, _)| is_name(name))?;
        let inner = unquoted(text);
        Some((name, inner, start + name.len() + 1 + (text.len() - inner.len()) / 2))
    });
    settings.collect()
}

/// Whether a word is nothing but variables of a shell: `$PGPASSWORD`, `${A}$B`.
pub fn is_variable(word: &str) -> bool {
    let inner = word.strip_prefix('$').unwrap_or_default();
    !inner.is_empty() && inner.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_${}".contains(&byte))
}

/// The variable that is all of a word, with what stands for it where there is none: `$NAME`, `${NAME:-default}`.
pub fn variable(word: &str) -> Option<(&str, Option<&str>)> {
    if let Some(inner) = word.strip_prefix("${").and_then(|inner| inner.strip_suffix('}'))
        && let Some((name, default)) = inner.split_once(":-").or_else(|| inner.split_once('-'))
    {
        let is_name =
            !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        return is_name.then_some((name, Some(default)));
    }
    is_variable(word).then(|| (word.trim_start_matches(['$', '{']).trim_end_matches('}'), None))
}

/// Names of the variables that a word refers to in any way.
pub fn variables(word: &str) -> impl Iterator<Item = &str> {
    word.split('$').skip(1).map(|rest| {
        let rest = rest.trim_start_matches(['{', '(']);
        let end = rest.find(|character: char| !character.is_ascii_alphanumeric() && character != '_');
        rest.get(..end.unwrap_or(rest.len())).unwrap_or_default()
    })
}

/// A word, without its quotes.
#[derive(Debug, Clone, Copy)]
struct Word<'t> {
    text: &'t str,
    /// Where in its text it starts.
    offset: usize,
    /// Whether a command starts with it.
    starts: bool,
    /// Whether a script begins with it.
    opens: bool,
}

/// What one or two words say.
struct Read<'t> {
    name: Option<&'t str>,
    text: &'t str,
    /// Where in the text of its word it starts.
    offset: usize,
    /// Index of the word that holds the text.
    word: usize,
    /// Index of the first word.
    position: usize,
}

fn read<'t>(words: &[Word<'t>]) -> Vec<Read<'t>> {
    let mut found = Vec::new();
    let mut client = Client::default();
    let mut position = 0;
    while let Some(word) = words.get(position) {
        let next = words.get(position + 1).filter(|next| !next.starts);
        if word.starts {
            client = Client::default();
        }
        let taken = client.take(word.text, next.map(|next| next.text));
        let pair = taken.or_else(|| pair(word.text, next.map(|next| next.text)));
        let (name, text, holder, used) = match (pair, next) {
            (Some((name, value, true)), Some(next)) => (Some(name), value, next, 2),
            (Some((name, value, _)), _) => (Some(name), value, word, 1),
            (None, _) => (None, word.text, word, 1),
        };
        let within = holder.text.rfind(text).unwrap_or_default();
        let (offset, word) = (holder.offset + within, position + used - 1);
        found.push(Read { name, text, offset, word, position });
        position += used;
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
    is_name(name).then(|| (name, unquoted(value), false))
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-'))
}

fn is_shell(word: &str) -> bool {
    matches!(word.rsplit('/').next(), Some("sh" | "bash" | "ash" | "dash" | "zsh"))
}

/// `-c`, also among other flags of a shell: `-ec`.
fn is_script_flag(text: &str) -> bool {
    text.starts_with('-') && !text.starts_with("--") && text.len() <= 5 && text.ends_with('c')
}

/// Words of a shell script; control operators and line breaks end a command, comments are left out.
fn split(text: &str) -> Vec<Word<'_>> {
    let mut words = Vec::new();
    let mut start: Option<usize> = None;
    let mut quote = None;
    let (mut escaped, mut is_comment, mut starts) = (false, false, false);
    let mut push = |range: Range<usize>, starts: &mut bool| {
        let quoted = text.get(range.clone()).unwrap_or_default();
        let bare = unquoted(quoted);
        let offset = range.start + (quoted.len() - bare.len()) / 2;
        words.push(Word { text: bare, offset, starts: std::mem::take(starts), opens: words.is_empty() });
    };
    for (at, character) in text.char_indices() {
        match (quote, character) {
            _ if is_comment => {
                is_comment = character != '\n';
                starts |= !is_comment;
            }
            // A line that goes on.
            (None, '\n') if escaped => {
                escaped = false;
                if let Some(begin) = start.take().filter(|begin| begin + 1 < at) {
                    push(begin..at - 1, &mut starts);
                }
            }
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
            (None, '#') if start.is_none() => is_comment = true,
            (None, _) if character.is_whitespace() || matches!(character, ';' | '|' | '&') => {
                if let Some(begin) = start.take() {
                    push(begin..at, &mut starts);
                }
                starts |= matches!(character, '\n' | ';' | '|' | '&');
            }
            (None, _) => {
                start.get_or_insert(at);
            }
        }
    }
    if let Some(begin) = start {
        push(begin..text.len(), &mut starts);
    }
    words
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

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn any_script_is_split_without_panic(text in "[a-c=;|&\"'\\\\ \n-ä]{0,40}") {
            for word in split(&text) {
                proptest::prop_assert_eq!(text.get(word.offset..word.offset + word.text.len()), Some(word.text));
            }
            for (_, value, offset) in of_script(&text) {
                proptest::prop_assert_eq!(text.get(offset..offset + value.len()), Some(value));
            }
            for (_, value, offset) in settings("--set", &text) {
                proptest::prop_assert_eq!(text.get(offset..offset + value.len()), Some(value));
            }
            let _ = flags(&text);
        }
    }
}
