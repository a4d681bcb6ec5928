//! What mounted files say together: which of equal names wins, and what placeholders in them become.

use std::{borrow::Cow, collections::BTreeMap, sync::Arc};

use super::{
    Container, Setting,
    expansion::Room,
    placeholders::{Placeholders, Told},
    service_links::of_service,
    variables::Variables,
};

/// Families of files in which placeholders are replaced.
const SPRING: [&str; 2] = ["bootstrap", "application"];

/// Settings of files in order; of equal names in what is read as one file the later wins.
#[derive(Default)]
pub(super) struct FileSettings<'e> {
    pub(super) all: Vec<Setting<'e>>,
    positions: BTreeMap<(Arc<str>, String), usize>,
}

impl<'e> FileSettings<'e> {
    pub(super) fn set(&mut self, scope: &Arc<str>, setting: Setting<'e>) {
        let setting = Setting { file: Some(Arc::clone(scope)), ..setting };
        let key = (Arc::clone(scope), setting.name.to_string());
        let position = self.positions.entry(key).or_insert(self.all.len());
        match self.all.get_mut(*position) {
            Some(earlier) => *earlier = setting,
            None => self.all.push(setting),
        }
    }

    /// Replaces placeholders in the files of Spring, by what all of them say together, and what the program is
    /// told in other ways, which counts more.
    pub(super) fn replace_placeholders(
        &mut self,
        container: &Container<'_, 'e>,
        variables: &Variables<'e>,
        arguments: &[Setting<'e>],
        room: &mut Room,
    ) {
        let is_of_spring =
            |setting: &&Setting<'_>| SPRING.iter().any(|family| setting.file.as_deref() == Some(family));
        // `bootstrap` is read first.
        let of_family =
            |family: &'static str| move |setting: &&Setting<'e>| setting.file.as_deref() == Some(family);
        let in_order = SPRING.iter().flat_map(|family| self.all.iter().filter(of_family(family)));
        let own: BTreeMap<String, String> = in_order
            .filter_map(|setting| Some((setting.name.to_string(), setting.text.as_deref()?.to_owned())))
            .collect();
        let outside = Outside::new(container, variables, arguments);
        let mut placeholders =
            Placeholders::new(room, |name: &str| match (outside.told(name), own.get(name)) {
                (Told::No, Some(text)) => Told::Text(Cow::Borrowed(text.as_str())),
                (told, _) => told,
            });
        for setting in self.all.iter_mut().filter(|setting| is_of_spring(&&**setting)) {
            if let Some(replaced) = setting.text.as_deref().and_then(|text| placeholders.replace(text)) {
                setting.written = setting.text.replace(replaced.into());
            }
        }
    }
}

/// What the program is told outside its files.
struct Outside<'s, 'c, 'e> {
    container: &'s Container<'c, 'e>,
    variables: &'s Variables<'e>,
    /// By the name of the property that they set; arguments win over system properties.
    arguments: BTreeMap<&'s str, &'s Setting<'e>>,
}

impl<'s, 'c, 'e> Outside<'s, 'c, 'e> {
    fn new(
        container: &'s Container<'c, 'e>,
        variables: &'s Variables<'e>,
        arguments: &'s [Setting<'e>],
    ) -> Self {
        let properties = arguments.iter().map(|setting| (&*setting.name, setting));
        let flags = arguments.iter().filter_map(|setting| Some((setting.name.strip_prefix("--")?, setting)));
        Self { container, variables, arguments: properties.chain(flags).collect() }
    }

    /// What a name in a placeholder stands for.
    fn told(&self, name: &str) -> Told<'s> {
        let upper = || name.to_uppercase().replace(['.', '-'], "_");
        let argument = self.arguments.get(name).copied();
        let setting = argument.or_else(|| self.variables.get(name)).or_else(|| self.variables.get(&upper()));
        match setting.map(|setting| setting.text.as_deref()) {
            Some(Some(text)) => Told::Text(Cow::Borrowed(text)),
            Some(None) => Told::Elsewhere,
            None => of_service(self.container, name).map_or(Told::No, Told::Text),
        }
    }
}
