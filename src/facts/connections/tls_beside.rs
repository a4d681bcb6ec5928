//! TLS that a setting of its own turns on: `PGSSLMODE` beside `PGHOST`, `REDIS_TLS` beside `REDIS_HOST`.
//!
//! Deliberately absent: what a connection string says itself.

use std::collections::BTreeMap;

use crate::{
    facts::{
        Truth,
        accesses::{Role, Words},
        environment::{Channel, Setting},
    },
    resource::connection::Transport,
};

/// Settings that turn TLS on or off, by the container, whether they are arguments, and what they are about.
#[derive(Debug)]
pub(super) struct TlsBeside<'s, 'e>(BTreeMap<(&'s str, bool, Vec<String>), &'s Setting<'e>>);

/// Words between a server's name and the part of its address: `CART_SERVICE_HOST` and `CART_TLS` belong together.
const CONNECTING: [&str; 8] =
    ["SERVICE", "SERVER", "DB", "DATABASE", "CLIENT", "MASTER", "PRIMARY", "BOOTSTRAP"];

impl<'s, 'e> TlsBeside<'s, 'e> {
    pub(super) fn new(settings: &'s [Setting<'e>]) -> Self {
        let said = settings.iter().filter_map(|setting| {
            let (about, role) = Words::of(&setting.name).role()?;
            (role == Role::Transport).then(|| (key(setting, about), setting))
        });
        Self(said.collect())
    }

    /// Whether the program speaks TLS to the server that a setting names; `None`: nothing beside it says so.
    pub(super) fn of(&self, setting: &Setting<'_>) -> Option<Truth> {
        let words = Words::of(&setting.name);
        let about = match words.role() {
            Some((about, _)) => about,
            // `KAFKA_BROKERS`, `CART_UPSTREAM`.
            None => words.0.split_last().map(|(_, about)| about.to_vec())?,
        };
        let said = self.0.get(&key(setting, about))?;
        let transport = said.text.as_deref().map(Transport::of_setting);
        Some(match transport {
            Some(Transport::Verified | Transport::Unverified | Transport::Unchecked) => Truth::True,
            Some(Transport::Plain) => Truth::False,
            Some(Transport::Opportunistic | Transport::Unsaid) | None => Truth::Unknown,
        })
    }
}

fn key<'s>(setting: &Setting<'s>, mut about: Vec<String>) -> (&'s str, bool, Vec<String>) {
    while about.len() > 1 && about.last().is_some_and(|last| CONNECTING.contains(&last.as_str())) {
        about.pop();
    }
    (setting.container, setting.channel == Channel::Argument, about)
}
