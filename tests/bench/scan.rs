//! What a scan costs, as ratios within one run: `cargo bench --bench scan`.
//!
//! Estates of 1,000, 10,000 and 100,000 objects are generated, written as one stream each, and read and judged with
//! the built-in policies, beside granit-parser's events alone on the same bytes.

#![expect(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a benchmark prints, and knows its own process"
)]
#![expect(clippy::cast_precision_loss, reason = "figures of a benchmark need no more")]

use std::{
    fmt::Write as _,
    sync::Arc,
    time::{Duration, Instant},
};

use probity::{
    document::yaml,
    policy::{Policies, built_in},
    scan::{Settings, judge, read_estate},
    source::{SourceId, base::Base},
};

/// Best of this many runs: other work on the machine only ever adds.
const RUNS: usize = 3;

fn main() {
    let load = best(|| Policies::new(&built_in(), |_| true));
    println!("loading the built-in policies: {:.1} ms", load.as_secs_f64() * 1e3);
    println!(
        "{:>8} {:>7} {:>11} {:>7} {:>7} {:>12}",
        "objects", "MB", "events MB/s", "parse", "scan", "peak memory"
    );
    for objects in [1_000, 10_000, 100_000] {
        let text: Arc<str> = estate(objects).into();
        let folder = tempfile::tempdir().expect("a temporary folder");
        std::fs::write(folder.path().join("estate.yaml"), text.as_bytes()).expect("a file");
        let events = best(|| granit_parser::Parser::new_from_str(&text).map_while(Result::ok).count());
        let parse = best(|| yaml::parse(SourceId(0), &text));
        let settings = Settings {
            base: Base::new(&[], Some(folder.path()), folder.path()).expect("the folder exists"),
            exclude: Vec::new(),
            namespace: "default".to_owned(),
            fail_on: None,
            strict: false,
        };
        let scan = best(|| {
            let mut estate = read_estate(&settings, &|_, _| {}).expect("the estate can be read");
            let report = judge(&settings, &mut estate, Policies::new(&built_in(), |_| true), &|_, _| {});
            assert_eq!(report.findings.len(), objects / 4, "one committed Secret in four objects");
        });
        let megabytes = text.len() as f64 / 1e6;
        let times = |duration: Duration| duration.as_secs_f64() / events.as_secs_f64();
        println!(
            "{objects:>8} {megabytes:>7.1} {:>11.0} {:>6.1}x {:>6.1}x {:>9} MB",
            megabytes / events.as_secs_f64(),
            times(parse),
            times(scan),
            peak_memory()
        );
    }
}

fn best<T>(mut run: impl FnMut() -> T) -> Duration {
    let measure = |_| {
        let start = Instant::now();
        let result = run();
        let elapsed = start.elapsed();
        drop(result);
        elapsed
    };
    (0..RUNS).map(measure).min().expect("at least one run")
}

/// High-water mark of the process so far, in MB; 0 where the system does not tell.
fn peak_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok()).unwrap_or_default() / 1000
}

/// A quarter each of the kinds that every estate has.
fn estate(objects: usize) -> String {
    let mut text = String::new();
    for index in 0..objects / 4 {
        let written = write!(
            text,
            "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: service-{index}\n  namespace: shop\n  labels:\n    app: service-{index} # the owner\nspec:\n  replicas: 2\n  selector:\n    matchLabels:\n      app: service-{index}\n  template:\n    metadata:\n      labels:\n        app: service-{index}\n    spec:\n      containers:\n        - name: main\n          image: registry.example.com/service-{index}:1.2.3\n          ports:\n            - containerPort: 8080\n          env:\n            - name: LOG_LEVEL\n              value: info\n            - name: DB_PASSWORD\n              valueFrom:\n                secretKeyRef:\n                  name: secret-{index}\n                  key: password\n---\napiVersion: v1\nkind: Service\nmetadata:\n  name: service-{index}\n  namespace: shop\nspec:\n  selector:\n    app: service-{index}\n  ports:\n    - port: 80\n      targetPort: 8080\n---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: config-{index}\n  namespace: shop\ndata:\n  application.properties: |\n    server.port=8080\n    feature.x=true\n  mode: \"fast\"\n---\napiVersion: v1\nkind: Secret\nmetadata:\n  name: secret-{index}\n  namespace: shop\ndata:\n  password: c2VydmljZQ==\n---\n"
        );
        written.expect("strings can be written");
    }
    text
}
