//! Classifications of data: which keys of labels, annotations and tags declare one, and what their values mean.
//!
//! There is no standard; this is our vocabulary, and a value outside it is never guessed.
//! Deliberately absent: where a declaration stands, and what inherits it.

mod vocabulary;

use std::collections::BTreeSet;

pub use self::vocabulary::Vocabulary;
use crate::config::separates_words as separates;

/// How far data may spread, from the widest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    Public,
    Internal,
    Confidential,
    Restricted,
}

/// Kinds of data that laws and contracts name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Category {
    Pii,
    Phi,
    Pci,
}

/// What a key declares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    Level,
    Categories,
    /// Whether there is data of one category.
    Contains(Category),
    /// The frameworks that apply, which tell categories.
    Framework,
    /// What leaves the service carries no category.
    Sanitizes,
}

/// What a value means under its key; nothing in it where it only says that there is nothing to classify.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Meaning {
    pub level: Option<Level>,
    pub categories: BTreeSet<Category>,
}

impl Level {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Internal => "internal",
            Self::Confidential => "confidential",
            Self::Restricted => "restricted",
        }
    }
}

impl Category {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pii => "PII",
            Self::Phi => "PHI",
            Self::Pci => "PCI",
        }
    }

    /// The least level of data of this category (contract, "Which rule").
    pub const fn level(self) -> Level {
        match self {
            Self::Pii => Level::Confidential,
            Self::Phi | Self::Pci => Level::Restricted,
        }
    }
}

impl Key {
    /// What a key of a label, annotation or tag declares; `None` where it is about something else. The part before
    /// the last `/` and words of an organisation in front do not matter.
    fn of(key: &str) -> Option<Self> {
        if key == "probity.dev/sanitizes" {
            return Some(Self::Sanitizes);
        }
        let key = key.rsplit('/').next()?;
        let ends = |suffixes: &[&str]| suffixes.iter().any(|suffix| after(key, suffix).is_some());
        let is = |names: &[&str]| names.iter().any(|name| after(key, name) == Some(true));
        if ends(&["dataclassification", "datasensitivity"])
            || is(&["classification", "sensitivity", "dataclass"])
        {
            Some(Self::Level)
        } else if ends(&["datacategory", "datacategories"]) {
            Some(Self::Categories)
        } else if ends(&["complianceframework", "compliancescope"]) {
            Some(Self::Framework)
        } else if ends(&["pii", "phi"]) {
            // Short words are parts of many others (`phi_convict_threshold`), so they count only as the last word.
            let words = words(key);
            let (last, before) = words.split_last()?;
            let category = match last.as_str() {
                "pii" | "containspii" => Category::Pii,
                "phi" | "containsphi" => Category::Phi,
                _ => return None,
            };
            let denied =
                before.last().is_some_and(|word| matches!(word.as_str(), "no" | "non" | "not" | "without"));
            (!denied).then_some(Self::Contains(category))
        } else {
            None
        }
    }

    /// What a value means, `own` words of an organisation first; `None`: it is in no vocabulary.
    fn meaning(self, value: &str, own: Words<'_>) -> Option<Meaning> {
        let category = |word: &str| own(word).or_else(|| category(word).map(<[Category]>::to_vec));
        let framework = |word: &str| own(word).or_else(|| framework(word).map(<[Category]>::to_vec));
        match self {
            Self::Level => level(value)
                .map(|level| Meaning { level: Some(level), ..Meaning::default() })
                .or_else(|| listed(value, &category)),
            Self::Categories => listed(value, &category),
            Self::Framework => listed(value, &framework),
            Self::Contains(kind) => match normalised(value).as_str() {
                "true" | "yes" | "y" | "1" => Some(Meaning::of([kind])),
                "false" | "no" | "n" | "0" | "none" => Some(Meaning::default()),
                _ => listed(value, &category),
            },
            Self::Sanitizes => {
                let known = parts(value).all(|part| matches!(part, "masked" | "tokenized" | "aggregated"));
                known.then(Meaning::default)
            }
        }
    }
}

impl Meaning {
    /// Categories, with the least level that they ask for.
    fn of(categories: impl IntoIterator<Item = Category>) -> Self {
        let categories: BTreeSet<Category> = categories.into_iter().collect();
        Self { level: categories.iter().map(|category| category.level()).max(), categories }
    }
}

fn level(value: &str) -> Option<Level> {
    Some(match normalised(value).as_str() {
        "public" => Level::Public,
        "internal" | "private" | "internaluse" | "internaluseonly" | "internalonly" => Level::Internal,
        "confidential" | "sensitive" => Level::Confidential,
        "restricted"
        | "highlyrestricted"
        | "highlyconfidential"
        | "highlysensitive"
        | "strictlyconfidential" => Level::Restricted,
        _ => return None,
    })
}

/// What one word of a list stands for: nothing where it is known and of no category.
type Categories = &'static [Category];

/// Words with the categories that each stands for.
type Words<'w> = &'w dyn Fn(&str) -> Option<Vec<Category>>;

/// A category by name, or by its Fides key (fideslang data categories: longest prefix on dots). Keys of data that
/// is about nobody are known, and of no category.
fn category(value: &str) -> Option<Categories> {
    const FIDES: [(&str, Categories); 6] = [
        ("user.health_and_medical", &[Category::Phi]),
        ("user.biometric.health", &[Category::Phi]),
        ("user.financial.credit_card", &[Category::Pci]),
        ("user.payment", &[Category::Pci]),
        ("user", &[Category::Pii]),
        ("system", &[]),
    ];
    let below = |prefix: &str| {
        value.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    if let Some((_, categories)) = FIDES.iter().find(|(prefix, _)| below(prefix)) {
        return Some(categories);
    }
    match normalised(value).as_str() {
        "pii" | "personal" | "personaldata" => Some(&[Category::Pii]),
        "phi" | "ephi" | "health" => Some(&[Category::Phi]),
        "pci" | "pcidss" | "cardholder" | "cardholderdata" | "chd" => Some(&[Category::Pci]),
        "none" => Some(&[]),
        _ => None,
    }
}

/// A framework, with the category of data that it protects.
fn framework(value: &str) -> Option<Categories> {
    match normalised(value).as_str() {
        "pci" | "pcidss" => Some(&[Category::Pci]),
        "hipaa" | "hitrust" => Some(&[Category::Phi]),
        "gdpr" | "ccpa" | "cpra" | "lgpd" => Some(&[Category::Pii]),
        "sox" | "soc2" | "iso27001" | "fedramp" | "nist" | "nist80053" | "cis" | "none" => Some(&[]),
        _ => None,
    }
}

/// A list whose every element is known. Labels can hold no comma, so other separators stand in for it.
fn listed(value: &str, known: Words<'_>) -> Option<Meaning> {
    let value = value.trim().to_ascii_lowercase();
    if let Some(categories) = known(&value) {
        return Some(Meaning::of(categories));
    }
    let all = |separators: &[char]| {
        let parts = value.split(separators).map(str::trim).filter(|part| !part.is_empty());
        parts.map(known).collect::<Option<Vec<_>>>().filter(|parts| !parts.is_empty())
    };
    let found = all(&[',', ';', '|', '+', ' ']).or_else(|| all(&[',', '_', '.'])).or_else(|| all(&['-']))?;
    Some(Meaning::of(found.into_iter().flatten()))
}

fn parts(value: &str) -> impl Iterator<Item = &str> {
    value.split([',', ';', ' ', '.', '_']).map(str::trim).filter(|part| !part.is_empty())
}

/// Lower case, without what separates words.
fn normalised(text: &str) -> String {
    text.chars().filter(|c| !separates(*c)).flat_map(char::to_lowercase).collect()
}

/// Whether a key, normalised, ends with a suffix, and if so, whether that is all of it. Most keys of most objects end
/// here, so nothing is allocated.
fn after(key: &str, suffix: &str) -> Option<bool> {
    let mut key = key.chars().rev().filter(|c| !separates(*c)).flat_map(char::to_lowercase);
    suffix.chars().rev().all(|expected| key.next() == Some(expected)).then(|| key.next().is_none())
}

/// Words in lower case; `containsPII` has two.
fn words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut previous = None;
    for character in text.chars() {
        let separates = separates(character);
        let begins =
            previous.is_none_or(|(separated, lower)| separated || (lower && character.is_uppercase()));
        if !separates {
            if begins {
                words.push(String::new());
            }
            if let Some(word) = words.last_mut() {
                word.extend(character.to_lowercase());
            }
        }
        previous = Some((separates, character.is_lowercase()));
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_that_declare_are_told_from_those_that_look_alike() {
        for (key, expected) in [
            ("data-classification", Some(Key::Level)),
            ("DataClassification", Some(Key::Level)),
            ("nrg.gov.in/data-classification", Some(Key::Level)),
            ("splunkit_data_classification", Some(Key::Level)),
            ("example-inc:data:classification", Some(Key::Level)),
            ("example.com/sensitivity", Some(Key::Level)),
            ("probity.dev/data-categories", Some(Key::Categories)),
            ("example-inc:compliance:framework", Some(Key::Framework)),
            ("probity.dev/sanitizes", Some(Key::Sanitizes)),
            ("contains-pii", Some(Key::Contains(Category::Pii))),
            ("containsPHI", Some(Key::Contains(Category::Phi))),
            ("containspii", Some(Key::Contains(Category::Pii))),
            ("example.com/phi", Some(Key::Contains(Category::Phi))),
            ("non-pii", None),
            ("phi_convict_threshold", None),
            ("copiix", None),
            ("spiifee", None),
            ("security-classification", None),
            ("capital", None),
            ("compliance", None),
            ("app.kubernetes.io/name", None),
            ("example.com/", None),
            ("", None),
        ] {
            assert_eq!(Key::of(key), expected, "{key}");
        }
    }

    #[test]
    fn values_mean_a_level_and_categories_or_are_in_no_vocabulary() {
        use Category::{Pci, Phi, Pii};
        use Level::{Confidential, Internal, Public, Restricted};
        let contains = Key::Contains(Pii);
        for (key, value, level, categories) in [
            (Key::Level, "Public", Some(Public), &[][..]),
            (Key::Level, "private", Some(Internal), &[]),
            (Key::Level, "sensitive", Some(Confidential), &[]),
            (Key::Level, "Highly Restricted", Some(Restricted), &[]),
            (Key::Level, "highly-confidential", Some(Restricted), &[]),
            (Key::Level, "pii", Some(Confidential), &[Pii]),
            (Key::Categories, "PII,PHI,PCI", Some(Restricted), &[Pii, Phi, Pci]),
            (Key::Categories, "pii_pci-dss", Some(Restricted), &[Pii, Pci]),
            (Key::Categories, "user.contact.email", Some(Confidential), &[Pii]),
            (
                Key::Categories,
                "user.health_and_medical.record_id, system.operations",
                Some(Restricted),
                &[Phi],
            ),
            (Key::Categories, "none", None, &[]),
            (Key::Framework, "PCI-DSS", Some(Restricted), &[Pci]),
            (Key::Framework, "SOX", None, &[]),
            (contains, "true", Some(Confidential), &[Pii]),
            (contains, "no", None, &[]),
            (Key::Sanitizes, "masked,aggregated", None, &[]),
        ] {
            let meaning = key.meaning(value, &|_| None).unwrap_or_else(|| panic!("{value} is known"));
            assert_eq!(meaning.level, level, "{value}");
            assert!(meaning.categories.iter().eq(categories), "{value}: {:?}", meaning.categories);
        }
        for (key, value) in [
            (Key::Level, "5"),
            (Key::Level, "hot"),
            (Key::Level, "Cisco Restricted"),
            (Key::Level, "unrestricted"),
            (Key::Categories, "PII,secret"),
            (Key::Categories, "userland"),
            (contains, "maybe"),
            (Key::Framework, "house rules"),
            (Key::Sanitizes, "washed"),
        ] {
            assert_eq!(key.meaning(value, &|_| None), None, "{value}");
        }
    }
}
