//! The fact `identity`: a `ServiceAccount`, with the services that run as it.
//!
//! `{id, namespace, name, platform, services: [{service, workloads}]}`, or `"unknown"` for `services` where a workload
//! does not say as whom it runs; versions of one service count once, and what runs to its end does not count. Each workload
//! stands at what says as whom it runs.

use std::collections::BTreeMap;

use crate::{
    document::NodeRef,
    facts::{Fact, Origin, Set, Subject, places, workloads::Workload},
    resource::kubernetes::UNKNOWN,
    source::Place,
};

/// One subject for each `ServiceAccount` that workloads run as.
pub(in crate::facts) fn identities(set: &Set<'_>) -> Vec<Subject> {
    let mut users: BTreeMap<(&str, &str), Vec<&Workload<'_>>> = BTreeMap::new();
    for (_, workload) in set.workloads().iter().filter(|(_, workload)| !workload.pod.ends) {
        users.entry((workload.namespace, workload.service_account)).or_default().push(workload);
    }
    users.into_iter().map(|((namespace, name), users)| identity(set, namespace, name, &users)).collect()
}

fn identity(set: &Set<'_>, namespace: &str, name: &str, users: &[&Workload<'_>]) -> Subject {
    let mut services: BTreeMap<&str, BTreeMap<&str, Place>> = BTreeMap::new();
    for workload in users {
        services.entry(&workload.service).or_default().insert(&workload.resource.id, named(workload));
    }
    let services = services.into_iter().map(|(service, workloads)| {
        let workloads =
            workloads.into_iter().map(|(id, place)| Fact::from(id).at(Some(Origin::Place(place))));
        Fact::object([("service", Fact::from(service)), ("workloads", Fact::array(workloads))])
    });
    let is_known = namespace != UNKNOWN && users.iter().all(|workload| !is_unreadable(workload));
    let services = if is_known { Fact::array(services) } else { Fact::unknown() };
    let id = format!("ServiceAccount/{namespace}/{name}");
    let account = set.view.get(&id);
    let own = first_of_set(users.iter().copied());
    // What all sets share says nothing about one of them: what makes the difference stands in the set.
    let place = match (account, own) {
        (Some(account), _) if account.homes.is_some() => Some(places::name(set.view.estate.node(account))),
        (_, Some(workload)) => Some(named(workload)),
        (Some(account), None) => Some(places::name(set.view.estate.node(account))),
        (None, None) => users.first().map(|workload| named(workload)),
    };
    let fact = Fact::object([
        ("id", Fact::from(id.as_str())),
        ("namespace", Fact::from(namespace)),
        ("name", Fact::from(name)),
        ("platform", Fact::from(set.mesh().is_platform(namespace))),
        ("services", services),
    ]);
    Subject { resource: id, kind: "ServiceAccount".into(), fact: fact.at(place.map(Into::into)) }
}

/// The first of some workloads, in the order of their places, that is of the set alone; `None` where all of them are
/// seen by every set.
pub(super) fn first_of_set<'w, 'e: 'w>(
    workloads: impl Iterator<Item = &'w Workload<'e>>,
) -> Option<&'w Workload<'e>> {
    let own = workloads.filter(|workload| workload.resource.homes.is_some());
    own.min_by_key(|workload| places::name(workload.node))
}

fn written<'e>(workload: &Workload<'e>) -> Option<NodeRef<'e>> {
    workload.pod.field("serviceAccountName").filter(|node| !node.is_null())
}

fn is_unreadable(workload: &Workload<'_>) -> bool {
    written(workload).is_some_and(|node| node.as_str().is_none())
}

fn named(workload: &Workload<'_>) -> Place {
    written(workload).map_or_else(|| places::name(workload.node), |node| places::value(node.place(), node))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        document::yaml,
        estate::Estate,
        facts::{Value, mesh::namespaces},
        source::{Source, Sources, Status},
    };

    fn estate(files: &[(&str, &str)]) -> Estate {
        let source = |(file, text): &(&str, &str)| Source::new(*file, *text, None, Status::Read);
        let sources = Sources::new(files.iter().map(source).collect());
        let documents =
            sources.iter().flat_map(|(id, source)| yaml::parse(id, &source.text).documents).collect();
        Estate::new(sources, documents, Vec::new(), "shop")
    }

    fn workload(name: &str, image: &str) -> String {
        format!(
            "{{apiVersion: apps/v1, kind: Deployment, metadata: {{name: {name}}}, spec: {{template: {{spec: {{containers: [{{name: a, image: {image}}}]}}}}}}}}\n---\n"
        )
    }

    /// File of the only subject in each set, and those of the workloads within.
    fn files(estate: &Estate, subjects: fn(&Set<'_>) -> Vec<Subject>) -> Vec<(String, Vec<String>)> {
        let file = |origin: Option<&Origin>| {
            let place = origin.and_then(|origin| origin.place(estate)).expect("it stands somewhere");
            estate.sources.get(place.source).file.to_string()
        };
        let of_set = |set: usize| {
            let subjects = subjects(&Set::new(estate.view(set)));
            let [subject] = subjects.as_slice() else { panic!("{} subjects", subjects.len()) };
            let mut within = Vec::new();
            if let Some(Value::Array(services)) = subject.fact.get("services").map(|field| &field.value) {
                for service in services {
                    let Some(Value::Array(workloads)) = service.get("workloads").map(|field| &field.value)
                    else {
                        panic!("a service has workloads");
                    };
                    within.extend(workloads.iter().map(|workload| file(workload.origin.as_ref())));
                }
            }
            (file(subject.fact.origin.as_ref()), within)
        };
        (0..estate.sets.len()).map(of_set).collect()
    }

    #[test]
    fn what_sets_share_is_no_place_for_what_holds_in_one_of_them() {
        let account = "{apiVersion: v1, kind: ServiceAccount, metadata: {name: default}}\n---\n";
        let texts = [workload("agent", "agent"), workload("web", "one"), workload("web", "two")];
        let [all, one, two] = &texts;
        let all = format!("{account}{all}");
        let estate = estate(&[("all.yaml", &all), ("one/web.yaml", one), ("two/web.yaml", two)]);
        let of = |file: &str| (file.to_owned(), vec!["all.yaml".to_owned(), file.to_owned()]);
        assert_eq!(files(&estate, identities), [of("one/web.yaml"), of("two/web.yaml")]);
        let of = |file: &str| (file.to_owned(), Vec::new());
        assert_eq!(files(&estate, namespaces), [of("one/web.yaml"), of("two/web.yaml")]);
    }

    #[test]
    fn an_account_that_is_declared_is_the_place_where_there_is_one_set() {
        let account = "{apiVersion: v1, kind: ServiceAccount, metadata: {name: default}}\n---\n";
        let estate = estate(&[("account.yaml", account), ("web.yaml", &workload("web", "one"))]);
        assert_eq!(files(&estate, identities)[0].0, "account.yaml");
    }
}
