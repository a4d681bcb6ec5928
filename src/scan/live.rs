//! Live objects: what of a cluster the rules need, the estate that it makes, and what of a report is about them.

use std::collections::BTreeSet;

use rayon::prelude::*;

use super::{Progress, ScanError, Settings, Stage, mask};
use crate::{
    cluster::{
        self, Reading, Target, Wanted,
        kinds::{FILES, KINDS, Kind, Part, feed_of},
    },
    document::json,
    estate::Estate,
    facts,
    policy::{Evaluation, Policies, metadata::Rule},
    report::Parts,
    resource::kubernetes::Identity,
    source::{Place, SourceId, Sources, listing::Outcome},
};

/// Reads the kinds that the loaded rules need and, of those that any rule may need, the ones that are declared.
pub(super) fn read(
    target: &Target,
    settings: &Settings,
    policies: &Policies,
    declared: Option<&Estate>,
    progress: &Progress<'_>,
) -> Result<Reading, ScanError> {
    let mut wanted = Wanted {
        root_namespace: settings
            .config
            .mesh
            .root_namespace
            .clone()
            .map_or_else(|| facts::MESH_ROOT.to_owned(), |namespace| namespace.to_string()),
        ..Wanted::default()
    };
    for rule in &policies.rules {
        let (kinds, named) = needs(rule);
        wanted.kinds.extend(kinds);
        wanted.named.extend(named);
    }
    if policies.judge_documents() {
        wanted.kinds.extend(KINDS);
    }
    for resource in declared.into_iter().flat_map(|declared| &declared.resources) {
        let (group, kind) = (&*resource.identity.group, &*resource.identity.kind);
        wanted.kinds.extend(KINDS.iter().filter(|known| known.group == group && known.kind == kind));
    }
    if !target.namespaces.is_empty() {
        wanted.kinds.extend(KINDS.iter().filter(|kind| kind.part == Part::Namespace));
    }
    Ok(cluster::read(target, &wanted, &|done| progress(Stage::Read, done))?)
}

/// The estate that was read, with what looks like a credential masked.
pub(super) fn estate(
    reading: Reading,
    target: &Target,
    settings: &Settings,
    policies: &Policies,
) -> Result<Estate, ScanError> {
    let mut sources = Sources::new(reading.sources);
    let ids: Vec<SourceId> = sources.iter().map(|(id, _)| id).collect();
    let parsed: Vec<_> =
        ids.par_iter().map(|id| json::parse(*id, &sources.get(*id).text).documents).collect();
    for (id, documents) in ids.into_iter().zip(&parsed) {
        sources.get_mut(id).documents = documents.len();
    }
    let documents = parsed.into_iter().flatten().collect();
    let mut estate = Estate::live(sources, documents, reading.observed);
    estate.server_version = reading.server_version;
    if let Some(missing) = missing_namespace(target, &estate) {
        let message =
            format!("the cluster has no namespace `{missing}`; `kubectl get namespaces` lists them");
        return Err(cluster::Error::Configuration(message).into());
    }
    estate.config = settings.config.clone();
    mask::credentials(&mut estate);
    if policies.judge_documents() {
        mask::settings(&mut estate);
    }
    Ok(estate)
}

/// A namespace that was asked for and is not there: where Namespaces could be read, a typing error is known.
fn missing_namespace<'t>(target: &'t Target, estate: &Estate) -> Option<&'t str> {
    let listing = estate.sources.listings().find(|listing| listing.kind == "Namespace")?;
    if listing.outcome != Outcome::Read {
        return None;
    }
    let view = estate.view(0);
    let is_there = |name: &&String| view.get(&format!("Namespace/{name}")).is_some();
    target.namespaces.iter().find(|name| !is_there(name)).map(String::as_str)
}

/// Kinds that a rule's subjects are worked out from, and names of kinds that it selects itself.
pub(super) fn needs(rule: &Rule) -> (BTreeSet<Kind>, BTreeSet<String>) {
    let mut kinds: BTreeSet<Kind> = BTreeSet::new();
    let mut named = BTreeSet::new();
    for selector in &rule.selectors {
        match feed_of(&selector.name) {
            Some(feed) => kinds.extend(KINDS.iter().filter(|kind| feed.parts.contains(&kind.part))),
            None if selector.name != "kubernetes" => {}
            None if selector.kinds.is_empty() => kinds.extend(KINDS),
            None => {
                for name in selector.kinds.iter().filter(|name| !FILES.contains(&name.as_str())) {
                    // Selected by its name, a kind is meant whatever its group.
                    named.insert(name.clone());
                    kinds.extend(KINDS.iter().filter(|kind| kind.kind == name));
                }
            }
        }
    }
    // A Pod alone does not say who runs it.
    if kinds.iter().any(|kind| kind.kind == "Pod") {
        kinds.extend(KINDS.iter().filter(|kind| kind.part == Part::Workload));
    }
    (kinds, named)
}

/// Whether an object lies in a namespace that is asked for, or is one.
pub(super) fn is_inside(target: &Target, identity: &Identity) -> bool {
    let named = |name: &str| target.namespaces.iter().any(|namespace| namespace == name);
    target.namespaces.is_empty()
        || identity
            .namespace
            .as_deref()
            .map_or_else(|| &*identity.kind == "Namespace" && named(&identity.name), named)
}

/// With `--namespace`, keeps the results that are about these namespaces, or related to what lies there.
pub(super) fn limit(target: &Target, estate: &Estate, evaluation: &mut Evaluation) {
    if target.namespaces.is_empty() {
        return;
    }
    let view = estate.view(0);
    let inside = |id: &str| {
        let named = |name: &str| target.namespaces.iter().any(|namespace| namespace == name);
        match view.get(id) {
            Some(resource) => is_inside(target, &resource.identity),
            // A datastore or topic lies where its server does.
            None => id.split(['/', ':']).any(named),
        }
    };
    evaluation.findings.retain(|finding| {
        let related = finding.related.iter().filter_map(|related| related.resource.as_deref());
        related.chain([finding.resource.as_str()]).any(inside)
    });
    for result in &mut evaluation.not_assessed {
        let are_lists = result.resources.iter().all(|resource| !resource.contains('/'));
        if !are_lists {
            result.resources.retain(|resource| inside(resource));
        }
    }
    evaluation.not_assessed.retain(|result| !result.resources.is_empty());
}

/// A live object has no place that anybody can look at: it is named by its id.
pub(super) fn forget_places(estate: &Estate, parts: &mut Parts) {
    let forget = |place: &mut Option<Place>| {
        place.take_if(|place| estate.sources.is_live(place));
    };
    for finding in &mut parts.evaluation.findings {
        forget(&mut finding.place);
        finding.related.iter_mut().for_each(|related| forget(&mut related.place));
        finding.fix = None;
    }
    parts.evaluation.not_assessed.iter_mut().for_each(|result| forget(&mut result.place));
}
