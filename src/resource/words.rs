//! Words of commands: flags, properties and assignments, also within a script behind `sh -c`.
//!
//! Deliberately absent: what a program makes of its arguments.

use std::ops::Range;

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

/// Arguments in the order of the words; a flag that is given twice is there twice. Without its program.
pub fn of<'d>(command: Option<NodeRef<'d>>, args: Option<NodeRef<'d>>) -> Vec<Argument<'d>> {
    let has_program = command.is_some_and(|command| command.items().next().is_some());
    let items = [("command", command), ("args", args)].into_iter().flat_map(|(field, node)| {
        node.into_iter().flat_map(NodeRef::items).enumerate().map(move |(index, item)| (field, index, item))
    });
    let mut words: Vec<Word<'d>> = Vec::new();
    let mut script_follows = false;
    for (field, index, item) in items {
        let Some(text) = item
            .as_str()
            .or_else(|| (item.is_scalar() && !item.is_null() && !item.is_unknown()).then(|| item.raw()))
        else {
            continue;
        };
        let word = |text: &'d str, offset: usize| Word { text, field, index, item, offset };
        if script_follows {
            words.extend(split(text).into_iter().map(|range| {
                let quoted = text.get(range.clone()).unwrap_or_default();
                let bare = unquoted(quoted);
                word(bare, range.start + (quoted.len() - bare.len()) / 2)
            }));
            script_follows = false;
        } else if is_script_flag(text) && words.iter().any(|word| is_shell(word.text)) {
            script_follows = true;
        } else {
            words.push(word(text, 0));
        }
    }
    let mut arguments = Vec::new();
    let mut position = 0;
    let mut client = None;
    while let Some(word) = words.get(position) {
        let next = words.get(position + 1);
        client = client_of(word.text).or(client);
        let pair = password(client, word.text, next.map(|next| next.text))
            .or_else(|| pair(word.text, next.map(|next| next.text)));
        let (name, text, holder, used) = match (pair, next) {
            (Some((name, value, true)), Some(next)) => (Some(name), value, next, 2),
            (Some((name, value, _)), _) => (Some(name), value, word, 1),
            (None, _) => (None, word.text, word, 1),
        };
        let within = holder.text.rfind(text).unwrap_or_default();
        if position > 0 || !has_program {
            arguments.push(Argument {
                name,
                text,
                field: holder.field,
                index: holder.index,
                item: holder.item,
                offset: holder.offset + within,
                position,
            });
        }
        position += used;
    }
    arguments
}

/// Name and value of each flag in a text such as that of `JAVA_OPTS`.
pub fn flags(text: &str) -> Vec<(&str, &str)> {
    let words: Vec<&str> =
        split(text).into_iter().map(|range| unquoted(text.get(range).unwrap_or_default())).collect();
    let mut found = Vec::new();
    let mut index = 0;
    while let Some(word) = words.get(index) {
        let pair = pair(word, words.get(index + 1).copied());
        index += if pair.is_some_and(|(_, _, next)| next) { 2 } else { 1 };
        found.extend(pair.map(|(name, value, _)| (name, value)));
    }
    found
}

/// Whether a word is nothing but variables of a shell: `$PGPASSWORD`, `${A}$B`.
pub fn is_variable(word: &str) -> bool {
    let inner = word.strip_prefix('$').unwrap_or_default();
    !inner.is_empty() && inner.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_${}".contains(&byte))
}

/// A client of a database, by its short flag for a password.
#[derive(Debug, Clone, Copy)]
struct Client {
    flag: &'static str,
    /// The password follows in the same word, as `-pVALUE`.
    joined: bool,
    /// The password is the next word.
    apart: bool,
}

/// The client that a word starts.
fn client_of(word: &str) -> Option<Client> {
    let client = |flag, joined, apart| Some(Client { flag, joined, apart });
    match word.rsplit('/').next()? {
        // MySQL reference manual, "Using Options on the Command Line": `-p VALUE` asks, and VALUE is a database.
        "mysql" | "mysqladmin" | "mysqlcheck" | "mysqldump" | "mysqlimport" | "mysqlpump" | "mysqlshow"
        | "mysqlslap" | "mariadb" | "mariadb-admin" | "mariadb-check" | "mariadb-dump" | "mariadb-import"
        | "mariadb-show" => client("-p", true, false),
        "redis-cli" | "valkey-cli" => client("-a", false, true),
        "mongo" | "mongosh" | "mongodump" | "mongoexport" | "mongoimport" | "mongorestore" => {
            client("-p", true, true)
        }
        "sqlcmd" => client("-P", true, true),
        _ => None,
    }
}

/// As [`pair`], for the short flag of a client.
fn password<'t>(
    client: Option<Client>,
    word: &'t str,
    next: Option<&'t str>,
) -> Option<(&'t str, &'t str, bool)> {
    let client = client?;
    let joined = word.strip_prefix(client.flag)?;
    if joined.is_empty() {
        let next = next.filter(|next| client.apart && !next.starts_with('-'))?;
        return Some(("--password", next, true));
    }
    client.joined.then_some(("--password", unquoted(joined), false))
}

struct Word<'d> {
    text: &'d str,
    field: &'static str,
    index: usize,
    item: NodeRef<'d>,
    offset: usize,
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

fn is_shell(word: &str) -> bool {
    matches!(word.rsplit('/').next(), Some("sh" | "bash" | "ash" | "dash" | "zsh"))
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
            for range in split(&text) {
                proptest::prop_assert!(text.get(range).is_some_and(|word| !word.is_empty()));
            }
            let _ = flags(&text);
        }
    }
}
