//! How the facts about databases grow: services with a database each, some shared, some behind policies.
//!
//! `cargo bench --bench datastores [-- SERVICES...]` prints, for estates of one database for five services, what the
//! facts take for each service: a number that must not grow. Deliberately absent: reading, which `scan` measures.
#![expect(clippy::print_stdout, reason = "the table is what this is for")]

use std::{
    fmt::Write as _,
    hint::black_box,
    time::{Duration, Instant},
};

use probity::{
    document::yaml,
    estate::Estate,
    facts::graph::graph,
    facts::{OVERVIEW, Set},
    policy::selector,
    source::{Source, Sources, Status},
};

fn main() {
    let mut sizes: Vec<usize> =
        std::env::args().skip(1).filter_map(|argument| argument.parse().ok()).collect();
    if sizes.is_empty() {
        sizes = vec![1_250, 2_500, 5_000, 10_000];
    }
    println!("{:>9} {:>10} {:>10} {:>10} {:>12}", "services", "databases", "subjects", "ms", "us/service");
    for services in sizes {
        measure(services);
    }
}

fn measure(services: usize) {
    let estate = estate(services);
    let mut subjects = 0;
    let spent = best(3, || {
        let wanted = |name: &str| matches!(name, "datastore" | "database-server" | "access");
        subjects = black_box(selector::cases(&estate, wanted)).len();
    });
    let set = Set::new(estate.view(0));
    let lists = OVERVIEW.iter().filter(|(name, _)| matches!(*name, "datastores" | "accesses"));
    let mut entries = 0;
    lists.for_each(|(_, each)| each(&set, &mut |_| entries += 1));
    let drawn = graph(&set);
    assert_eq!(drawn.uses.len() + drawn.datastores.len(), entries, "the picture shows what the lists hold");
    let microseconds = spent.as_secs_f64() * 1e6;
    println!(
        "{services:>9} {:>10} {subjects:>10} {:>10.1} {:>12.1}",
        drawn.datastores.len(),
        microseconds / 1e3,
        microseconds / f64::from(u32::try_from(services).expect("a size")),
    );
}

/// The best of several runs.
fn best(runs: usize, mut run: impl FnMut()) -> Duration {
    let times = (0..runs).map(|_| {
        let start = Instant::now();
        run();
        start.elapsed()
    });
    times.min().unwrap_or_default()
}

/// One database for five services in one namespace for each fifty; a default deny, and a policy for each database.
fn estate(services: usize) -> Estate {
    let mut text = String::new();
    for index in 0..services {
        let (database, namespace) = (index / 5, index / 50);
        let url = format!("postgresql://app{index}@db{database}:5432/data{}", index % 3);
        write(
            &mut text,
            &workload(
                "Deployment",
                &format!("a{index}"),
                namespace,
                "app:1",
                &format!("{{name: DATABASE_URL, value: '{url}'}}"),
            ),
        );
        if index % 5 == 0 {
            write(
                &mut text,
                &workload(
                    "StatefulSet",
                    &format!("db{database}"),
                    namespace,
                    "postgres:16",
                    "{name: POSTGRES_DB, value: data0}",
                ),
            );
            write(
                &mut text,
                &format!(
                    "{{apiVersion: v1, kind: Service, metadata: {{name: db{database}, namespace: n{namespace}}}, spec: {{selector: {{app: db{database}}}, ports: [{{port: 5432}}]}}}}"
                ),
            );
            write(
                &mut text,
                &policy(
                    &format!("db{database}"),
                    namespace,
                    &format!("{{matchLabels: {{app: db{database}}}}}"),
                    "[{from: [{podSelector: {}}]}]",
                ),
            );
        }
        if index % 50 == 0 {
            write(&mut text, &policy("deny", namespace, "{}", "[]"));
        }
    }
    let sources = Sources::new(vec![Source::new("estate.yaml", text, None, Status::Read)]);
    let documents = sources.iter().flat_map(|(id, source)| yaml::parse(id, &source.text).documents).collect();
    Estate::new(sources, documents, Vec::new(), "default")
}

fn write(text: &mut String, document: &str) {
    writeln!(text, "{document}\n---").expect("a string takes everything");
}

fn workload(kind: &str, name: &str, namespace: usize, image: &str, variable: &str) -> String {
    format!(
        "{{apiVersion: apps/v1, kind: {kind}, metadata: {{name: {name}, namespace: n{namespace}}}, spec: {{template: {{metadata: {{labels: {{app: {name}}}}}, spec: {{containers: [{{name: a, image: '{image}', env: [{variable}]}}]}}}}}}}}"
    )
}

fn policy(name: &str, namespace: usize, selector: &str, ingress: &str) -> String {
    format!(
        "{{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {{name: {name}, namespace: n{namespace}}}, spec: {{podSelector: {selector}, ingress: {ingress}}}}}"
    )
}
