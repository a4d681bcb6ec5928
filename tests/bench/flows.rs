//! How long it takes to work out where sensitive data goes: services, stores and topics, each a tenth and the whole.
//!
//! `cargo bench --bench flows` prints the best of several runs for 500 services with 100 stores and 100 topics, and for
//! ten times as many. Each service uses a store, writes a topic, reads another and calls two services. Linear in the
//! edges means ten times as long.
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

/// One store and one topic for so many services.
const SERVICES_OF_A_STORE: usize = 5;
const CALLS: usize = 2;

fn main() {
    println!(
        "{:>9} {:>7} {:>7} {:>7} {:>9} {:>8}",
        "services", "stores", "topics", "flows", "facts ms", "us each"
    );
    for services in [500, 5_000] {
        measure(services);
    }
}

fn measure(services: usize) {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    fs::write(folder.path().join("estate.yaml"), estate(services)).expect("it can be written");
    let estate = read_estate(&settings(folder.path()), &|_, _| {}).expect("the folder can be read");
    let mut best = Duration::MAX;
    let mut flows = 0;
    for _ in 0..5 {
        let start = Instant::now();
        let cases = selector::cases(&estate, |name| matches!(name, "flow" | "topic"));
        best = best.min(start.elapsed());
        flows = cases.iter().filter(|case| case.selector == "flow").count();
    }
    let milliseconds = best.as_secs_f64() * 1000.0;
    let each = 1000.0 * milliseconds / f64::from(u32::try_from(flows.max(1)).unwrap_or(u32::MAX));
    let stores = services / SERVICES_OF_A_STORE;
    println!("{services:>9} {stores:>7} {stores:>7} {flows:>7} {milliseconds:>9.1} {each:>8.1}");
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

/// Every store holds data of one of three categories; topics are tagged with nothing, so all of it spreads.
fn estate(services: usize) -> String {
    let stores = services / SERVICES_OF_A_STORE;
    let mut text = String::new();
    for index in 0..stores {
        let category = ["PII", "PHI", "PCI"].get(index % 3).copied().unwrap_or("PII");
        write!(
            text,
            "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {{name: db-{index}, namespace: shop, annotations: {{probity.dev/data-categories: {category}}}}}\nspec: {{template: {{metadata: {{labels: {{app: db-{index}}}}}, spec: {{containers: [{{name: db, image: 'postgres:16', ports: [{{containerPort: 5432}}]}}]}}}}}}\n---\napiVersion: v1\nkind: Service\nmetadata: {{name: db-{index}, namespace: shop}}\nspec: {{selector: {{app: db-{index}}}, ports: [{{port: 5432}}]}}\n---\napiVersion: kafka.strimzi.io/v1beta2\nkind: KafkaTopic\nmetadata: {{name: topic-{index}, namespace: shop, labels: {{strimzi.io/cluster: main}}}}\nspec: {{}}\n---\n"
        )
        .expect("a string takes all text");
    }
    for index in 0..services {
        let (store, reads) = (index / SERVICES_OF_A_STORE, (index + 7) % stores);
        let calls = (1..=CALLS).map(|step| {
            format!(
                ", {{name: CALL_{step}_URL, value: 'http://service-{}:80'}}",
                (index + step * 11) % services
            )
        });
        let calls: String = calls.collect();
        write!(
            text,
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: service-{index}, namespace: shop}}\nspec: {{template: {{metadata: {{labels: {{app: service-{index}}}}}, spec: {{containers: [{{name: main, ports: [{{containerPort: 8080}}], volumeMounts: [{{name: user, mountPath: /etc/kafka}}], env: [{{name: DATABASE_URL, value: 'postgres://user-{index}@db-{store}/main'}}{calls}]}}], volumes: [{{name: user, secret: {{secretName: user-{index}}}}}]}}}}}}\n---\napiVersion: v1\nkind: Service\nmetadata: {{name: service-{index}, namespace: shop}}\nspec: {{selector: {{app: service-{index}}}, ports: [{{port: 80, targetPort: 8080}}]}}\n---\napiVersion: kafka.strimzi.io/v1beta2\nkind: KafkaUser\nmetadata: {{name: user-{index}, namespace: shop, labels: {{strimzi.io/cluster: main}}}}\nspec: {{authorization: {{type: simple, acls: [{{resource: {{type: topic, name: topic-{store}}}, operations: [Write]}}, {{resource: {{type: topic, name: topic-{reads}}}, operations: [Read]}}]}}}}\n---\n"
        )
        .expect("a string takes all text");
    }
    text
}
