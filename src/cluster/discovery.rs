//! Discovery: which kinds the server serves, under which version and name, and which groups it cannot tell about.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;

use super::{
    client::{Client, Refusal},
    list::nullable,
};

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

/// Groups that every API server has: where discovery names none of their kinds, it is not the whole of it.
const BUILT_IN: [&str; 5] = ["", "apps", "batch", "networking.k8s.io", "rbac.authorization.k8s.io"];

/// Elements are read one by one: a broken one, which the server of a custom API may have written, says nothing of others.
#[derive(Deserialize)]
#[serde(tag = "kind")]
enum Root {
    #[serde(rename = "APIGroupDiscoveryList")]
    Aggregated {
        #[serde(deserialize_with = "nullable")]
        items: Vec<Value>,
    },
    #[serde(rename = "APIGroupList")]
    Groups {
        #[serde(deserialize_with = "nullable")]
        groups: Vec<Value>,
    },
    /// Of the core group.
    #[serde(rename = "APIVersions")]
    Versions,
}

#[derive(Deserialize)]
struct Group {
    #[serde(default)]
    versions: Option<Vec<Value>>,
}

#[derive(Deserialize)]
struct Version {
    #[serde(rename = "version")]
    name: String,
    #[serde(default)]
    freshness: Option<String>,
    #[serde(default)]
    resources: Option<Vec<Value>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Resource {
    #[serde(rename = "resource")]
    name: String,
    #[serde(default)]
    response_kind: Option<ResponseKind>,
    #[serde(default)]
    scope: Option<String>,
    #[serde(default)]
    verbs: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct ResponseKind {
    #[serde(default)]
    kind: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PlainGroup {
    name: String,
    #[serde(deserialize_with = "nullable")]
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
    #[serde(deserialize_with = "nullable")]
    resources: Vec<Value>,
}

#[derive(Deserialize)]
struct PlainResource {
    name: String,
    kind: String,
    #[serde(default)]
    namespaced: Option<bool>,
    #[serde(default)]
    verbs: Option<Vec<String>>,
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
                    for group in groups {
                        let name = text(&group, &["name"]);
                        if is_wanted(&name)
                            && let Some(group) = discovery.decoded(&name, group)
                        {
                            discovery.ask_group(client, group).await?;
                        }
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

    /// Why a kind that is not found may be there for all that; `None` where the server does not serve it.
    pub(super) fn unserved(&self, group: &str) -> Option<String> {
        let is_cut = || BUILT_IN.contains(&group) && !self.served.keys().any(|(known, _)| known == group);
        self.unknown.get(group).cloned().or_else(|| is_cut().then(|| CUT.to_owned()))
    }

    /// The kinds of a name, whatever their group.
    pub(super) fn named(&self, kind: &str) -> impl Iterator<Item = &Served> {
        self.served.values().filter(move |served| served.kind == kind)
    }

    /// A part of what the server says of a group; one that cannot be understood leaves the group unknown.
    fn decoded<T: DeserializeOwned>(&mut self, group: &str, value: Value) -> Option<T> {
        let decoded = serde_json::from_value(value).ok();
        if decoded.is_none() {
            self.unknown.insert(group.to_owned(), BROKEN.to_owned());
        }
        decoded
    }

    fn learn(&mut self, group: Value) {
        let name = text(&group, &["metadata", "name"]);
        let Some(Group { versions }) = self.decoded(&name, group) else { return };
        for version in versions.into_iter().flatten() {
            let Some(version) = self.decoded::<Version>(&name, version) else { continue };
            if version.freshness.as_deref() == Some("Stale") {
                self.unknown.insert(name.clone(), STALE.to_owned());
            }
            for resource in version.resources.into_iter().flatten() {
                let Some(resource) = self.decoded::<Resource>(&name, resource) else { continue };
                // Without one, only parts of its objects can be had.
                let Some(kind) = resource.response_kind.and_then(|response| response.kind) else { continue };
                self.add(
                    resource.verbs.as_deref(),
                    Served {
                        group: name.clone(),
                        version: version.name.clone(),
                        kind,
                        resource: resource.name,
                        namespaced: resource.scope.as_deref() != Some("Cluster"),
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
        for resource in found.resources {
            let Some(resource) = self.decoded::<PlainResource>(group, resource) else { continue };
            if resource.name.contains('/') {
                continue;
            }
            self.add(
                resource.verbs.as_deref(),
                Served {
                    group: group.to_owned(),
                    version: version.to_owned(),
                    kind: resource.kind,
                    resource: resource.name,
                    namespaced: resource.namespaced.unwrap_or(true),
                },
            );
        }
        Ok(())
    }

    /// The first version wins: it is the preferred one. Where verbs are not told, the list itself tells.
    fn add(&mut self, verbs: Option<&[String]>, served: Served) {
        if verbs.is_none_or(|verbs| verbs.iter().any(|verb| verb == "list")) {
            self.served.entry((served.group.clone(), served.kind.clone())).or_insert(served);
        }
    }
}

const STALE: &str = "the server cannot tell what it serves of it now: the API service behind it is down";

const BROKEN: &str = "what the server says that it serves of it is no discovery of Kubernetes: its API service, or \
                      something on the way to it, is at fault";

const CUT: &str = "the server names no kind of the group, which every API server has: something on the way to it keeps \
                   them back, or they were turned off; compare `kubectl api-resources`";

/// A name, empty where there is none: that of the core group.
fn text(value: &Value, keys: &[&str]) -> String {
    let found = keys.iter().try_fold(value, |value, key| value.get(*key));
    found.and_then(Value::as_str).unwrap_or_default().to_owned()
}

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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_broken_of_one_group_says_nothing_of_others() {
        let resource = |kind: &str, more: Value| {
            let mut resource = json!({"resource": "things", "responseKind": {"kind": kind}});
            resource.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            resource
        };
        let group = |name: &str, resources: Value| json!({"metadata": {"name": name}, "versions": [{"version": "v1", "resources": resources}]});
        let listed = json!({"scope": "Cluster", "verbs": ["list"]});
        let mut discovery = Discovery::default();
        for group in [
            group(
                "apps",
                json!([resource("Deployment", listed.clone()), resource("Scale", json!({"verbs": ["get"]}))]),
            ),
            group("nulls.io", json!([resource("Silent", json!({"scope": null, "verbs": null}))])),
            group("none.io", Value::Null),
            group("part.io", json!([7, resource("Whole", listed.clone())])),
            json!({"metadata": {"name": "broken.io"}, "versions": "v1"}),
        ] {
            discovery.learn(group);
        }
        assert!(!discovery.get("apps", "Deployment").unwrap().namespaced);
        assert_eq!(discovery.get("apps", "Scale"), None);
        assert!(discovery.get("nulls.io", "Silent").unwrap().namespaced, "its list is asked for");
        assert!(discovery.get("part.io", "Whole").is_some());
        let unknown: Vec<&str> = discovery.unknown.keys().map(String::as_str).collect();
        assert_eq!(unknown, ["broken.io", "part.io"]);
        for (group, is_open) in [
            ("apps", false),
            ("none.io", false),
            ("example.com", false),
            ("part.io", true),
            ("batch", true),
            ("", true),
        ] {
            assert_eq!(discovery.unserved(group).is_some(), is_open, "{group}");
        }
    }
}
