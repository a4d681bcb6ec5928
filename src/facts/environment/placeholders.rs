//! `${NAME:default}` in the files of Spring, whose values may hold placeholders themselves
//! (`PropertyPlaceholderHelper`).

use std::{borrow::Cow, collections::BTreeMap};

use super::expansion::{Room, TooLong};

/// How deep placeholders may stand in one another.
const DEEPEST: usize = 32;

/// What a name in a placeholder stands for.
#[derive(Debug, Clone)]
pub(super) enum Told<'p> {
    Text(Cow<'p, str>),
    /// It is told, and the input does not hold what.
    Elsewhere,
    No,
}

/// Replaces placeholders by what the program is told under their names.
pub(super) struct Placeholders<'p, F> {
    /// What a name stands for as it is written.
    told: F,
    /// What names became; `Elsewhere` also where a name leads back to itself.
    became: BTreeMap<String, Told<'p>>,
    room: &'p mut Room,
}

impl<'p, F: Fn(&str) -> Told<'p>> Placeholders<'p, F> {
    pub(super) const fn new(room: &'p mut Room, told: F) -> Self {
        Self { told, became: BTreeMap::new(), room }
    }

    /// A name that nothing tells gets its default, else stays as it is written; so does one whose text is not in the
    /// input, since its default does not count. `None` where nothing was replaced, or the text would become too long.
    pub(super) fn replace(&mut self, text: &str) -> Option<String> {
        let expanded = self.expanded(text, 0).ok()?;
        if expanded == text {
            return None;
        }
        self.room.take(&expanded);
        Some(expanded)
    }

    fn expanded(&mut self, text: &str, depth: usize) -> Result<String, TooLong> {
        let longest = text.len() + self.room.left();
        let mut expanded = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, inside)) = rest.split_once("${") {
            let Some(end) = end(inside).filter(|_| depth < DEEPEST) else { break };
            let (placeholder, behind) = inside.split_at(end);
            expanded.push_str(before);
            let (name, default) = match placeholder.split_once(':') {
                Some((name, default)) => (name, Some(default)),
                None => (placeholder, None),
            };
            match (self.value(name, depth + 1)?, default) {
                (Told::Text(value), _) => expanded.push_str(&value),
                (Told::No, Some(default)) => expanded.push_str(&self.expanded(default, depth + 1)?),
                (Told::No | Told::Elsewhere, _) => expanded.extend(["${", name, "}"]),
            }
            if expanded.len() > longest {
                return Err(TooLong);
            }
            rest = behind.get(1..).unwrap_or_default();
        }
        expanded.push_str(rest);
        Ok(expanded)
    }

    /// What a name became in the end; each is looked at once.
    fn value(&mut self, name: &str, depth: usize) -> Result<Told<'p>, TooLong> {
        if let Some(became) = self.became.get(name) {
            return Ok(became.clone());
        }
        let told = (self.told)(name);
        let Told::Text(text) = &told else { return Ok(told) };
        if !text.contains("${") {
            return Ok(told);
        }
        self.became.insert(name.to_owned(), Told::Elsewhere);
        let expanded = self.expanded(text, depth)?;
        self.room.take(&expanded);
        let became = Told::Text(expanded.into());
        self.became.insert(name.to_owned(), became.clone());
        Ok(became)
    }
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

    fn replaced(text: &str, pairs: &[(&'static str, &'static str)]) -> Option<String> {
        let mut room = Room::default();
        let told = |name: &str| match pairs.iter().find(|(known, _)| *known == name) {
            Some((_, "?")) => Told::Elsewhere,
            Some((_, text)) => Told::Text((*text).into()),
            None => Told::No,
        };
        Placeholders::new(&mut room, told).replace(text)
    }

    #[test]
    fn placeholders_take_what_is_told_or_their_default() {
        let told = [
            ("HOST", "db"),
            ("SECRET", "?"),
            ("deep", "${HOST}.x"),
            ("a", "${b}"),
            ("b", "${a}"),
            ("d", "${Q:1}"),
        ];
        for (text, expected) in [
            ("jdbc:postgresql://${HOST}/x", Some("jdbc:postgresql://db/x")),
            ("${HOST:localhost}:${PORT:5432}", Some("db:5432")),
            ("${OTHER}", None),
            ("${OTHER:}", Some("")),
            ("${A:${HOST}}", Some("db")),
            ("//${A:${B:pg1}}:${P:1}", Some("//pg1:1")),
            ("${A:${B}}", Some("${B}")),
            ("${A", None),
            ("${deep}${d}", Some("db.x1")),
            ("${SECRET:localhost}", Some("${SECRET}")),
            ("${a}", None),
        ] {
            assert_eq!(replaced(text, &told).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn what_doubles_at_each_step_ends() {
        let names: Vec<&'static str> =
            ["a0", "a1", "a2", "a3", "a4", "a5", "a6", "a7", "a8", "a9", "b0", "b1", "b2", "b3", "b4"]
                .to_vec();
        let mut pairs: Vec<(&str, &str)> = vec![("a0", "0123456789")];
        let texts: Vec<&'static str> = vec![
            "${a0}${a0}",
            "${a1}${a1}",
            "${a2}${a2}",
            "${a3}${a3}",
            "${a4}${a4}",
            "${a5}${a5}",
            "${a6}${a6}",
            "${a7}${a7}",
            "${a8}${a8}",
            "${a9}${a9}",
            "${b0}${b0}",
            "${b1}${b1}",
            "${b2}${b2}",
            "${b3}${b3}",
        ];
        pairs.extend(names.into_iter().skip(1).zip(texts));
        assert_eq!(replaced("${b2}", &pairs).map(|text| text.len()), Some(10 << 12));
        assert_eq!(replaced("${b4}", &pairs), None);
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_replaced_without_panic(text in "[$(){}:Aä ]{0,20}") {
            let _ = replaced(&text, &[("A", "${A}ä")]);
        }
    }
}
