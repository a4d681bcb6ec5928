//! Credentials in the configuration of providers: whoever reads a plan or the repository acts as Terraform does.

use std::{collections::BTreeMap, sync::Arc};

use serde_json::Value;

use super::{Held, values};
use crate::{
    config::Secrets,
    document::{Path, Step},
    estate::Given,
    facts::{Fact, Subject},
    resource::{
        credential::{self, Class, name},
        terraform::{
            Plan,
            origins::{Origin, Origins},
        },
    },
    source::Place,
};

/// `planned-secret` for each provider with a credential: `address` is `provider.KEY`, `type` is `provider`.
pub(super) fn subjects(
    secrets: &Secrets,
    file: &str,
    plan: &Plan,
    origins: &Origins<'_>,
    given: &Locals<'_>,
) -> Vec<Subject> {
    let subjects = by_provider(secrets, plan, origins, given).into_iter().filter_map(|(key, mut held)| {
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

/// What the configuration gives a `local` of a module, which no plan tells.
pub(super) type Locals<'f> = dyn Fn(&str, &str) -> Given + 'f;

/// Credentials that the configuration writes out, by the key of their provider. Keys for its own user agent are none.
pub(super) fn by_provider(
    secrets: &Secrets,
    plan: &Plan,
    origins: &Origins<'_>,
    given: &Locals<'_>,
) -> BTreeMap<String, Vec<Held>> {
    let mut found: BTreeMap<String, Vec<Held>> = BTreeMap::new();
    for setting in plan.provider_settings() {
        let written = origins.text_of(&setting.expression, &setting.module);
        let (origin, text, given_at) = match (written, local(&setting.expression)) {
            (Some((origin, text)), _) => (origin, text, None),
            (None, None) => continue,
            (None, Some(reference)) => match given(&setting.module, reference) {
                Given::Text(text, place) => (Origin::Constant, text, Some(place)),
                Given::Expression => continue,
                Given::Unknown => {
                    // By its name alone.
                    let path = setting.path.clone();
                    let key = Path(path.clone()).to_string();
                    if name::promise(&key) == Some(name::Promise::Password) || is_kept(&key) {
                        let place = Some(Place::new(plan.source, setting.span));
                        let (class, text, origin) = (Class::Named, String::new(), Origin::Unknown);
                        let held = Held { path, key, class, text, origin, place };
                        found.entry(setting.provider).or_default().push(held);
                    }
                    continue;
                }
            },
        };
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
            place: given_at.or_else(|| Some(Place::new(plan.source, setting.span))),
        });
    }
    found
}

/// The one `local` that an expression is.
fn local(expression: &Value) -> Option<&str> {
    let references = expression.get("references")?.as_array()?;
    // A plan names `local.a.b` as `local.a`, too, behind it.
    let first = references.first()?.as_str()?;
    let is_part = |other: &Value| other.as_str().is_some_and(|other| first.starts_with(other));
    (first.starts_with("local.") && references.iter().all(is_part)).then_some(first)
}

/// Settings of providers that hold a key or token, and nothing else.
fn is_kept(key: &str) -> bool {
    matches!(key, "access_key" | "api_key" | "api_token" | "client_secret" | "secret_key" | "token")
}
