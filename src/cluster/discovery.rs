//! Discovery: which kinds the server serves, under which version and name, and which groups it cannot tell about.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::client::{Client, Refusal};

/// A kind that can be listed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Served {
    pub(super) group: String,
    pub(super) version: String,
    pub(super) kind: String,
    pub(super) resource: String,
    pub(super) namespaced: bool,
}

/// What the server serves.
#[derive(Debug, Default)]
pub(super) struct Discovery {
    /// By group and kind, each at the version that the server prefers among those that have it.
    served: BTreeMap<(String, String), Served>,
    /// Groups that the server names but cannot tell about, with the reason: an aggregated API is down.
    pub(super) unknown: BTreeMap<String, String>,
}

/// All groups at once (Kubernetes 1.26 and later); older servers answer in the plain form.
const AGGREGATED: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,\
                          application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,\
                          application/json";

const PLAIN: &str = "application/json";

#[derive(Deserialize)]
#[serde(tag = "kind")]
enum Root {
    #[serde(rename = "APIGroupDiscoveryList")]
    Aggregated { items: Vec<Group> },
    #[serde(rename = "APIGroupList")]
    Groups { groups: Vec<PlainGroup> },
    /// Of the core group.
    #[serde(rename = "APIVersions")]
    Versions,
}

#[derive(Deserialize)]
struct Group {
    #[serde(default)]
    metadata: Named,
    #[serde(default)]
    versions: Vec<Version>,
}

#[derive(Deserialize, Default)]
struct Named {
    #[serde(default)]
    name: String,
}

#[derive(Deserialize)]
struct Version {
    #[serde(rename = "version")]
    name: String,
    #[serde(default)]
    freshness: Option<String>,
    #[serde(default)]
    resources: Vec<Resource>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Resource {
    #[serde(rename = "resource")]
    name: String,
    #[serde(default)]
    response_kind: Option<ResponseKind>,
    scope: String,
    #[serde(default)]
    verbs: Vec<String>,
}

#[derive(Deserialize)]
struct ResponseKind {
    kind: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PlainGroup {
    name: String,
    versions: Vec<PlainVersion>,
    #[serde(default)]
    preferred_version: Option<PlainVersion>,
}

#[derive(Deserialize, Clone)]
struct PlainVersion {
    version: String,
}

#[derive(Deserialize)]
struct PlainResources {
    resources: Vec<PlainResource>,
}

#[derive(Deserialize)]
struct PlainResource {
    name: String,
    kind: String,
    namespaced: bool,
    #[serde(default)]
    verbs: Vec<String>,
}

impl Discovery {
    /// `is_wanted`: groups to ask about where the server tells of one group at a time.
    pub(super) async fn new(client: &Client, is_wanted: impl Fn(&str) -> bool) -> Result<Self, Refusal> {
        let decode = |bytes: &[u8]| serde_json::from_slice::<Root>(bytes).ok();
        let mut discovery = Self::default();
        for path in ["/api", "/apis"] {
            match client.get(path, AGGREGATED, decode).await? {
                Root::Aggregated { items } => {
                    items.into_iter().for_each(|group| discovery.learn(group));
                }
                Root::Versions => discovery.ask(client, "", "v1").await?,
                Root::Groups { groups } => {
                    for group in groups.into_iter().filter(|group| is_wanted(&group.name)) {
                        discovery.ask_group(client, group).await?;
                    }
                }
            }
        }
        Ok(discovery)
    }

    /// The kind of a group.
    pub(super) fn get(&self, group: &str, kind: &str) -> Option<&Served> {
        self.served.get(&(group.to_owned(), kind.to_owned()))
    }

    /// The kinds of a name, whatever their group.
    pub(super) fn named(&self, kind: &str) -> impl Iterator<Item = &Served> {
        self.served.values().filter(move |served| served.kind == kind)
    }

    fn learn(&mut self, group: Group) {
        let name = group.metadata.name;
        for version in group.versions {
            if version.freshness.as_deref() == Some("Stale") {
                self.unknown.insert(name.clone(), STALE.to_owned());
            }
            for resource in version.resources {
                let Some(kind) = resource.response_kind.map(|response| response.kind) else { continue };
                self.add(
                    &resource.verbs,
                    Served {
                        group: name.clone(),
                        version: version.name.clone(),
                        kind,
                        resource: resource.name,
                        namespaced: resource.scope == "Namespaced",
                    },
                );
            }
        }
    }

    /// The versions of a group, the preferred one first. One that cannot be told about leaves the group unknown.
    async fn ask_group(&mut self, client: &Client, group: PlainGroup) -> Result<(), Refusal> {
        let preferred = group.preferred_version.into_iter().map(|preferred| preferred.version);
        let mut asked = BTreeSet::new();
        for version in preferred.chain(group.versions.into_iter().map(|version| version.version)) {
            if !asked.insert(version.clone()) {
                continue;
            }
            match self.ask(client, &group.name, &version).await {
                Ok(()) => {}
                Err(Refusal::Unauthorized) => return Err(Refusal::Unauthorized),
                Err(refusal) => {
                    let reason =
                        format!("the server cannot tell what it serves of it: {}", refusal.message());
                    self.unknown.insert(group.name.clone(), reason);
                }
            }
        }
        Ok(())
    }

    async fn ask(&mut self, client: &Client, group: &str, version: &str) -> Result<(), Refusal> {
        let path = format!("{}/{version}", root(group));
        let decode = |bytes: &[u8]| serde_json::from_slice::<PlainResources>(bytes).ok();
        let found = client.get(&path, PLAIN, decode).await?;
        for resource in found.resources.into_iter().filter(|resource| !resource.name.contains('/')) {
            self.add(
                &resource.verbs,
                Served {
                    group: group.to_owned(),
                    version: version.to_owned(),
                    kind: resource.kind,
                    resource: resource.name,
                    namespaced: resource.namespaced,
                },
            );
        }
        Ok(())
    }

    /// The first version wins: it is the preferred one.
    fn add(&mut self, verbs: &[String], served: Served) {
        if verbs.iter().any(|verb| verb == "list") {
            self.served.entry((served.group.clone(), served.kind.clone())).or_insert(served);
        }
    }
}

const STALE: &str = "the server cannot tell what it serves of it now: the API service behind it is down";

/// Where the addresses of a group begin.
fn root(group: &str) -> String {
    if group.is_empty() { "/api".to_owned() } else { format!("/apis/{group}") }
}

impl Served {
    /// Address of the list, of one namespace or of all.
    pub(super) fn path(&self, namespace: Option<&str>) -> String {
        let root = format!("{}/{}", root(&self.group), self.version);
        match namespace {
            Some(namespace) => format!("{root}/namespaces/{namespace}/{}", self.resource),
            None => format!("{root}/{}", self.resource),
        }
    }

    pub(super) fn api_version(&self) -> String {
        if self.group.is_empty() { self.version.clone() } else { format!("{}/{}", self.group, self.version) }
    }

    /// Whether it is the kind of namespaces themselves.
    pub(super) fn is_namespace(&self) -> bool {
        self.group.is_empty() && self.kind == "Namespace"
    }

    /// Whether it is the kind whose list shows values that nobody may see.
    pub(super) fn is_secret(&self) -> bool {
        self.group.is_empty() && (self.kind == "Secret" || self.resource == "secrets")
    }
}
