//! The fact `secret-use`: one Secret that workloads consume, with all of them.
//!
//! Database servers do not count as users: server and client of one database hold the same credential.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::Credential;
use crate::{
    facts::{Fact, Set, Subject, workloads::Workload},
    resource::{credential::name, engine},
};

type Use<'s, 'e> = (&'s Workload<'e>, &'s Credential<'e>);

/// `{secret, name, source, uses: [{consumer, service, key, secret_key}], shared: {key: [service]}}`; `shared` has the
/// keys that several services use, `*` where a service takes them all and the Secret is not in the input. User names,
/// hosts and public keys are no secret to share.
pub(in crate::facts) fn subjects(set: &Set<'_>) -> Vec<Subject> {
    let mut by_secret: BTreeMap<(&str, &str), Vec<Use<'_, '_>>> = BTreeMap::new();
    for (workload, credentials) in set.credentials().iter(set) {
        if is_database(workload) {
            continue;
        }
        for credential in credentials {
            if let Some((name, _)) = &credential.secret {
                by_secret.entry((workload.namespace, name)).or_default().push((workload, credential));
            }
        }
    }
    by_secret.into_iter().filter_map(|((namespace, name), uses)| subject(namespace, name, &uses)).collect()
}

fn subject(namespace: &str, name: &str, uses: &[Use<'_, '_>]) -> Option<Subject> {
    let (_, first) = uses.first()?;
    let id = format!("Secret/{namespace}/{name}");
    let entries = uses.iter().map(|(workload, credential)| {
        let secret_key = credential.secret.as_ref().and_then(|(_, key)| *key);
        let fields = [
            ("consumer", Fact::from(&*workload.resource.id)),
            ("service", Fact::from(&*workload.service)),
            ("key", Fact::from(credential.key.as_str())),
            ("secret_key", Fact::from(secret_key)),
        ];
        Fact::object(fields).at(Some(credential.reference.clone().into()))
    });
    let shared = shared(uses)
        .into_iter()
        .map(|(key, services)| (key, Fact::array(services.into_iter().map(Fact::from))));
    let fact = Fact::object([
        ("secret", Fact::from(id.as_str())),
        ("name", Fact::from(name)),
        ("source", Fact::from(first.source.name())),
        ("uses", Fact::array(entries)),
        ("shared", Fact::object(shared)),
    ]);
    let fact = fact.at(Some(first.reference.clone().into()));
    Some(Subject { resource: id, kind: Arc::from("Secret"), fact })
}

/// Keys that have to be kept and that several services use. Who takes all keys of a Secret takes each.
fn shared<'s>(uses: &[Use<'s, '_>]) -> BTreeMap<&'s str, BTreeSet<&'s str>> {
    let mut services: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (workload, credential) in uses {
        let key = credential.secret.as_ref().and_then(|(_, key)| *key).unwrap_or("*");
        services.entry(key).or_default().insert(&*workload.service);
    }
    let all = services.get("*").cloned().unwrap_or_default();
    for users in services.values_mut() {
        users.extend(&all);
    }
    services.retain(|key, users| users.len() > 1 && !name::is_public_half(key) && !name::is_public_key(key));
    services
}

fn is_database(workload: &Workload<'_>) -> bool {
    let mut images = workload.pod.containers().filter_map(|container| container.str_at(&["image"]));
    images.any(|image| engine::of_image(image).is_some())
}
