//! How long reading and judging take beside what cannot be avoided: the parser's bare events on the same bytes.
//!
//! `cargo bench --bench scan [-- OBJECTS...]` writes estates of 1000, 10 000 and 100 000 objects to a temporary
//! folder, as many files and as one stream, and prints the best of several runs. Ratios of one run can be compared
//! between machines; milliseconds cannot.
//! Deliberately absent: statistics. A ratio that matters shows without them.
#![expect(clippy::print_stdout, reason = "the table is what this is for")]

use std::{
    fmt::Write as _,
    fs,
    hint::black_box,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use granit_parser::Parser;
use probity::{
    config::Day,
    document::yaml,
    policy::{Policies, built_in},
    scan::{Settings, judge, read_estate},
    source::{SourceId, base::Base},
};

/// Rules that judge objects by themselves: beside them, all rules show what relations between objects cost.
const ALONE: [&str; 7] = [
    "datastores/exposed",
    "lineage/unknown-classification",
    "mtls/plaintext-gateway",
    "secrets/committed-secret",
    "secrets/private-key",
    "storage/no-customer-key",
    "storage/public-bucket",
];

/// Objects of one service, one of each kind.
const KINDS: usize = 4;

fn main() {
    let mut sizes: Vec<usize> =
        std::env::args().skip(1).filter_map(|argument| argument.parse().ok()).collect();
    if sizes.is_empty() {
        sizes = vec![1_000, 10_000, 100_000];
    }
    let files = built_in();
    let load = best(5, || {
        black_box(Policies::new(&files, |_| true));
    });
    println!("load of {} policy files: {:.1} ms", files.len(), milliseconds(load));
    println!();
    println!(
        "{:>8} {:>7} {:>8} {:>10} {:>8} {:>8} {:>8} {:>8} {:>8}  {:>8} {:>8}",
        "objects",
        "files",
        "MB",
        "events/ms",
        "parse",
        "read",
        "judge",
        "scan",
        "seven",
        "us/obj",
        "findings"
    );
    println!("{:>46} {:>26}", "", "(times the events; seven: a scan with seven rules)");
    for size in sizes {
        let services: Vec<String> = (0..size / KINDS).map(service).collect();
        measure(&services);
        measure(&[services.join("---\n")]);
    }
}

/// One row: `texts` as one file each.
fn measure(texts: &[String]) {
    let bytes: usize = texts.iter().map(String::len).sum();
    let objects = texts.iter().map(|text| text.matches("\nkind: ").count()).sum::<usize>();
    let runs = if objects > 20_000 { 2 } else { 5 };
    let shared: Vec<Arc<str>> = texts.iter().map(|text| Arc::from(text.as_str())).collect();

    let events = best(runs, || {
        for text in texts {
            Parser::new_from_str(text).for_each(|event| {
                black_box(event.expect("generated manifests are YAML"));
            });
        }
    });
    let parse = best(runs, || {
        for text in &shared {
            black_box(yaml::parse(SourceId(0), text));
        }
    });

    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    for (index, text) in texts.iter().enumerate() {
        fs::write(folder.path().join(format!("{index}.yaml")), text)
            .expect("a temporary file can be written");
    }
    let settings = settings(folder.path());
    let (mut read, mut judged, mut scan, mut seven) =
        (Duration::MAX, Duration::MAX, Duration::MAX, Duration::MAX);
    let mut findings = 0;
    for _ in 0..runs {
        let all = scanned(&settings, Policies::new(&built_in(), |_| true));
        findings = all.findings;
        (read, judged, scan) = (read.min(all.read), judged.min(all.judged), scan.min(all.read + all.judged));
        let some = scanned(&settings, Policies::new(&built_in(), |id| ALONE.contains(&id)));
        seven = seven.min(some.read + some.judged);
    }

    let times = |duration: Duration| duration.as_secs_f64() / events.as_secs_f64();
    println!(
        "{objects:>8} {:>7} {:>8.2} {:>10.1} {:>8.2} {:>8.2} {:>8.2} {:>8.2} {:>8.2}  {:>8.1} {findings:>8}",
        texts.len(),
        megabytes(bytes),
        milliseconds(events),
        times(parse),
        times(read),
        times(judged),
        times(scan),
        times(seven),
        1000.0 * milliseconds(scan) / count(objects),
    );
}

/// What one scan took, and how much it found.
struct Scanned {
    read: Duration,
    judged: Duration,
    findings: usize,
}

fn scanned(settings: &Settings, policies: Policies) -> Scanned {
    let start = Instant::now();
    let mut estate = read_estate(settings, &|_, _| {}).expect("the folder can be read");
    let read = start.elapsed();
    let report = judge(settings, &mut estate, policies, &|_, _| {});
    Scanned { read, judged: start.elapsed().saturating_sub(read), findings: report.findings.len() }
}

fn settings(folder: &Path) -> Settings {
    Settings::new(
        Base::new(&[], Some(folder), folder).expect("the folder exists"),
        Day::parse("2026-01-01").expect("a day"),
    )
}

/// Shortest of several runs: what disturbs a run only makes it longer.
fn best(runs: usize, mut work: impl FnMut()) -> Duration {
    let run = |_| {
        let start = Instant::now();
        work();
        start.elapsed()
    };
    (0..runs).map(run).min().unwrap_or_default()
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

fn megabytes(bytes: usize) -> f64 {
    count(bytes) / 1_000_000.0
}

fn count(number: usize) -> f64 {
    f64::from(u32::try_from(number).unwrap_or(u32::MAX))
}

/// The manifests of one service; every tenth commits its password.
fn service(index: usize) -> String {
    let namespace = format!("team-{}", index % 50);
    let name = format!("service-{index}");
    let mut text = String::new();
    let committed = if index.is_multiple_of(10) {
        format!("stringData:\n  password: pass-{index}-word\n")
    } else {
        String::new()
    };
    write!(
        text,
        r#"apiVersion: apps/v1
kind: Deployment
metadata:
  name: {name}
  namespace: {namespace}
  labels: {{app: {name}, team: "{namespace}"}}
spec:
  replicas: 2
  selector:
    matchLabels:
      app: {name}
  template:
    metadata:
      labels:
        app: {name}
    spec:
      serviceAccountName: {name}
      containers:
        - name: {name}
          image: registry.example.com/{name}:1.{index}.0
          ports:
            - containerPort: 8080
              name: http
          env:
            - name: LOG_LEVEL
              value: info
            - name: DATABASE_PASSWORD
              valueFrom:
                secretKeyRef:
                  name: {name}
                  key: password
          envFrom:
            - configMapRef:
                name: {name}
          resources:
            requests: {{cpu: 100m, memory: 128Mi}}
            limits:
              memory: 256Mi
          readinessProbe:
            httpGet:
              path: /ready
              port: http
---
apiVersion: v1
kind: Service
metadata:
  name: {name}
  namespace: {namespace}
spec:
  selector:
    app: {name}
  ports:
    - name: http
      port: 80
      targetPort: 8080
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: {name}
  namespace: {namespace}
data:
  DATABASE_HOST: {name}-database.{namespace}.svc
  settings.yaml: |
    cache: true
    limits:
      requests: {index}
---
apiVersion: v1
kind: Secret
metadata:
  name: {name}
  namespace: {namespace}
type: Opaque
{committed}"#
    )
    .expect("a string takes all text");
    text
}
