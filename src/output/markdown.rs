//! `markdown`: the summary of a job or a comment, in GitHub's Markdown.
//!
//! GitHub refuses a summary above 1 MiB whole, so rows that do not fit are left out and counted.

mod escape;

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
    io::{self, Write},
};

use super::{
    Options,
    causes::causes,
    open_findings,
    summary::{Summary, UNUSED, counted, first_few, since, verdict},
};
use crate::{
    report::{Judged, Repaired, Report, Status, Unused, Waiver},
    source::{self, Place, Sources},
};
use escape::{code, inline, remedy};

/// Bytes of the whole summary, with room below GitHub's limit for what other steps say.
const LIMIT: usize = 900 * 1024;
/// Bytes that one section leaves to those after it.
const RESERVE: usize = 100 * 1024;
/// Resources or files of a list that are named.
const FEW: usize = 10;

pub(super) fn render(report: &Report, sources: &Sources, _: Options, out: &mut dyn Write) -> io::Result<()> {
    let mut page = Page { text: String::new() };
    page.line(&format!("# Probity: {}\n", report.outcome.name()));
    page.line(&format!("**{}**: {}.\n", report.outcome.name(), verdict(report)));
    page.line(&format!("{}.\n", Summary::new(report, sources).sentence()));
    if let Some(change) = &report.change {
        page.line(&format!("{}.\n", inline(&since(change))));
    }
    for reason in &report.incomplete {
        page.line(&format!("- incomplete: {}", inline(reason)));
    }
    errors(report, sources, &mut page);
    not_used(report, &mut page);
    findings(report, sources, &mut page);
    repaired(report, &mut page);
    not_assessed(report, &mut page);
    skipped(sources, &mut page);
    decided(report, sources, &mut page);
    waivers(report, &mut page);
    remedies(report, &mut page);
    out.write_all(page.text.as_bytes())
}

fn errors(report: &Report, sources: &Sources, page: &mut Page) {
    let mut rows: Vec<[String; 3]> = report
        .errors
        .iter()
        .map(|error| ["policy".to_owned(), code(&error.policy), inline(&error.message)])
        .collect();
    for source in sources.as_slice() {
        if let source::Status::Failed(problems) = &source.status {
            for problem in problems {
                let at =
                    problem.place.as_ref().map_or_else(|| code(&source.file), |place| at(place, sources));
                rows.push(["source".to_owned(), at, inline(&problem.message)]);
            }
        }
    }
    page.table(&format!("Not usable ({})", rows.len()), ["What", "Where", "Why"], &rows);
}

fn findings(report: &Report, sources: &Sources, page: &mut Page) {
    let mut open: Vec<&Judged> = open_findings(report).collect();
    open.sort_by_key(|judged| Reverse(judged.finding.severity));
    let row = |judged: &Judged| {
        let finding = &judged.finding;
        [
            finding.severity.to_string(),
            code(&finding.rule),
            finding.place.as_ref().map_or_else(|| "live".to_owned(), |place| at(place, sources)),
            code(&finding.resource),
            inline(&finding.message),
        ]
    };
    let rows: Vec<_> = open.into_iter().map(row).collect();
    page.table(
        &format!("Open findings ({})", rows.len()),
        ["Severity", "Rule", "Place", "Resource", "Finding"],
        &rows,
    );
}

/// What the change did to what decides.
fn not_used(report: &Report, page: &mut Page) {
    let Some(change) = &report.change else { return };
    let row = |unused: &Unused| {
        let line = unused.line.map(|line| format!(":{line}")).unwrap_or_default();
        [code(&format!("{}{line}", unused.file)), unused.role.name().to_owned()]
    };
    let rows: Vec<_> = change.unused.iter().map(row).collect();
    page.table(&format!("Not used ({})", rows.len()), ["File", "What it is"], &rows);
    if !rows.is_empty() {
        page.line(&format!("\nThese are {UNUSED}."));
    }
}

fn repaired(report: &Report, page: &mut Page) {
    let repaired = report.change.iter().flat_map(|change| &change.repaired);
    let row = |repaired: &Repaired| {
        let at = match (&repaired.file, repaired.line) {
            (Some(file), Some(line)) => code(&format!("{file}:{line}")),
            _ => "live".to_owned(),
        };
        let severity = repaired.severity.to_string();
        [severity, code(&repaired.rule), at, code(&repaired.resource), inline(&repaired.message)]
    };
    let rows: Vec<_> = repaired.map(row).collect();
    page.table(
        &format!("Repaired ({})", rows.len()),
        ["Severity", "Rule", "Place before", "Resource", "Finding"],
        &rows,
    );
}

fn not_assessed(report: &Report, page: &mut Page) {
    let rows: Vec<_> = causes(report)
        .into_iter()
        .map(|cause| {
            let why = cause.reasons.first().map_or_else(String::new, |reason| inline(reason));
            let rules = code(&first_few(cause.rules.into_iter(), FEW));
            [inline(cause.name), why, rules, code(&first_few(cause.resources.into_iter(), FEW))]
        })
        .collect();
    let title = format!("Not assessed ({})", report.not_assessed.len());
    page.table(&title, ["Missing", "Why", "Rules", "Resources"], &rows);
}

fn skipped(sources: &Sources, page: &mut Page) {
    let mut reasons: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for source in sources.as_slice() {
        if let source::Status::Skipped(reason) = &source.status {
            reasons.entry(reason).or_default().push(&source.file);
        }
    }
    let total: usize = reasons.values().map(Vec::len).sum();
    let rows: Vec<_> = reasons
        .into_iter()
        .map(|(reason, files)| {
            [files.len().to_string(), inline(reason), code(&first_few(files.into_iter(), FEW))]
        })
        .collect();
    page.table(&format!("Skipped files ({total})"), ["Files", "Why", "Which"], &rows);
}

fn decided(report: &Report, sources: &Sources, page: &mut Page) {
    let rows: Vec<_> = report
        .findings
        .iter()
        .filter_map(|judged| {
            let finding = &judged.finding;
            let decision = match &judged.status {
                Status::Open => return None,
                Status::Baseline => "in the baseline".to_owned(),
                Status::Waived(waiver) => format!(
                    "waived by {} until {}: {}",
                    inline(&waiver.owner),
                    inline(&waiver.until),
                    inline(&waiver.reason)
                ),
            };
            Some([
                code(&finding.rule),
                finding.place.as_ref().map_or_else(|| "live".to_owned(), |place| at(place, sources)),
                code(&finding.resource),
                decision,
            ])
        })
        .collect();
    let title = format!("Decided findings ({})", rows.len());
    page.table(&title, ["Rule", "Place", "Resource", "Decision"], &rows);
}

/// Waivers that do nothing.
fn waivers(report: &Report, page: &mut Page) {
    let expired = report.expired_waivers.iter().map(|waiver| (waiver, "ran out"));
    let unused = report.unused_waivers.iter().map(|waiver| (waiver, "is about no finding"));
    let row = |(waiver, why): (&Waiver, &str)| {
        [
            code(&waiver.id),
            code(&waiver.rule),
            inline(&waiver.owner),
            inline(&waiver.until),
            code(&waiver.source),
            why.to_owned(),
        ]
    };
    let rows: Vec<_> = expired.chain(unused).map(row).collect();
    let title = format!("Waivers without effect ({})", rows.len());
    page.table(&title, ["Waiver", "Rule", "Owner", "Until", "Where", "Why"], &rows);
}

/// What to do, once per rule; last, as it is the only Markdown that is not ours.
fn remedies(report: &Report, page: &mut Page) {
    let broken: BTreeSet<&str> = open_findings(report).map(|judged| &*judged.finding.rule).collect();
    let rules: Vec<_> = broken.into_iter().filter_map(|id| report.rule(id)).collect();
    if rules.is_empty() {
        return;
    }
    page.line("\n## What to do\n");
    for rule in rules {
        let text = format!(
            "<details><summary><code>{}</code></summary>\n\n{}\n\n{}\n</details>\n",
            code(&rule.id).trim_matches('`').replace('<', "&lt;"),
            inline(&rule.title),
            remedy(&rule.recommended_action)
        );
        if page.text.len() + text.len() > LIMIT {
            return;
        }
        page.line(&text);
    }
}

fn at(place: &Place, sources: &Sources) -> String {
    let source = sources.get(place.source);
    code(&format!("{}:{}", source.file, source.lines().line(place.start)))
}

struct Page {
    text: String,
}

impl Page {
    fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    /// Nothing where there are no rows.
    fn table<const N: usize>(&mut self, title: &str, columns: [&str; N], rows: &[[String; N]]) {
        if rows.is_empty() {
            return;
        }
        self.line(&format!("\n## {title}\n"));
        self.line(&format!("| {} |", columns.join(" | ")));
        self.line(&format!("|{}", " --- |".repeat(N)));
        let limit = LIMIT - RESERVE;
        for (index, row) in rows.iter().enumerate() {
            let row = format!("| {} |", row.join(" | "));
            if self.text.len() + row.len() > limit {
                let more = counted(rows.len() - index, "more row");
                self.line(&format!("\n{more} did not fit: see the report."));
                return;
            }
            self.line(&row);
        }
    }
}
