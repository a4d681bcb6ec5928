use super::*;
use crate::{
    document::yaml,
    estate::Estate,
    source::{Source, Sources, Status},
};

fn estate(text: &str) -> Estate {
    let sources = Sources::new(vec![Source::new("a.yaml", text, None, Status::Read)]);
    let documents = sources.iter().flat_map(|(id, source)| yaml::parse(id, &source.text).documents).collect();
    Estate::new(sources, documents, Vec::new(), "shop")
}

/// A host in words, with the ids of what led to it.
fn words(set: &Set<'_>, resolved: &Resolved<'_>) -> String {
    let host = match &resolved.host {
        Host::Service(service) => set.services().get(*service).resource.id.to_string(),
        Host::Workload { workload, .. } => set.workloads().get(*workload).resource.id.to_string(),
        Host::Operated(index) => {
            let server = set.hosts().operators().get(*index).expect("an index of this set");
            format!("{} by {}", server.service, server.resource.id)
        }
        Host::Undeclared { namespace, name } => format!("undeclared {namespace}/{name}"),
        Host::External(name) => format!("external {name}"),
        Host::Referred(what) => format!("referred {what}"),
        Host::Loopback => "loopback".to_owned(),
        Host::Unknown => "unknown".to_owned(),
    };
    resolved.through.iter().fold(host, |text, by| format!("{text} through {}", by.id))
}

const SHOP: &str = "
{apiVersion: v1, kind: Service, metadata: {name: db}, spec: {selector: {app: db}, clusterIP: 10.0.0.7}}
---
{apiVersion: v1, kind: Service, metadata: {name: db-pods}, spec: {selector: {app: db}, clusterIP: None}}
---
{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: db}, spec: {template: {metadata: {labels: {app: db}}, spec: {containers: [{name: a, image: postgres}]}}}}
---
{apiVersion: v1, kind: Service, metadata: {name: db, namespace: other}, spec: {selector: {app: db}}}
---
{apiVersion: v1, kind: Service, metadata: {name: alias}, spec: {type: ExternalName, externalName: far.example.com}}
---
{apiVersion: v1, kind: Service, metadata: {name: alias2}, spec: {type: ExternalName, externalName: alias.shop.svc.cluster.local.}}
---
{apiVersion: v1, kind: Service, metadata: {name: round}, spec: {type: ExternalName, externalName: trip.shop.svc.cluster.local}}
---
{apiVersion: v1, kind: Service, metadata: {name: trip}, spec: {type: ExternalName, externalName: round.shop.svc.cluster.local}}
---
{apiVersion: v1, kind: Service, metadata: {name: short}, spec: {type: ExternalName, externalName: db}}
---
{apiVersion: v1, kind: Service, metadata: {name: made}, spec: {ports: [{port: 5432}]}}
---
{apiVersion: v1, kind: Endpoints, metadata: {name: made}, subsets: [{addresses: [{ip: 192.168.7.7}]}]}
---
{apiVersion: v1, kind: Service, metadata: {name: two}, spec: {ports: [{port: 5432}]}}
---
{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {name: two-x, labels: {kubernetes.io/service-name: two}}, endpoints: [{addresses: [192.168.7.8]}, {addresses: [192.168.7.9]}]}
---
{apiVersion: networking.istio.io/v1, kind: ServiceEntry, metadata: {name: rds}, spec: {hosts: ['*.rds.amazonaws.com']}}
---
{apiVersion: networking.istio.io/v1, kind: ServiceEntry, metadata: {name: private, namespace: other}, spec: {hosts: [hidden.example.com], exportTo: ['.']}}
---
{apiVersion: networking.istio.io/v1, kind: ServiceEntry, metadata: {name: vm}, spec: {hosts: [old.vm.svc.cluster.local]}}
---
{apiVersion: postgresql.cnpg.io/v1, kind: Cluster, metadata: {name: orders}}
---
{apiVersion: postgresql.cnpg.io/v1, kind: Pooler, metadata: {name: pool}, spec: {cluster: {name: orders}}}
---
{apiVersion: psmdb.percona.com/v1, kind: PerconaServerMongoDB, metadata: {name: m}, spec: {replsets: [{name: blue}]}}
";

#[test]
fn names_are_looked_up_as_a_resolver_does() {
    let estate = estate(SHOP);
    let set = Set::new(estate.view(0));
    for (host, expected) in [
        ("db", "Service/shop/db"),
        ("DB.shop", "Service/shop/db"),
        ("db.other", "Service/other/db"),
        ("db.shop.svc", "Service/shop/db"),
        ("db.shop.svc.cluster.local", "Service/shop/db"),
        ("db.shop.svc.cluster.local.", "Service/shop/db"),
        ("10.0.0.7", "Service/shop/db"),
        ("db-0.db-pods", "StatefulSet/shop/db"),
        ("db-1.db-pods.shop.svc.cluster.local", "StatefulSet/shop/db"),
        ("db-0.db", "undeclared db/db-0"),
        ("db.", "external db"),
        ("lost", "undeclared shop/lost"),
        ("lost.prod", "undeclared prod/lost"),
        ("lost.prod.svc", "undeclared prod/lost"),
        ("example.com", "external example.com"),
        ("far.example.com", "external far.example.com"),
        ("alias", "external far.example.com through Service/shop/alias"),
        ("alias2", "external far.example.com through Service/shop/alias2 through Service/shop/alias"),
        ("round", "unknown through Service/shop/round through Service/shop/trip"),
        ("short", "external db through Service/shop/short"),
        ("made", "external 192.168.7.7 through Service/shop/made"),
        ("two", "Service/shop/two"),
        ("x.eu.rds.amazonaws.com", "external x.eu.rds.amazonaws.com through ServiceEntry/shop/rds"),
        ("hidden.example.com", "external hidden.example.com"),
        ("old.vm", "undeclared vm/old through ServiceEntry/shop/vm"),
        ("orders-rw", "orders-rw by Cluster/shop/orders"),
        ("orders-ro.shop.svc", "orders-rw by Cluster/shop/orders"),
        ("pool", "orders-rw by Cluster/shop/orders"),
        ("m-blue", "m-rs0 by PerconaServerMongoDB/shop/m"),
        ("localhost", "loopback"),
        ("127.0.0.9", "loopback"),
        ("[::1]", "loopback"),
        ("0.0.0.0", "unknown"),
        ("[::]", "unknown"),
        ("::ffff:0.0.0.0", "unknown"),
        ("", "unknown"),
        ("{{ .Values.host }}", "unknown"),
        ("$(HOST)", "unknown"),
        ("a..b", "unknown"),
        ("a:b", "unknown"),
    ] {
        assert_eq!(words(&set, &set.hosts().resolve(&set, host, "shop")), expected, "{host}");
    }
}

fn pod(name: &str, rest: &str) -> String {
    format!(
        "{{apiVersion: apps/v1, kind: Deployment, metadata: {{name: {name}}}, spec: {{template: {{metadata: {{labels: {{app: {name}}}, annotations: {{consul.hashicorp.com/connect-service-upstreams: 'db:6000, far:6001'}}}}, spec: {{{rest}}}}}}}}}\n---\n"
    )
}

#[test]
fn a_loopback_leads_to_what_listens_in_the_same_pod() {
    for (name, spec, host, port, expected) in [
        (
            "the first proxy of Cloud SQL",
            "containers: [{name: p, image: 'gcr.io/x/gce-proxy:1', command: [/cloud_sql_proxy, '-instances=p:eu-1:a=tcp:5432,p:eu-1:b=tcp:5433']}]",
            "127.0.0.1",
            Some(5433),
            "external p:eu-1:b",
        ),
        (
            "the second one",
            "containers: [{name: p, image: 'gcr.io/x/cloud-sql-proxy:2', args: [--private-ip, 'p:eu-1:a?port=5432', 'p:eu-1:b?port=3306']}]",
            "localhost",
            Some(3306),
            "external p:eu-1:b",
        ),
        (
            "a port of its own",
            "initContainers: [{name: p, restartPolicy: Always, image: cloud-sql-proxy, args: ['--port=7000', 'p:eu-1:a']}], containers: []",
            "localhost",
            Some(7000),
            "external p:eu-1:a",
        ),
        (
            "another port",
            "containers: [{name: p, image: cloud-sql-proxy, args: ['--port=7000', 'p:eu-1:a']}]",
            "localhost",
            Some(5432),
            "loopback",
        ),
        (
            "a name from a Secret that is not there",
            "containers: [{name: p, image: gce-proxy, command: [x, '-instances=$(CONNECTION)=tcp:5432'], env: [{name: CONNECTION, valueFrom: {secretKeyRef: {name: sql, key: connection}}}]}]",
            "localhost",
            Some(5432),
            "referred Secret/shop/sql#connection",
        ),
        (
            "a pooler",
            "containers: [{name: p, image: edoburu/pgbouncer, env: [{name: DB_HOST, value: db}]}]",
            "localhost",
            Some(6432),
            "Service/shop/db",
        ),
        (
            "a neighbour",
            "containers: [{name: r, image: redis}]",
            "localhost",
            Some(6379),
            "Deployment/shop/me",
        ),
        (
            "a client beside its proxy",
            "containers: [{name: c, image: redis, command: [sh, -c, 'redis-cli -h 127.0.0.1 -p 5432']}, {name: p, image: edoburu/pgbouncer, env: [{name: DB_HOST, value: db}]}]",
            "localhost",
            Some(5432),
            "Service/shop/db",
        ),
        ("Consul", "containers: [{name: a, image: web}]", "localhost", Some(6000), "Service/shop/db"),
        ("nobody", "containers: [{name: a, image: web}]", "localhost", Some(1), "loopback"),
        (
            "a name of the Pod's own",
            "hostAliases: [{ip: 10.1.1.1, hostnames: [legacy]}], containers: []",
            "legacy",
            None,
            "external 10.1.1.1",
        ),
    ] {
        let estate = estate(&format!("{}{SHOP}", pod("me", spec)));
        let set = Set::new(estate.view(0));
        let me = set.workloads().by_id("Deployment/shop/me").expect("declared above");
        let mut resolved = set.hosts().resolve_from(&set, host, port, me);
        resolved.through.clear();
        assert_eq!(words(&set, &resolved), expected, "{name}");
    }
}

proptest::proptest! {
    #[test]
    fn no_host_panics(host in "[a-zA-Z0-9.:\\[\\]${}()%_ -]{0,40}") {
        let estate = estate(SHOP);
        let set = Set::new(estate.view(0));
        set.hosts().resolve(&set, &host, "shop");
    }
}
