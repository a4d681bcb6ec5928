//! Arguments of a container (see [`crate::resource::words`]), and those that variables such as `JAVA_OPTS` hold.

use std::borrow::Cow;

use super::{
    Channel, Container, Origin, Setting, expansion::Room, service_links::of_service, variables::Variables,
};
use crate::{resource::words, source::Place};

pub(super) fn of<'e>(
    container: &Container<'_, 'e>,
    variables: &Variables<'e>,
    room: &mut Room,
) -> Vec<Setting<'e>> {
    let arguments = words::of(container.node.get("command"), container.node.get("args"));
    let settings = arguments.into_iter().map(|argument| {
        let name = argument.name.map_or_else(|| format!("args[{}]", argument.position).into(), Cow::Borrowed);
        let part = argument.offset..argument.offset + argument.text.len();
        let whole = argument.item.as_str().is_none_or(|text| part == (0..text.len()));
        let span = if whole { argument.item.span() } else { argument.item.part(part) };
        let place = Place::new(argument.item.document.source, span);
        let text = Some(Cow::Borrowed(argument.text));
        let mut setting = container.setting(Channel::Argument, name, text, Origin::Literal, place);
        setting.expand(room, |name| variables.told(name).or_else(|| of_service(container, name)));
        setting
    });
    settings.chain(of_options(variables)).collect()
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
