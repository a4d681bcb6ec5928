//! Arguments of a container (see [`crate::resource::words`]), those that variables such as `JAVA_OPTS` hold, and what clients
//! of databases such as `psql` are told.

use std::borrow::Cow;

use super::{
    Channel, Container, Origin, Setting, expansion::Room, service_links::of_service, variables::Variables,
};
use crate::{
    document::NodeRef,
    resource::{
        credential::name,
        words::{self, Part, ToldClient},
    },
    source::Place,
};

/// Variables that clients read where no flag says it (`PostgreSQL`, "Environment Variables").
const READ_BY_CLIENTS: [(&str, Part); 3] =
    [("PGPORT", Part::Port), ("PGDATABASE", Part::Database), ("PGUSER", Part::Principal)];

pub(super) fn of<'e>(
    container: &Container<'_, 'e>,
    variables: &Variables<'e>,
    room: &mut Room,
) -> Vec<Setting<'e>> {
    let (command, args) = (container.node.get("command"), container.node.get("args"));
    let mut settings: Vec<Setting<'e>> = Vec::new();
    for argument in words::of(command, args) {
        let name = argument.name.map_or_else(|| format!("args[{}]", argument.position).into(), Cow::Borrowed);
        let place = place(argument.item, argument.offset, argument.text);
        settings.push(setting(container, variables, room, name, argument.text, place));
    }
    let told = words::told_clients(command, args);
    for call in told.chunk_by(|a, b| (a.program, a.call) == (b.program, b.call)) {
        settings.extend(of_client(container, variables, room, call));
    }
    settings.extend(of_options(variables));
    settings
}

fn setting<'e>(
    container: &Container<'_, 'e>,
    variables: &Variables<'e>,
    room: &mut Room,
    name: Cow<'e, str>,
    text: &'e str,
    place: Place,
) -> Setting<'e> {
    let text = Some(Cow::Borrowed(text));
    let mut setting = container.setting(Channel::Argument, name, text, Origin::Literal, place);
    setting.expand(room, |name| variables.told(name).or_else(|| of_service(container, name)));
    setting
}

fn place(item: NodeRef<'_>, offset: usize, text: &str) -> Place {
    let part = offset..offset + text.len();
    let whole = item.as_str().is_none_or(|all| part == (0..all.len()));
    Place::new(item.document.source, if whole { item.span() } else { item.part(part) })
}

/// What one call of a client is told, named by a long flag: `psql --host`. Further calls are counted.
fn of_client<'e>(
    container: &Container<'_, 'e>,
    variables: &Variables<'e>,
    room: &mut Room,
    call: &[ToldClient<'e>],
) -> Vec<Setting<'e>> {
    let name = |one: &ToldClient<'_>, part: Part| -> Cow<'e, str> {
        let count = if one.call == 0 { String::new() } else { format!(" ({})", one.call + 1) };
        format!("{}{count} {}", one.program, part.flag()).into()
    };
    let mut settings = Vec::new();
    let mut is_whole = call.iter().all(|one| one.is_whole);
    // What a variable holds may be a whole connection, with a password in it: that is read by its own name.
    let is_name = |setting: &Setting<'_>| setting.text.as_deref().is_none_or(words::names_something);
    let mut told = |setting: Setting<'e>| settings.extend(Some(setting).filter(is_name));
    for one in call {
        // Who writes a password where a name belongs has not named anything.
        if words::variables(one.text).any(|name| name::promise(name).is_some()) {
            is_whole = false;
            continue;
        }
        let place = place(one.item, one.offset, one.text);
        let variable = words::variable(one.text);
        if let Some(variable) = variable.and_then(|(name, _)| variables.get(name)) {
            let name = name(one, one.part);
            told(Setting { channel: Channel::Argument, name, place, ..variable.clone() });
            continue;
        }
        let text = variable.and_then(|(_, default)| default).unwrap_or(one.text);
        // `tcp:db,1433` of sqlcmd; of several members of a replica set the first stands for all.
        let (host, port) = match text.split_once(',') {
            Some((host, port)) => (host, port.parse::<u16>().is_ok().then_some(port)),
            None => (text, None),
        };
        let host = host.strip_prefix("tcp:").unwrap_or(host);
        let host = host.split_once('/').map_or(host, |(_, members)| members);
        let text = if one.part == Part::Host { host } else { text };
        told(setting(container, variables, room, name(one, one.part), text, place.clone()));
        if let Some(port) = port.filter(|_| one.part == Part::Host) {
            told(setting(container, variables, room, name(one, Part::Port), port, place));
        }
    }
    if let Some(first) = call.first().filter(|first| first.program.starts_with('p') && is_whole) {
        let missing = READ_BY_CLIENTS.iter().filter(|(_, part)| call.iter().all(|one| one.part != *part));
        let read = missing.filter_map(|(variable, part)| Some((variables.get(variable)?, *part)));
        for (variable, part) in read {
            let name = name(first, part);
            told(Setting { channel: Channel::Argument, name, ..variable.clone() });
        }
    }
    settings
}

/// `JAVA_OPTS` and its like hold arguments.
fn of_options<'e>(variables: &Variables<'e>) -> Vec<Setting<'e>> {
    let is_options = |setting: &&Setting<'e>| {
        ["OPTS", "OPTIONS", "ARGS"].iter().any(|end| setting.name.ends_with(end))
            && setting.text.as_deref().is_some_and(|text| text.trim_start().starts_with('-'))
    };
    let options = variables.iter().filter(is_options).flat_map(|options| {
        let flags = words::flags(options.text.as_deref().unwrap_or_default());
        flags.into_iter().map(|(name, value)| Setting {
            channel: Channel::Argument,
            name: Cow::Owned(name.to_owned()),
            text: Some(Cow::Owned(value.to_owned())),
            written: None,
            ..options.clone()
        })
    });
    options.collect()
}
