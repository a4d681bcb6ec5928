//! Lists: each kind page by page, a few kinds at once, and what became of each.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

use serde::Deserialize;
use serde_json::value::RawValue;
use sha2::{Digest as _, Sha256};
use tokio::task::JoinSet;

use super::{
    Reading, Target, Wanted,
    client::{Client, Refusal},
    controllers::{Collected, fold},
    discovery::{Discovery, Served},
    kinds::MEASUREMENTS,
    redact,
};
use crate::source::{Listing, Problem, Source, Status, listing::Outcome};

/// Objects of one answer, as `kubectl` asks for them.
const PAGE: usize = 500;

/// Kinds that are read at once: an API server is shared by all.
const AT_ONCE: usize = 3;

/// How often a list that expired is begun anew.
const RESTARTS: usize = 2;

/// One kind to be listed, or why it cannot be.
struct Task {
    listing: Listing,
    served: Result<Served, Option<String>>,
}

/// What became of one kind.
struct Listed {
    listing: Listing,
    served: Option<Served>,
    collected: Collected,
    reason: Option<String>,
}

#[derive(Deserialize)]
struct Page<'t> {
    #[serde(default)]
    metadata: PageMetadata,
    #[serde(borrow)]
    items: Option<Vec<&'t RawValue>>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
pub(super) struct PageMetadata {
    #[serde(default)]
    resource_version: Option<String>,
    /// Asks for the page after it; absent, or empty, on the last one.
    #[serde(default, rename = "continue")]
    pub(super) token: Option<String>,
}

/// Reads all that is wanted. Where nothing can be discovered, one failed source says why.
pub(super) async fn everything(
    client: Client,
    target: &Target,
    wanted: &Wanted,
    progress: &(dyn Fn(usize) + Sync),
) -> Reading {
    let version = |bytes: &[u8]| serde_json::from_slice::<Version>(bytes).ok();
    let server_version = client.get("/version", "application/json", version).await;
    let is_wanted =
        |group: &str| !wanted.named.is_empty() || wanted.kinds.iter().any(|kind| kind.group == group);
    let discovery = match server_version.clone() {
        // Who is not known, or reaches nobody, need not ask for more; the version alone may be kept from anybody.
        Err(refusal @ (Refusal::Unauthorized | Refusal::Failed(_))) => Err(refusal),
        _ => Discovery::new(&client, is_wanted).await,
    };
    let server_version = server_version.ok().map(|version| version.git_version);
    let discovery = match discovery {
        Ok(discovery) => discovery,
        Err(refusal) => {
            let problem = Problem { place: None, message: refusal.message() };
            let sources = vec![unread(Status::Failed(vec![problem]), Listing::of_everything())];
            return Reading { sources, server_version, ..Reading::default() };
        }
    };
    let (client, scope) = (Arc::new(client), Arc::new(Scope::new(target, wanted)));
    let mut tasks: VecDeque<Task> = tasks(&discovery, wanted).into();
    let mut running = JoinSet::new();
    let mut listed = Vec::new();
    loop {
        while running.len() < AT_ONCE
            && let Some(task) = tasks.pop_front()
        {
            running.spawn(list(Arc::clone(&client), task, Arc::clone(&scope)));
        }
        match running.join_next().await {
            None => break,
            Some(Ok(one)) => {
                progress(1);
                listed.push(one);
            }
            // No task is cancelled, and a panic is ours to fail on.
            Some(Err(error)) => std::panic::resume_unwind(error.into_panic()),
        }
    }
    Reading { server_version, ..reading(listed) }
}

#[derive(Deserialize, Clone)]
#[serde(rename_all = "camelCase")]
struct Version {
    git_version: String,
}

/// Namespaces to fall back to.
struct Scope {
    namespaces: Vec<String>,
    root: String,
}

impl Scope {
    fn new(target: &Target, wanted: &Wanted) -> Self {
        let mut namespaces = target.namespaces.clone();
        namespaces.sort();
        namespaces.dedup();
        Self { namespaces, root: wanted.root_namespace.clone() }
    }

    /// Namespaces that a kind is read in: policies and settings of the whole mesh lie in its root namespace.
    fn of(&self, served: &Served) -> Vec<String> {
        let is_meshed =
            served.group.ends_with(".istio.io") || served.group.is_empty() && served.kind == "ConfigMap";
        let root = is_meshed.then(|| self.root.clone()).filter(|root| !root.is_empty());
        let mut namespaces: Vec<String> = self.namespaces.iter().cloned().chain(root).collect();
        namespaces.sort();
        namespaces.dedup();
        namespaces
    }
}

/// Secrets are in no task, whoever asks for them.
fn tasks(discovery: &Discovery, wanted: &Wanted) -> Vec<Task> {
    let mut found: BTreeMap<(String, String), Task> = BTreeMap::new();
    let mut add = |task: Task| {
        let key = (task.listing.group.clone(), task.listing.kind.clone());
        found.entry(key).or_insert(task);
    };
    for kind in &wanted.kinds {
        add(match discovery.get(kind.group, kind.kind) {
            Some(served) => Task { listing: listing(served), served: Ok(served.clone()) },
            None => Task {
                listing: absent(kind.group, kind.kind, kind.resource),
                served: Err(discovery.unknown.get(kind.group).cloned()),
            },
        });
    }
    for name in wanted.named.iter().filter(|name| !wanted.kinds.iter().any(|kind| kind.kind == **name)) {
        let mut served = discovery.named(name).filter(|served| !served.is_secret()).peekable();
        if served.peek().is_none() && name != "Secret" {
            let mut unknown = discovery.unknown.iter();
            let reason = unknown.find(|(group, _)| !MEASUREMENTS.contains(&group.as_str()));
            let reason = reason.map(|(group, reason)| format!("it may be of `{group}`, and {reason}"));
            add(Task { listing: absent("", name, &name.to_lowercase()), served: Err(reason) });
        }
        served.for_each(|served| add(Task { listing: listing(served), served: Ok(served.clone()) }));
    }
    found.into_values().collect()
}

fn listing(served: &Served) -> Listing {
    Listing {
        version: served.version.clone(),
        outcome: Outcome::Read,
        ..absent(&served.group, &served.kind, &served.resource)
    }
}

fn absent(group: &str, kind: &str, resource: &str) -> Listing {
    Listing::absent(group.to_owned(), kind.to_owned(), resource.to_owned())
}

async fn list(client: Arc<Client>, task: Task, scope: Arc<Scope>) -> Listed {
    let Task { mut listing, served } = task;
    let served = match served {
        Ok(served) => served,
        Err(reason) => {
            if reason.is_some() {
                listing.outcome = Outcome::Failed;
            }
            return Listed { listing, served: None, collected: Collected::default(), reason };
        }
    };
    let mut collected = Collected::default();
    let mut outcome = pages(&client, &served, None, &mut listing, &mut collected).await;
    let of_namespaces = scope.of(&served);
    if outcome == Err(Refusal::Forbidden) && !scope.namespaces.is_empty() {
        if served.namespaced {
            outcome = Ok(());
            for namespace in of_namespaces {
                let read = pages(&client, &served, Some(&namespace), &mut listing, &mut collected).await;
                let is_asked = scope.namespaces.contains(&namespace);
                // Where a mesh is, its policies in the same namespace are refused too, and leave open what it decides.
                if read == Err(Refusal::Forbidden) && !is_asked && served.group.is_empty() {
                    continue;
                }
                outcome = outcome.and(read);
                listing.namespaces.push(namespace);
            }
        } else if served.group.is_empty() && served.kind == "Namespace" {
            outcome = namespaces(&client, &served, &scope, &mut listing, &mut collected).await;
        }
    }
    let reason = outcome.err().map(|refusal| {
        listing.outcome = match refusal {
            Refusal::Forbidden => Outcome::Forbidden,
            Refusal::NotFound => Outcome::Absent,
            _ => Outcome::Failed,
        };
        // A part of a list would be taken for all of it.
        collected.clear();
        refusal.message()
    });
    Listed { listing, served: Some(served), collected, reason }
}

/// Each Namespace on its own, which those who have rights in it only may read.
async fn namespaces(
    client: &Client,
    served: &Served,
    scope: &Scope,
    listing: &mut Listing,
    collected: &mut Collected,
) -> Result<(), Refusal> {
    for name in &scope.namespaces {
        let path = format!("{}/{name}", served.path(None));
        let decode = |bytes: &[u8]| redact::item(std::str::from_utf8(bytes).ok()?, served).ok();
        match client.get(&path, "application/json", decode).await {
            Ok(item) => item.into_iter().for_each(|item| collected.add(item)),
            Err(Refusal::NotFound) => {}
            Err(refusal) => return Err(refusal),
        }
        listing.pages += 1;
        listing.namespaces.push(name.clone());
    }
    Ok(())
}

/// All pages of a list; one that expires is begun anew.
async fn pages(
    client: &Client,
    served: &Served,
    namespace: Option<&str>,
    listing: &mut Listing,
    collected: &mut Collected,
) -> Result<(), Refusal> {
    let path = served.path(namespace);
    let mut begun = 0;
    'list: loop {
        let mut read = Collected::default();
        let (mut token, mut resource_version): (Option<String>, Option<String>) = (None, None);
        loop {
            let query = format!("{path}?{}", page_query(token.as_deref()));
            let decode = |bytes: &[u8]| page(bytes, served);
            let (items, metadata) = match client.get(&query, "application/json", decode).await {
                Err(Refusal::Gone) if begun < RESTARTS => {
                    begun += 1;
                    listing.restarts += 1;
                    continue 'list;
                }
                answer => answer?,
            };
            listing.pages += 1;
            resource_version = resource_version.or(metadata.resource_version);
            items.into_iter().for_each(|item| read.add(item));
            token = metadata.token.filter(|token| !token.is_empty());
            if token.is_none() {
                break;
            }
        }
        listing.resource_version = resource_version.filter(|version| !version.is_empty());
        collected.absorb(read);
        return Ok(());
    }
}

fn page(bytes: &[u8], served: &Served) -> Option<(Vec<redact::Item>, PageMetadata)> {
    let page: Page<'_> = serde_json::from_slice(bytes).ok()?;
    let items = page.items.unwrap_or_default();
    let items = items.into_iter().map(|raw| redact::item(raw.get(), served));
    let items = items.collect::<Result<Vec<_>, ()>>().ok()?;
    Some((items.into_iter().flatten().collect(), page.metadata))
}

/// What asks for a page of a list: the first, or the one after another that gave this token.
pub(super) fn page_query(token: Option<&str>) -> String {
    let Some(token) = token else { return format!("limit={PAGE}") };
    let token: String = form_urlencoded::byte_serialize(token.as_bytes()).collect();
    format!("limit={PAGE}&continue={token}")
}

fn reading(listed: Vec<Listed>) -> Reading {
    let mut sources = Vec::new();
    let mut kinds = Vec::new();
    for Listed { listing, served, collected, reason } in listed {
        match (served, listing.outcome) {
            (Some(served), Outcome::Read) => kinds.push((listing, (served, collected))),
            (_, Outcome::Absent) => {
                let reason = "the cluster does not serve it".to_owned();
                sources.push(unread(Status::Ignored(reason), listing));
            }
            _ => {
                let problem = Problem { place: None, message: reason.unwrap_or_default() };
                sources.push(unread(Status::Failed(vec![problem]), listing));
            }
        }
    }
    kinds.sort_by(|(a, _), (b, _)| a.cmp(b));
    let (listings, mut kinds): (Vec<Listing>, Vec<_>) = kinds.into_iter().unzip();
    let observed = fold(&mut kinds);
    for (mut listing, (_, collected)) in listings.into_iter().zip(kinds) {
        listing.objects = collected.items.len();
        let mut text = String::with_capacity(collected.items.iter().map(|item| item.text.len() + 1).sum());
        for item in collected.items {
            text.push_str(&item.text);
            text.push('\n');
        }
        let digest = Sha256::digest(text.as_bytes()).into();
        let mut source = Source::new(source_name(&listing), text, Some(digest), Status::Read);
        source.live = Some(Box::new(listing));
        sources.push(source);
    }
    Reading { sources, observed, server_version: None }
}

fn unread(status: Status, listing: Listing) -> Source {
    let mut source = Source::new(source_name(&listing), "", None, status);
    source.live = Some(Box::new(listing));
    source
}

/// Sources are named so that no file can have their name.
fn source_name(listing: &Listing) -> String {
    if listing.is_of_everything() { "cluster".to_owned() } else { format!("cluster:{}", listing.name()) }
}
