//! The loopback of a Pod: what listens there is a container beside, often a proxy to somewhere else (domains.md Q6).

use std::borrow::Cow;

use super::{Host, Hosts, Resolved};
use crate::{
    document::NodeRef,
    estate::Resource,
    facts::{
        Set, database_containers,
        environment::{Channel, Origin, Setting},
        workloads::{Workload, WorkloadId},
    },
    resource::selector::Selector,
};

/// Ports that a proxy of Cloud SQL listens on by default: PostgreSQL, MySQL, SQL Server.
const CLOUD_SQL_PORTS: [u16; 3] = [5432, 3306, 1433];

const CONSUL_UPSTREAMS: &str = "consul.hashicorp.com/connect-service-upstreams";

/// Address that `hostAliases` of a Pod give a name (core/v1 `HostAlias`).
pub(super) fn alias<'e>(workload: &Workload<'e>, host: &str) -> Option<&'e str> {
    let aliases = workload.pod.field("hostAliases")?.items();
    let mut named = aliases.filter(|alias| {
        let names = alias.get("hostnames").into_iter().flat_map(NodeRef::items);
        names.filter_map(NodeRef::as_str).any(|name| name.eq_ignore_ascii_case(host))
    });
    named.next()?.str_at(&["ip"])
}

/// What listens on a port of the Pod of a workload.
pub(super) fn resolve<'e>(
    hosts: &Hosts<'e>,
    set: &Set<'e>,
    port: Option<u16>,
    caller: WorkloadId,
) -> Resolved<'e> {
    let workload = set.workloads().get(caller);
    let through = vec![workload.resource];
    if let Some(service) = consul_upstream(workload, port) {
        return Resolved { through, ..hosts.resolve(set, service, workload.namespace) };
    }
    for container in workload.pod.containers() {
        let beside = Beside { set, caller, container };
        let Some(found) = beside.leads_to(port) else { continue };
        return match found {
            Leads::To(host) => Resolved { host, through },
            Leads::By(name) => Resolved { through, ..hosts.resolve(set, &name, workload.namespace) },
        };
    }
    if let Some((name, by)) = injected(set, workload, port) {
        return Resolved {
            host: Host::External(name.to_ascii_lowercase()),
            through: vec![workload.resource, by],
        };
    }
    Resolved { host: Host::Loopback, through: Vec::new() }
}

/// The instance that a proxy of Cloud SQL opens on a port which its operator puts into the Pod (`AuthProxyWorkload`,
/// Cloud SQL Proxy Operator, "API reference").
fn injected<'e>(
    set: &Set<'e>,
    workload: &Workload<'e>,
    port: Option<u16>,
) -> Option<(&'e str, &'e Resource)> {
    let all = set.view.of_kind("cloudsql.cloud.google.com", "AuthProxyWorkload");
    let own = all.filter(|resource| resource.identity.namespace.as_deref() == Some(workload.namespace));
    own.map(|resource| (resource, set.view.estate.node(resource))).find_map(|(resource, node)| {
        let selected = node.at(&["spec", "workloadSelector"])?;
        let object = &workload.resource.object;
        let is_kind = selected.str_at(&["kind"]).is_some_and(|kind| kind == &*object.kind);
        let is_meant = if let Some(name) = selected.str_at(&["name"]) {
            name == &*object.name
        } else {
            let labels = workload.node.at(&["metadata", "labels"]).into_iter().flat_map(NodeRef::entries);
            let labels = labels.filter_map(|(key, _, value)| Some((key, value.as_str()?))).collect();
            let selector = selected.get("selector").and_then(Selector::of_label_selector);
            selector.is_some_and(|selector| selector.matches(&labels))
        };
        let mut instances = node.at(&["spec", "instances"])?.items();
        let opens = |instance: &NodeRef<'e>| {
            let listening = instance.get("port").and_then(NodeRef::as_i64);
            listening.is_some() && listening == port.map(i64::from)
        };
        let instance = instances.find(opens).filter(|_| is_kind && is_meant)?;
        Some((instance.str_at(&["connectionString"])?, resource))
    })
}

/// What a container listens for.
enum Leads {
    To(Host),
    /// A name to look up.
    By(String),
}

/// One container of the caller's Pod.
struct Beside<'s, 'e> {
    set: &'s Set<'e>,
    caller: WorkloadId,
    container: NodeRef<'e>,
}

impl<'e> Beside<'_, 'e> {
    fn leads_to(&self, port: Option<u16>) -> Option<Leads> {
        let image = self.container.str_at(&["image"]).unwrap_or_default().to_ascii_lowercase();
        let last = image.rsplit('/').next().unwrap_or_default();
        if ["cloud-sql-proxy", "cloudsql-proxy", "gce-proxy", "alloydb-auth-proxy"]
            .iter()
            .any(|name| last.contains(name))
        {
            return self.cloud_instance(port).map(Leads::To);
        }
        if ["pgbouncer", "pgpool", "pgcat", "proxysql"].iter().any(|name| last.contains(name)) {
            return self.pooled_host();
        }
        let engine = database_containers::served_by(self.set, self.caller, self.container)?;
        let serves =
            port.is_none_or(|port| engine.ports.contains(&i64::from(port)) || self.declares(i64::from(port)));
        serves.then_some(Leads::To(Host::Workload { workload: self.caller, service: None }))
    }

    fn declares(&self, port: i64) -> bool {
        let ports = self.container.get("ports").into_iter().flat_map(NodeRef::items);
        ports.filter_map(|port| port.get("containerPort")?.as_i64()).any(|declared| declared == port)
    }

    /// The instance that a proxy of Google's databases opens on a port.
    fn cloud_instance(&self, port: Option<u16>) -> Option<Host> {
        let words = self.words();
        let flag = |names: &[&str]| {
            words.iter().enumerate().find_map(|(index, word)| {
                let bare = word.trim_start_matches('-');
                let (name, value) = bare.split_once('=').unwrap_or((bare, ""));
                if !word.starts_with('-') || !names.contains(&name) {
                    return None;
                }
                Some(if value.is_empty() { words.get(index + 1)?.to_string() } else { value.to_owned() })
            })
        };
        let default_port = flag(&["port", "p"])
            .or_else(|| self.variable("CSQL_PROXY_PORT"))
            .and_then(|text| text.parse::<u16>().ok());
        let listed = flag(&["instances"]).or_else(|| self.variable("INSTANCES")).unwrap_or_default();
        let program = usize::from(self.container.get("command").is_some());
        let positional = words.iter().skip(program);
        let positional = positional.filter(|word| !word.starts_with('-') && looks_like_instance(word));
        let mut instances: Vec<String> = listed.split(',').map(ToOwned::to_owned).collect();
        instances.extend(positional.map(ToString::to_string));
        instances.extend(self.variable("CSQL_PROXY_INSTANCE_CONNECTION_NAME"));
        let instances: Vec<(String, Option<u16>)> = instances
            .iter()
            .filter(|text| !text.trim().is_empty())
            .map(|text| instance(text.trim(), default_port))
            .collect();
        let listens = |listening: Option<u16>| match (port, listening) {
            (Some(port), Some(listening)) => port == listening,
            (Some(port), None) => CLOUD_SQL_PORTS.contains(&port),
            (None, _) => instances.len() == 1,
        };
        let (name, _) = instances.iter().find(|(_, listening)| listens(*listening))?;
        Some(self.named(name))
    }

    /// The host that a pooler passes connections on to.
    fn pooled_host(&self) -> Option<Leads> {
        ["DB_HOST", "POSTGRESQL_HOST", "PGBOUNCER_HOST", "PGHOST", "POSTGRES_HOST", "BACKEND_HOST"]
            .iter()
            .find_map(|name| self.setting(name))
            .map(|setting| match &setting.text {
                Some(text) => Leads::By(text.to_string()),
                None => Leads::To(self.referred(setting)),
            })
    }

    /// A name, or what stands outside the input for it.
    fn named(&self, name: &str) -> Host {
        let expanded = self.expand(name);
        match expanded {
            Ok(name) => Host::External(name.to_ascii_lowercase()),
            Err(host) => host,
        }
    }

    /// `$(VARIABLE)` and `${VARIABLE}` of the container replaced.
    fn expand<'t>(&self, text: &'t str) -> Result<Cow<'t, str>, Host> {
        let Some(at) = text.find("$(").or_else(|| text.find("${")) else { return Ok(text.into()) };
        let inner = text.get(at + 2..).unwrap_or_default();
        let end = inner.find([')', '}']).ok_or(Host::Unknown)?;
        let (name, rest) = (&inner[..end], inner.get(end + 1..).unwrap_or_default());
        match self.setting(name) {
            Some(Setting { text: Some(value), .. }) => {
                Ok(format!("{}{value}{rest}", text.get(..at).unwrap_or_default()).into())
            }
            Some(setting) => Err(self.referred(setting)),
            None => {
                let namespace = self.set.workloads().get(self.caller).namespace;
                let referred = referred_by_name(self.settings(), name, namespace);
                Err(referred.map_or(Host::Unknown, Host::Referred))
            }
        }
    }

    fn variable(&self, name: &str) -> Option<String> {
        let setting = self.setting(name)?;
        // The text of one that is not known still says which variable it is.
        Some(setting.text.as_ref().map_or_else(|| format!("$({name})"), ToString::to_string))
    }

    fn referred(&self, setting: &Setting<'_>) -> Host {
        let namespace = self.set.workloads().get(self.caller).namespace;
        referred(setting, namespace).map_or(Host::Unknown, Host::Referred)
    }

    fn setting(&self, name: &str) -> Option<&Setting<'e>> {
        self.settings().iter().find(|setting| setting.name == name)
    }

    /// Settings of the container.
    fn settings(&self) -> &[Setting<'e>] {
        let container = self.container.str_at(&["name"]).unwrap_or_default();
        let mut all =
            self.set.environments().of(self.caller).chunk_by(|one, next| one.container == next.container);
        all.find(|settings| settings.first().is_some_and(|setting| setting.container == container))
            .unwrap_or_default()
    }

    /// Command and arguments; scripts of one argument are split.
    fn words(&self) -> Vec<&'e str> {
        let items = |key| self.container.get(key).into_iter().flat_map(NodeRef::items);
        let texts = items("command").chain(items("args")).filter_map(NodeRef::as_str);
        texts.flat_map(str::split_whitespace).map(|word| word.trim_matches(['"', '\''])).collect()
    }
}

/// What a setting that the input does not hold refers to: equal for all that refer to the same.
pub(in crate::facts) fn referred(setting: &Setting<'_>, namespace: &str) -> Option<String> {
    match &setting.origin {
        Origin::MissingSecret { name, key } => {
            Some(format!("Secret/{namespace}/{name}#{}", key.unwrap_or(&setting.name)))
        }
        // The object is there, but what it holds is known only after apply.
        Origin::ConfigMap(resource) | Origin::Secret(resource) if setting.text.is_none() => {
            Some(format!("{}#{}", resource.id, setting.key.unwrap_or(&setting.name)))
        }
        Origin::AfterApply(workload) => Some(format!("{}#{}", workload.id, setting.name)),
        Origin::Missing(what) => Some(format!("{what}#{}", setting.key.unwrap_or(&setting.name))),
        _ => None,
    }
}

/// What a variable refers to that none of a container's settings is called, where it takes all values of objects that the
/// input does not hold: one of them may be it (core/v1 `EnvFromSource`).
pub(in crate::facts) fn referred_by_name(
    settings: &[Setting<'_>],
    name: &str,
    namespace: &str,
) -> Option<String> {
    let keepers: Vec<(String, &str)> = settings
        .iter()
        .filter(|setting| setting.channel == Channel::Variable && setting.text.is_none())
        .filter_map(|setting| {
            let key = name.strip_prefix(setting.name.strip_suffix('*')?).filter(|key| !key.is_empty())?;
            let keeper = match &setting.origin {
                Origin::MissingSecret { name, .. } => format!("Secret/{namespace}/{name}"),
                Origin::ConfigMap(resource) | Origin::Secret(resource) => resource.id.to_string(),
                Origin::Missing(what) => what.clone(),
                _ => return None,
            };
            Some((keeper, key))
        })
        .collect();
    let all: Vec<String> = keepers.into_iter().map(|(keeper, key)| format!("{keeper}#{key}")).collect();
    (!all.is_empty()).then(|| all.join(" or "))
}

fn looks_like_instance(word: &str) -> bool {
    word.starts_with("$(")
        || word.starts_with("${")
        || word.matches(':').count() >= 2
        || word.starts_with("projects/")
}

/// Name and port of `project:region:instance=tcp:0.0.0.0:5432` or `project:region:instance?port=5432`.
fn instance(text: &str, default_port: Option<u16>) -> (String, Option<u16>) {
    let (name, how) = match text.split_once('=') {
        Some((name, how)) if !name.contains('?') => (name, how),
        _ => text.split_once('?').unwrap_or((text, "")),
    };
    let port = how.rsplit([':', '=']).next().and_then(|port| port.parse().ok());
    (name.to_owned(), port.or(default_port))
}

/// The Consul service that a Pod's proxy opens on a port: `name:port[:datacenter]`, several by comma.
fn consul_upstream<'e>(workload: &Workload<'e>, port: Option<u16>) -> Option<&'e str> {
    let upstreams = workload.annotation(CONSUL_UPSTREAMS)?.split(',');
    let mut on_port = upstreams.filter_map(|upstream| {
        let mut parts = upstream.trim().split(':');
        let (name, listening) = (parts.next()?, parts.next()?);
        (port.is_some() && listening.parse().ok() == port).then_some(name)
    });
    on_port.next().and_then(|name| name.split('.').next())
}
