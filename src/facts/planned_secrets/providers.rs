//! Credentials in the configuration of providers: whoever reads a plan or the repository acts as Terraform does.

use std::{collections::BTreeMap, sync::Arc};

use super::{Held, values};
use crate::{
    config::Secrets,
    document::{Path, Step},
    facts::{Fact, Subject},
    resource::{
        credential::{self, Class},
        terraform::{Plan, origins::Origins},
    },
    source::Place,
};

/// `planned-secret` for each provider with a credential: `address` is `provider.KEY`, `type` is `provider`.
pub(super) fn subjects(secrets: &Secrets, file: &str, plan: &Plan, origins: &Origins<'_>) -> Vec<Subject> {
    let subjects = by_provider(secrets, plan, origins).into_iter().filter_map(|(key, mut held)| {
        held.retain(|held| secrets.allows(file, &held.key, std::slice::from_ref(&held.text)).is_none());
        let place = held.first()?.place.clone()?;
        let address = format!("provider.{key}");
        let values = values(held, |_| place.clone().into());
        let fact = Fact::object([
            ("address", Fact::from(&*address)),
            ("type", Fact::from("provider")),
            ("values", values),
        ]);
        Some(Subject { resource: address, kind: Arc::from("provider"), fact: fact.at(Some(place.into())) })
    });
    subjects.collect()
}

/// Credentials that the configuration writes out, by the key of their provider. Keys for its own user agent are none.
pub(super) fn by_provider(
    secrets: &Secrets,
    plan: &Plan,
    origins: &Origins<'_>,
) -> BTreeMap<String, Vec<Held>> {
    let mut found: BTreeMap<String, Vec<Held>> = BTreeMap::new();
    for setting in plan.provider_settings() {
        let Some((origin, text)) = origins.text_of(&setting.expression, &setting.module) else { continue };
        let key = Path(setting.path.clone()).to_string();
        let name = setting.path.iter().rev().find_map(|step| match step {
            Step::Key(key) => Some(&**key),
            Step::Index(_) => None,
        });
        let class = credential::of_setting(name.unwrap_or_default(), &text);
        let own = || secrets.tokens_in(&text).first().map(|(own, _)| Class::Own(*own));
        let Some(class) = class.filter(|class| *class != Class::Random).or_else(own) else { continue };
        found.entry(setting.provider).or_default().push(Held {
            path: setting.path,
            key,
            class,
            text,
            origin,
            place: Some(Place::new(plan.source, setting.span)),
        });
    }
    found
}
