//! `text`: the report for a person at a terminal.
//!
//! Findings first, each with its source; then what could not be judged and what could not be read; the verdict last,
//! where the eye is when the command ends.

mod blocks;
mod finding;
mod prose;
mod sections;

use std::{
    cmp::Reverse,
    collections::BTreeMap,
    io::{self, Write},
};

use anstyle::{AnsiColor, Style};

use super::{
    Options, Verbosity, open_findings,
    summary::{Summary, counted, unused, verdict},
    visible::one_line,
};
use crate::{
    finding::Severity,
    report::{Judged, Outcome, Report, Status},
    source::Sources,
};

pub(super) fn render(
    report: &Report,
    sources: &Sources,
    options: Options,
    out: &mut dyn Write,
) -> io::Result<()> {
    let palette = Palette { color: options.color };
    if options.verbosity == Verbosity::Quiet {
        for judged in open_findings(report) {
            headline(judged, sources, palette, out)?;
        }
        for error in &report.errors {
            let error = format!("{}: {}", one_line(&error.policy), one_line(&error.message));
            writeln!(out, "{}: {error}", palette.bold("policy error"))?;
        }
        for waiver in &report.unused_waivers {
            writeln!(out, "{}: {}", palette.bold("unused waiver"), sections::waiver(waiver))?;
        }
        if let Some(change) = &report.change {
            for file in &change.unused {
                writeln!(out, "{}: {}", palette.bold("not used"), one_line(&unused(file)))?;
            }
        }
    } else {
        let mut renderer = finding::Renderer::new(report, sources, palette, options.verbosity);
        for block in blocks::blocks(open_findings(report)) {
            writeln!(out, "{}\n", renderer.render(&block))?;
        }
        sections::render(report, sources, options, palette, out)?;
        by_rule(report, palette, out)?;
    }
    closing(report, sources, palette, out)
}

/// `k8s/cart.yaml:12:7: high[mtls/plaintext-accepted]: message`, then what was decided about it.
fn headline(judged: &Judged, sources: &Sources, palette: Palette, out: &mut dyn Write) -> io::Result<()> {
    let finding = &judged.finding;
    let at = finding.place.as_ref().map_or_else(
        || one_line(&finding.resource).into_owned(),
        |place| {
            let source = sources.get(place.source);
            let region = source.region(&place.span());
            format!("{}:{}:{}", one_line(&source.file), region.line, region.column)
        },
    );
    let severity = palette.severity(finding.severity);
    write!(out, "{at}: {severity}[{}]: {}", one_line(&finding.rule), one_line(&finding.message))?;
    match &judged.status {
        Status::Open => writeln!(out),
        Status::Baseline => writeln!(out, " (in the baseline)"),
        Status::Waived(waiver) => writeln!(
            out,
            " (waived by {} until {}: {})",
            one_line(&waiver.owner),
            one_line(&waiver.until),
            one_line(&waiver.reason)
        ),
    }
}

/// More findings than this are counted by rule: nobody sees them at once.
const MANY: usize = 10;

/// How often each rule failed, the worst first.
fn by_rule(report: &Report, palette: Palette, out: &mut dyn Write) -> io::Result<()> {
    let mut rules: BTreeMap<(Reverse<Severity>, &str), usize> = BTreeMap::new();
    for Judged { finding, .. } in open_findings(report) {
        *rules.entry((Reverse(finding.severity), &finding.rule)).or_default() += 1;
    }
    let total: usize = rules.values().sum();
    if total <= MANY || rules.len() < 2 {
        return Ok(());
    }
    writeln!(out, "{}: {}", palette.bold("by rule"), counted(total, "open finding"))?;
    for ((Reverse(severity), rule), count) in rules {
        writeln!(out, "  {count:5} {}[{}]", palette.severity(severity), one_line(rule))?;
    }
    writeln!(out)
}

/// The summary line and the outcome.
fn closing(report: &Report, sources: &Sources, palette: Palette, out: &mut dyn Write) -> io::Result<()> {
    let color = match report.outcome {
        Outcome::Pass => AnsiColor::BrightGreen,
        Outcome::Fail => AnsiColor::BrightRed,
        Outcome::Incomplete => AnsiColor::Yellow,
    };
    let style = color.on_default().bold();
    writeln!(out, "{}: {}", palette.bold("summary"), Summary::new(report, sources).sentence())?;
    match report.fixable() {
        0 => {}
        count => writeln!(out, "{}: {} with `--fix`", palette.bold("fixable"), counted(count, "finding"))?,
    }
    writeln!(
        out,
        "{}: {}, {}",
        palette.bold("outcome"),
        palette.paint(style, report.outcome.name()),
        verdict(report)
    )
}

/// Colours, or none.
#[derive(Debug, Clone, Copy)]
struct Palette {
    color: bool,
}

impl Palette {
    fn paint(self, style: Style, text: &str) -> String {
        if self.color { format!("{style}{text}{style:#}") } else { text.to_owned() }
    }

    fn bold(self, text: &str) -> String {
        self.paint(Style::new().bold(), text)
    }

    fn severity(self, severity: Severity) -> String {
        let color = match severity {
            Severity::Critical | Severity::High => AnsiColor::BrightRed,
            Severity::Medium => AnsiColor::Yellow,
            Severity::Low => AnsiColor::BrightBlue,
            Severity::Info => AnsiColor::BrightGreen,
        };
        self.paint(color.on_default().bold(), severity.name())
    }
}
