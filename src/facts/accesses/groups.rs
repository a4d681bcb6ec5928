//! Settings that belong together by the beginning of their names, and which of them win.

use std::collections::BTreeMap;

use super::{
    names::Role,
    strings::{Claim, Reader},
};
use crate::facts::environment::{Channel, Setting};

/// Settings by what they hold; the later of two for one role wins.
type Roles<'s, 'e> = BTreeMap<Role, &'s Setting<'e>>;

/// Settings of one container that belong together by the beginning of their names.
#[derive(Debug, Default)]
pub(super) struct Groups<'s, 'e> {
    variables: BTreeMap<Vec<String>, Roles<'s, 'e>>,
    arguments: BTreeMap<Vec<String>, Roles<'s, 'e>>,
    /// By file: what two of them say does not belong together.
    files: BTreeMap<(Option<&'s str>, Vec<String>), Roles<'s, 'e>>,
    /// Of all files, the surest.
    told_by_files: BTreeMap<Vec<String>, Roles<'s, 'e>>,
    /// Of files that name no server: credentials are often kept apart.
    told_aside: BTreeMap<Vec<String>, Roles<'s, 'e>>,
}

impl<'s, 'e> Groups<'s, 'e> {
    pub(super) fn add(&mut self, prefix: Vec<String>, role: Role, setting: &'s Setting<'e>) {
        let roles = match setting.channel {
            Channel::Variable => self.variables.entry(prefix).or_default(),
            Channel::Argument => self.arguments.entry(prefix).or_default(),
            Channel::File => self.files.entry((setting.file.as_deref(), prefix)).or_default(),
        };
        roles.insert(role, setting);
    }

    pub(super) fn claims(mut self, reader: &Reader<'s, 'e, '_>) -> Vec<Claim<'s, 'e>> {
        for ((_, prefix), roles) in &self.files {
            told(self.told_by_files.entry(prefix.clone()).or_default(), roles);
            if !names_server(roles) {
                told(self.told_aside.entry(prefix.clone()).or_default(), roles);
            }
        }
        let mut claims = Vec::new();
        for (prefix, own) in &self.variables {
            let found = |role: Role| {
                beside(&self.variables, prefix, role).or_else(|| beside(&self.told_by_files, prefix, role))
            };
            claims.extend(reader.of_group(prefix, &found, own));
        }
        for ((file, prefix), own) in &self.files {
            // Programs that read both take variables over files (Spring Boot "Externalized Configuration", .NET).
            if self.variables.get(prefix).is_some_and(names_server) {
                continue;
            }
            let found = |role: Role| {
                let variable = self.variables.get(prefix).and_then(|roles| roles.get(&role));
                let around = || self.files.get(&(*file, parent(prefix)?))?.get(&role);
                let own = variable.or_else(|| own.get(&role)).or_else(around).copied();
                own.or_else(|| beside(&self.variables, prefix, role))
                    .or_else(|| beside(&self.told_aside, prefix, role))
            };
            claims.extend(reader.of_group(prefix, &found, own));
        }
        for (prefix, own) in &self.arguments {
            let found = |role: Role| beside(&self.arguments, prefix, role);
            claims.extend(reader.of_group(prefix, &found, own));
        }
        claims
    }
}

/// A setting with the same prefix, else one with the next shorter.
fn beside<'s, 'e>(
    groups: &BTreeMap<Vec<String>, Roles<'s, 'e>>,
    prefix: &[String],
    role: Role,
) -> Option<&'s Setting<'e>> {
    let own = groups.get(prefix).and_then(|roles| roles.get(&role));
    own.or_else(|| groups.get(&parent(prefix)?)?.get(&role)).copied()
}

fn parent(prefix: &[String]) -> Option<Vec<String>> {
    prefix.split_last().map(|(_, parent)| parent.to_vec())
}

fn names_server(roles: &Roles<'_, '_>) -> bool {
    roles.contains_key(&Role::String) || roles.contains_key(&Role::Host)
}

/// Adds what a file tells; surer evidence stays.
fn told<'s, 'e>(all: &mut Roles<'s, 'e>, roles: &Roles<'s, 'e>) {
    for (role, setting) in roles {
        let stays = all.get(role).is_some_and(|earlier| earlier.evidence > setting.evidence);
        if !stays {
            all.insert(*role, setting);
        }
    }
}
