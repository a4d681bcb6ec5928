//! Services that operators are told to open to the outside: types of Services in the resources of operators.
//!
//! Sources: the API references of `CloudNativePG`, Zalando's operator, Crunchy's PGO, Percona's operators, `StackGres`,
//! the operators of `MariaDB` and MySQL, ECK, Dragonfly and the Redis operator of Opstree.

use super::{exposure, servers::Server};
use crate::{
    document::NodeRef,
    facts::{Fact, hosts::Operated},
    resource::engine,
    source::Place,
};

/// Where resources of a group and kind have settings of Services; `*` is every element.
const SETTINGS: &[(&str, &str, &[&str])] = &[
    ("postgresql.cnpg.io", "Cluster", &["spec.managed.services.additional.*.serviceTemplate"]),
    (
        "postgres-operator.crunchydata.com",
        "PostgresCluster",
        &["spec.service", "spec.replicaService", "spec.proxy.pgBouncer.service"],
    ),
    (
        "pgv2.percona.com",
        "PerconaPGCluster",
        &["spec.expose", "spec.exposeReplicas", "spec.proxy.pgBouncer.expose"],
    ),
    (
        "pxc.percona.com",
        "PerconaXtraDBCluster",
        &[
            "spec.pxc.expose",
            "spec.haproxy.exposePrimary",
            "spec.haproxy.exposeReplicas",
            "spec.proxysql.expose",
        ],
    ),
    (
        "ps.percona.com",
        "PerconaServerMySQL",
        &[
            "spec.mysql.expose",
            "spec.mysql.exposePrimary",
            "spec.proxy.haproxy.expose",
            "spec.proxy.router.expose",
        ],
    ),
    ("psmdb.percona.com", "PerconaServerMongoDB", &["spec.replsets.*.expose", "spec.sharding.mongos.expose"]),
    ("stackgres.io", "SGCluster", &["spec.postgresServices.primary", "spec.postgresServices.replicas"]),
    ("k8s.mariadb.com", "MariaDB", &["spec.service", "spec.primaryService", "spec.secondaryService"]),
    ("mysql.oracle.com", "InnoDBCluster", &["spec.service"]),
    ("elasticsearch.k8s.elastic.co", "Elasticsearch", &["spec.http.service"]),
    ("dragonflydb.io", "Dragonfly", &["spec.serviceSpec"]),
    ("redis.redis.opstreelabs.in", "Redis", &["spec.kubernetesConfig.service"]),
    ("redis.redis.opstreelabs.in", "RedisReplication", &["spec.kubernetesConfig.service"]),
    ("redis.redis.opstreelabs.in", "RedisCluster", &["spec.kubernetesConfig.service"]),
];

/// Keys by which kinds say of what type a Service is.
const TYPES: [&[&str]; 4] = [&["spec", "type"], &["type"], &["exposeType"], &["serviceType"]];

const ANNOTATIONS: [&[&str]; 3] = [&["metadata", "annotations"], &["annotations"], &["serviceAnnotations"]];

/// Switches of Zalando's operator, each for one load balancer, with where the annotations of its Service are.
const SWITCHES: [(&str, &str); 4] = [
    ("enableMasterLoadBalancer", "masterServiceAnnotations"),
    ("enableMasterPoolerLoadBalancer", "masterServiceAnnotations"),
    ("enableReplicaLoadBalancer", "replicaServiceAnnotations"),
    ("enableReplicaPoolerLoadBalancer", "replicaServiceAnnotations"),
];

/// Exposures that the resource of an operator asks for.
pub(super) fn exposures(operated: &Operated<'_>, server: &Server<'_>) -> Vec<Fact> {
    let object = &operated.resource.object;
    let port = server.engine.and_then(engine::named).and_then(|engine| engine.ports.first().copied());
    let exposure = |kind: &str, internal: bool, ranges: Vec<Fact>, place: Place| {
        let fields = [
            ("kind", Fact::from(kind)),
            ("service", Fact::from(&*operated.resource.id)),
            ("port", port.map_or_else(Fact::unknown, Fact::from)),
            ("internal", Fact::from(internal)),
            ("source_ranges", Fact::array(ranges)),
        ];
        Fact::object(fields).at(Some(place.into()))
    };
    let mut found = Vec::new();
    if &*object.group == "acid.zalan.do" {
        let Some(spec) = operated.node.get("spec") else { return found };
        for (switch, own) in SWITCHES {
            let Some(on) = spec.get(switch).filter(|node| node.as_bool() == Some(true)) else { continue };
            let internal =
                [own, "serviceAnnotations"].iter().any(|key| exposure::is_internal(spec.get(key), spec));
            let ranges = spec.get("allowedSourceRanges").into_iter().flat_map(NodeRef::items);
            let ranges = ranges.map(|range| range.as_str().map_or_else(Fact::unknown, Fact::from)).collect();
            found.push(exposure("LoadBalancer", internal, ranges, on.place()));
        }
        return found;
    }
    let of_kind =
        |(group, kind, _): &&(&str, &str, &[&str])| *group == &*object.group && *kind == &*object.kind;
    let paths = SETTINGS.iter().filter(of_kind).flat_map(|(.., paths)| paths.iter());
    for settings in paths.flat_map(|path| nodes(operated.node, path)) {
        if settings.get("enabled").is_some_and(|node| node.as_bool() == Some(false)) {
            continue;
        }
        let kind = TYPES.iter().find_map(|path| settings.at(path));
        let Some(kind) = kind else { continue };
        if let Some(name @ ("LoadBalancer" | "NodePort")) = kind.as_str() {
            let spec = settings.get("spec").unwrap_or(settings);
            let annotations = ANNOTATIONS.iter().find_map(|path| settings.at(path));
            let ranges =
                if name == "LoadBalancer" { exposure::ranges(annotations, spec) } else { Vec::new() };
            let internal = name == "LoadBalancer" && exposure::is_internal(annotations, spec);
            found.push(exposure(name, internal, ranges, kind.place()));
        }
    }
    found
}

/// Everything at a path.
fn nodes<'d>(node: NodeRef<'d>, path: &str) -> Vec<NodeRef<'d>> {
    let mut found = vec![node];
    for key in path.split('.') {
        found = match key {
            "*" => found.into_iter().flat_map(NodeRef::items).collect(),
            key => found.into_iter().filter_map(|node| node.get(key)).collect(),
        };
    }
    found
}
