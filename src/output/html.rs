//! `html`: one page for people who were not there, such as auditors: the verdict, controls, findings with their source,
//! what was not assessed, what was accepted and by whom, what was read.
//!
//! It needs nothing else: no script, no network, no font. Whatever comes from the estate is escaped.

mod page;

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{self, Write},
};

use super::{
    Options,
    causes::causes,
    excerpt::excerpt,
    frameworks,
    related::described_with_place,
    summary::{Summary, UNUSED, counted, since, unused, verdict},
};
use crate::{
    report::{Judged, Report, Status},
    source::{self, Place, Sources},
};
use page::{Page, code, escaped};

/// Longest excerpt, in characters.
const WIDTH: usize = 160;

pub(super) fn render(report: &Report, sources: &Sources, _: Options, out: &mut dyn Write) -> io::Result<()> {
    let mut page = Page::new(&format!("Probity: {}", report.outcome.name()));
    page.push(&format!(
        "<p class=\"{}\"><strong>{}</strong>: {}.</p>",
        report.outcome.name(),
        report.outcome.name(),
        escaped(&verdict(report))
    ));
    page.push(&format!("<p>{}.</p>", escaped(&Summary::new(report, sources).sentence())));
    if let Some(change) = &report.change {
        page.push(&format!("<p>{}.</p>", escaped(&since(change))));
    }
    for reason in &report.incomplete {
        page.push(&format!("<p>Incomplete: {}</p>", escaped(reason)));
    }
    errors(report, sources, &mut page);
    controls(report, &mut page);
    findings(report, sources, &mut page);
    changed(report, &mut page);
    not_assessed(report, &mut page);
    accepted(report, sources, &mut page);
    rules(report, &mut page);
    unread(sources, &mut page);
    audit(report, &mut page);
    out.write_all(page.finish().as_bytes())
}

fn errors(report: &Report, sources: &Sources, page: &mut Page) {
    let policies = report.errors.iter().map(|error| [code(&error.policy), escaped(&error.message)]);
    let failed = sources.as_slice().iter().filter_map(|source| match &source.status {
        source::Status::Failed(problems) => Some(problems.iter().map(|problem| {
            let at = problem.place.as_ref().map_or_else(|| code(&source.file), |place| at(place, sources));
            [at, escaped(&problem.message)]
        })),
        _ => None,
    });
    let rows: Vec<_> = policies.chain(failed.flatten()).collect();
    page.table("errors", "Not usable", ["Where", "Why"], &rows);
}

/// For each control that a rule gives evidence for, how its rules came out.
fn controls(report: &Report, page: &mut Page) {
    let mut by_control: BTreeMap<(&str, &str), (BTreeSet<&str>, usize, usize)> = BTreeMap::new();
    let open = |rule: &str| {
        report
            .findings
            .iter()
            .filter(|judged| judged.status == Status::Open && &*judged.finding.rule == rule)
            .count()
    };
    for rule in &report.rules {
        let found = open(&rule.id);
        let unknown = report.not_assessed.iter().filter(|result| result.rule == rule.id).count();
        for (framework, controls) in frameworks(rule) {
            for control in controls {
                let (rules, failed, not_assessed) = by_control.entry((framework, &control.id)).or_default();
                if rules.insert(&rule.id) {
                    *failed += found;
                    *not_assessed += unknown;
                }
            }
        }
    }
    let rows: Vec<_> = by_control
        .into_iter()
        .map(|((framework, control), (rules, failed, unknown))| {
            [
                escaped(framework),
                escaped(control),
                failed.to_string(),
                unknown.to_string(),
                rules.into_iter().map(code).collect::<Vec<_>>().join(" "),
            ]
        })
        .collect();
    page.table(
        "controls",
        "Controls",
        ["Framework", "Control", "Open findings", "Not assessed", "Rules"],
        &rows,
    );
}

/// What a change repairs, and what it did to what decides.
fn changed(report: &Report, page: &mut Page) {
    let Some(change) = &report.change else { return };
    let repaired = change.repaired.iter().map(|repaired| {
        let at = match (&repaired.file, repaired.line) {
            (Some(file), Some(line)) => code(&format!("{file}:{line}")),
            _ => String::new(),
        };
        [
            escaped(&repaired.severity.to_string()),
            code(&repaired.rule),
            at,
            code(&repaired.resource),
            escaped(&repaired.message),
        ]
    });
    let rows: Vec<_> = repaired.collect();
    page.table("repaired", "Repaired", ["Severity", "Rule", "Place before", "Resource", "Finding"], &rows);
    let rows: Vec<_> = change.unused.iter().map(|file| [code(&unused(file)), escaped(UNUSED)]).collect();
    page.table("not-used", "Not used", ["File", "Why"], &rows);
}

fn findings(report: &Report, sources: &Sources, page: &mut Page) {
    let mut open: Vec<&Judged> = super::open_findings(report).collect();
    open.sort_by_key(|judged| std::cmp::Reverse(judged.finding.severity));
    page.section("findings", &format!("Open findings ({})", open.len()));
    for judged in open {
        let finding = &judged.finding;
        let rule = report.rule(&finding.rule);
        page.push(&format!(
            "<article><h3><span class=\"{severity}\">{severity}</span> {} {}</h3><p>{}</p>",
            code(&finding.rule),
            code(&finding.resource),
            escaped(&finding.message),
            severity = finding.severity,
        ));
        if let Some(place) = &finding.place {
            let shown = excerpt(sources.get(place.source), place, WIDTH);
            let (before, rest) =
                shown.text.split_at_checked(shown.highlight.start).unwrap_or((&shown.text, ""));
            let (named, after) = rest.split_at_checked(shown.highlight.len()).unwrap_or((rest, ""));
            page.push(&format!(
                "<p>{}</p><pre>{}<mark>{}</mark>{}</pre>",
                at(place, sources),
                escaped(before),
                escaped(named),
                escaped(after)
            ));
        }
        let related: Vec<String> = finding
            .related
            .iter()
            .map(|related| format!("<li>{}</li>", escaped(&described_with_place(related, sources))))
            .collect();
        if !related.is_empty() {
            page.push(&format!("<ul>{}</ul>", related.concat()));
        }
        let remedy = finding.remedy.as_deref().or(rule.map(|rule| &*rule.recommended_action));
        if let Some(remedy) = remedy {
            page.push(&format!(
                "<details><summary>What to do</summary><pre>{}</pre></details>",
                escaped(remedy)
            ));
        }
        page.push("</article>");
    }
}

fn not_assessed(report: &Report, page: &mut Page) {
    let list = |names: BTreeSet<&str>| names.into_iter().map(code).collect::<Vec<_>>().join(" ");
    let rows: Vec<_> = causes(report)
        .into_iter()
        .map(|cause| {
            let why = cause.reasons.first().map_or_else(String::new, |reason| escaped(reason));
            [escaped(cause.name), why, list(cause.rules), list(cause.resources)]
        })
        .collect();
    let title = format!("Not assessed ({})", report.not_assessed.len());
    page.table("not-assessed", &title, ["Missing", "Why", "Rules", "Resources"], &rows);
}

fn accepted(report: &Report, sources: &Sources, page: &mut Page) {
    let rows: Vec<_> = report
        .findings
        .iter()
        .filter_map(|judged| {
            let finding = &judged.finding;
            let (by, why) = match &judged.status {
                Status::Open => return None,
                Status::Baseline => ("the baseline".to_owned(), String::new()),
                Status::Waived(waiver) => {
                    (format!("{} until {}", waiver.owner, waiver.until), waiver.reason.clone())
                }
            };
            let place = finding.place.as_ref().map_or_else(|| "live".to_owned(), |place| at(place, sources));
            Some([code(&finding.rule), code(&finding.resource), place, escaped(&by), escaped(&why)])
        })
        .collect();
    let title = format!("Accepted findings ({})", rows.len());
    page.table("accepted", &title, ["Rule", "Resource", "Place", "By", "Why"], &rows);
}

fn rules(report: &Report, page: &mut Page) {
    let rows: Vec<_> = report
        .evaluated
        .iter()
        .map(|counts| {
            let title = report.rule(&counts.rule).map_or_else(String::new, |rule| escaped(&rule.title));
            let numbers = [counts.subjects, counts.passed, counts.failed, counts.not_assessed];
            let [subjects, passed, failed, unknown] = numbers.map(|number| number.to_string());
            [code(&counts.rule), title, subjects, passed, failed, unknown]
        })
        .collect();
    page.table("rules", "Rules", ["Rule", "Title", "Subjects", "Passed", "Failed", "Not assessed"], &rows);
}

fn unread(sources: &Sources, page: &mut Page) {
    let rows: Vec<_> = sources
        .as_slice()
        .iter()
        .filter_map(|source| match &source.status {
            source::Status::Skipped(reason) => Some([code(&source.file), escaped(reason)]),
            _ => None,
        })
        .collect();
    page.table("skipped", &format!("Skipped: {}", counted(rows.len(), "file")), ["File", "Why"], &rows);
}

fn audit(report: &Report, page: &mut Page) {
    page.section("audit", "Audit log");
    page.push(&match &report.audit {
        None => "<p>This run was not recorded.</p>".to_owned(),
        Some(audit) => format!(
            "<p>Run {} of {}, begun at {} with the root {} ({}).</p>",
            code(&audit.run),
            code(&audit.origin),
            counted(usize::try_from(audit.size).unwrap_or(usize::MAX), "record"),
            code(&audit.root),
            if audit.signed { "signed" } else { "UNSIGNED" }
        ),
    });
}

fn at(place: &Place, sources: &Sources) -> String {
    let source = sources.get(place.source);
    code(&format!("{}:{}", source.file, source.lines().line(place.start)))
}

#[cfg(test)]
mod tests {
    use crate::output::{
        Options,
        tests::{none, rendered, rich},
    };

    #[test]
    fn a_page_needs_nothing_else_and_runs_nothing() {
        for set in [rich(), none()] {
            let text = rendered("html", &set, Options::default());
            for foreign in ["<script", "src=", "href=\"http", "@import", "url(", "onclick"] {
                assert!(!text.contains(foreign), "{foreign}");
            }
            for tag in ["article", "table", "pre", "details", "tr", "td", "code", "mark", "main"] {
                let opened = text.matches(&format!("<{tag}>")).count();
                assert_eq!(opened, text.matches(&format!("</{tag}>")).count(), "{tag}");
            }
        }
    }
}
