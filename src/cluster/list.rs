//! Lists: each kind page by page, a few kinds at once, and what became of each.

use std::{
    borrow::Cow,
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use tokio::task::JoinSet;

use super::{
    Reading, Target, Wanted,
    client::{Client, Refusal},
    controllers::{Collected, fold},
    discovery::{Discovery, Served},
    kinds::MEASUREMENTS,
    reading::{read, unread},
    redact,
    shard::Shard,
};
use crate::source::{Listing, listing::Outcome};

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
    /// `Status` where an answer is none, whatever its code.
    #[serde(borrow, default)]
    kind: Option<Cow<'t, str>>,
    #[serde(default)]
    metadata: PageMetadata,
    #[serde(borrow, deserialize_with = "nullable")]
    items: Vec<&'t RawValue>,
}

/// A list that must be there, where Go writes `null` for an empty one.
pub(super) fn nullable<'d, T: Deserialize<'d>, D: Deserializer<'d>>(from: D) -> Result<Vec<T>, D::Error> {
    Ok(Option::deserialize(from)?.unwrap_or_default())
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
            let sources = vec![unread(Listing::of_everything(), refusal.message())];
            return Reading { sources, server_version, ..Reading::default() };
        }
    };
    let reader = Arc::new(Reader { client, shard: target.shard });
    let scope = Arc::new(Scope::new(target, wanted));
    let mut tasks: VecDeque<Task> = tasks(&discovery, wanted).into();
    let mut running = JoinSet::new();
    let mut listed = Vec::new();
    loop {
        while running.len() < AT_ONCE
            && let Some(task) = tasks.pop_front()
        {
            running.spawn(list(Arc::clone(&reader), task, Arc::clone(&scope)));
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

/// Who asks, and what of the answers is kept: a shard asks for the same lists as a whole run, so that each knows what was
/// read and what was not.
struct Reader {
    client: Client,
    shard: Option<Shard>,
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
                served: Err(discovery.unserved(kind.group)),
            },
        });
    }
    // Of whatever group, beside the kinds above of the same name.
    for name in &wanted.named {
        let mut served = discovery.named(name).filter(|served| !served.is_secret()).peekable();
        let is_told = wanted.kinds.iter().any(|kind| kind.kind == name);
        if served.peek().is_none() && name != "Secret" && !is_told {
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

async fn list(reader: Arc<Reader>, task: Task, scope: Arc<Scope>) -> Listed {
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
    let mut outcome = pages(&reader, &served, None, &mut listing, &mut collected).await;
    let of_namespaces = scope.of(&served);
    if outcome == Err(Refusal::Forbidden) && !scope.namespaces.is_empty() {
        if served.namespaced {
            outcome = Ok(());
            for namespace in of_namespaces {
                let read = pages(&reader, &served, Some(&namespace), &mut listing, &mut collected).await;
                let is_asked = scope.namespaces.contains(&namespace);
                // Where a mesh is, its policies in the same namespace are refused too, and leave open what it decides.
                if read == Err(Refusal::Forbidden) && !is_asked && served.group.is_empty() {
                    continue;
                }
                outcome = outcome.and(read);
                listing.namespaces.push(namespace);
            }
        } else if served.is_namespace() {
            outcome = namespaces(&reader, &served, &scope, &mut listing, &mut collected).await;
        }
    }
    let reason = outcome.err().map(|refusal| {
        listing.outcome = match refusal {
            Refusal::Forbidden => Outcome::Forbidden,
            // Discovery names the kind: who does not know it now is not who answered then.
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
    reader: &Reader,
    served: &Served,
    scope: &Scope,
    listing: &mut Listing,
    collected: &mut Collected,
) -> Result<(), Refusal> {
    for name in &scope.namespaces {
        let path = format!("{}/{name}", served.path(None));
        let decode = |bytes: &[u8]| redact::item(std::str::from_utf8(bytes).ok()?, served).ok();
        let is_kept = reader.shard.is_none_or(|shard| shard.holds(None));
        match reader.client.get(&path, "application/json", decode).await {
            Ok(item) => item.into_iter().filter(|_| is_kept).for_each(|item| collected.add(item)),
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
    reader: &Reader,
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
            let decode = |bytes: &[u8]| page(bytes, served, reader.shard);
            let (kept, metadata) = match reader.client.get(&query, "application/json", decode).await {
                Err(Refusal::Gone) if begun < RESTARTS => {
                    begun += 1;
                    listing.restarts += 1;
                    continue 'list;
                }
                answer => answer?,
            };
            listing.pages += 1;
            resource_version = resource_version.or(metadata.resource_version);
            read.absorb(kept);
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

/// What of an item tells whose it is.
#[derive(Deserialize)]
struct Named<'t> {
    #[serde(borrow)]
    metadata: NamedMetadata<'t>,
}

#[derive(Deserialize)]
struct NamedMetadata<'t> {
    #[serde(borrow, default)]
    namespace: Option<Cow<'t, str>>,
    #[serde(borrow, default)]
    name: Option<Cow<'t, str>>,
    #[serde(borrow, default)]
    uid: Option<Cow<'t, str>>,
}

/// What of a page is kept.
fn page(bytes: &[u8], served: &Served, shard: Option<Shard>) -> Option<(Collected, PageMetadata)> {
    let page: Page<'_> = serde_json::from_slice(bytes).ok()?;
    if page.kind.as_deref() == Some("Status") {
        return None;
    }
    let mut kept = Collected::default();
    for raw in page.items {
        if let Some(shard) = shard {
            let Named { metadata } = serde_json::from_str(raw.get()).ok()?;
            if served.is_namespace() && metadata.name.as_deref() == Some("kube-system") {
                kept.cluster = metadata.uid.map(Cow::into_owned);
            }
            if !shard.holds(metadata.namespace.as_deref()) {
                continue;
            }
        }
        redact::item(raw.get(), served).ok()?.into_iter().for_each(|item| kept.add(item));
    }
    Some((kept, page.metadata))
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
    let mut cluster = None;
    for Listed { listing, served, collected, reason } in listed {
        cluster = cluster.or_else(|| collected.cluster.clone());
        match (served, listing.outcome) {
            (Some(served), Outcome::Read) => kinds.push((listing, (served, collected))),
            _ => sources.push(unread(listing, reason.unwrap_or_default())),
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
        sources.push(read(listing, text));
    }
    Reading { sources, observed, server_version: None, cluster }
}
