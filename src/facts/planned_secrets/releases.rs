//! Credentials in what a plan tells charts: in the YAML of `values`, and in what is set one by one.

use super::Held;
use crate::{
    config::Secrets,
    document::Step,
    resource::{
        credential::{self, Class},
        terraform::{
            Plan, PlannedResource,
            origins::Origins,
            releases::{Release, SET},
        },
    },
    source::Place,
};

/// What the provider tells of a release that is installed: it repeats the values.
const TOLD: [&str; 2] = ["manifest", "metadata"];

/// Whether an attribute is looked through here.
pub(super) fn judges(resource: &PlannedResource, attribute: &str) -> bool {
    &*resource.kind == "helm_release"
        && (attribute == "values" || SET.contains(&attribute) || TOLD.contains(&attribute))
}

/// Credentials in the values of a release.
pub(super) fn held(
    secrets: &Secrets,
    plan: &Plan,
    resource: &PlannedResource,
    origins: &Origins<'_>,
) -> Vec<Held> {
    let Release { values, set, .. } = resource.release(plan);
    let mut held = Vec::new();
    for (index, document) in &values {
        let root = document.root();
        let attribute = vec![Step::from("values"), Step::from(*index)];
        for found in credential::find_in_settings(root).into_iter().chain(credential::find_own(root, secrets))
        {
            let Some(class) = found.class.filter(|class| *class != Class::Random) else { continue };
            let text = found.values.into_iter().next().unwrap_or_default();
            held.push(Held {
                origin: origins.of_text(resource, &attribute, &text),
                path: attribute.iter().cloned().chain(found.path).collect(),
                key: found.key,
                class,
                text,
                place: Some(Place::new(plan.source, found.shown)),
            });
        }
    }
    for given in set {
        let class = credential::of_setting(&given.name, &given.text).filter(|class| *class != Class::Random);
        let class = class.or_else(|| secrets.tokens_in(&given.text).first().map(|(own, _)| Class::Own(*own)));
        let Some(class) = class else { continue };
        held.push(Held {
            origin: origins.of_entry(resource, given.field, &given.name, &given.text),
            path: given.path,
            key: given.name,
            class,
            text: given.text,
            place: None,
        });
    }
    held
}
