//! Which files and documents of Spring and .NET apply: those of the profiles that are active.
//!
//! Profiles that the input does not name are taken as not active.

use std::collections::BTreeMap;

use super::Setting;
use crate::resource::format::Entry;

/// Names of active profiles.
#[derive(Debug, Default)]
pub(super) struct Profiles {
    /// With their positions: what is for the later of two wins.
    spring: BTreeMap<String, usize>,
    dotnet: String,
}

/// What says which profiles are active (Spring Boot `config.Profiles`).
#[derive(Debug, Default)]
pub(super) struct Activation {
    /// Told from outside the files, which then do not count.
    told: Option<Vec<String>>,
    active: Vec<String>,
    included: Vec<String>,
    groups: BTreeMap<String, Vec<String>>,
    dotnet: String,
}

/// What a file belongs to by its name, and the profile that it is for: `application-prod.yml`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Family<'f> {
    pub(super) name: &'f str,
    pub(super) profile: Option<&'f str>,
}

impl Activation {
    /// From variables and arguments, later ones first.
    pub(super) fn of(settings: &[&[Setting<'_>]]) -> Self {
        let find = |names: &[&str]| {
            let all = settings.iter().rev().flat_map(|settings| settings.iter().rev());
            let mut named = all.filter(|setting| names.contains(&&*setting.name));
            named.find_map(|setting| setting.text.as_deref())
        };
        let active = find(&["SPRING_PROFILES_ACTIVE", "--spring.profiles.active", "spring.profiles.active"]);
        let included =
            find(&["SPRING_PROFILES_INCLUDE", "--spring.profiles.include", "spring.profiles.include"]);
        let dotnet = find(&["ASPNETCORE_ENVIRONMENT", "DOTNET_ENVIRONMENT", "--environment"]);
        Self {
            told: active.map(list),
            included: list(included.unwrap_or_default()),
            dotnet: dotnet.unwrap_or("Production").to_owned(),
            ..Self::default()
        }
    }

    /// Adds what a document for no profile itself makes active.
    pub(super) fn learn(&mut self, document: &[Entry]) {
        if condition(document).is_some() {
            return;
        }
        let mut active = Vec::new();
        let mut groups: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for entry in document {
            let name = entry.name.split('[').next().unwrap_or_default();
            match name.strip_prefix("spring.profiles.") {
                Some("active") => active.extend(list(&entry.text)),
                Some("include") => self.included.extend(list(&entry.text)),
                Some(other) => {
                    if let Some(group) = other.strip_prefix("group.") {
                        groups.entry(group).or_default().extend(list(&entry.text));
                    }
                }
                None => {}
            }
        }
        if !active.is_empty() {
            self.active = active;
        }
        self.groups.extend(groups.into_iter().map(|(name, members)| (name.to_owned(), members)));
    }

    /// Included profiles, then active ones, each before the members of its group.
    pub(super) fn profiles(self) -> Profiles {
        let mut waiting: Vec<String> = self.told.unwrap_or(self.active);
        waiting.reverse();
        waiting.extend(self.included.into_iter().rev());
        let mut spring = BTreeMap::new();
        while let Some(profile) = waiting.pop() {
            if spring.contains_key(&profile) {
                continue;
            }
            let members = self.groups.get(&profile).into_iter().flatten().rev();
            waiting.extend(members.cloned());
            let position = spring.len();
            spring.insert(profile, position);
        }
        Profiles { spring, dotnet: self.dotnet }
    }
}

impl Profiles {
    /// Whether a document of a file applies.
    pub(super) fn admit(&self, family: Option<Family<'_>>, document: &[Entry]) -> bool {
        let by_name = match family {
            Some(Family { name: "appsettings", profile: Some(profile) }) => {
                self.dotnet.eq_ignore_ascii_case(profile)
            }
            Some(Family { profile: Some(profile), .. }) => self.is_active(profile),
            _ => true,
        };
        by_name
            && condition(document).is_none_or(|condition| {
                condition.split(',').any(|expression| Expression::holds(expression, self))
            })
    }

    /// Files with a higher rank win over those with a lower one.
    pub(super) fn rank(&self, family: Option<Family<'_>>) -> usize {
        let profile = family.and_then(|family| family.profile);
        profile.map_or(0, |profile| self.spring.get(profile).map_or(1, |position| position + 1))
    }

    fn is_active(&self, profile: &str) -> bool {
        if self.spring.is_empty() { profile == "default" } else { self.spring.contains_key(profile) }
    }
}

/// An expression over profiles, of which the rest is still to be read: `(prod | test) & !eu` (Spring
/// `ProfilesParser`).
struct Expression<'x> {
    rest: &'x str,
    profiles: &'x Profiles,
}

impl<'x> Expression<'x> {
    /// How deep parentheses may stand in one another.
    const DEEPEST: usize = 32;

    /// One that is half-written never holds: the program does not start.
    fn holds(text: &'x str, profiles: &'x Profiles) -> bool {
        let mut expression = Self { rest: text, profiles };
        expression.any(Self::DEEPEST) == Some(true) && expression.rest.trim().is_empty()
    }

    fn any(&mut self, deepest: usize) -> Option<bool> {
        let mut holds = self.all(deepest)?;
        while self.take('|') {
            holds |= self.all(deepest)?;
        }
        Some(holds)
    }

    fn all(&mut self, deepest: usize) -> Option<bool> {
        let mut holds = self.one(deepest)?;
        while self.take('&') {
            holds &= self.one(deepest)?;
        }
        Some(holds)
    }

    fn one(&mut self, deepest: usize) -> Option<bool> {
        let mut is_wanted = true;
        while self.take('!') {
            is_wanted = !is_wanted;
        }
        let holds = if self.take('(') {
            let holds = self.any(deepest.checked_sub(1)?)?;
            self.take(')').then_some(holds)?
        } else {
            let end = self.rest.find(['(', ')', '&', '|', '!']).unwrap_or(self.rest.len());
            let (name, rest) = self.rest.split_at(end);
            self.rest = rest;
            let name = name.trim();
            (!name.is_empty()).then(|| self.profiles.is_active(name))?
        };
        Some(holds == is_wanted)
    }

    fn take(&mut self, sign: char) -> bool {
        let rest = self.rest.trim_start().strip_prefix(sign);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }
}

impl<'f> Family<'f> {
    /// Of the files that come in profiles; `None` for all others.
    pub(super) fn of(file: &'f str) -> Option<Self> {
        let name = file.rsplit('/').next().unwrap_or(file);
        for (family, separator) in [("application", '-'), ("bootstrap", '-'), ("appsettings", '.')] {
            let Some((stem, _)) = name.strip_prefix(family).and_then(|rest| rest.rsplit_once('.')) else {
                continue;
            };
            match stem.strip_prefix(separator) {
                Some(profile) => return Some(Self { name: family, profile: Some(profile) }),
                None if stem.is_empty() => return Some(Self { name: family, profile: None }),
                None => {}
            }
        }
        None
    }
}

/// The profiles that a document is for, in Spring Boot 2.4 and before it.
fn condition(document: &[Entry]) -> Option<String> {
    let conditions = document.iter().filter(|entry| {
        let name = entry.name.split('[').next().unwrap_or_default();
        matches!(name, "spring.config.activate.on-profile" | "spring.profiles")
    });
    let conditions: Vec<&str> = conditions.map(|entry| entry.text.as_str()).collect();
    (!conditions.is_empty()).then(|| conditions.join(","))
}

fn list(text: &str) -> Vec<String> {
    text.split(',').map(str::trim).filter(|name| !name.is_empty()).map(ToOwned::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(name: &str, text: &str) -> Vec<Entry> {
        vec![Entry { name: name.to_owned(), text: text.to_owned(), range: 0..0 }]
    }

    fn profiles(active: &str) -> Profiles {
        let activation = Activation { told: Some(list(active)), ..Activation::default() };
        Profiles { dotnet: "Production".to_owned(), ..activation.profiles() }
    }

    #[test]
    fn a_document_applies_if_its_profiles_are_active() {
        let profiles = profiles("prod, eu");
        for (condition, expected) in [
            ("prod", true),
            ("test", false),
            ("test | eu", true),
            ("prod & test", false),
            ("!test", true),
            ("!prod", false),
            ("test,prod", true),
            ("(prod | test) & !eu", false),
            ("(prod | test) & !us", true),
            ("!(test | us) & ((eu))", true),
            ("!!prod", true),
            ("(prod", false),
            ("prod)", false),
            ("prod &", false),
            ("", false),
        ] {
            let document = document("spring.config.activate.on-profile", condition);
            assert_eq!(profiles.admit(None, &document), expected, "{condition}");
        }
        for (file, expected) in [
            ("application.yml", true),
            ("config/application-prod.yml", true),
            ("application-test.properties", false),
            ("appsettings.json", true),
            ("appsettings.Production.json", true),
            ("appsettings.Development.json", false),
            ("applications.yml", true),
        ] {
            assert_eq!(profiles.admit(Family::of(file), &[]), expected, "{file}");
        }
        let deep = format!("{}prod{}", "(".repeat(100_000), ")".repeat(100_000));
        assert!(!profiles.admit(None, &document("spring.profiles", &deep)));
    }

    #[test]
    fn groups_and_included_profiles_are_active_too() {
        let mut activation = Activation { told: Some(list("prod")), ..Activation::default() };
        for (name, text) in [
            ("spring.profiles.active", "ignored"),
            ("spring.profiles.include", "base"),
            ("spring.profiles.group.prod[0]", "db"),
            ("spring.profiles.group.db", "mq, prod"),
            ("spring.profiles.group.other", "never"),
        ] {
            activation.learn(&document(name, text));
        }
        let mut found: Vec<(String, usize)> = activation.profiles().spring.into_iter().collect();
        found.sort_by_key(|(_, position)| *position);
        let found: Vec<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(found, ["base", "prod", "db", "mq"]);
    }

    #[test]
    fn without_active_profiles_only_the_default_one_is() {
        let mut activation = Activation::default();
        let none = Activation::default().profiles();
        assert!(none.admit(None, &document("spring.profiles", "default")));
        assert!(!none.admit(None, &document("spring.profiles", "prod")));
        activation.learn(&document("spring.profiles.active", "prod"));
        assert!(activation.profiles().admit(None, &document("spring.profiles[0]", "prod")));
    }
}
