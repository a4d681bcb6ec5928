//! Accesses as they are written: which servers, databases and principals each container is told to use (domains.md Q2
//! to Q4). Whole connection strings, variables that belong together by their names, and addresses that stand alone.
//!
//! Deliberately absent: what the hosts lead to, and whose the servers are.

mod groups;
mod names;
mod strings;
#[cfg(test)]
mod tests;

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
};

use self::{groups::Groups, strings::Reader};
pub(super) use self::{
    names::{Role, Words},
    strings::{Claim, Part},
};
use super::{
    environment::{Channel, Setting},
    hosts::referred,
};
use crate::{
    resource::connection::{Connection, Name},
    source::Place,
};

/// What one container is told about databases. `settings` are those of the container alone; `namespace` is the Pod's.
pub(super) fn claims<'s, 'e>(settings: &'s [Setting<'e>], namespace: &str) -> Vec<Claim<'s, 'e>> {
    let reader = Reader { settings, namespace };
    let mut groups = Groups::default();
    let mut alone = Vec::new();
    let sections = Sections::of(settings);
    for setting in settings.iter().filter(|setting| sections.applies(setting)) {
        let words = Words::of(&setting.name);
        // `DATA_SOURCE_NAME` and `ORDERS_DB` hold whole connection strings, too.
        let is_whole = setting.text.as_deref().is_some_and(|text| Connection::parse(text).is_some());
        let role = words.role().filter(|(_, role)| match role {
            Role::Database => !is_whole,
            Role::Engine => setting.text.as_deref().and_then(names::chosen).is_some(),
            _ => true,
        });
        if let Some((prefix, role)) = role {
            groups.add(prefix, role, setting);
        } else if setting.text.is_some() {
            alone.push((words, setting));
        }
    }
    let variables: BTreeSet<Vec<String>> = alone
        .iter()
        .filter(|(_, setting)| setting.channel == Channel::Variable)
        .map(|(words, _)| words.0.clone())
        .collect();
    let mut claims = groups.claims(&reader);
    let is_overridden = |words: &Words, setting: &Setting<'_>| {
        setting.channel == Channel::File && variables.contains(&words.0)
    };
    claims.extend(
        alone
            .into_iter()
            .filter(|(words, setting)| !is_overridden(words, setting))
            .filter_map(|(words, setting)| reader.of_setting(&words, setting)),
    );
    claims
}

/// Sections of files that hold settings for one environment each, as `database.yml` of Rails and `config.json` of
/// Sequelize do: only those of the environment that the program runs in count.
struct Sections<'s> {
    active: &'s str,
    by_file: BTreeMap<(&'s Place, Option<&'s str>), BTreeSet<String>>,
}

impl<'s> Sections<'s> {
    const NAMES: [&'static str; 6] = ["default", "development", "local", "production", "staging", "test"];

    /// Variables that name the environment.
    const CHOSEN_BY: [&'static str; 4] = ["RAILS_ENV", "RACK_ENV", "NODE_ENV", "APP_ENV"];

    fn of(settings: &'s [Setting<'_>]) -> Self {
        let chosen = settings.iter().find(|setting| Self::CHOSEN_BY.contains(&&*setting.name));
        let active = chosen.and_then(|setting| setting.text.as_deref()).unwrap_or("production");
        let mut by_file: BTreeMap<_, BTreeSet<String>> = BTreeMap::new();
        for setting in settings.iter().filter(|setting| setting.channel == Channel::File) {
            if let Some(section) = Self::section(setting) {
                by_file.entry((&setting.reference, setting.key)).or_default().insert(section.to_owned());
            }
        }
        Self { active, by_file }
    }

    fn section<'n>(setting: &'n Setting<'_>) -> Option<&'n str> {
        let (section, _) = setting.name.split_once('.')?;
        Self::NAMES.contains(&section).then_some(section)
    }

    fn applies(&self, setting: &Setting<'_>) -> bool {
        let Some(section) = Self::section(setting).filter(|_| setting.channel == Channel::File) else {
            return true;
        };
        let of_file = self.by_file.get(&(&setting.reference, setting.key));
        section == self.active || !of_file.is_some_and(|sections| sections.contains(self.active))
    }
}

/// Text of a setting, or what it refers to outside the input.
fn part<'s>(setting: &'s Setting<'_>, namespace: &str) -> Part<'s> {
    match setting.text.as_deref().map(|text| (text, Name::of(text))) {
        Some((_, Name::Absent)) => Part::Absent,
        Some((_, Name::Unknown)) => Part::Unknown,
        Some((text, Name::Known(_))) => Part::Text(Cow::Borrowed(text.trim())),
        None => referred(setting, namespace).map_or(Part::Unknown, Part::Referred),
    }
}
