//! One item of a list: what of it is kept, and what controllers need to know of it.
//!
//! Dropped are the fields that servers add for themselves, and the copy of the manifest in an annotation, which may hold
//! what was taken out of the object since.

use std::{collections::BTreeMap, sync::Arc};

use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

use super::{defaults, discovery::Served};
use crate::estate::Observed;

/// An object as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Item {
    pub(super) namespace: Option<String>,
    pub(super) name: String,
    /// Empty where the server does not say it: then nothing is owned by it.
    pub(super) uid: String,
    pub(super) controller: Option<Controller>,
    /// The object as JSON on one line.
    pub(super) text: String,
    /// A `ReplicaSet` of no Pods, which a controller keeps to be able to go back.
    pub(super) is_spare: bool,
    /// For a Pod, what it shows.
    pub(super) observed: Option<Observed>,
    /// For a Pod, by what Pods of one controller are told apart.
    pub(super) content: Option<Content>,
}

/// SHA-256 of a Pod's containers and service account, without what each Pod has of its own: the mount of its token.
pub(super) type Content = [u8; 32];

/// The owner that manages an object.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Controller {
    pub(super) uid: String,
    pub(super) kind: String,
}

/// What `kubectl apply` keeps.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// What is kept of an item; `None` where nobody declared it: it is in every cluster. An error is no object.
pub(super) fn item(raw: &str, served: &Served) -> Result<Option<Item>, ()> {
    let Ok(Value::Object(mut object)) = serde_json::from_str(raw) else { return Err(()) };
    // Items of a list do not repeat what they are.
    object.insert("apiVersion".to_owned(), served.api_version().into());
    object.insert("kind".to_owned(), served.kind.clone().into());
    let Some(Value::Object(metadata)) = object.get_mut("metadata") else { return Err(()) };
    metadata.remove("managedFields");
    if let Some(Value::Object(annotations)) = metadata.get_mut("annotations") {
        annotations.remove(LAST_APPLIED);
    }
    let text = |key: &str| metadata.get(key).and_then(Value::as_str).map(ToOwned::to_owned);
    let Some(name) = text("name") else { return Err(()) };
    let uid = text("uid").unwrap_or_default();
    let (namespace, controller) = (text("namespace"), controller(metadata));
    if served.group == "rbac.authorization.k8s.io" && defaults::is_default(&name, &object) {
        return Ok(None);
    }
    let is_spare = served.group == "apps" && served.kind == "ReplicaSet" && controller.is_some() && {
        let replicas = |part: &str| object.get(part).and_then(|part| part.get("replicas"))?.as_u64();
        replicas("spec") == Some(0) && replicas("status").unwrap_or(0) == 0
    };
    let is_pod = served.group.is_empty() && served.kind == "Pod";
    let observed = is_pod.then(|| observed(&object));
    let content = is_pod.then(|| content(&object));
    let text = if is_spare { String::new() } else { Value::Object(object).to_string() };
    Ok(Some(Item { namespace, name, uid, controller, text, is_spare, observed, content }))
}

fn controller(metadata: &Map<String, Value>) -> Option<Controller> {
    let owners = metadata.get("ownerReferences")?.as_array()?;
    let owner = owners.iter().find(|owner| owner.get("controller") == Some(&Value::Bool(true)))?;
    let text = |key: &str| owner.get(key).and_then(Value::as_str).map(ToOwned::to_owned);
    Some(Controller { uid: text("uid")?, kind: text("kind")? })
}

fn content(pod: &Map<String, Value>) -> Content {
    let at = |key: &str| pod.get("spec").and_then(|spec| spec.get(key)).cloned().unwrap_or_default();
    let containers = ["initContainers", "containers"].map(|key| {
        let mut containers = at(key);
        for container in containers.as_array_mut().into_iter().flatten() {
            if let Some(container) = container.as_object_mut() {
                container.remove("volumeMounts");
            }
        }
        containers
    });
    let [initial, lasting] = containers;
    let told = Value::Array(vec![initial, lasting, at("serviceAccountName")]);
    Sha256::digest(told.to_string().as_bytes()).into()
}

/// What one Pod shows, if it runs and is not about to end.
fn observed(pod: &Map<String, Value>) -> Observed {
    let at = |keys: &[&str]| {
        let (first, rest) = keys.split_first()?;
        rest.iter().try_fold(pod.get(*first)?, |value, key| value.get(*key))
    };
    let runs = at(&["status", "phase"]).and_then(Value::as_str) == Some("Running")
        && at(&["metadata", "deletionTimestamp"]).is_none();
    if !runs {
        return Observed::default();
    }
    let items = |key: &str| at(&["spec", key]).and_then(Value::as_array).into_iter().flatten();
    let stays = |container: &&Value| container.get("restartPolicy").and_then(Value::as_str) == Some("Always");
    let containers = items("containers").chain(items("initContainers").filter(stays));
    let names = containers.filter_map(|container| container.get("name").and_then(Value::as_str));
    let redirected = at(&["metadata", "annotations", "ambient.istio.io/redirection"]).and_then(Value::as_str);
    Observed {
        running: 1,
        containers: names.map(|name| (Arc::from(name), 1)).collect::<BTreeMap<_, _>>(),
        redirected: usize::from(redirected == Some("enabled")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn served(group: &str, kind: &str) -> Served {
        let version = "v1".to_owned();
        let resource = format!("{}s", kind.to_lowercase());
        Served { group: group.to_owned(), version, kind: kind.to_owned(), resource, namespaced: true }
    }

    #[test]
    fn what_servers_and_clients_add_for_themselves_is_dropped() {
        let object = json!({"metadata": {"name": "a", "namespace": "shop", "uid": "1", "managedFields": [{"manager": "m"}],
            "annotations": {LAST_APPLIED: "corr3ct-h0rse", "keep": "this"}}, "data": {"a": "b"}});
        let item = item(&object.to_string(), &served("", "ConfigMap")).unwrap().unwrap();
        assert_eq!(
            item.text,
            r#"{"apiVersion":"v1","data":{"a":"b"},"kind":"ConfigMap","metadata":{"annotations":{"keep":"this"},"name":"a","namespace":"shop","uid":"1"}}"#
        );
    }

    #[test]
    fn only_running_pods_show_anything() {
        let pod = |phase: &str, more: Value| {
            let mut metadata = json!({"name": "a", "uid": "1"});
            metadata.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            let object = json!({"metadata": metadata, "status": {"phase": phase}, "spec": {
                "containers": [{"name": "web"}],
                "initContainers": [{"name": "init"}, {"name": "istio-proxy", "restartPolicy": "Always"}]}});
            item(&object.to_string(), &served("", "Pod")).unwrap().unwrap().observed.unwrap()
        };
        let shown = pod("Running", json!({}));
        assert_eq!(
            (shown.running, shown.with("web"), shown.with("istio-proxy"), shown.with("init")),
            (1, 1, 1, 0)
        );
        assert_eq!(pod("Pending", json!({})), Observed::default());
        assert_eq!(pod("Running", json!({"deletionTimestamp": "2026-01-01T00:00:00Z"})), Observed::default());
        assert_eq!(
            pod("Running", json!({"annotations": {"ambient.istio.io/redirection": "enabled"}})).redirected,
            1
        );
    }

    #[test]
    fn what_is_no_object_is_an_error() {
        for raw in ["[]", "{}", "7", "{\"metadata\": {\"uid\": \"a\"}}", "{\"metadata\": "] {
            assert!(item(raw, &served("", "ConfigMap")).is_err(), "{raw}");
        }
    }
}
