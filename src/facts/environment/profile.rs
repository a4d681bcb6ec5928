//! Which files and documents of Spring and .NET apply: those of the profiles that are active.
//!
//! Profiles that the input does not name are taken as not active.

use super::Setting;
use crate::resource::format::Entry;

/// Names of active profiles.
#[derive(Debug, Default)]
pub(super) struct Profiles {
    spring: Vec<String>,
    dotnet: String,
}

/// What a file belongs to by its name, and the profile that it is for: `application-prod.yml`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Family<'f> {
    pub(super) name: &'f str,
    pub(super) profile: Option<&'f str>,
}

impl Profiles {
    /// From variables and arguments, later ones first.
    pub(super) fn of(settings: &[&[Setting<'_>]]) -> Self {
        let find = |names: &[&str]| {
            let all = settings.iter().rev().flat_map(|settings| settings.iter().rev());
            let mut named = all.filter(|setting| names.contains(&&*setting.name));
            named.find_map(|setting| setting.text.as_deref())
        };
        let spring = find(&["SPRING_PROFILES_ACTIVE", "--spring.profiles.active", "spring.profiles.active"]);
        let dotnet = find(&["ASPNETCORE_ENVIRONMENT", "DOTNET_ENVIRONMENT", "--environment"]);
        Self { spring: list(spring.unwrap_or_default()), dotnet: dotnet.unwrap_or("Production").to_owned() }
    }

    /// Adds what a file itself makes active (`spring.profiles.active`).
    pub(super) fn learn(&mut self, document: &[Entry]) {
        if self.spring.is_empty() && condition(document).is_none() {
            let is_active = |entry: &&Entry| {
                entry.name.split('[').next().is_some_and(|name| name == "spring.profiles.active")
            };
            self.spring = document.iter().filter(is_active).flat_map(|entry| list(&entry.text)).collect();
        }
    }

    /// Whether a document of a file applies.
    pub(super) fn admit(&self, family: Option<Family<'_>>, document: &[Entry]) -> bool {
        let by_name = match family {
            Some(Family { name: "appsettings", profile: Some(profile) }) => {
                self.dotnet.eq_ignore_ascii_case(profile)
            }
            Some(Family { profile: Some(profile), .. }) => self.is_active(profile),
            _ => true,
        };
        by_name && condition(document).is_none_or(|condition| self.holds(&condition))
    }

    fn is_active(&self, profile: &str) -> bool {
        if self.spring.is_empty() {
            return profile == "default";
        }
        self.spring.iter().any(|active| active == profile)
    }

    /// Alternatives of conjunctions of names, `!` before those that must not be active; parentheses are not read.
    fn holds(&self, expression: &str) -> bool {
        expression.split([',', '|']).any(|all| {
            all.split('&').map(str::trim).all(|name| match name.strip_prefix('!') {
                Some(name) => !self.is_active(name.trim()),
                None => self.is_active(name),
            })
        })
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

    #[test]
    fn a_document_applies_if_its_profiles_are_active() {
        let profiles = Profiles { spring: list("prod, eu"), dotnet: "Production".to_owned() };
        for (condition, expected) in [
            ("prod", true),
            ("test", false),
            ("test | eu", true),
            ("prod & test", false),
            ("!test", true),
            ("!prod", false),
            ("test,prod", true),
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
    }

    #[test]
    fn without_active_profiles_only_the_default_one_is() {
        let mut profiles = Profiles::default();
        assert!(profiles.admit(None, &document("spring.profiles", "default")));
        assert!(!profiles.admit(None, &document("spring.profiles", "prod")));
        profiles.learn(&document("spring.profiles.active", "prod"));
        assert!(profiles.admit(None, &document("spring.profiles[0]", "prod")));
    }
}
