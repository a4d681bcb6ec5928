//! The words of one organisation, before those that are known anyway.

use std::collections::BTreeMap;

use super::{Category, Key, Level, Meaning};
use crate::config::{Classification, DataCategory, DataLevel, KeyPattern, Placed, same_word};

/// What keys and values mean in one estate.
#[derive(Debug, Clone, Copy)]
pub struct Vocabulary<'c>(&'c Classification);

static KNOWN_ANYWAY: Classification = Classification {
    keys: Vec::new(),
    category_keys: Vec::new(),
    levels: BTreeMap::new(),
    categories: BTreeMap::new(),
};

impl Default for Vocabulary<'static> {
    /// Only what is known anyway.
    fn default() -> Self {
        Self(&KNOWN_ANYWAY)
    }
}

impl<'c> Vocabulary<'c> {
    pub const fn new(own: &'c Classification) -> Self {
        Self(own)
    }

    /// What a key of a label, annotation or tag declares; `None` where it is about something else.
    pub fn key(self, key: &str) -> Option<Key> {
        let is_one_of =
            |patterns: &[Placed<KeyPattern>]| patterns.iter().any(|pattern| pattern.value.matches(key));
        match Key::of(key) {
            Some(Key::Sanitizes) => Some(Key::Sanitizes),
            _ if is_one_of(&self.0.keys) => Some(Key::Level),
            _ if is_one_of(&self.0.category_keys) => Some(Key::Categories),
            known => known,
        }
    }

    /// What a value means under a key; `None`: it is in no vocabulary.
    pub fn meaning(self, key: Key, value: &str) -> Option<Meaning> {
        let own = |word: &str| self.categories(word);
        let Some(level) = self.level(value).filter(|_| key == Key::Level) else {
            return key.meaning(value, &own);
        };
        // A word may stand for both; a category asks for a least level.
        let meaning = Meaning::of(own(value).unwrap_or_default());
        Some(Meaning { level: meaning.level.max(Some(level)), ..meaning })
    }

    fn level(self, value: &str) -> Option<Level> {
        let (_, level) = self.0.levels.iter().find(|(word, _)| same_word(word, value))?;
        Some(match level.value {
            DataLevel::Public => Level::Public,
            DataLevel::Internal => Level::Internal,
            DataLevel::Confidential => Level::Confidential,
            DataLevel::Restricted => Level::Restricted,
        })
    }

    fn categories(self, value: &str) -> Option<Vec<Category>> {
        let (_, categories) = self.0.categories.iter().find(|(word, _)| same_word(word, value))?;
        let categories = categories.value.iter().map(|category| match category {
            DataCategory::Pii => Category::Pii,
            DataCategory::Phi => Category::Phi,
            DataCategory::Pci => Category::Pci,
        });
        Some(categories.collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, FILE};

    fn own(text: &str) -> Classification {
        Config::parse(FILE, &text.into()).unwrap().classification
    }

    #[test]
    fn own_words_are_known_and_the_others_stay() {
        use Category::{Pci, Phi, Pii};
        use Level::{Confidential, Internal, Public, Restricted};
        let own = own(
            "classification:\n  keys: [acme.io/tier]\n  category-keys: ['*data-kind']\n  levels: {C3: restricted, patient file: public, private: confidential, '5': internal}\n  categories: {patient file: [PHI], card: [PCI], weather: []}\n",
        );
        let vocabulary = Vocabulary::new(&own);
        for (key, value, level, categories) in [
            ("acme.io/tier", "c-3", Some(Restricted), &[][..]),
            ("acme.io/tier", "5", Some(Internal), &[]),
            ("acme.io/tier", "Public", Some(Public), &[]),
            // What it says of its categories holds against a level below them.
            ("acme.io/tier", "patient-file", Some(Restricted), &[Phi]),
            ("data-classification", "c3", Some(Restricted), &[]),
            ("data-classification", "private", Some(Confidential), &[]),
            ("acme.io/data-kind", "card,pii", Some(Restricted), &[Pii, Pci]),
            ("acme.io/data-kind", "weather", None, &[]),
            ("compliance-framework", "card", Some(Restricted), &[Pci]),
        ] {
            let key = vocabulary.key(key).unwrap_or_else(|| panic!("{key} declares"));
            let meaning = vocabulary.meaning(key, value).unwrap_or_else(|| panic!("{value} is known"));
            assert_eq!(meaning.level, level, "{value}");
            assert!(meaning.categories.iter().eq(categories), "{value}: {:?}", meaning.categories);
        }
        for (key, value) in [("acme.io/tier", "c4"), ("acme.io/data-kind", "c3")] {
            assert_eq!(vocabulary.meaning(vocabulary.key(key).unwrap(), value), None, "{key}={value}");
        }
        assert_eq!(vocabulary.key("acme.io/name"), None);
        assert_eq!(vocabulary.key("probity.dev/sanitizes"), Some(Key::Sanitizes));
        assert_eq!(Vocabulary::default().key("acme.io/tier"), None);
        assert_eq!(Vocabulary::default().meaning(Key::Level, "c3"), None);
    }
}
