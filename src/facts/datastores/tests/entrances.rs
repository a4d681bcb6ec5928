//! Ways in from outside that are no Service of the database: entrances of the cluster, and what operators open.

use super::found;

const DATABASE: &str = "{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: db}, spec: {template: {metadata: {labels: {app: db}}, spec: {containers: [{name: a, image: 'IMAGE'}]}}}}\n---\n{apiVersion: v1, kind: Service, metadata: {name: db}, spec: {selector: {app: db}, ports: [{name: sql, port: PORT}, {name: metrics, port: 9187}]}}\n---\n";

/// Exposures of the only server.
fn of(image: &str, port: &str, entrance: &str) -> Vec<String> {
    let all = found(&format!("{}{entrance}", DATABASE.replace("IMAGE", image).replace("PORT", port)));
    let [(_, _, exposures)] = all.as_slice() else { panic!("{all:?}") };
    exposures.clone()
}

const CONTROLLER: &str = "{apiVersion: apps/v1, kind: Deployment, metadata: {name: edge, namespace: edge}, spec: {template: {metadata: {labels: {istio: edge}}, spec: {containers: [{name: a, image: proxy}]}}}}\n---\n{apiVersion: v1, kind: Service, metadata: {name: edge, namespace: edge}, spec: {type: TYPE, selector: {istio: edge}, ports: [{port: 31400}]}}\n---\n";

#[test]
fn routes_of_gateways_lead_to_databases() {
    let gateway = |class: &str| {
        format!(
            "{{apiVersion: gateway.networking.k8s.io/v1, kind: Gateway, metadata: {{name: edge, namespace: edge}}, spec: {{gatewayClassName: {class}, listeners: [{{name: sql, port: 5432, protocol: TCP}}]}}}}\n---\n"
        )
    };
    let route = |kind: &str, port: u16| {
        format!(
            "{{apiVersion: gateway.networking.k8s.io/v1alpha2, kind: {kind}, metadata: {{name: db}}, spec: {{parentRefs: [{{name: edge, namespace: edge}}], rules: [{{backendRefs: [{{name: db, port: {port}}}]}}]}}}}\n"
        )
    };
    let with = |class: &str, kind: &str, port: u16| gateway(class) + &route(kind, port);
    for (case, entrance, expected) in [
        ("TCP", with("envoy", "TCPRoute", 5432), &["Gateway 5432"][..]),
        ("TLS", with("envoy", "TLSRoute", 5432), &["Gateway 5432"]),
        ("requests", with("envoy", "HTTPRoute", 5432), &[]),
        ("metrics", with("envoy", "TCPRoute", 9187), &[]),
        ("inside the network", with("gke-l7-rilb", "TCPRoute", 5432), &[]),
        ("a waypoint", with("istio-waypoint", "TCPRoute", 5432), &[]),
    ] {
        assert_eq!(of("postgres", "5432", &entrance), expected, "{case}");
    }
}

#[test]
fn routes_of_istio_lead_to_databases_as_far_as_its_gateway_is_open() {
    let gateway = "{apiVersion: networking.istio.io/v1, kind: Gateway, metadata: {name: sql}, spec: {selector: {istio: edge}, servers: [{port: {number: 5432, protocol: TCP}, hosts: ['*']}]}}\n---\n";
    let service = |protocol: &str| {
        format!(
            "{{apiVersion: networking.istio.io/v1, kind: VirtualService, metadata: {{name: sql}}, spec: {{hosts: ['*'], gateways: [sql], {protocol}: [{{route: [{{destination: {{host: db, port: {{number: 5432}}}}}}]}}]}}}}\n"
        )
    };
    for (case, kind, protocol, expected) in [
        ("open", "LoadBalancer", "tcp", &["Gateway 5432"][..]),
        ("requests", "LoadBalancer", "http", &[]),
        ("inside", "ClusterIP", "tcp", &[]),
    ] {
        let entrance = format!("{}{gateway}{}", CONTROLLER.replace("TYPE", kind), service(protocol));
        assert_eq!(of("postgres", "5432", &entrance), expected, "{case}");
    }
}

#[test]
fn an_ingress_leads_to_what_answers_requests() {
    let ingress = |metadata: &str, class: &str| {
        format!(
            "{{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {{name: db, annotations: {metadata}}}, spec: {{ingressClassName: {class}, rules: [{{http: {{paths: [{{path: /, pathType: Prefix, backend: {{service: {{name: db, port: {{name: sql}}}}}}}}]}}}}]}}}}\n"
        )
    };
    let public = "{alb.ingress.kubernetes.io/scheme: internet-facing}";
    for (case, image, port, metadata, class, expected) in [
        ("a search engine", "elasticsearch:8.1.0", "9200", "{}", "nginx", &["Ingress 9200"][..]),
        ("no HTTP", "postgres", "5432", "{}", "nginx", &[]),
        ("inside, as by default", "elasticsearch:8.1.0", "9200", "{}", "alb", &[]),
        ("outside", "elasticsearch:8.1.0", "9200", public, "alb", &["Ingress 9200"]),
    ] {
        assert_eq!(of(image, port, &ingress(metadata, class)), expected, "{case}");
    }
}

#[test]
fn ingress_nginx_passes_on_what_its_list_names() {
    let map = |name: &str, target: &str| {
        format!(
            "{{apiVersion: v1, kind: ConfigMap, metadata: {{name: {name}, namespace: ingress-nginx}}, data: {{'15432': '{target}'}}}}\n"
        )
    };
    for (case, entrance, expected) in [
        ("the database", map("tcp-services", "shop/db:5432"), &["ConfigMap 15432"][..]),
        ("by a chart", map("ingress-nginx-tcp", "shop/db:5432:PROXY"), &["ConfigMap 15432"]),
        ("its metrics", map("tcp-services", "shop/db:9187"), &[]),
        ("another map", map("notes", "shop/db:5432"), &[]),
    ] {
        assert_eq!(of("postgres", "5432", &entrance), expected, "{case}");
    }
}

#[test]
fn operators_open_what_their_resources_ask_for() {
    let cluster = |group: &str, kind: &str, spec: &str| {
        format!("{{apiVersion: {group}/v1, kind: {kind}, metadata: {{name: db}}, spec: {spec}}}\n")
    };
    let of_cnpg = |template: &str| {
        let spec = format!(
            "{{managed: {{services: {{additional: [{{selectorType: rw, serviceTemplate: {template}}}]}}}}}}"
        );
        cluster("postgresql.cnpg.io", "Cluster", &spec)
    };
    let of_zalando = |spec: &str| cluster("acid.zalan.do", "postgresql", spec);
    let of_percona = |expose: &str| {
        cluster(
            "psmdb.percona.com",
            "PerconaServerMongoDB",
            &format!("{{replsets: [{{name: rs0, expose: {expose}}}]}}"),
        )
    };
    for (case, text, expected) in [
        ("CloudNativePG", of_cnpg("{spec: {type: LoadBalancer}}"), &["LoadBalancer 5432"][..]),
        ("CloudNativePG, inside", of_cnpg("{spec: {type: ClusterIP}}"), &[]),
        ("Zalando", of_zalando("{enableMasterLoadBalancer: true}"), &["LoadBalancer 5432"]),
        ("Zalando, off", of_zalando("{enableMasterLoadBalancer: false}"), &[]),
        ("Percona", of_percona("{enabled: true, type: NodePort}"), &["NodePort 27017"]),
        (
            "Percona, as it was",
            of_percona("{enabled: true, exposeType: LoadBalancer}"),
            &["LoadBalancer 27017"],
        ),
        ("Percona, off", of_percona("{enabled: false, type: LoadBalancer}"), &[]),
        (
            "ECK",
            cluster(
                "elasticsearch.k8s.elastic.co",
                "Elasticsearch",
                "{http: {service: {spec: {type: LoadBalancer}}}}",
            ),
            &["LoadBalancer 9200"],
        ),
    ] {
        let all = found(&text);
        let [(_, _, exposures)] = all.as_slice() else { panic!("{case}: {all:?}") };
        assert_eq!(exposures, expected, "{case}");
    }
}
