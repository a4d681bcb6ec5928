//! Patterns in the syntax of Go (`regexp/syntax/parse.go`, flags of Perl) to that of [`regex`], which has other classes, other
//! escapes, and operations within brackets.

/// A pattern of Go in the syntax of [`regex`]; `None` where Go refuses it and [`regex`] would not.
pub(super) fn translated(pattern: &str) -> Option<String> {
    let mut out = String::with_capacity(pattern.len() + 16);
    let mut rest = pattern;
    // Whether a repetition stands right before: one more is an error.
    let mut repeated = false;
    while let Some(character) = rest.chars().next() {
        let after = rest.get(character.len_utf8()..)?;
        let was_repeated = std::mem::take(&mut repeated);
        rest = match character {
            '\\' if after.starts_with('Q') => {
                let quoted = after.get(1..)?;
                let (inner, more) = quoted.split_once("\\E").unwrap_or((quoted, ""));
                out.push_str(&regex::escape(inner));
                more
            }
            '\\' => match class(after, false) {
                Some((class, more)) => {
                    out.push_str(class);
                    more
                }
                None => property(after, &mut out).or_else(|| {
                    let (character, more) = escaped(after)?;
                    push(character, &mut out);
                    Some(more)
                })?,
            },
            '[' => bracketed(after, &mut out)?,
            '(' if after.starts_with('?') => {
                out.push_str("(?");
                grouped(after)?;
                after.get(1..)?
            }
            '*' | '+' | '?' => {
                if was_repeated {
                    return None;
                }
                out.push(character);
                repeated = true;
                lazy(after, &mut out)
            }
            '{' => {
                if let Some((inner, more)) = repetition(after) {
                    if was_repeated || !inner.split(',').all(is_small) {
                        return None;
                    }
                    out.extend(["{", inner, "}"]);
                    repeated = true;
                    lazy(more, &mut out)
                } else {
                    out.push_str(r"\{");
                    after
                }
            }
            _ => {
                out.push(character);
                after
            }
        };
    }
    Some(out)
}

/// Whether a count of a repetition is one that Go takes.
fn is_small(count: &str) -> bool {
    count.is_empty() || count.parse().is_ok_and(|count: u16| count <= 1000)
}

/// Takes the `?` after a repetition.
fn lazy<'t>(rest: &'t str, out: &mut String) -> &'t str {
    match rest.strip_prefix('?') {
        Some(more) => {
            out.push('?');
            more
        }
        None => rest,
    }
}

/// The inside of a repetition, if what follows `{` makes it one: `2}`, `2,}`, `2,3}`.
fn repetition(after: &str) -> Option<(&str, &str)> {
    let (inner, more) = after.split_once('}')?;
    let (least, most) = inner.split_once(',').unwrap_or((inner, ""));
    let is_number = |text: &str| {
        text.bytes().all(|byte| byte.is_ascii_digit()) && (text.len() < 2 || !text.starts_with('0'))
    };
    (!least.is_empty() && is_number(least) && is_number(most)).then_some((inner, more))
}

/// Checks what follows the parenthesis of a group: a name, or flags that Go has.
fn grouped(after: &str) -> Option<()> {
    if ["?P<", "?<"].iter().any(|start| after.starts_with(start)) {
        return Some(());
    }
    let flags = after.get(1..)?;
    let end = flags.find([':', ')'])?;
    flags.get(..end)?.bytes().all(|flag| b"imsU-".contains(&flag)).then_some(())
}

/// A class or an assertion by one letter after a backslash.
fn class(after: &str, within: bool) -> Option<(&'static str, &str)> {
    let class = match (after.chars().next()?, within) {
        ('d', false) => "[0-9]",
        ('d', true) => "0-9",
        ('D', _) => "[^0-9]",
        ('w', false) => "[0-9A-Za-z_]",
        ('w', true) => "0-9A-Za-z_",
        ('W', _) => "[^0-9A-Za-z_]",
        ('s', false) => r"[\t\n\f\r ]",
        ('s', true) => r"\t\n\f\r ",
        ('S', _) => r"[^\t\n\f\r ]",
        ('b', false) => r"(?-u:\b)",
        ('B', false) => r"(?-u:\B)",
        ('A', false) => r"\A",
        ('z', false) => r"\z",
        _ => return None,
    };
    Some((class, after.get(1..)?))
}

/// `\pN`, `\P{Greek}`: the same in both.
fn property<'t>(after: &'t str, out: &mut String) -> Option<&'t str> {
    let named = after.strip_prefix(['p', 'P'])?;
    let length = match named.strip_prefix('{') {
        Some(inner) => inner.find('}')? + 2,
        None => named.chars().next()?.len_utf8(),
    };
    out.push('\\');
    out.push_str(after.get(..=length)?);
    named.get(length..)
}

/// The character that follows a backslash, and what comes after it.
fn escaped(after: &str) -> Option<(char, &str)> {
    let character = after.chars().next()?;
    let rest = after.get(character.len_utf8()..)?;
    let control = |character| Some((character, rest));
    match character {
        // One digit would refer to a group, which Go does not have.
        '1'..='7' if !rest.starts_with(|next: char| ('0'..='7').contains(&next)) => None,
        '0'..='7' => {
            let is_digit = |next: char| ('0'..='7').contains(&next);
            let length = after.chars().take(3).take_while(|next| is_digit(*next)).count();
            let code = u32::from_str_radix(after.get(..length)?, 8).ok()?;
            Some((char::from_u32(code)?, after.get(length..)?))
        }
        'x' => {
            let (digits, more) = match rest.strip_prefix('{') {
                Some(inner) => inner.split_once('}')?,
                None => (rest.get(..2)?, rest.get(2..)?),
            };
            let is_hexadecimal = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
            let code = u32::from_str_radix(digits, 16).ok().filter(|_| is_hexadecimal)?;
            Some((char::from_u32(code)?, more))
        }
        'a' => control('\u{7}'),
        'f' => control('\u{c}'),
        'n' => control('\n'),
        'r' => control('\r'),
        't' => control('\t'),
        'v' => control('\u{b}'),
        other => (other.is_ascii() && !other.is_ascii_alphanumeric()).then_some((other, rest)),
    }
}

/// A character for itself, wherever it stands.
fn push(character: char, out: &mut String) {
    if character.is_ascii_punctuation() && !matches!(character, '<' | '>' | '_') {
        out.push('\\');
    }
    out.push(character);
}

/// Names of classes in brackets within brackets.
const NAMED: [&str; 14] = [
    "alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph", "lower", "print", "punct", "space",
    "upper", "word", "xdigit",
];

/// A class in brackets, from behind the first one; what comes after it.
fn bracketed<'t>(after: &'t str, out: &mut String) -> Option<&'t str> {
    out.push('[');
    let mut rest = after;
    if let Some(more) = rest.strip_prefix('^') {
        out.push('^');
        rest = more;
    }
    let mut is_first = true;
    loop {
        if let Some(more) = rest.strip_prefix(']').filter(|_| !is_first) {
            out.push(']');
            return Some(more);
        }
        is_first = false;
        if let Some((name, more)) = rest.strip_prefix("[:").and_then(|name| name.split_once(":]")) {
            if !NAMED.contains(&name.strip_prefix('^').unwrap_or(name)) {
                return None;
            }
            out.extend(["[:", name, ":]"]);
            rest = more;
            continue;
        }
        if let Some(letter) = rest.strip_prefix('\\') {
            if let Some((class, more)) = class(letter, true) {
                out.push_str(class);
                rest = more;
                continue;
            }
            if let Some(more) = property(letter, out) {
                rest = more;
                continue;
            }
        }
        let (low, more) = member(rest)?;
        push(low, out);
        rest = more;
        if let Some(high) = rest.strip_prefix('-').filter(|high| !high.starts_with(']')) {
            let (high, more) = member(high)?;
            out.push('-');
            push(high, out);
            rest = more;
        }
    }
}

/// One character of a class.
fn member(rest: &str) -> Option<(char, &str)> {
    if let Some(after) = rest.strip_prefix('\\') {
        return escaped(after);
    }
    let character = rest.chars().next()?;
    Some((character, rest.get(character.len_utf8()..)?))
}
