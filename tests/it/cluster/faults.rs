//! What goes wrong between a scan and a server: it is tried again with patience, or told and left open.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use probity::{
    cluster::{Patience, Target},
    config::Day,
    estate::Estate,
    policy::{Policies, built_in},
    report::{Outcome, Report},
    scan::Settings,
    source::{Status, base::Base},
};

use super::{
    declared::judged,
    server::{Answer, Fault, Objects, Request, Server},
};

/// A meshed workload with a credential, a policy of the mesh, and one of the network.
pub(super) const SHOP: &str = r"
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio-injection: enabled}}
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: default, namespace: shop}
spec: {mtls: {mode: STRICT}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - name: web
          image: example.com/web:1
          ports: [{containerPort: 8080}]
          env: [{name: DB_PASSWORD, value: corr3ct-h0rse-battery}]
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}
---
apiVersion: v1
kind: Secret
metadata: {name: db, namespace: shop}
stringData: {password: never-to-be-read-4711}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: a, namespace: shop}
data: {mode: fast}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: b, namespace: shop}
data: {mode: slow}
";

const DEPLOYMENTS: &str = "/apis/apps/v1/deployments";
const PEERS: &str = "/apis/security.istio.io/v1/peerauthentications";

/// Quick enough for a test.
fn hasty() -> Patience {
    Patience {
        deadline: Duration::from_secs(20),
        answer: Duration::from_secs(2),
        tries: 3,
        pause: Duration::from_millis(5),
    }
}

fn scan_with(server: &Server, patience: Patience, namespaces: &[&str]) -> (Estate, Report) {
    let base = Base::new(&[], Some(server.folder()), server.folder()).expect("a folder");
    let target = Target {
        kubeconfig: Some(server.kubeconfig()),
        namespaces: namespaces.iter().map(|name| (*name).to_owned()).collect(),
        patience,
        ..Target::default()
    };
    let day = Day::parse("2026-01-01").expect("a day");
    let settings = Settings { cluster: Some(target), ..Settings::new(base, day) };
    judged(Policies::new(&built_in(), |_| true), &settings)
}

pub(super) fn scan(
    objects: Objects,
    fault: impl Fn(&Request) -> Option<Answer> + Send + Sync + 'static,
) -> (Estate, Report) {
    let server = Server::new(objects, Box::new(fault) as Fault);
    scan_with(&server, hasty(), &[])
}

fn healthy() -> (Estate, Report) {
    scan(Objects::of_text(SHOP), |_| None)
}

pub(super) fn found(report: &Report) -> BTreeSet<(String, String)> {
    let found = report.findings.iter().map(|judged| &judged.finding);
    found.map(|finding| (finding.rule.to_string(), finding.resource.clone())).collect()
}

/// Why the list of a kind failed.
fn failure(estate: &Estate, name: &str) -> String {
    let source = estate.sources.as_slice().iter().find(|source| &*source.file == name).expect(name);
    match &source.status {
        Status::Failed(problems) => problems[0].message.clone(),
        status => panic!("{name} is {status:?}"),
    }
}

fn left_open(report: &Report, missing: &str) -> BTreeSet<String> {
    let open = report.not_assessed.iter().filter(|result| is_missing(result.missing.as_deref(), missing));
    open.map(|result| result.rule.to_string()).collect()
}

/// Whether one of the lists that are missing is this.
fn is_missing(lists: Option<&str>, list: &str) -> bool {
    lists.is_some_and(|lists| lists.split(", ").any(|one| one == list))
}

/// No rule that looks at a kind passes anything while that is unread.
fn assert_open(report: &Report, missing: &str, rules: &[&str]) {
    let open = left_open(report, missing);
    for rule in rules {
        assert!(open.contains(*rule), "{rule} is not left open by {missing}: {open:?}");
        assert!(!report.passed.contains_key(*rule), "{rule} passes something");
    }
    assert_eq!(report.outcome, Outcome::Incomplete);
    assert_eq!(report.exit_code(), 3);
}

#[test]
fn a_healthy_server_gives_a_whole_report_and_is_never_asked_for_secrets() {
    let server = Server::new(Objects::of_text(SHOP), Box::new(|_| None));
    let (estate, report) = scan_with(&server, hasty(), &[]);
    assert_eq!(report.incomplete, Vec::<String>::new());
    assert!(found(&report).contains(&("secrets/plaintext-credential".into(), "Deployment/shop/web".into())));
    assert!(report.passed["mtls/plaintext-accepted"].contains(&"Deployment/shop/web".into()));
    assert_eq!(estate.server_version.as_deref(), Some("v1.37.2"));
    let listing = estate.sources.listings().find(|listing| listing.kind == "Deployment").unwrap();
    assert_eq!((listing.objects, listing.resource_version.as_deref(), listing.pages), (1, Some("4711"), 1));
    let requests = server.requests();
    assert!(requests.iter().all(|request| !request.contains("secrets?")), "{requests:#?}");
    let lists = requests.iter().filter(|request| request.contains('?'));
    assert!(lists.clone().all(|request| request.ends_with("?limit=500")), "{requests:#?}");
    assert!(lists.count() < 30, "kinds that are not served are not asked for: {requests:#?}");
}

#[test]
fn a_server_that_asks_to_wait_is_waited_for() {
    let began = Instant::now();
    let (_, report) = scan(Objects::of_text(SHOP), |request| {
        let is_first = request.path == DEPLOYMENTS && request.earlier == 0;
        is_first.then(|| Answer::refusal(429).with("Retry-After", "1"))
    });
    assert!(began.elapsed() >= Duration::from_secs(1));
    assert_eq!(found(&report), found(&healthy().1));
    let (estate, report) = scan(Objects::of_text(SHOP), |request| {
        (request.path == DEPLOYMENTS).then(|| Answer::refusal(429).with("Retry-After", "3600"))
    });
    assert!(failure(&estate, "cluster:deployments.apps").contains("--cluster-deadline"));
    assert_eq!(report.exit_code(), 3);
}

#[test]
fn errors_of_a_server_are_tried_again_and_told_in_the_end() {
    for status in [500, 502, 503, 504] {
        let (_, report) = scan(Objects::of_text(SHOP), move |request| {
            (request.path == DEPLOYMENTS && request.earlier < 2).then(|| Answer::refusal(status))
        });
        assert_eq!(report.incomplete, Vec::<String>::new(), "{status}");
    }
    let server = Server::new(
        Objects::of_text(SHOP),
        Box::new(|request| (request.path == PEERS).then(|| Answer::refusal(500))),
    );
    let (estate, report) = scan_with(&server, hasty(), &[]);
    assert_eq!(server.requests().iter().filter(|request| request.starts_with(PEERS)).count(), 3);
    let reason = failure(&estate, "cluster:peerauthentications.security.istio.io");
    assert_eq!(reason, "the server answers 500, 3 times; run the scan again later");
    assert_open(&report, "peerauthentications.security.istio.io", &["mtls/plaintext-accepted"]);
}

#[test]
fn a_list_that_expires_is_begun_anew_a_few_times() {
    let paged = || Objects { page: Some(1), ..Objects::of_text(SHOP) };
    let expires = |request: &Request, times: usize| {
        let is_second_page = request.path.ends_with("/configmaps") && request.query.contains_key("continue");
        (is_second_page && request.earlier < times * 2).then(|| Answer::refusal(410))
    };
    let (estate, report) = scan(paged(), move |request| expires(request, 1));
    let listing = estate.sources.listings().find(|listing| listing.kind == "ConfigMap").unwrap();
    assert_eq!((listing.objects, listing.restarts), (2, 1));
    assert_eq!(report.incomplete, Vec::<String>::new());
    let (estate, report) = scan(paged(), move |request| expires(request, usize::MAX / 4));
    assert!(failure(&estate, "cluster:configmaps").contains("(410)"));
    let listing = estate.sources.listings().find(|listing| listing.kind == "ConfigMap").unwrap();
    assert_eq!(listing.objects, 0, "a part of a list is not taken for all of it");
    assert_open(&report, "configmaps", &["secrets/weak-credential", "mtls/plaintext-accepted"]);
}

#[test]
fn an_answer_that_is_cut_off_is_asked_for_again() {
    let cut = |bytes: usize| {
        move |request: &Request| {
            let body = r#"{"metadata":{"resourceVersion":"1"},"items":[]}"#.to_owned();
            let is_first = request.path == DEPLOYMENTS && request.earlier == 0;
            is_first.then(|| Answer { cut: Some(bytes), ..Answer::status(200, body) })
        }
    };
    for bytes in [0, 20] {
        let (_, report) = scan(Objects::of_text(SHOP), cut(bytes));
        assert_eq!(found(&report), found(&healthy().1), "{bytes}");
    }
    for body in [
        "{\"items\":[{\"metadata\":",
        "<html>",
        "{\"items\":[7]}",
        "{\"items\":[{\"metadata\":{}}]}",
        "{}",
        "{\"kind\":\"DeploymentList\",\"metadata\":{\"resourceVersion\":\"1\"}}",
        "{\"kind\":\"Status\",\"status\":\"Failure\",\"items\":[]}",
    ] {
        let (estate, report) = scan(Objects::of_text(SHOP), move |request| {
            (request.path == DEPLOYMENTS).then(|| Answer::status(200, body.to_owned()))
        });
        let reason = failure(&estate, "cluster:deployments.apps");
        assert!(
            reason.starts_with("the server's answer is cut off, or no JSON of Kubernetes, 3 times"),
            "{reason}"
        );
        assert_open(
            &report,
            "deployments.apps",
            &["secrets/plaintext-credential", "mtls/plaintext-accepted"],
        );
    }
}

#[test]
fn a_list_that_is_null_is_empty() {
    let (estate, report) = scan(Objects::of_text(SHOP), |request| {
        (request.path == DEPLOYMENTS).then(|| Answer::status(200, "{\"items\":null}".to_owned()))
    });
    assert_eq!(report.incomplete, Vec::<String>::new());
    let listing = estate.sources.listings().find(|listing| listing.kind == "Deployment").unwrap();
    assert_eq!((listing.outcome.name(), listing.objects), ("read", 0));
}

#[test]
fn an_object_without_a_uid_is_judged() {
    let mut objects = Objects::of_text(SHOP);
    for object in objects.kinds.values_mut().flatten() {
        object["metadata"].as_object_mut().unwrap().remove("uid");
    }
    let (_, report) = scan(objects, |_| None);
    assert_eq!(found(&report), found(&healthy().1));
    assert_eq!(report.incomplete, Vec::<String>::new());
}

#[test]
fn a_list_that_is_not_there_though_its_kind_is_served_leaves_open_what_rests_on_it() {
    let (estate, report) =
        scan(Objects::of_text(SHOP), |request| (request.path == PEERS).then(|| Answer::refusal(404)));
    let reason = failure(&estate, "cluster:peerauthentications.security.istio.io");
    assert_eq!(reason, "the server does not serve it any more (404); run the scan again");
    assert_open(&report, "peerauthentications.security.istio.io", &["mtls/plaintext-accepted"]);
}

#[test]
fn a_group_of_every_server_that_is_not_named_leaves_its_kinds_open() {
    for is_old in [false, true] {
        let mut objects = Objects { is_old, ..Objects::of_text(SHOP) };
        objects.kinds.retain(|kind, _| kind.group != "apps");
        let (estate, report) = scan(objects, |_| None);
        let reason = failure(&estate, "cluster:deployments.apps");
        assert!(reason.starts_with("the server names no kind of the group"), "{reason}");
        assert_open(&report, "deployments.apps", &["secrets/plaintext-credential"]);
    }
}

#[test]
fn one_group_that_cannot_be_understood_is_open_and_the_rest_is_judged() {
    let text = SHOP.replace("kind: PeerAuthentication", "kind: Other");
    let broken = serde_json::json!({"kind": "APIGroupDiscoveryList", "items": [
        {"metadata": {"name": "security.istio.io"}, "versions": [{"version": "v1", "resources": [{"resource": 7}]}]},
        {"metadata": {"name": "apps"}, "versions": [{"version": "v1", "resources": [
            {"resource": "deployments", "responseKind": {"kind": "Deployment"}, "scope": null, "verbs": null}]}]},
        {"metadata": {"name": "nothing.example.com"}, "versions": [{"version": "v1", "resources": null}]}]});
    let (estate, report) = scan(Objects::of_text(&text), move |request| {
        (request.path == "/apis").then(|| Answer::json(&broken))
    });
    let reason = failure(&estate, "cluster:peerauthentications.security.istio.io");
    assert!(reason.starts_with("what the server says that it serves of it is no discovery"), "{reason}");
    let listing = estate.sources.listings().find(|listing| listing.kind == "Deployment").unwrap();
    assert_eq!((listing.outcome.name(), listing.objects), ("read", 1));
    assert_open(&report, "peerauthentications.security.istio.io", &["mtls/plaintext-accepted"]);
}

#[test]
fn a_server_that_asks_to_wait_for_ever_is_not_waited_for() {
    let (estate, _) = scan(Objects::of_text(SHOP), |request| {
        (request.path == DEPLOYMENTS).then(|| Answer::refusal(429).with("Retry-After", &u64::MAX.to_string()))
    });
    assert!(failure(&estate, "cluster:deployments.apps").contains("--cluster-deadline"));
}

#[test]
fn a_slow_server_is_not_waited_for_for_ever() {
    let slow = |delay: u64| {
        move |request: &Request| {
            let delay = Duration::from_millis(delay);
            (request.path == PEERS)
                .then(|| Answer { delay, ..Answer::json(&serde_json::json!({"items": []})) })
        }
    };
    let patience = Patience { answer: Duration::from_millis(100), ..hasty() };
    let server = Server::new(Objects::of_text(SHOP), Box::new(slow(400)));
    let (estate, report) = scan_with(&server, patience, &[]);
    let reason = failure(&estate, "cluster:peerauthentications.security.istio.io");
    assert_eq!(reason, "the server did not answer within 100 ms, 3 times; run the scan again later");
    assert_open(&report, "peerauthentications.security.istio.io", &["mtls/plaintext-accepted"]);

    let patience = Patience { deadline: Duration::from_secs(1), answer: Duration::from_mins(1), ..hasty() };
    let server = Server::new(Objects::of_text(SHOP), Box::new(slow(3000)));
    // Its answer would be the list; what is told instead came before.
    let (estate, _) = scan_with(&server, patience, &[]);
    let reason = failure(&estate, "cluster:peerauthentications.security.istio.io");
    assert_eq!(reason, "the deadline of 1 s is over; give more with `--cluster-deadline`");
}

#[test]
fn an_expired_token_leaves_all_open() {
    for path in ["/version", "/apis", PEERS] {
        let (estate, report) =
            scan(Objects::of_text(SHOP), move |request| (request.path == path).then(|| Answer::refusal(401)));
        let name = if path == PEERS { "cluster:peerauthentications.security.istio.io" } else { "cluster" };
        let reason = failure(&estate, name);
        assert_eq!(
            reason,
            "the server does not accept the credentials (401); log in again, or renew the token"
        );
        assert_eq!(report.exit_code(), 3, "{path}");
        let missing = if path == PEERS { "peerauthentications.security.istio.io" } else { "the cluster" };
        assert_open(&report, missing, &["mtls/plaintext-accepted"]);
    }
}

#[test]
fn what_depends_on_a_refused_list_is_open_and_the_rest_is_judged() {
    let (estate, report) =
        scan(Objects::of_text(SHOP), |request| (request.path == PEERS).then(|| Answer::refusal(403)));
    let listing = estate.sources.listings().find(|listing| listing.kind == "PeerAuthentication").unwrap();
    assert_eq!(listing.outcome.name(), "forbidden");
    assert!(failure(&estate, "cluster:peerauthentications.security.istio.io").contains("grant `list`"));
    assert_open(&report, "peerauthentications.security.istio.io", &["mtls/plaintext-accepted"]);
    // Without the policy the port would look open; with one in sight it would look closed. Neither is known.
    assert!(found(&report).iter().all(|(rule, _)| rule != "mtls/plaintext-accepted"));
    assert!(found(&report).contains(&("secrets/plaintext-credential".into(), "Deployment/shop/web".into())));
    let counts = report.evaluated.iter().find(|counts| &*counts.rule == "mtls/plaintext-accepted").unwrap();
    assert_eq!((counts.passed, counts.failed, counts.not_assessed), (0, 0, counts.subjects));
}

#[test]
fn a_kind_that_nobody_installed_is_absent_and_no_fault() {
    let (estate, report) = healthy();
    let listing = estate.sources.listings().find(|listing| listing.kind == "AuthorizationPolicy").unwrap();
    assert_eq!(listing.outcome.name(), "absent");
    assert_eq!(report.exit_code(), 1);
    // A `Server` of Linkerd is not what is missing.
    assert_eq!(left_open(&report, "servers.policy.linkerd.io"), BTreeSet::new());
}

#[test]
fn a_group_that_the_server_cannot_tell_about_leaves_its_kinds_open() {
    let text = SHOP.replace("kind: PeerAuthentication", "kind: Other");
    for is_old in [false, true] {
        let stale = vec!["security.istio.io".to_owned()];
        let mut objects = Objects::of_text(if is_old { SHOP } else { &text });
        (objects.is_old, objects.stale) = (is_old, stale);
        let (estate, report) = scan(objects, |_| None);
        let reason = failure(&estate, "cluster:peerauthentications.security.istio.io");
        assert!(reason.starts_with("the server cannot tell what it serves of it"), "{reason}");
        assert_open(&report, "peerauthentications.security.istio.io", &["mtls/plaintext-accepted"]);
    }
}

#[test]
fn findings_stay_that_no_unread_object_could_undo() {
    let secrets =
        "---\napiVersion: isindir.github.com/v1\nkind: SopsSecret\nmetadata: {name: a, namespace: shop}\n";
    let text = format!("{}{secrets}", SHOP.replace("istio-injection: enabled", "a: b"));
    let path = "/apis/isindir.github.com/v1/sopssecrets";
    let (_, report) =
        scan(Objects::of_text(&text), move |request| (request.path == path).then(|| Answer::refusal(500)));
    assert!(found(&report).contains(&("mtls/workload-not-in-mesh".into(), "Deployment/shop/web".into())));
    assert_eq!(report.exit_code(), 3);
    let (_, report) = scan(Objects::of_text(&text), |request| {
        request.path.ends_with("/namespaces").then(|| Answer::refusal(403))
    });
    assert_open(&report, "namespaces", &["mtls/workload-not-in-mesh"]);
    assert!(found(&report).iter().all(|(rule, _)| rule != "mtls/workload-not-in-mesh"));
    let rows =
        report.not_assessed.iter().filter(|result| is_missing(result.missing.as_deref(), "namespaces"));
    let rules: BTreeSet<_> = rows.clone().map(|result| &result.rule).collect();
    assert_eq!(rows.count(), rules.len(), "one row for each rule");
}

#[test]
fn network_policies_of_cilium_could_undo_what_is_found_of_a_workload() {
    let policy = "---\napiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {name: a, namespace: shop}\n\
                  spec: {endpointSelector: {}, ingress: [{authentication: {mode: required}}]}\n";
    let text = format!("{}{policy}", SHOP.replace("istio-injection: enabled", "a: b"));
    let path = "/apis/cilium.io/v2/ciliumnetworkpolicies";
    let (_, report) =
        scan(Objects::of_text(&text), move |request| (request.path == path).then(|| Answer::refusal(403)));
    assert_open(&report, "ciliumnetworkpolicies.cilium.io", &["mtls/workload-not-in-mesh"]);
    assert!(found(&report).iter().all(|(rule, _)| rule != "mtls/workload-not-in-mesh"));
}

#[test]
fn a_server_of_measurements_that_is_down_is_no_fault() {
    for is_old in [false, true] {
        let stale = vec!["metrics.k8s.io".to_owned()];
        let mut objects = Objects::of_text(SHOP);
        (objects.is_old, objects.stale) = (is_old, stale);
        let (estate, report) = scan(objects, |_| None);
        assert_eq!(report.incomplete, Vec::<String>::new());
        assert!(estate.sources.listings().all(|listing| !listing.kind.starts_with("Encryption")));
    }
}

#[test]
fn an_old_server_tells_of_one_group_at_a_time() {
    let objects = Objects { is_old: true, ..Objects::of_text(SHOP) };
    let (_, report) = scan(objects, |_| None);
    assert_eq!(found(&report), found(&healthy().1));
    assert_eq!(report.incomplete, Vec::<String>::new());
}

#[test]
fn who_has_rights_in_a_namespace_only_reads_that() {
    let other = SHOP.replace("shop", "other");
    let text = format!("{SHOP}---{other}");
    let is_whole =
        |request: &Request| !request.path.contains("/namespaces/") && request.path.matches('/').count() > 2;
    let refused = move |request: &Request| {
        let is_list = is_whole(request) && !request.path.ends_with("/v1");
        let is_foreign =
            request.path.contains("/namespaces/other") || request.path.contains("/istio-system/");
        (is_list || is_foreign).then(|| Answer::refusal(403))
    };
    let server = Server::new(Objects::of_text(&text), Box::new(refused));
    let (estate, report) = scan_with(&server, hasty(), &["shop"]);
    let of = |kind: &str| estate.sources.listings().find(|listing| listing.kind == kind).unwrap();
    assert_eq!((of("Deployment").outcome.name(), of("Deployment").objects), ("read", 1));
    assert_eq!(of("Deployment").namespaces, ["shop"]);
    assert_eq!((of("Namespace").outcome.name(), of("Namespace").objects), ("read", 1));
    assert_eq!(
        of("PeerAuthentication").outcome.name(),
        "forbidden",
        "the mesh's root namespace is not readable"
    );
    assert_eq!(of("ClusterRole").outcome.name(), "forbidden");
    assert_eq!((of("ConfigMap").outcome.name(), of("ConfigMap").objects), ("read", 2));
    assert_eq!(of("ConfigMap").namespaces, ["shop"]);
    assert_open(&report, "peerauthentications.security.istio.io", &["mtls/plaintext-accepted"]);
    assert_open(&report, "clusterroles.rbac.authorization.k8s.io", &["secrets/broad-secret-access"]);
    assert!(found(&report).contains(&("secrets/plaintext-credential".into(), "Deployment/shop/web".into())));
    let counts =
        report.evaluated.iter().find(|counts| &*counts.rule == "datastores/shared-database").unwrap();
    assert_eq!(counts.passed, 0, "another namespace may share it");

    let server = Server::new(Objects::of_text(&text), Box::new(|_| None));
    let (_, report) = scan_with(&server, hasty(), &["shop"]);
    assert!(found(&report).iter().any(|(_, resource)| resource == "Deployment/shop/web"));
    assert!(
        found(&report).iter().all(|(_, resource)| !resource.contains("/other/")),
        "the report is limited"
    );
}
