//! An API server in the test's own process: objects of an estate, discovery, pages, and faults on demand.

use std::{
    collections::BTreeMap,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use probity::{
    cluster::kinds::KINDS,
    document::yaml,
    estate::Estate,
    source::{Source, Sources, Status},
};
use serde_json::{Value, json};

/// One request as it came.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) content_type: String,
    pub(crate) body: String,
    pub(crate) path: String,
    pub(crate) query: BTreeMap<String, String>,
    pub(crate) accept: String,
    /// How many requests of the same path came before.
    pub(crate) earlier: usize,
}

/// What is answered.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: String,
    pub(crate) delay: Duration,
    /// Bytes after which the connection breaks.
    pub(crate) cut: Option<usize>,
}

impl Answer {
    pub(crate) fn json(body: &Value) -> Self {
        Self::status(200, body.to_string())
    }

    /// As API servers word refusals; the message must not get anywhere.
    pub(crate) fn refusal(status: u16) -> Self {
        let status_object = json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": status,
            "message": "corr3ct-h0rse is no message for anybody"});
        Self::status(status, status_object.to_string())
    }

    pub(crate) fn status(status: u16, body: String) -> Self {
        Self { status, headers: Vec::new(), body, delay: Duration::ZERO, cut: None }
    }

    pub(crate) fn with(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }
}

/// What goes wrong; `None`: nothing.
pub(crate) type Fault = Box<dyn Fn(&Request) -> Option<Answer> + Send + Sync>;

/// A running server; it ends when it is dropped.
pub(crate) struct Server {
    address: String,
    requests: Arc<Mutex<Vec<String>>>,
    ends: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
    folder: tempfile::TempDir,
}

/// A token that must not show anywhere.
pub(crate) const TOKEN: &str = "t0ken-of-nobody-0815";

impl Server {
    pub(crate) fn new(objects: Objects, fault: Fault) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address").to_string();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let ends = Arc::new(AtomicBool::new(false));
        let served = Arc::new((objects, fault, Arc::clone(&requests)));
        let stop = Arc::clone(&ends);
        let thread = thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if stop.load(Ordering::SeqCst) {
                    return;
                }
                let served = Arc::clone(&served);
                thread::spawn(move || drop(serve(&stream, &served)));
            }
        });
        let folder = tempfile::tempdir().expect("a temporary folder");
        let server = Self { address, requests, ends, thread: Some(thread), folder };
        let kubeconfig = json!({"apiVersion": "v1", "kind": "Config", "current-context": "test",
            "clusters": [{"name": "test", "cluster": {"server": server.address()}}],
            "users": [{"name": "test", "user": {"token": TOKEN}}],
            "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test"}}]});
        std::fs::write(server.kubeconfig(), kubeconfig.to_string()).expect("a file");
        server
    }

    pub(crate) fn kubeconfig(&self) -> PathBuf {
        self.folder.path().join("kubeconfig")
    }

    /// `http://…`
    pub(crate) fn address(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Paths with queries, in the order in which they came.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().expect("no test panics with it").clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.ends.store(true, Ordering::SeqCst);
        drop(TcpStream::connect(&self.address));
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

type Served = (Objects, Fault, Arc<Mutex<Vec<String>>>);

fn serve(stream: &TcpStream, served: &Served) -> std::io::Result<()> {
    let (objects, fault, requests) = served;
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut line = String::new();
    while reader.read_line(&mut line)? > 0 {
        let mut words = line.split(' ').map(ToOwned::to_owned);
        let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let (mut headers, mut header) = (BTreeMap::new(), String::new());
        while reader.read_line(&mut header)? > 0 && header != "\r\n" {
            if let Some((name, value)) = header.split_once(':') {
                headers.insert(name.to_lowercase(), value.trim().to_owned());
            }
            header.clear();
        }
        let mut header = |name: &str| headers.remove(name).unwrap_or_default();
        let mut body = vec![0; header("content-length").parse().unwrap_or(0)];
        reader.read_exact(&mut body)?;
        let (path, query) = target.split_once('?').unwrap_or((&target, ""));
        let query = query.split('&').filter_map(|pair| pair.split_once('='));
        let query = query.map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
        let earlier = {
            let mut requests = requests.lock().expect("no thread panics with it");
            let of_path = |request: &&String| request.split('?').next() == Some(path);
            let earlier = requests.iter().filter(of_path).count();
            requests.push(target.clone());
            earlier
        };
        let request = Request {
            method,
            content_type: header("content-type"),
            body: String::from_utf8_lossy(&body).into_owned(),
            path: path.to_owned(),
            query,
            accept: header("accept"),
            earlier,
        };
        let answer = fault(&request).unwrap_or_else(|| objects.answer(&request));
        thread::sleep(answer.delay);
        let mut head = format!("HTTP/1.1 {} X\r\nContent-Type: application/json\r\n", answer.status);
        for (name, value) in &answer.headers {
            head.extend([name, ": ", value, "\r\n"]);
        }
        let body = &answer.body.as_bytes()[..answer.cut.unwrap_or(answer.body.len())];
        let mut out = stream;
        write!(out, "{head}Content-Length: {}\r\n\r\n", answer.body.len())?;
        out.write_all(body)?;
        out.flush()?;
        if answer.cut.is_some() {
            return stream.shutdown(std::net::Shutdown::Both);
        }
        line.clear();
    }
    Ok(())
}

/// A kind that is served.
#[expect(clippy::struct_field_names, reason = "the field's own terms")]
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Kind {
    pub(crate) group: String,
    pub(crate) version: String,
    pub(crate) kind: String,
    pub(crate) resource: String,
    pub(crate) namespaced: bool,
}

/// All objects of a server, by kind.
#[derive(Debug, Default)]
pub(crate) struct Objects {
    pub(crate) kinds: BTreeMap<Kind, Vec<Value>>,
    /// Discovery tells of all groups at once.
    pub(crate) is_old: bool,
    /// Groups whose API service is down.
    pub(crate) stale: Vec<String>,
    pub(crate) page: Option<usize>,
}

/// Kinds that every API server serves.
const BUILT_IN: [(&str, &str, bool); 17] = [
    ("", "Pod", true),
    ("", "Service", true),
    ("", "ConfigMap", true),
    ("", "Secret", true),
    ("", "Namespace", false),
    ("", "Endpoints", true),
    ("apps", "Deployment", true),
    ("apps", "ReplicaSet", true),
    ("apps", "StatefulSet", true),
    ("apps", "DaemonSet", true),
    ("batch", "Job", true),
    ("batch", "CronJob", true),
    ("networking.k8s.io", "NetworkPolicy", true),
    ("networking.k8s.io", "Ingress", true),
    ("rbac.authorization.k8s.io", "Role", true),
    ("rbac.authorization.k8s.io", "RoleBinding", true),
    ("rbac.authorization.k8s.io", "ClusterRole", false),
];

impl Objects {
    /// What manifests declare, as an API server would hold it.
    pub(crate) fn of_text(text: &str) -> Self {
        let sources = Sources::new(vec![Source::new("a.yaml", text, None, Status::Read)]);
        let documents =
            sources.iter().flat_map(|(id, source)| yaml::parse(id, &source.text).documents).collect();
        Self::of(&Estate::new(sources, documents, Vec::new(), "default"))
    }

    pub(crate) fn of(estate: &Estate) -> Self {
        let mut objects = Self::default();
        for (group, kind, namespaced) in BUILT_IN {
            objects.kinds.entry(known(group, "v1", kind, namespaced)).or_default();
        }
        for resource in &estate.resources {
            let (identity, object) = (&resource.identity, &resource.object);
            let kind = known(&identity.group, &object.version, &identity.kind, identity.namespace.is_some());
            let mut value = estate.node(resource).to_json();
            if let Some(fields) = value.as_object_mut() {
                fields.remove("apiVersion");
                fields.remove("kind");
            }
            if value.get("metadata").is_none_or(Value::is_null) {
                value["metadata"] = json!({});
            }
            value["metadata"]["name"] = (*identity.name).into();
            if let Some(namespace) = &identity.namespace {
                value["metadata"]["namespace"] = (**namespace).into();
            }
            if value["metadata"].get("uid").is_none() {
                value["metadata"]["uid"] = resource.id.to_string().into();
            }
            value["metadata"]["managedFields"] = json!([{"manager": "test"}]);
            objects.kinds.entry(kind).or_default().push(value);
        }
        objects
    }

    fn answer(&self, request: &Request) -> Answer {
        let is_aggregated = request.accept.contains("APIGroupDiscoveryList") && !self.is_old;
        match request.path.as_str() {
            "/version" => Answer::json(&json!({"major": "1", "minor": "37", "gitVersion": "v1.37.2"})),
            "/api" if is_aggregated => Answer::json(&self.aggregated(str::is_empty)),
            "/apis" if is_aggregated => Answer::json(&self.aggregated(|group| !group.is_empty())),
            "/api" => Answer::json(&json!({"kind": "APIVersions", "versions": ["v1"]})),
            "/apis" => Answer::json(&self.groups()),
            path => {
                self.resources(path).or_else(|| self.list(request)).unwrap_or_else(|| Answer::refusal(404))
            }
        }
    }

    fn aggregated(&self, wanted: impl Fn(&str) -> bool) -> Value {
        let mut groups: BTreeMap<&str, BTreeMap<&str, Vec<Value>>> = BTreeMap::new();
        for kind in self.kinds.keys().filter(|kind| wanted(&kind.group)) {
            let resource = json!({"resource": kind.resource, "responseKind": {"group": kind.group, "version":
                kind.version, "kind": kind.kind}, "scope": if kind.namespaced { "Namespaced" } else { "Cluster" },
                "verbs": ["get", "list", "watch"]});
            groups.entry(&kind.group).or_default().entry(&kind.version).or_default().push(resource);
        }
        for group in self.stale.iter().filter(|group| wanted(group)) {
            groups.insert(group, BTreeMap::from([("v1", Vec::new())]));
        }
        let items: Vec<Value> = groups
            .into_iter()
            .map(|(group, versions)| {
                let freshness =
                    if self.stale.iter().any(|stale| stale == group) { "Stale" } else { "Current" };
                let versions: Vec<Value> = versions
                    .into_iter()
                    .map(|(version, resources)| {
                        json!({"version": version, "resources": resources, "freshness": freshness})
                    })
                    .collect();
                json!({"metadata": {"name": group}, "versions": versions})
            })
            .collect();
        json!({"kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "items": items})
    }

    fn groups(&self) -> Value {
        let named = self.kinds.keys().map(|kind| (kind.group.as_str(), kind.version.as_str()));
        let stale = self.stale.iter().map(|group| (group.as_str(), "v1"));
        let groups: BTreeMap<&str, &str> =
            named.chain(stale).filter(|(group, _)| !group.is_empty()).collect();
        let groups: Vec<Value> = groups
            .into_iter()
            .map(|(group, version)| {
                let version = json!({"groupVersion": format!("{group}/{version}"), "version": version});
                json!({"name": group, "versions": [version], "preferredVersion": version})
            })
            .collect();
        json!({"kind": "APIGroupList", "groups": groups})
    }

    /// What one version of a group serves, for clients that do not ask for all at once.
    fn resources(&self, path: &str) -> Option<Answer> {
        let (group, version) = match path.strip_prefix("/apis/") {
            Some(rest) => rest.split_once('/')?,
            None => ("", path.strip_prefix("/api/")?),
        };
        if version.contains('/') {
            return None;
        }
        if self.stale.iter().any(|stale| stale == group) {
            return Some(Answer::refusal(503));
        }
        let kinds = self.kinds.keys().filter(|kind| kind.group == group && kind.version == version);
        let resources: Vec<Value> = kinds
            .flat_map(|kind| {
                let resource = |name: String, verbs: &[&str]| {
                    json!({"name": name, "kind": kind.kind, "namespaced": kind.namespaced, "verbs": verbs})
                };
                [
                    resource(kind.resource.clone(), &["get", "list"]),
                    resource(format!("{}/status", kind.resource), &["get"]),
                ]
            })
            .collect();
        Some(Answer::json(&json!({"kind": "APIResourceList", "resources": resources})))
    }

    fn list(&self, request: &Request) -> Option<Answer> {
        let (group, rest) = match request.path.strip_prefix("/apis/") {
            Some(rest) => rest.split_once('/')?,
            None => ("", request.path.strip_prefix("/api/")?),
        };
        let (version, rest) = rest.split_once('/')?;
        let parts: Vec<&str> = rest.split('/').collect();
        let (namespace, resource, name) = match parts.as_slice() {
            ["namespaces", name] if group.is_empty() => (None, "namespaces", Some(*name)),
            ["namespaces", namespace, resource] => (Some(*namespace), *resource, None),
            [resource] => (None, *resource, None),
            _ => return None,
        };
        let is_asked =
            |kind: &&Kind| kind.group == group && kind.version == version && kind.resource == resource;
        let (kind, all) = self.kinds.iter().find(|(kind, _)| is_asked(kind))?;
        let of = |value: &Value, key: &str| value["metadata"][key].as_str().map(ToOwned::to_owned);
        if let Some(name) = name {
            let found = all.iter().find(|value| of(value, "name").as_deref() == Some(name));
            return found.map(Answer::json);
        }
        let inside =
            |value: &&Value| namespace.is_none_or(|name| of(value, "namespace").as_deref() == Some(name));
        let all: Vec<&Value> = all.iter().filter(inside).collect();
        let number = |key: &str| request.query.get(key).and_then(|number| number.parse::<usize>().ok());
        let from = number("continue").unwrap_or(0);
        let limit = self.page.or(number("limit")).unwrap_or(usize::MAX);
        let to = from.saturating_add(limit).min(all.len());
        let token = if to < all.len() { to.to_string() } else { String::new() };
        let items = all.get(from..to).unwrap_or_default();
        Some(Answer::json(&json!({"kind": format!("{}List", kind.kind), "apiVersion": "v1",
            "metadata": {"resourceVersion": "4711", "continue": token}, "items": items})))
    }
}

fn known(group: &str, version: &str, kind: &str, namespaced: bool) -> Kind {
    let known = KINDS.iter().find(|known| known.group == group && known.kind == kind);
    let resource =
        known.map_or_else(|| format!("{}s", kind.to_lowercase()), |known| known.resource.to_owned());
    let (group, version, kind) = (group.to_owned(), version.to_owned(), kind.to_owned());
    Kind { group, version, kind, resource, namespaced }
}
