//! What finding credentials adds to a scan of real manifests: it must stay at or below 30 %.
//!
//! `PROBITY_SHARED=… cargo bench --bench detection [-- RUNS]` scans the corpora in that folder several times, with and without
//! what finds credentials, one after the other, and prints the best of each and their ratio. Without means: no rule of
//! `secrets/`, and less the time that the search for what has to be masked takes by itself, since no scan goes without masks.
//! Deliberately absent: reading of a cluster, and rendering.
#![expect(clippy::print_stdout, reason = "the table is what this is for")]
#![expect(clippy::disallowed_methods, reason = "the manifests lie beside the checkout")]

use std::{
    env,
    hint::black_box,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use probity::{
    config::Day,
    document::Document,
    estate::Estate,
    policy::{Policies, built_in},
    resource::{chart_values, credential, kubernetes},
    scan::{Settings, judge, read_estate},
    source::base::Base,
};
use rayon::prelude::*;

/// In hundredths of the scan without.
const LIMIT: f64 = 30.0;

fn main() {
    let corpora = env::var_os("PROBITY_SHARED").map(|shared| PathBuf::from(shared).join("corpora"));
    let Some(corpora) = corpora.filter(|corpora| corpora.is_dir()) else {
        println!("SKIPPED: no corpora; set PROBITY_SHARED to the folder that holds `corpora`");
        return;
    };
    let runs = env::args().skip(1).find_map(|argument| argument.parse().ok()).unwrap_or(7);
    let settings = Settings::new(
        Base::new(&[], Some(&corpora), Path::new(&corpora)).expect("the folder exists"),
        Day::parse("2026-01-01").expect("a day"),
    );
    let (mut with, mut without, mut masks) = (Duration::MAX, Duration::MAX, Duration::MAX);
    let (mut findings, mut others, mut secrets) = (0, 0, 0);
    for _ in 0..runs {
        let everything = scanned(&settings, |_| true);
        let rest = scanned(&settings, |rule| !rule.starts_with("secrets/"));
        let searched = searched(&everything.estate);
        with = with.min(everything.took);
        without = without.min(rest.took);
        masks = masks.min(searched.0);
        (findings, others, secrets) = (everything.findings, rest.findings, searched.1);
    }
    let without = without.saturating_sub(masks);
    let added = 100.0 * (with.as_secs_f64() / without.as_secs_f64() - 1.0);
    println!("{:>9} {:>9} {:>9} {:>9}  findings", "with", "without", "masks", "added");
    println!(
        "{:>6.1} ms {:>6.1} ms {:>6.1} ms {added:>7.1} %  {findings}, {} of secrets; {secrets} values masked",
        milliseconds(with),
        milliseconds(without),
        milliseconds(masks),
        findings - others,
    );
    let verdict = if added <= LIMIT { "within" } else { "ABOVE" };
    println!("{verdict} the limit of {LIMIT} %");
}

struct Scanned {
    took: Duration,
    findings: usize,
    estate: Estate,
}

/// One scan with the rules whose ids are wanted.
fn scanned(settings: &Settings, wanted: impl Fn(&str) -> bool) -> Scanned {
    let policies = Policies::new(&built_in(), wanted);
    let start = Instant::now();
    let mut estate = read_estate(settings, &|_, _| {}).expect("the corpora can be read");
    let report = judge(settings, &mut estate, policies, &|_, _| {});
    Scanned { took: start.elapsed(), findings: report.findings.len(), estate }
}

/// How long the search for what has to be masked takes, as a scan runs it, and how many values it finds.
fn searched(estate: &Estate) -> (Duration, usize) {
    let start = Instant::now();
    let found = estate.documents.par_iter().map(|document| in_document(estate, document)).sum();
    (start.elapsed(), black_box(found))
}

fn in_document(estate: &Estate, document: &Document) -> usize {
    let objects = kubernetes::objects(document);
    let of_objects: usize =
        objects.iter().map(|object| credential::secrets(object, document.node(object.node)).len()).sum();
    let is_values = chart_values::is_named_so(&estate.sources.get(document.source).file);
    let of_values = if is_values && objects.is_empty() {
        let root = document.root();
        credential::find_in_values(root).len() + credential::find_in_settings(root).len()
    } else {
        0
    };
    of_objects + of_values
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}
