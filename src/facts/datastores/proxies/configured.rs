//! What the settings of a proxy say of the servers behind it.

use std::{collections::BTreeSet, sync::LazyLock};

use regex::Regex;

use crate::{
    document::NodeRef,
    facts::{
        Set,
        accesses::{Part, claims},
        datastores::Named,
        environment::{Channel, Origin, Setting},
        workloads::WorkloadId,
    },
};

/// One server behind a proxy.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Target {
    /// The database that clients ask for; `*` for all that have no entry; `None`: whatever they ask for.
    pub(super) alias: Option<String>,
    pub(super) host: String,
    /// What stands outside the input for the host.
    pub(super) referred: Option<String>,
    pub(super) port: Option<u16>,
    /// As in [`super::Passed`].
    pub(super) database: Option<Named>,
    pub(super) principal: Option<String>,
}

/// Longer configurations are not looked through.
const LENGTH: usize = 65_536;

/// A host that a line names, with its port where that stands beside: `HAProxy` and nginx, Odyssey, Pgpool-II,
/// `ProxySQL` and `MaxScale`, `PgCat`, socat.
const LINES: [&str; 6] = [
    r"(?m)^\s*server\s+\S+\s+(?P<host>[A-Za-z0-9._-]+):(?P<port>\d+)",
    r"(?m)^\s*(?:server|proxy_pass)\s+(?P<host>[A-Za-z0-9._-]+):(?P<port>\d+)[^;{}\n]*;",
    r#"(?m)^\s*(?:host|backend_hostname\d+)\s*=?\s*["']?(?P<host>[A-Za-z0-9._-]+)["']?[ \t]*$(?:\s*(?:port|backend_port\d+)\s*=?\s*["']?(?P<port>\d+))?"#,
    r#"\baddress\s*=\s*"?(?P<host>[A-Za-z0-9._-]+)"?(?:\s*,?\s*port\s*=\s*"?(?P<port>\d+))?"#,
    r#"\[\s*"(?P<host>[A-Za-z0-9._-]+)"\s*,\s*"?(?P<port>\d+)"?\s*,\s*"(?:primary|replica|auto)"#,
    r"(?i)\b(?:tcp[46]?|tcp[46]?-connect|openssl):(?P<host>[A-Za-z0-9._-]+):(?P<port>\d+)",
];

/// Settings by which a configuration gives databases other names than clients do.
const RENAMES: [&str; 2] = ["storage_db", ".shards."];

/// All servers that a proxy is told of.
pub(super) fn targets(set: &Set<'_>, proxy: WorkloadId) -> Vec<Target> {
    let namespace = set.workloads().get(proxy).namespace;
    let settings = set.environments().of(proxy);
    let mut found: Vec<Target> = settings.iter().filter_map(of_entry).collect();
    if !found.is_empty() {
        return found;
    }
    for of_container in settings.chunk_by(|a, b| a.container == b.container) {
        for claim in claims(of_container, namespace).into_iter().filter(|claim| claim.is_database) {
            let target = Target { port: claim.port, ..Target::default() };
            match claim.host {
                Part::Text(host) => found.push(Target { host: host.into_owned(), ..target }),
                Part::Referred(reference) => found.push(Target { referred: Some(reference), ..target }),
                Part::Absent | Part::Unknown => {}
            }
        }
    }
    if found.is_empty() {
        texts(set, settings).iter().for_each(|text| of_text(text, &mut found));
        found.extend(settings.iter().filter(|setting| is_upstream(&setting.name)).filter_map(|setting| {
            Some(Target { host: setting.text.as_deref()?.to_owned(), ..Target::default() })
        }));
        for setting in settings.iter().filter(|setting| setting.name == "PGPOOL_BACKEND_NODES") {
            found.extend(setting.text.as_deref().unwrap_or_default().split(',').filter_map(of_node));
        }
    }
    found
}

/// An entry of `[databases]` in `pgbouncer.ini`: `orders = host=db port=5432 dbname=shop user=shop`.
fn of_entry(setting: &Setting<'_>) -> Option<Target> {
    let alias = setting.name.strip_prefix("databases.").filter(|_| setting.channel == Channel::File)?;
    let text = setting.text.as_deref()?;
    let value = |key: &str| {
        let pairs = text.split_whitespace().filter_map(|pair| pair.split_once('='));
        pairs.into_iter().find(|(name, _)| *name == key).map(|(_, value)| value.trim_matches('\''))
    };
    Some(Target {
        alias: Some(alias.to_owned()),
        host: value("host")?.split(',').next()?.to_owned(),
        referred: None,
        port: value("port").and_then(|port| port.parse().ok()),
        database: value("dbname").map(|name| Named::Known(name.to_owned())),
        principal: value("user").map(ToOwned::to_owned),
    })
}

/// `0:db-0.db:5432` of Bitnami's Pgpool-II.
fn of_node(text: &str) -> Option<Target> {
    let mut parts = text.trim().split(':').skip(1);
    let host = parts.next()?.to_owned();
    Some(Target { host, port: parts.next().and_then(|port| port.parse().ok()), ..Target::default() })
}

/// An address of a cluster of Envoy.
fn is_upstream(name: &str) -> bool {
    name.contains("clusters[") && name.ends_with("socket_address.address")
}

/// Whole files, and arguments.
fn texts<'e>(set: &Set<'e>, settings: &[Setting<'e>]) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let mut texts = Vec::new();
    for setting in settings {
        match (setting.channel, &setting.origin, setting.key) {
            (Channel::File, Origin::ConfigMap(object) | Origin::Secret(object), Some(key))
                if seen.insert((&object.id, key)) =>
            {
                let text = set.view.estate.node(object).at(&["data", key]).and_then(NodeRef::as_str);
                texts.extend(text.map(ToOwned::to_owned));
            }
            (Channel::Argument, ..) => texts.extend(setting.text.as_deref().map(ToOwned::to_owned)),
            _ => {}
        }
    }
    texts.retain(|text| text.len() <= LENGTH);
    texts
}

fn of_text(text: &str, found: &mut Vec<Target>) {
    static PATTERNS: LazyLock<Vec<Regex>> =
        LazyLock::new(|| LINES.iter().filter_map(|line| Regex::new(line).ok()).collect());
    let renames = RENAMES.iter().any(|word| text.contains(word)).then_some(Named::Unknown);
    let code: String = text
        .lines()
        .filter(|line| !line.trim_start().starts_with(['#', ';']))
        .flat_map(|line| [line, "\n"])
        .collect();
    for pattern in PATTERNS.iter() {
        for captures in pattern.captures_iter(&code) {
            let host = captures.name("host").map_or("", |host| host.as_str());
            if host == "0.0.0.0" {
                continue;
            }
            let port = captures.name("port").and_then(|port| port.as_str().parse().ok());
            found.push(Target {
                host: host.to_owned(),
                port,
                database: renames.clone(),
                ..Target::default()
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_behind_a_proxy_are_read_from_its_configuration() {
        for (name, text, expected) in [
            (
                "HAProxy",
                "frontend pg\n  bind *:5432\nbackend pg\n  server one db-0.db:5432 check\n  # server two old:5432\n",
                &[("db-0.db", Some(5432))][..],
            ),
            ("nginx", "stream { upstream pg {\n server db:5432 max_fails=3;\n } }", &[("db", Some(5432))]),
            (
                "Odyssey",
                "listen {\n host \"*\"\n port 6432\n}\nstorage \"pg\" {\n type \"remote\"\n host \"db\"\n port 5433\n}",
                &[("db", Some(5433))],
            ),
            (
                "Pgpool-II",
                "backend_hostname0 = 'db-0'\nbackend_port0 = 5432\nbackend_hostname1 = 'db-1'\n",
                &[("db-0", Some(5432)), ("db-1", None)],
            ),
            (
                "ProxySQL",
                "mysql_servers =\n(\n { address=\"db\" , port=3306 , hostgroup=0 }\n)\n",
                &[("db", Some(3306))],
            ),
            ("MaxScale", "[one]\ntype=server\naddress=db\nport=3306\n", &[("db", Some(3306))]),
            (
                "PgCat",
                "[pools.orders.shards.0]\nservers = [\n  [ \"db\", 5432, \"primary\" ],\n]\n",
                &[("db", Some(5432))],
            ),
            ("socat", "TCP-LISTEN:5432,fork TCP:db.example.com:5432", &[("db.example.com", Some(5432))]),
            ("nothing", "worker_processes 4;\nserver {\n listen 80;\n}\n", &[]),
        ] {
            let mut found = Vec::new();
            of_text(text, &mut found);
            let found: Vec<(&str, Option<u16>)> =
                found.iter().map(|target| (target.host.as_str(), target.port)).collect();
            assert_eq!(found, expected, "{name}");
        }
    }
}
