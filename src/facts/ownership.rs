//! What `probity.yaml` declares of services and datastores, against what the estate holds: a name that means nothing is
//! most often a slip, and one that means two things decides nothing.
//!
//! Deliberately absent: what a declared owner changes (see [`super::datastores`]).

use std::collections::BTreeSet;

use super::Set;
use crate::{
    config::{Config, NamePattern},
    estate::Estate,
    spelling::nearest,
};

/// Everything that the settings may mean, of all sets.
#[derive(Default)]
struct Known {
    /// Ids of workloads and of functions.
    workloads: BTreeSet<String>,
    services: BTreeSet<String>,
    datastores: BTreeSet<String>,
}

impl Known {
    fn new(estate: &Estate) -> Self {
        let mut known = Self::default();
        for index in 0..estate.sets.len() {
            let set = Set::new(estate.view(index));
            for (_, workload) in set.workloads().iter() {
                known.workloads.insert(workload.resource.id.to_string());
                known.services.insert(workload.service.to_string());
            }
            let datastores = set.datastores();
            known.workloads.extend(datastores.functions().iter().map(|function| function.id.to_string()));
            known
                .services
                .extend(datastores.accesses().iter().map(|access| access.caller.service.to_string()));
            for (server, _) in datastores.servers.iter() {
                let databases = datastores.databases(server).into_iter();
                known.datastores.extend(databases.map(|database| datastores.id(server, &database)));
            }
        }
        known
    }
}

/// Lines for people, each with the line of the configuration: settings that are about nothing, and those of which only
/// the first counts.
pub fn notices(estate: &Estate) -> Vec<String> {
    let config = &estate.config;
    if config.services.is_empty() && config.datastores.is_empty() {
        return Vec::new();
    }
    let known = Known::new(estate);
    let mut notices = Vec::new();
    for (name, service) in &config.services {
        for (patterns, ids, what) in [
            (&service.workloads, &known.workloads, "workload"),
            (&service.datastores, &known.datastores, "datastore"),
        ] {
            for pattern in patterns {
                if !ids.iter().any(|id| pattern.value.matches(id)) {
                    let text = format!("service `{name}` names {what} `{}`", pattern.value.as_str());
                    notices.push(missing(config, pattern.line, &text, pattern.value.as_str(), ids));
                }
            }
        }
    }
    let services: BTreeSet<String> = known.services.iter().chain(config.services.keys()).cloned().collect();
    for (id, settings) in &config.datastores {
        let is_there = known.datastores.contains(id)
            || known.datastores.iter().any(|datastore| config.is_about(id, datastore));
        if !is_there {
            let text = format!("`datastores` names `{id}`");
            notices.push(missing(config, settings.line, &text, id, &known.datastores));
        }
        if let Some(owner) = settings.value.owner.as_ref().filter(|owner| !services.contains(&*owner.value)) {
            let text = format!("`{id}` belongs to service `{}`", &*owner.value);
            notices.push(missing(config, owner.line, &text, &owner.value, &services));
        }
    }
    let listed = known.workloads.iter().map(|id| ("workload", id, config.services_of(id)));
    let owned = known.datastores.iter().map(|id| ("datastore", id, config.owners_of(id)));
    for (what, id, services) in listed.chain(owned).filter(|(.., services)| services.len() > 1) {
        notices.push(format!(
            "{}: {what} `{id}` is listed by services `{}`: the first counts",
            config.file,
            services.join("`, `"),
        ));
    }
    notices
}

fn missing(config: &Config, line: usize, text: &str, name: &str, known: &BTreeSet<String>) -> String {
    let meant = match meant(name, known) {
        Some(meant) => format!("; did you mean `{meant}`?"),
        None => "; `probity facts` lists what there is".to_owned(),
    };
    format!("{}: {text}, which is not in the estate{meant}", config.source(line))
}

/// The name that is most like one; a part of one, or a glob that does not go far enough.
fn meant(name: &str, known: &BTreeSet<String>) -> Option<String> {
    let wider = name.replace("**", "*").replace('*', "**");
    let is_met = |glob: &NamePattern| known.iter().any(|id| glob.matches(id));
    if name.contains('*') && NamePattern::try_from(wider.clone()).is_ok_and(|glob| is_met(&glob)) {
        return Some(wider);
    }
    let all = || known.iter().map(String::as_str);
    let part = || all().find(|id| id.contains(name) || name.contains(id));
    let last = |id: &'_ str| id.rsplit('/').next().map(ToOwned::to_owned).unwrap_or_default();
    let by_last = || {
        let names: BTreeSet<String> = all().map(last).collect();
        let nearest = nearest(&last(name), names.iter().map(String::as_str))?.to_owned();
        all().find(|id| last(id) == nearest)
    };
    nearest(name, all()).or_else(part).or_else(by_last).map(ToOwned::to_owned)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{
        document::yaml,
        source::{Source, Sources, Status},
    };

    const SHOP: &str = "{apiVersion: apps/v1, kind: Deployment, metadata: {name: orders}, spec: {template: {metadata: {labels: {app: orders}}, spec: {containers: [{name: a, image: o, env: [{name: DATABASE_URL, value: 'postgres://o@db.example.com/orders'}]}]}}}}";

    fn told(text: &str) -> Vec<String> {
        let sources = Sources::new(vec![Source::new("a.yaml", SHOP, None, Status::Read)]);
        let documents = sources.iter().flat_map(|(id, source)| yaml::parse(id, &source.text).documents);
        let documents = documents.collect();
        let mut estate = Estate::new(sources, documents, Vec::new(), "shop");
        estate.config = Config::parse("probity.yaml", &Arc::from(text)).expect("a configuration");
        notices(&estate)
    }

    #[test]
    fn settings_about_nothing_are_told_with_what_was_meant() {
        for (text, expected) in [
            (
                "services: {ordering: {workloads: [Deployment/shop/orders], datastores: ['postgresql:db.example.com/*']}}",
                &[][..],
            ),
            (
                "services:\n  ordering: {workloads: [Deployment/shop/order]}",
                &[
                    "probity.yaml:2: service `ordering` names workload `Deployment/shop/order`, which is not in the estate; did you mean `Deployment/shop/orders`?",
                ],
            ),
            (
                "datastores:\n  postgresql:db.example.com/order: {shared-by-design: reports}",
                &[
                    "probity.yaml:2: `datastores` names `postgresql:db.example.com/order`, which is not in the estate; did you mean `postgresql:db.example.com/orders`?",
                ],
            ),
            ("datastores: {'postgresql:db.example.com/*': {owner: shop/orders}}", &[]),
            (
                "datastores:\n  postgresql:db.example.com/orders:\n    owner: shop/order",
                &[
                    "probity.yaml:3: `postgresql:db.example.com/orders` belongs to service `shop/order`, which is not in the estate; did you mean `shop/orders`?",
                ],
            ),
            (
                "datastores:\n  'postgresql:*': {owner: orders}",
                &[
                    "probity.yaml:2: `datastores` names `postgresql:*`, which is not in the estate; did you mean `postgresql:db.example.com/orders`?",
                    "probity.yaml:2: `postgresql:*` belongs to service `orders`, which is not in the estate; did you mean `shop/orders`?",
                ],
            ),
            (
                "services: {a: {workloads: [Deployment/shop/*]}, b: {workloads: [Deployment/shop/orders]}}",
                &[
                    "probity.yaml: workload `Deployment/shop/orders` is listed by services `a`, `b`: the first counts",
                ],
            ),
        ] {
            assert_eq!(told(text), expected, "{text}");
        }
    }
}
