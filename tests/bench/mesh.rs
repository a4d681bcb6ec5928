//! How long it takes to work out who can talk to whom: workloads, policies and connections, each a tenth and the whole.
//!
//! `cargo bench --bench mesh` prints the best of several runs for 500 and for 5000 workloads, with 2 policies for 5 of
//! them and 4 calls from each. Linear means ten times as long; the whole must stay below a second on two cores.
#![expect(clippy::print_stdout, reason = "the table is what this is for")]

use std::{
    fmt::Write as _,
    fs,
    path::Path,
    time::{Duration, Instant},
};

use probity::{
    policy::selector,
    scan::{Settings, read_estate},
    source::base::Base,
};

const CALLS: usize = 4;
const NAMESPACES: usize = 50;

fn main() {
    println!("{:>9} {:>8} {:>11} {:>9} {:>9}", "workloads", "policies", "connections", "facts ms", "us each");
    for workloads in [500, 5_000] {
        measure(workloads);
    }
}

fn measure(workloads: usize) {
    let policies = workloads * 2 / 5;
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    fs::write(folder.path().join("estate.yaml"), estate(workloads, policies)).expect("it can be written");
    let estate = read_estate(&settings(folder.path()), &|_, _| {}).expect("the folder can be read");
    let mut best = Duration::MAX;
    let mut connections = 0;
    for _ in 0..5 {
        let start = Instant::now();
        let wanted = ["workload", "policy", "namespace", "identity", "connection", "gateway"];
        let cases = selector::cases(&estate, |name| wanted.contains(&name));
        best = best.min(start.elapsed());
        connections = cases.iter().filter(|case| case.selector == "connection").count();
    }
    let milliseconds = best.as_secs_f64() * 1000.0;
    let each = 1000.0 * milliseconds / f64::from(u32::try_from(workloads).unwrap_or(u32::MAX));
    println!("{workloads:>9} {policies:>8} {connections:>11} {milliseconds:>9.1} {each:>9.1}");
}

fn settings(folder: &Path) -> Settings {
    Settings {
        fail_on: None,
        ..Settings::new(
            Base::new(&[], Some(folder), folder).expect("the folder exists"),
            probity::config::Day::parse("2026-01-01").expect("a day"),
        )
    }
}

/// Half of the policies are `PeerAuthentication`s, half `DestinationRule`s, some for a workload, some for a namespace.
fn estate(workloads: usize, policies: usize) -> String {
    let mut text = String::new();
    for namespace in 0..NAMESPACES {
        write!(text, "apiVersion: v1\nkind: Namespace\nmetadata: {{name: team-{namespace}, labels: {{istio-injection: enabled}}}}\n---\n")
            .expect("a string takes all text");
    }
    for index in 0..workloads {
        let namespace = index % NAMESPACES;
        let calls = (1..=CALLS).map(|step| {
            let other = (index + step * 7) % workloads;
            format!("{{name: CALL_{step}, value: 'http://service-{other}.team-{}:80'}}", other % NAMESPACES)
        });
        let calls: Vec<String> = calls.collect();
        write!(
            text,
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: service-{index}, namespace: team-{namespace}}}\nspec: {{template: {{metadata: {{labels: {{app: service-{index}, tier: web}}}}, spec: {{serviceAccountName: service-{index}, containers: [{{name: main, ports: [{{containerPort: 8080}}], env: [{}]}}]}}}}}}\n---\napiVersion: v1\nkind: Service\nmetadata: {{name: service-{index}, namespace: team-{namespace}}}\nspec: {{selector: {{app: service-{index}}}, ports: [{{port: 80, targetPort: 8080}}]}}\n---\n",
            calls.join(", ")
        )
        .expect("a string takes all text");
    }
    for index in 0..policies {
        let namespace = index % NAMESPACES;
        let policy = if index.is_multiple_of(2) {
            format!(
                "apiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: {{name: p-{index}, namespace: team-{namespace}}}\nspec: {{selector: {{matchLabels: {{app: service-{index}, tier: web}}}}, mtls: {{mode: STRICT}}}}\n---\n"
            )
        } else {
            format!(
                "apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {{name: p-{index}, namespace: team-{namespace}}}\nspec: {{host: service-{index}, trafficPolicy: {{tls: {{mode: ISTIO_MUTUAL}}}}}}\n---\n"
            )
        };
        text.push_str(&policy);
    }
    text
}
