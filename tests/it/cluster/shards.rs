//! A cluster that several processes read and one judges: the same report as of one process, and nothing passes because
//! what decides about it lies in another shard.

#![expect(clippy::disallowed_methods, reason = "tests look at the files that the binary wrote")]

use std::path::{Path, PathBuf};

use probity::{
    cluster::{
        Target,
        shard::{Shard, join},
    },
    estate::Resource,
    output,
    policy::{Policies, built_in},
    report::Report,
    scan::{self, Settings},
    source::Sources,
};
use serde_json::Value;

use super::{
    command::everything,
    declared::{each_fixture, judged, only, settings},
    server::{Answer, Fault, Objects, Request, Server, TOKEN},
};
use crate::command::Folder;

/// Four namespaces, of which each decides about others: who is in the mesh, who shares a database, who calls whom.
const ESTATE: &str = r"
{apiVersion: v1, kind: Namespace, metadata: {name: kube-system, uid: the-cluster}}
---
{apiVersion: v1, kind: Namespace, metadata: {name: istio-system}}
---
{apiVersion: v1, kind: Namespace, metadata: {name: shop, labels: {istio-injection: enabled}}}
---
{apiVersion: v1, kind: Namespace, metadata: {name: payments, labels: {istio-injection: enabled}}}
---
{apiVersion: v1, kind: Namespace, metadata: {name: reports}}
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: default, namespace: istio-system}
spec: {mtls: {mode: STRICT}}
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: legacy, namespace: payments}
spec: {selector: {matchLabels: {app: ledger}}, mtls: {mode: PERMISSIVE}}
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
          env:
            - {name: DB_PASSWORD, value: corr3ct-h0rse-battery}
            - {name: DATABASE_URL, value: 'postgresql://web:corr3ct-h0rse-battery@db.payments:5432/orders'}
            - {name: LEDGER_URL, value: 'http://ledger.payments:8080'}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: ledger, namespace: payments}
spec:
  selector: {matchLabels: {app: ledger}}
  template:
    metadata: {labels: {app: ledger}}
    spec:
      containers:
        - name: ledger
          image: example.com/ledger:1
          ports: [{containerPort: 8080}]
          env: [{name: DATABASE_URL, value: 'postgresql://ledger@db.payments:5432/orders'}]
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db, namespace: payments}
spec:
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec:
      containers: [{name: postgres, image: 'postgres:16', ports: [{containerPort: 5432}]}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: nightly, namespace: reports}
spec:
  selector: {matchLabels: {app: nightly}}
  template:
    metadata: {labels: {app: nightly}}
    spec:
      containers:
        - name: nightly
          image: example.com/nightly:1
          env: [{name: DATABASE_URL, value: 'postgresql://nightly@db.payments:5432/orders'}]
---
{apiVersion: v1, kind: Service, metadata: {name: web, namespace: shop}, spec: {selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}}
---
{apiVersion: v1, kind: Service, metadata: {name: ledger, namespace: payments}, spec: {selector: {app: ledger}, ports: [{port: 8080}]}}
---
{apiVersion: v1, kind: Service, metadata: {name: db, namespace: payments}, spec: {selector: {app: db}, ports: [{port: 5432}]}}
---
{apiVersion: v1, kind: ConfigMap, metadata: {name: settings, namespace: reports}, data: {mode: fast}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: reader}
rules: [{apiGroups: [''], resources: [secrets], verbs: [get, list]}]
";

const KEY: &str = "4f1d0c6b8a29e7355d9b1c0e8f7a6b54";

fn server() -> Server {
    Server::new(Objects::of_text(ESTATE), Box::new(|_| None))
}

fn target(server: &Server) -> Target {
    Target { kubeconfig: Some(server.kubeconfig()), ..Target::default() }
}

fn json(report: &Report, sources: &Sources) -> Value {
    let options = output::Options { color: false, verbosity: output::Verbosity::Normal };
    let mut bytes = Vec::new();
    output::format("json").expect("it is known").render(report, sources, &options, &mut bytes).expect("JSON");
    serde_json::from_slice(&bytes).expect("JSON")
}

/// The report of a cluster that is read in parts, and that of one that is read at once.
fn both(server: &Server, folder: &Path, count: u32, policies: &dyn Fn() -> Policies) -> (Value, Value) {
    let whole = Settings { cluster: Some(target(server)), ..settings(folder) };
    let (estate, report) = judged(policies(), &whole);
    let shards = (0..count).map(|index| {
        let shard = Shard { index, count };
        let target = Target { shard: Some(shard), ..target(server) };
        let settings = Settings { cluster: Some(target), ..settings(folder) };
        (shard, scan::read_shard(&policies(), &settings, &|_, _| {}).expect("it can be read"))
    });
    let mut joined = scan::joined(join(shards.collect()), &policies(), &whole).expect("they can be joined");
    let merged = scan::judge(&whole, &mut joined, policies(), &|_, _| {});
    assert_eq!(merged.passed, report.passed, "what passes is in no report, but in the log");
    (json(&merged, &joined.sources), json(&report, &estate.sources))
}

#[test]
fn however_many_shards_there_are_the_report_is_that_of_one_process() {
    let server = server();
    for count in [1, 2, 3, 5, 16] {
        let (merged, whole) = both(&server, server.folder(), count, &|| Policies::new(&built_in(), |_| true));
        assert_eq!(merged, whole, "{count} shards");
        let rules: Vec<&str> = whole["findings"]
            .as_array()
            .unwrap()
            .iter()
            .map(|found| found["rule"].as_str().unwrap())
            .collect();
        for rule in ["datastores/shared-database", "mtls/broken-connection", "mtls/plaintext-accepted"] {
            assert!(rules.contains(&rule), "{rule} needs more than one namespace: {rules:?}");
        }
    }
}

#[test]
fn fixtures_whose_objects_fall_to_two_shards_have_the_same_report() {
    let mut compared = 0;
    each_fixture(|id, case, estate, _, server| {
        let first = Shard { index: 0, count: 2 };
        let holds = |resource: &Resource| first.holds(resource.identity.namespace.as_deref());
        if estate.resources.iter().any(holds) && !estate.resources.iter().all(holds) {
            let (merged, whole) = both(server, case, 2, &|| only(id));
            assert_eq!(merged, whole, "{}", case.display());
            compared += 1;
        }
    });
    assert!(compared > 50, "only {compared} fixtures were compared");
}

/// A folder with a key, in which shards are read and merged.
struct Place {
    folder: Folder,
    server: Server,
}

impl Place {
    fn new(server: Server) -> Self {
        let folder = Folder::new(&[("key", KEY), ("probity.yaml", "fail-on: low\n")]);
        set_mode(&folder.path().join("key"), 0o600);
        std::fs::create_dir(folder.path().join("shards")).expect("a folder");
        Self { folder, server }
    }

    /// Exit code and both streams.
    fn run(&self, arguments: &[&str]) -> (Option<i32>, String) {
        let output = self.folder.run(arguments);
        let text = [output.stdout, output.stderr].concat();
        let text = String::from_utf8_lossy(&text).into_owned();
        assert!(!text.contains("corr3ct-h0rse") && !text.contains(TOKEN) && !text.contains(KEY), "{text}");
        (output.status.code(), text)
    }

    fn read(&self, shard: &str, more: &[&str]) -> (Option<i32>, String) {
        let file = format!("shards/{}.shard", shard.replace('/', "-of-"));
        let kubeconfig = self.server.kubeconfig();
        let kubeconfig = kubeconfig.to_str().expect("a path of text");
        let scan = ["scan", "--cluster", "--kubeconfig", kubeconfig, "--shard", shard, "--shard-key", "key"];
        self.run(&[&scan, &["--output", &file][..], more].concat())
    }

    fn read_all(&self, count: u32, more: &[&str]) {
        for index in 0..count {
            let (code, text) = self.read(&format!("{index}/{count}"), more);
            assert_eq!(code, Some(0), "{text}");
            assert!(text.contains("`probity merge` judges it with the others"), "{text}");
        }
    }

    fn merge(&self, more: &[&str]) -> (Option<i32>, String) {
        self.run(&[&["merge", "--shard-key", "key"], more].concat())
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn report(&self, name: &str) -> Value {
        let text = std::fs::read_to_string(self.file(name)).expect("a report");
        let mut report: Value = serde_json::from_str(&text).expect("JSON");
        report.as_object_mut().expect("an object").remove("audit");
        report
    }
}

#[cfg(unix)]
fn set_mode(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("it is ours");
}

#[cfg(not(unix))]
fn set_mode(_: &Path, _: u32) {}

#[test]
fn shards_are_read_and_merged_on_the_command_line() {
    let place = Place::new(server());
    place.read_all(3, &[]);
    let (code, text) = place.merge(&["shards", "-f", "json", "-o", "merged.json"]);
    assert_eq!(code, Some(1), "{text}");
    let kubeconfig = place.server.kubeconfig();
    let whole = ["scan", "--cluster", "--kubeconfig", kubeconfig.to_str().expect("a path of text")];
    let (code, text) = place.run(&[&whole, &["-f", "json", "-o", "whole.json"][..]].concat());
    assert_eq!(code, Some(1), "{text}");
    assert_eq!(place.report("merged.json"), place.report("whole.json"), "apart from `audit`");
    for entry in place.file("shards").read_dir().expect("a folder").flatten() {
        let bytes = std::fs::read(entry.path()).expect("a shard");
        let text = String::from_utf8_lossy(&bytes);
        for part in ["corr3ct", "payments", "postgresql", KEY, TOKEN] {
            assert!(!text.contains(part), "{part} can be read in {}", entry.path().display());
        }
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = entry.metadata().expect("it is there").permissions().mode();
            assert_eq!(mode & 0o077, 0, "others may read {}", entry.path().display());
        }
    }
    let (code, text) = place.merge(&["shards", "--audit", "off", "--fail-on", "never", "-q"]);
    assert_eq!(code, Some(0), "{text}");
}

#[test]
fn each_shard_has_a_run_and_the_merge_names_what_it_joined() {
    let place = Place::new(server());
    place.read_all(2, &["--audit", "log"]);
    let log = || everything(&place.file("log"));
    let digest = |name: &str| {
        let output =
            std::process::Command::new("sha256sum").arg(place.file(name)).output().expect("sha256sum");
        String::from_utf8_lossy(&output.stdout).split(' ').next().expect("a digest").to_owned()
    };
    let shards = ["shards/0-of-2.shard", "shards/1-of-2.shard"];
    for (shard, file) in ["0/2", "1/2"].into_iter().zip(shards) {
        let length = place.file(file).metadata().expect("it is there").len();
        let report = format!(r#"{{"format":"shard","sha256":"{}","size":"{length}"}}"#, digest(file));
        for part in [&format!(r#""--shard={shard}""#), r#""mode":"shard""#, r#""outcome":"read""#, &report] {
            assert!(log().contains(part), "{part} is not in {}", log());
        }
    }
    assert!(!log().contains(r#""type":"decision"#), "a part decides nothing: {}", log());
    let (code, text) = place.merge(&["shards", "--audit", "log", "-q"]);
    assert_eq!(code, Some(1), "{text}");
    for file in shards {
        let input = format!(r#"{{"digest":{{"sha256":"{}"}},"name":"{file}""#, digest(file));
        assert!(log().contains(&input), "{input} is not in {}", log());
    }
    assert!(log().contains(r#""mode":"merge""#) && log().contains(r#""outcome":"fail""#), "{}", log());
    assert!(!log().contains("corr3ct-h0rse") && !log().contains(KEY));
    let (code, text) = place.run(&["audit", "verify", "log"]);
    assert_eq!(code, Some(5), "intact, unsigned: {text}");
    let (_, text) = place.run(&["audit", "show", "log"]);
    assert!(text.contains("read, exit 0"), "{text}");
}

#[test]
fn what_is_not_all_of_one_scan_is_refused() {
    let place = Place::new(server());
    place.read_all(2, &["--audit", "off"]);
    place.read("0/3", &["--audit", "off"]);
    let (first, second) = ("shards/0-of-2.shard", "shards/1-of-2.shard");
    std::fs::copy(place.file(first), place.file("copy.shard")).expect("a copy");
    std::fs::create_dir(place.file("empty")).expect("a folder");
    std::fs::write(place.file("other"), KEY.replace('4', "5")).expect("a key");
    std::fs::write(place.file("weak"), "secret").expect("a key");
    std::fs::write(place.file("open"), KEY).expect("a key");
    for key in ["other", "weak"] {
        set_mode(&place.file(key), 0o600);
    }
    set_mode(&place.file("open"), 0o644);
    for (arguments, said) in [
        (&[first][..], "one shard is missing: 1/2"),
        (&[first, second, "copy.shard"], "are both shard 0/2"),
        (&["shards"], "is shard 0/2, and `shards/0-of-3.shard` is shard 0/3"),
        (&[first, second, "--skip-rule", "mtls/*"], "was read with other rules"),
        (&[first, second, "-n", "shop"], "was read with other namespaces"),
        (&[first, second, "--no-config"], "was read with other configuration"),
        (&[first, "key"], "`key` cannot be merged: it is no shard"),
        (&[first, "nowhere"], "`nowhere` cannot be merged"),
        (&["empty"], "no `*.shard` lies in it"),
    ] {
        let (code, text) = place.merge(&[&["--audit", "off"], arguments].concat());
        assert_eq!(code, Some(2), "{arguments:?}: {text}");
        assert!(text.contains(said) && text.contains("help: "), "{arguments:?}: {text}");
    }
    for (key, said) in [
        (&["--shard-key", "other"][..], "sealed with another key"),
        (&["--shard-key", "weak"], "32 random characters or more"),
        (&["--shard-key", "open"], "others"),
        (&["--shard-key", "nowhere"], "nowhere"),
        (&[], "neither `--shard-key` nor `PROBITY_SHARD_KEY` is given"),
    ] {
        let (code, text) = place.run(&[&["merge", first, second, "--audit", "off"], key].concat());
        assert_eq!(code, Some(2), "{key:?}: {text}");
        assert!(text.contains(said), "{key:?}: {text}");
    }
    let (code, _) = place.merge(&[second, first, "--audit", "off"]);
    assert_eq!(code, Some(1), "in whatever order");
}

#[test]
fn a_shard_judges_nothing_and_says_so() {
    let place = Place::new(server());
    for (arguments, said) in [
        (&["--format", "json"][..], "`--format`"),
        (&["--fail-on", "high"], "`--fail-on`"),
        (&["--strict"], "`--strict`"),
        (&["--with-facts"], "`--with-facts`"),
        (&["--push-metrics", "http://gateway"], "`--push-metrics`"),
        (&["--write-policy-reports"], "`--write-policy-reports`"),
        (&["--output", "second"], "writes one file"),
        (&["--fix"], "no live object is ever changed"),
        (&["--baseline", "b.json"], "`--baseline`"),
    ] {
        let (code, text) = place.read("0/2", &[&["--audit", "off"], arguments].concat());
        assert_eq!(code, Some(2), "{arguments:?}: {text}");
        assert!(text.contains(said), "{arguments:?}: {text}");
    }
    let (code, text) = place.read("2/2", &[]);
    assert_eq!(code, Some(2), "{text}");
    assert!(text.contains("the last of 2 is 1/2"), "{text}");
    let (code, text) = place.run(&["scan", "--shard", "0/2", "-o", "a.shard"]);
    assert_eq!(code, Some(2), "only clusters have shards: {text}");
    let (code, text) = place.run(&["scan", "--audit", "off", "--shard-key", "key"]);
    assert_eq!(code, Some(2), "{text}");
    assert!(text.contains("no `--shard` is given"), "{text}");
    assert!(place.file("shards").read_dir().expect("a folder").next().is_none(), "nothing is written");
}

/// A server that refuses a list, from the nth time on.
fn refusing(path: &'static str, from: usize) -> Server {
    let fault: Fault = Box::new(move |request: &Request| {
        (request.path == path && request.earlier >= from).then(|| Answer::refusal(403))
    });
    Server::new(Objects::of_text(ESTATE), fault)
}

#[test]
fn a_list_that_one_shard_was_refused_passes_nothing() {
    const DEPLOYMENTS: &str = "/apis/apps/v1/deployments";
    let place = Place::new(refusing(DEPLOYMENTS, 1));
    let (code, text) = place.read("0/2", &["--audit", "off"]);
    assert_eq!(code, Some(0), "{text}");
    let (code, text) = place.read("1/2", &["--audit", "log"]);
    assert_eq!(code, Some(3), "{text}");
    assert!(text.contains("incomplete: cluster:deployments.apps: the server refuses the list"), "{text}");
    assert!(everything(&place.file("log")).contains(r#""outcome":"incomplete""#));
    let (code, text) = place.merge(&["shards", "--audit", "off", "-f", "json", "-o", "merged.json"]);
    assert_eq!(code, Some(3), "{text}");
    let merged = place.report("merged.json");
    let deployments =
        merged["sources"].as_array().unwrap().iter().find(|source| source["kind"] == "Deployment");
    let deployments = deployments.expect("the kind");
    assert_eq!((&deployments["status"], &deployments["objects"]), (&"forbidden".into(), &0.into()));
    assert!(
        deployments["reason"].as_str().unwrap().starts_with("shard 1/2: the server refuses"),
        "{deployments}"
    );
    assert!(
        !merged.to_string().contains("Deployment/shop/web"),
        "what one shard has of a kind is a part of it"
    );
    for rule in merged["evaluated"].as_array().unwrap() {
        let looks_at_workloads =
            ["mtls/", "datastores/"].iter().any(|of| rule["rule"].as_str().unwrap().starts_with(of));
        assert!(!looks_at_workloads || rule["passed"] == 0, "{rule}");
    }
}

#[test]
fn what_all_shards_are_refused_is_told_as_by_one_process() {
    let server = refusing("/api/v1/configmaps", 0);
    let (merged, whole) = both(&server, server.folder(), 3, &|| Policies::new(&built_in(), |_| true));
    assert_eq!(whole["outcome"], "incomplete");
    assert_eq!(merged, whole);
}

#[test]
fn shards_of_two_clusters_are_not_joined() {
    let place = Place::new(server());
    place.read("0/2", &["--audit", "off"]);
    let other = Server::new(Objects::of_text(&ESTATE.replace("the-cluster", "another")), Box::new(|_| None));
    let place = Place { server: other, ..place };
    place.read("1/2", &["--audit", "off"]);
    let (code, text) = place.merge(&["shards", "--audit", "off"]);
    assert_eq!(code, Some(2), "{text}");
    assert!(text.contains("were read of different clusters"), "{text}");
}

#[test]
fn a_limit_to_namespaces_holds_for_shards_too() {
    let place = Place::new(server());
    place.read_all(2, &["--audit", "off", "-n", "shop"]);
    let (code, text) =
        place.merge(&["shards", "--audit", "off", "-n", "shop", "-f", "json", "-o", "merged.json"]);
    assert_eq!(code, Some(1), "{text}");
    let kubeconfig = place.server.kubeconfig();
    let whole =
        ["scan", "--cluster", "--kubeconfig", kubeconfig.to_str().expect("a path of text"), "-n", "shop"];
    place.run(&[&whole, &["--audit", "off", "-f", "json", "-o", "whole.json"][..]].concat());
    assert_eq!(place.report("merged.json"), place.report("whole.json"));
}
