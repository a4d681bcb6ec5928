//! Istio's own sample (`../corpora/istio-samples`): clients made to speak mTLS, servers that take plaintext still.

use std::path::{Path, PathBuf};

use super::*;
use crate::facts::mesh::Mode;

#[test]
#[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
fn rules_for_clients_do_not_make_servers_strict() {
    #[expect(clippy::disallowed_methods, reason = "the tests' data may be elsewhere")]
    let shared = std::env::var_os("PROBITY_SHARED");
    let shared =
        shared.map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"), PathBuf::from);
    let samples = shared.join("corpora/istio-samples/samples/bookinfo");
    #[expect(clippy::disallowed_methods, reason = "tests read their data")]
    let read = |file: &str| std::fs::read_to_string(samples.join(file)).ok();
    let (Some(services), Some(rules)) =
        (read("platform/kube/bookinfo.yaml"), read("networking/destination-rule-all-mtls.yaml"))
    else {
        eprintln!("SKIPPED: no corpora; set PROBITY_SHARED to read Istio's bookinfo");
        return;
    };
    let client = web("default", "", "http://reviews:9080");
    let declared = namespace("default", "labels: {istio-injection: enabled}");
    let estate = estate(&[declared.as_str(), &client, &services, "---\n", &rules].concat());
    let set = Set::new(estate.view(0));
    let found: Vec<_> = set.connections().all.iter().map(|connection| connection.transport).collect();
    assert_eq!(found, [Transport::Mtls; 3], "three versions of reviews");
    let servers =
        set.workloads().iter().filter(|(_, workload)| workload.labels.get("app") == Some(&"reviews"));
    let ports = servers.flat_map(|(id, _)| &set.mesh().of(id).ports);
    let modes: Vec<_> = ports.map(|inbound| inbound.mode).collect();
    assert_eq!(modes, [Mode::Permissive; 3]);
}
