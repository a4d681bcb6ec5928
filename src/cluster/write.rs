//! Policy reports in the cluster: written by server-side apply, so that each run leaves what it says and nothing else.
//!
//! One object for each namespace and one for all else, all of one name; those of namespaces that nothing is said of any
//! more are removed, after a run that read everything. Nothing else is ever written.

use std::collections::BTreeSet;

use http::Method;
use serde::Deserialize;
use serde_json::Value;

use super::{
    Error, Target,
    client::{Client, Message, Refusal},
    list::{PageMetadata, nullable, page_query},
};

/// Who owns the fields.
const MANAGER: &str = "probity";

/// Of the objects that are ours.
const SELECTOR: &str = "app.kubernetes.io%2Fmanaged-by%3Dprobity";

/// Media type of server-side apply; JSON is YAML.
const APPLY: &str = "application/apply-patch+yaml";

const JSON: &str = "application/json";

/// A kind of policy report that clusters have: `OpenReports` took over the shape of its predecessor.
struct Api {
    group: &'static str,
    version: &'static str,
    /// Kind and plural name, of a namespace and of the cluster.
    namespaced: (&'static str, &'static str),
    cluster: (&'static str, &'static str),
}

/// The one that most programs read comes first.
const APIS: [Api; 2] = [
    Api {
        group: "wgpolicyk8s.io",
        version: "v1alpha2",
        namespaced: ("PolicyReport", "policyreports"),
        cluster: ("ClusterPolicyReport", "clusterpolicyreports"),
    },
    Api {
        group: "openreports.io",
        version: "v1alpha1",
        namespaced: ("Report", "reports"),
        cluster: ("ClusterReport", "clusterreports"),
    },
];

/// What a version of a group serves.
#[derive(Deserialize)]
struct Served {
    #[serde(deserialize_with = "nullable")]
    resources: Vec<Resource>,
}

#[derive(Deserialize)]
struct Resource {
    name: String,
}

#[derive(Deserialize)]
struct List {
    #[serde(default)]
    metadata: PageMetadata,
    #[serde(deserialize_with = "nullable")]
    items: Vec<Item>,
}

#[derive(Deserialize)]
struct Item {
    metadata: ItemMetadata,
}

#[derive(Deserialize)]
struct ItemMetadata {
    name: String,
    #[serde(default)]
    namespace: Option<String>,
}

/// `is_whole`: whether all was read, so that nothing is left to say of what no report is about.
pub(super) async fn policy_reports(
    client: &Client,
    target: &Target,
    reports: &[Value],
    is_whole: bool,
) -> Result<(), Error> {
    let api = api(client).await?;
    let is_asked = |namespace: Option<&str>| {
        let named = |namespace: &str| target.namespaces.iter().any(|asked| asked == namespace);
        target.namespaces.is_empty() || namespace.is_some_and(named)
    };
    let mut written = BTreeSet::new();
    for report in reports {
        let metadata = |key: &str| report.get("metadata")?.get(key)?.as_str();
        let (namespace, name) = (metadata("namespace"), metadata("name").unwrap_or(MANAGER));
        // What a limited run knows of the whole cluster is not all of it.
        if !is_asked(namespace) {
            continue;
        }
        let (kind, _) = if namespace.is_some() { api.namespaced } else { api.cluster };
        let mut object = report.clone();
        object["apiVersion"] = format!("{}/{}", api.group, api.version).into();
        object["kind"] = kind.into();
        let path = format!("{}?fieldManager={MANAGER}&force=true", api.path(namespace, Some(name)));
        let bytes = object.to_string();
        let message = Message {
            method: Method::PATCH,
            path: &path,
            accept: JSON,
            body: Some((APPLY, bytes.as_bytes())),
        };
        match client.exchange(&message, |_| Some(())).await {
            // The namespace went while it was judged.
            Err(Refusal::NotFound) if namespace.is_some() => {}
            result => result.map_err(|refusal| failed(&api, "patch", &refusal))?,
        }
        written.insert((namespace.map(ToOwned::to_owned), name.to_owned()));
    }
    if is_whole { remove_stale(client, target, &api, &written).await } else { Ok(()) }
}

/// The first of the kinds that the cluster serves.
async fn api(client: &Client) -> Result<Api, Error> {
    for api in APIS {
        let path = format!("/apis/{}/{}", api.group, api.version);
        let decode = |bytes: &[u8]| serde_json::from_slice::<Served>(bytes).ok();
        match client.get(&path, JSON, decode).await {
            Ok(served) if served.resources.iter().any(|one| one.name == api.namespaced.1) => return Ok(api),
            Ok(_) | Err(Refusal::NotFound) => {}
            Err(refusal) => return Err(failed(&api, "get", &refusal)),
        }
    }
    Err(Error::Delivery(
        "the cluster has no kind for policy reports; install the definitions of wgpolicyk8s.io or openreports.io"
            .to_owned(),
    ))
}

/// Removes what former runs wrote of namespaces that this one says nothing of.
async fn remove_stale(
    client: &Client,
    target: &Target,
    api: &Api,
    written: &BTreeSet<(Option<String>, String)>,
) -> Result<(), Error> {
    let former =
        if target.namespaces.is_empty() { former(client, api).await? } else { target.namespaces.clone() };
    for namespace in former {
        if written.contains(&(Some(namespace.clone()), MANAGER.to_owned())) {
            continue;
        }
        let path = api.path(Some(&namespace), Some(MANAGER));
        let message =
            Message { method: Method::DELETE, path: &path, accept: JSON, body: Some((JSON, b"{}")) };
        match client.exchange(&message, |_| Some(())).await {
            Ok(()) | Err(Refusal::NotFound) => {}
            Err(refusal) => return Err(failed(api, "delete", &refusal)),
        }
    }
    Ok(())
}

/// Namespaces with a report of ours: its name says it, since anybody can set a label.
async fn former(client: &Client, api: &Api) -> Result<Vec<String>, Error> {
    let mut former = Vec::new();
    let mut token: Option<String> = None;
    loop {
        let page = page_query(token.as_deref());
        let path = format!("{}?labelSelector={SELECTOR}&{page}", api.path(None, None));
        let decode = |bytes: &[u8]| serde_json::from_slice::<List>(bytes).ok();
        let list = client.get(&path, JSON, decode).await.map_err(|refusal| failed(api, "list", &refusal))?;
        let items = list.items.into_iter().map(|item| item.metadata);
        let ours = items.filter(|metadata| metadata.name == MANAGER);
        former.extend(ours.filter_map(|metadata| metadata.namespace));
        token = list.metadata.token.filter(|token| !token.is_empty());
        if token.is_none() {
            return Ok(former);
        }
    }
}

impl Api {
    /// Address of one report; without a name, of those of all namespaces.
    fn path(&self, namespace: Option<&str>, name: Option<&str>) -> String {
        let root = format!("/apis/{}/{}", self.group, self.version);
        match (namespace, name) {
            (Some(namespace), Some(name)) => {
                format!("{root}/namespaces/{namespace}/{}/{name}", self.namespaced.1)
            }
            (None, Some(name)) => format!("{root}/{}/{name}", self.cluster.1),
            (_, None) => format!("{root}/{}", self.namespaced.1),
        }
    }
}

fn failed(api: &Api, verb: &str, refusal: &Refusal) -> Error {
    let of_group = format!("{} and {} of {}", api.namespaced.1, api.cluster.1, api.group);
    let cause = match refusal {
        Refusal::Forbidden => {
            format!("the server refuses it to these credentials (403); grant `{verb}` on {of_group}")
        }
        Refusal::Failed(cause) => cause.clone(),
        other => other.message(),
    };
    Error::Delivery(format!("the policy reports were not written: {cause}"))
}
