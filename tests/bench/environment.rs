//! How finding out what containers are really told grows: workloads with 50 variables each, a third of them written in
//! the manifest, a third made from others, a third kept in the `ConfigMap` of their own.
//!
//! `cargo bench --bench environment [-- WORKLOADS...]` prints what a workload takes: a number that must not grow; the
//! 10 000 must stay below a second on two cores. Deliberately absent: reading, which `scan` measures.
#![expect(clippy::print_stdout, reason = "the table is what this is for")]

use std::{
    fmt::Write as _,
    hint::black_box,
    time::{Duration, Instant},
};

use probity::{
    document::yaml,
    estate::Estate,
    facts::Set,
    source::{Source, Sources, Status},
};

const VARIABLES: usize = 50;
const NAMESPACES: usize = 50;

fn main() {
    let mut sizes: Vec<usize> =
        std::env::args().skip(1).filter_map(|argument| argument.parse().ok()).collect();
    if sizes.is_empty() {
        sizes = vec![2_500, 5_000, 10_000];
    }
    println!("{:>9} {:>9} {:>8} {:>11}", "workloads", "settings", "ms", "us/workload");
    for workloads in sizes {
        measure(workloads);
    }
}

fn measure(workloads: usize) {
    let estate = estate(workloads);
    let mut best = Duration::MAX;
    for _ in 0..5 {
        // A new one each time: it keeps what it has worked out.
        let set = Set::new(estate.view(0));
        let start = Instant::now();
        assert_eq!(black_box(set.settings()), workloads * VARIABLES, "every variable is told");
        best = best.min(start.elapsed());
    }
    let microseconds = best.as_secs_f64() * 1e6;
    let each = microseconds / f64::from(u32::try_from(workloads).expect("a size"));
    println!("{workloads:>9} {:>9} {:>8.1} {each:>11.1}", workloads * VARIABLES, microseconds / 1e3);
}

fn estate(workloads: usize) -> Estate {
    let mut text = String::new();
    for index in 0..workloads {
        let namespace = index % NAMESPACES;
        let variables: Vec<String> = (0..VARIABLES).map(|number| variable(index, number)).collect();
        let kept: Vec<String> = (0..VARIABLES).map(|number| format!("k{number}: 'kept {number}'")).collect();
        write!(
            text,
            "{{apiVersion: apps/v1, kind: Deployment, metadata: {{name: a{index}, namespace: n{namespace}}}, spec: {{template: {{metadata: {{labels: {{app: a{index}}}}}, spec: {{containers: [{{name: a, env: [{}]}}]}}}}}}}}\n---\n{{apiVersion: v1, kind: ConfigMap, metadata: {{name: c{index}, namespace: n{namespace}}}, data: {{{}}}}}\n---\n",
            variables.join(", "),
            kept.join(", ")
        )
        .expect("a string takes all text");
    }
    let sources = Sources::new(vec![Source::new("estate.yaml", text, None, Status::Read)]);
    let documents = sources.iter().flat_map(|(id, source)| yaml::parse(id, &source.text).documents).collect();
    Estate::new(sources, documents, Vec::new(), "default")
}

fn variable(workload: usize, number: usize) -> String {
    match number % 3 {
        0 => format!("{{name: V{number}, value: 'http://a{}.n1:80/{number}'}}", workload / 2),
        1 => format!("{{name: V{number}, value: '$(V{})/more'}}", number - 1),
        _ => format!(
            "{{name: V{number}, valueFrom: {{configMapKeyRef: {{name: c{workload}, key: k{number}}}}}}}"
        ),
    }
}
