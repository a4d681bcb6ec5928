//! Removes secret values from what policies say: a policy may print whatever it was given.

use crate::source::place::MASK;

/// Shorter values are removed only where they stand alone; they may be part of any word.
const DISTINCTIVE: usize = 8;

/// Removes the secret values of one subject from texts.
#[derive(Default)]
pub(super) struct Redactor(Vec<String>);

impl Redactor {
    pub(super) fn new(mut values: Vec<String>) -> Self {
        values =
            values.iter().map(|value| value.trim().to_owned()).filter(|value| !value.is_empty()).collect();
        // Values of several lines may be quoted line by line.
        let lines: Vec<String> =
            values.iter().flat_map(|value| value.lines()).map(|line| line.trim().to_owned()).collect();
        values.extend(lines.into_iter().filter(|line| line.len() >= DISTINCTIVE));
        // Within a message an object is printed as JSON, with escapes.
        let escaped = values.iter().filter_map(|value| {
            let json = serde_json::to_string(value).ok()?;
            json.get(1..json.len() - 1).filter(|inside| inside != value).map(ToOwned::to_owned)
        });
        let escaped: Vec<String> = escaped.collect();
        values.extend(escaped);
        values.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        values.dedup();
        Self(values)
    }

    pub(super) fn text(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, value| {
            if !text.contains(value.as_str()) {
                return text;
            }
            if value.len() >= DISTINCTIVE {
                text.replace(value.as_str(), MASK)
            } else {
                replace_words(&text, value)
            }
        })
    }

    pub(super) fn json(&self, value: &mut serde_json::Value) {
        match value {
            serde_json::Value::String(text) => *text = self.text(text),
            serde_json::Value::Array(items) => items.iter_mut().for_each(|item| self.json(item)),
            serde_json::Value::Object(fields) => {
                let redacted = std::mem::take(fields).into_iter().map(|(key, mut value)| {
                    self.json(&mut value);
                    (self.text(&key), value)
                });
                *fields = redacted.collect();
            }
            serde_json::Value::Number(number) => {
                let text = number.to_string();
                if self.0.contains(&text) {
                    *value = MASK.into();
                }
            }
            _ => {}
        }
    }
}

fn replace_words(text: &str, word: &str) -> String {
    let mut result = String::with_capacity(text.len());
    let mut done = 0;
    for (at, _) in text.match_indices(word) {
        let is_word = |character: Option<char>| character.is_some_and(char::is_alphanumeric);
        let (before, after) = (text[..at].chars().next_back(), text[at + word.len()..].chars().next());
        if at >= done && !is_word(before) && !is_word(after) {
            result.push_str(&text[done..at]);
            result.push_str(MASK);
            done = at + word.len();
        }
    }
    result.push_str(&text[done..]);
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_values_are_removed_everywhere_and_short_ones_where_they_stand_alone() {
        let redactor = Redactor::new(vec![
            "hunter22".into(),
            "root".into(),
            "root-of-all-evil".into(),
            "say \"hello\" twice".into(),
        ]);
        for (text, expected) in [
            ("it is xhunter22y", "it is x********y"),
            ("password `root` of rooted and root", "password `********` of rooted and ********"),
            ("root-of-all-evil", "********"),
            ("nothing", "nothing"),
            (r#"{"a": "say \"hello\" twice"}"#, r#"{"a": "********"}"#),
        ] {
            assert_eq!(redactor.text(text), expected);
        }
        let mut value = serde_json::json!({"a": ["hunter22"], "root": 1});
        redactor.json(&mut value);
        assert_eq!(value, serde_json::json!({"a": [MASK], MASK: 1}));
    }
}
