//! Files of lines: properties of Java, variables, sections.

use std::{collections::BTreeMap, fmt::Write as _};

use super::Entry;

/// Lines with their offsets, without line breaks.
fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut start = 0;
    text.split_inclusive('\n').map(move |line| {
        let at = start;
        start += line.len();
        (at, line.trim_end_matches(['\n', '\r']))
    })
}

/// `java.util.Properties.load`; `#---` starts a new document as Spring has it.
pub(super) fn properties(text: &str) -> Vec<Vec<Entry>> {
    let mut documents = vec![Vec::new()];
    let mut pending: Option<Entry> = None;
    for (start, line) in lines(text) {
        let body = line.trim_start();
        let at = start + line.len() - body.len();
        let goes_on = |body: &str| body.chars().rev().take_while(|c| *c == '\\').count() % 2 == 1;
        let entry = if let Some(mut entry) = pending.take() {
            entry.text.pop();
            entry.text.push_str(body);
            entry.range.end = at + body.len();
            entry
        } else if matches!(body, "#---" | "!---") {
            documents.push(Vec::new());
            continue;
        } else if body.is_empty() || body.starts_with(['#', '!']) {
            continue;
        } else {
            let (key, rest) = body.split_at(separator(body));
            let value = rest.trim_start().strip_prefix(['=', ':']).unwrap_or(rest).trim_start();
            let value_at = at + body.len() - value.len();
            Entry { name: unescaped(key), text: value.to_owned(), range: value_at..value_at + value.len() }
        };
        if goes_on(&entry.text) {
            pending = Some(entry);
        } else if let Some(document) = documents.last_mut() {
            document.push(Entry { text: unescaped(&entry.text), ..entry });
        }
    }
    documents
}

/// Where the key of a property ends.
fn separator(body: &str) -> usize {
    let mut escaped = false;
    for (at, character) in body.char_indices() {
        match character {
            '\\' => escaped = !escaped,
            '=' | ':' | ' ' | '\t' | '\u{c}' if !escaped => return at,
            _ => escaped = false,
        }
    }
    body.len()
}

/// A key or value of a property without its escapes. An escape of Unicode that is none is taken as any other one.
fn unescaped(text: &str) -> String {
    if !text.contains('\\') {
        return text.to_owned();
    }
    let mut units = Vec::with_capacity(text.len());
    let mut rest = text;
    let mut buffer = [0; 2];
    while let Some(character) = rest.chars().next() {
        rest = rest.get(character.len_utf8()..).unwrap_or_default();
        let escaped = rest.chars().next().filter(|_| character == '\\');
        let Some(escaped) = escaped else {
            units.extend_from_slice(character.encode_utf16(&mut buffer));
            continue;
        };
        rest = rest.get(escaped.len_utf8()..).unwrap_or_default();
        let digits = rest
            .get(..4)
            .filter(|digits| escaped == 'u' && digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
        if let Some(unit) = digits.and_then(|digits| u16::from_str_radix(digits, 16).ok()) {
            units.push(unit);
            rest = rest.get(4..).unwrap_or_default();
            continue;
        }
        let plain = match escaped {
            't' => '\t',
            'n' => '\n',
            'r' => '\r',
            'f' => '\u{c}',
            other => other,
        };
        units.extend_from_slice(plain.encode_utf16(&mut buffer));
    }
    String::from_utf16_lossy(&units)
}

/// Quoted values may have several lines; behind other values ` #` begins a comment.
pub(super) fn environment(text: &str) -> Vec<Entry> {
    let mut entries = Vec::new();
    let mut read_to = 0;
    for (start, line) in lines(text) {
        let body = line.trim_start();
        if start < read_to || body.starts_with('#') {
            continue;
        }
        let Some((key, value)) = body.strip_prefix("export ").unwrap_or(body).split_once('=') else {
            continue;
        };
        let at = start + line.len() - value.len();
        if key.trim().is_empty() {
            continue;
        }
        let whole = several(text, at, value);
        read_to = at + whole.len();
        let is_quoted = value.trim_start().starts_with(['"', '\'']);
        let comment = whole.find(" #").or_else(|| whole.find("\t#")).filter(|_| !is_quoted);
        entries.push(entry(
            key.trim().to_owned(),
            at,
            whole.get(..comment.unwrap_or(whole.len())).unwrap_or(whole),
        ));
    }
    entries
}

/// A value with the lines up to its closing quote, which the next lines must have before another one begins.
fn several<'t>(text: &'t str, at: usize, value: &'t str) -> &'t str {
    let body = value.trim_start();
    let from = at + value.len() - body.len() + 1;
    let Some(quote) = body.chars().next().filter(|first| matches!(first, '"' | '\'')) else { return value };
    if body.get(1..).is_some_and(|rest| rest.contains(quote)) {
        return value;
    }
    let end = text.get(from..).and_then(|rest| rest.find(quote)).map(|end| from + end + 1);
    // `O="open` and a value in quotes below it: the quote that is found opens that one.
    let is_closed = |end: &usize| !text.get(..*end - 1).unwrap_or_default().ends_with('=');
    end.filter(is_closed).and_then(|end| text.get(at..end)).unwrap_or(value)
}

/// `[[name]]` (TOML) begins the next element of a list.
pub(super) fn sections(text: &str) -> Vec<Entry> {
    let mut section = String::new();
    let mut elements: BTreeMap<String, usize> = BTreeMap::new();
    let mut entries = Vec::new();
    for (start, line) in lines(text) {
        let body = line.trim();
        if let Some(name) = body.strip_prefix('[').and_then(|body| body.strip_suffix(']')) {
            section = name.trim_matches(['[', ']', ' ']).to_owned();
            if name.starts_with('[') && name.ends_with(']') {
                let next = elements.entry(section.clone()).or_default();
                let _ = write!(section, "[{next}]");
                *next += 1;
            }
        } else if !body.starts_with(['#', ';'])
            && let Some((key, value)) = line.split_once('=').or_else(|| line.split_once(": "))
        {
            let key = key.trim().trim_matches('"');
            let name = if section.is_empty() { key.to_owned() } else { format!("{section}.{key}") };
            entries.push(entry(name, start + line.len() - value.len(), without_remark(value)));
        }
    }
    entries
}

/// A value without the remark behind it, which ` #` or ` ;` begins where it is not quoted.
fn without_remark(value: &str) -> &str {
    if value.trim_start().starts_with(['"', '\'']) {
        return value;
    }
    let blank = value.len() - value.trim_start().len();
    let marks = value.match_indices(['#', ';']).map(|(at, _)| at).filter(|at| *at > blank);
    let end = marks.filter(|at| value.get(..*at).unwrap_or_default().ends_with([' ', '\t'])).min();
    value.get(..end.unwrap_or(value.len())).unwrap_or(value)
}

/// A value that may be quoted, and starts at an offset.
fn entry(name: String, at: usize, value: &str) -> Entry {
    let body = value.trim_start();
    let at = at + value.len() - body.len();
    let body = body.trim_end();
    for quote in ['"', '\''] {
        if let Some(inside) = body.strip_prefix(quote).and_then(|inside| inside.split_once(quote)) {
            return Entry { name, text: inside.0.to_owned(), range: at + 1..at + 1 + inside.0.len() };
        }
    }
    Entry { name, text: body.to_owned(), range: at..at + body.len() }
}
