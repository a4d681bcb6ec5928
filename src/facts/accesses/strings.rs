//! Claims: one server each that a container is told to use.

use std::{borrow::Cow, collections::BTreeMap};

use super::{
    names::{Role, Words, chosen},
    part,
};
use crate::{
    facts::{
        environment::{Channel, Setting},
        hosts::referred_by_name,
    },
    resource::connection::{Connection, Endpoint, Name, Password, Transport},
};

/// A text that a container is told, or what stands outside the input for it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(in crate::facts) enum Part<'s> {
    #[default]
    Absent,
    /// Not known, and nothing says what it would be equal to.
    Unknown,
    Text(Cow<'s, str>),
    /// `Secret/shop/db#name`: equal references are equal texts.
    Referred(String),
}

/// One server that a container is told to use.
#[derive(Debug, Clone)]
pub(in crate::facts) struct Claim<'s, 'e> {
    /// `None`: told by the server, if at all.
    pub(in crate::facts) engine: Option<&'static str>,
    pub(in crate::facts) host: Part<'s>,
    pub(in crate::facts) port: Option<u16>,
    pub(in crate::facts) database: Part<'s>,
    pub(in crate::facts) principal: Part<'s>,
    /// `None`: not known, it may be told elsewhere.
    pub(in crate::facts) password: Option<Password>,
    pub(in crate::facts) transport: Transport,
    /// Whether names or text say that this is a database; else only the server can.
    pub(in crate::facts) is_database: bool,
    /// The setting that names the server.
    pub(in crate::facts) by: &'s Setting<'e>,
    pub(in crate::facts) database_by: Option<&'s Setting<'e>>,
    pub(in crate::facts) principal_by: Option<&'s Setting<'e>>,
    /// Where the credential stands.
    pub(in crate::facts) password_by: Option<&'s Setting<'e>>,
}

/// Engines of brokers, which are meant to be shared.
const BROKERS: [&str; 2] = ["kafka", "rabbitmq"];

pub(super) struct Reader<'s, 'e, 'n> {
    pub(super) settings: &'s [Setting<'e>],
    pub(super) namespace: &'n str,
}

impl<'s, 'e> Reader<'s, 'e, '_> {
    /// Settings with one prefix; `found` also looks one prefix further out.
    pub(super) fn of_group(
        &self,
        prefix: &[String],
        found: &dyn Fn(Role) -> Option<&'s Setting<'e>>,
        own: &BTreeMap<Role, &'s Setting<'e>>,
    ) -> Option<Claim<'s, 'e>> {
        let (mut engine, mut speaks) = Words::speaks_of(prefix);
        let choice = found(Role::Engine);
        let chosen = choice.and_then(|setting| setting.text.as_deref()).and_then(chosen);
        let decides = choice.is_some_and(|setting| Words::of(&setting.name).chooses_engine());
        if chosen.is_some() && (speaks || decides) && !Words::speaks_of_others(prefix) {
            engine = engine.or(chosen);
            speaks = true;
        }
        if let Some(setting) = own.get(&Role::String) {
            let claim = self.of_string(setting, engine, speaks)?;
            return Some(self.completed(claim, found));
        }
        let setting = own.get(&Role::Host)?;
        if let Some(text) = &setting.text
            && let Some(connection) = Connection::parse(text)
        {
            return Some(self.completed(self.of_connection(setting, connection)?, found));
        }
        let claim = self.of_address(setting, engine, speaks)?;
        Some(self.completed(claim, found))
    }

    /// A setting whose name says nothing.
    pub(super) fn of_setting(&self, words: &Words, setting: &'s Setting<'e>) -> Option<Claim<'s, 'e>> {
        let text = setting.text.as_ref()?;
        if let Some(connection) = Connection::parse(text) {
            return self.of_connection(setting, connection);
        }
        // An address with a port: `mongo=user-db:27017`, or an argument that stands alone.
        let address = address(text)?;
        address.port?;
        let (engine, speaks) = Words::speaks_of(&words.0);
        self.of_address(setting, engine, speaks && setting.channel != Channel::Argument)
    }

    fn of_string(
        &self,
        setting: &'s Setting<'e>,
        engine: Option<&'static str>,
        speaks: bool,
    ) -> Option<Claim<'s, 'e>> {
        match &setting.text {
            Some(text) => match Connection::parse(text) {
                Some(connection) => self.of_connection(setting, connection),
                None => self.of_address(setting, engine, speaks),
            },
            // A whole connection that the input does not hold: equal references mean one database and one principal.
            None if speaks => {
                let whole = part(setting, self.namespace);
                Some(Claim {
                    engine,
                    database: whole.clone(),
                    principal: whole.clone(),
                    is_database: true,
                    password_by: Some(setting),
                    ..Self::claim(setting, whole)
                })
            }
            None => None,
        }
    }

    fn of_connection(&self, setting: &'s Setting<'e>, connection: Connection) -> Option<Claim<'s, 'e>> {
        if connection.engine.is_some_and(|engine| BROKERS.contains(&engine)) {
            return None;
        }
        let endpoint = connection.endpoint()?.clone();
        let host = self.expanded(setting, &endpoint.host);
        let mut claim = Claim {
            engine: connection.engine,
            port: endpoint.port,
            database: Self::named(connection.database),
            principal: Self::named(connection.principal),
            password: Some(connection.password),
            transport: connection.transport,
            is_database: true,
            ..Self::claim(setting, host)
        };
        if claim.database != Part::Absent {
            claim.database_by = Some(setting);
        }
        if claim.principal != Part::Absent {
            claim.principal_by = Some(setting);
        }
        if connection.password != Password::Absent {
            claim.password_by = Some(setting);
        }
        Some(claim)
    }

    /// `host`, `host:port`, `http://host:port`, or a host that is told elsewhere.
    fn of_address(
        &self,
        setting: &'s Setting<'e>,
        engine: Option<&'static str>,
        speaks: bool,
    ) -> Option<Claim<'s, 'e>> {
        let Some(text) = &setting.text else {
            let host = part(setting, self.namespace);
            return speaks.then(|| Claim { engine, is_database: true, ..Self::claim(setting, host) });
        };
        let endpoint = address(text)?;
        let transport = if text.starts_with("https://") {
            Transport::Verified
        } else if text.starts_with("http://") {
            Transport::Plain
        } else {
            Transport::Unsaid
        };
        let host = self.expanded(setting, &endpoint.host);
        Some(Claim {
            engine,
            port: endpoint.port,
            transport,
            is_database: speaks,
            ..Self::claim(setting, host)
        })
    }

    fn claim(setting: &'s Setting<'e>, host: Part<'s>) -> Claim<'s, 'e> {
        Claim {
            engine: None,
            host,
            port: None,
            database: Part::Absent,
            principal: Part::Absent,
            password: None,
            transport: Transport::Unsaid,
            is_database: false,
            by: setting,
            database_by: None,
            principal_by: None,
            password_by: None,
        }
    }

    /// Fills in what settings beside say, where the connection says nothing itself.
    fn completed(
        &self,
        mut claim: Claim<'s, 'e>,
        found: &dyn Fn(Role) -> Option<&'s Setting<'e>>,
    ) -> Claim<'s, 'e> {
        if claim.port.is_none() {
            claim.port = found(Role::Port).and_then(|port| port.text.as_ref()?.trim().parse().ok());
        }
        // libpq takes the database of the user's name; what stands beside says better.
        let by_default = claim.database == claim.principal && claim.engine == Some("postgresql");
        if (claim.database == Part::Absent || by_default)
            && let Some(setting) = found(Role::Database)
        {
            claim.database = part(setting, self.namespace);
            claim.database_by = Some(setting);
        }
        if claim.principal == Part::Absent
            && let Some(setting) = found(Role::Principal)
        {
            claim.principal = part(setting, self.namespace);
            claim.principal_by = Some(setting);
        }
        if claim.password.is_none_or(|password| password == Password::Absent)
            && let Some(setting) = found(Role::Password)
        {
            claim.password =
                Some(setting.text.as_ref().map_or(Password::Given, |text| Password::of(text.trim())));
            claim.password_by = Some(setting);
        }
        if claim.transport == Transport::Unsaid
            && let Some(mode) = found(Role::Transport).and_then(|setting| setting.text.as_ref())
        {
            claim.transport = Transport::of_setting(mode);
        }
        claim
    }

    fn named(name: Name) -> Part<'s> {
        match name {
            Name::Absent => Part::Absent,
            Name::Unknown => Part::Unknown,
            Name::Known(text) => Part::Text(Cow::Owned(text)),
        }
    }

    /// A host that is nothing but a variable of the container is what that variable refers to.
    fn expanded(&self, by: &Setting<'e>, host: &str) -> Part<'s> {
        let inner = host.strip_prefix("$(").and_then(|rest| rest.strip_suffix(')'));
        let inner = inner.or_else(|| host.strip_prefix("${").and_then(|rest| rest.strip_suffix('}')));
        let text = || Part::Text(Cow::Owned(host.to_owned()));
        let Some(name) = inner else { return text() };
        if let Some(setting) = self.settings.iter().find(|setting| setting.name == name) {
            return part(setting, self.namespace);
        }
        // Within a script `$(hostname)` is a command.
        let is_variable = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte))
            && !(by.channel == Channel::Argument && name.bytes().any(|byte| byte.is_ascii_lowercase()));
        let referred = is_variable.then(|| referred_by_name(self.settings, name, self.namespace)).flatten();
        referred.map_or_else(text, Part::Referred)
    }
}

impl Claim<'_, '_> {
    /// Whether it names a database by its host alone, whatever the engine: at a port of no engine, behind HTTP or an API
    /// anything may answer.
    pub(in crate::facts) fn is_of_any_engine(&self) -> bool {
        let Part::Text(host) = &self.host else { return false };
        let is_name = host.contains(|c: char| c.is_ascii_alphabetic())
            && host.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.'))
            && !matches!(host.to_ascii_lowercase().as_str(), "true" | "false" | "none" | "null");
        let is_http = self.by.text.as_deref().is_some_and(|text| text.trim_start().starts_with("http"));
        let is_api = Words::of(&self.by.name).speaks_of_api();
        self.is_database && self.port.is_none() && is_name && !is_http && !is_api
    }
}

/// A host with or without port and `http://`; several by comma: the first.
fn address(text: &str) -> Option<Endpoint> {
    let text = text.trim();
    if text.len() > 512 {
        return None;
    }
    let bare = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://")).unwrap_or(text);
    let bare = bare.strip_prefix("tcp://").unwrap_or(bare);
    if bare.contains("://") {
        return None;
    }
    let place = bare.split(['/', ',', '?']).next()?;
    let place = place.rsplit_once('@').map_or(place, |(_, place)| place);
    let endpoint = Endpoint::of(place);
    let is_variable = place.starts_with("$(") || place.starts_with("${");
    // `jdbc:h2`, `file:`: what stands behind the colon is no port.
    let is_other = endpoint.port.is_none() && place.contains(':') && !place.contains(['$', '[']);
    (is_variable || (endpoint.is_sound() && !is_other)).then_some(endpoint)
}

impl Part<'_> {
    /// The text itself.
    pub(in crate::facts) fn known(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }
}
