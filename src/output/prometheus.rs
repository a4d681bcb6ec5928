//! `prometheus`: numbers of one run in the text format of Prometheus (exposition format 0.0.4).
//!
//! Labels are severities, rules, verdicts and controls, of which there are few: a series for each resource would cost
//! whoever keeps them more than the scan. The success of a run is that everything was judged, whatever was found; its time
//! is there only then, so that an alert on its age tells of runs that failed and of runs that never were.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    io::{self, Write},
};

use super::{Options, frameworks, open_findings, summary::Summary, visible::one_line};
use crate::{
    finding::Severity,
    report::{Outcome, Report},
    source::Sources,
};

/// Media type of the format.
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

pub(super) fn render(report: &Report, sources: &Sources, _: Options, out: &mut dyn Write) -> io::Result<()> {
    out.write_all(text(report, sources).as_bytes())
}

/// The report as metrics.
pub fn text(report: &Report, sources: &Sources) -> String {
    let mut text = Exposition(String::new());
    let summary = Summary::new(report, sources);
    let at = report.time.as_second();
    text.family("probity_last_run_timestamp_seconds", "When the last run ended.");
    text.sample("probity_last_run_timestamp_seconds", &[], at);
    if report.outcome != Outcome::Incomplete {
        let name = "probity_last_success_timestamp_seconds";
        text.family(name, "When a run last judged everything, whatever it found.");
        text.sample(name, &[], at);
    }
    text.family("probity_outcome", "Outcome of the last run: 1 for the one that it has.");
    for outcome in [Outcome::Pass, Outcome::Fail, Outcome::Incomplete] {
        let holds = i64::from(outcome == report.outcome);
        text.sample("probity_outcome", &[("outcome", outcome.name())], holds);
    }
    text.family("probity_open_findings", "Open findings, by severity.");
    for (severity, count) in summary.open {
        text.sample("probity_open_findings", &[("severity", severity.name())], count);
    }
    text.family("probity_decided_findings", "Findings that do not count, by what was decided of them.");
    text.sample("probity_decided_findings", &[("status", "waived")], summary.waived);
    text.sample("probity_decided_findings", &[("status", "baseline")], summary.baseline);
    text.family("probity_not_assessed", "Results that what was read does not decide.");
    text.sample("probity_not_assessed", &[], summary.not_assessed);
    text.family("probity_policy_errors", "Policies that could not be loaded or evaluated.");
    text.sample("probity_policy_errors", &[], summary.errors);
    text.family("probity_sources", "Files, or kinds of a cluster, by what became of them.");
    for (status, count) in [("read", summary.read), ("skipped", summary.skipped), ("failed", summary.failed)]
    {
        text.sample("probity_sources", &[("status", status)], count);
    }
    by_rule(report, &mut text);
    by_control(report, &mut text);
    text.0
}

/// Each rule that ran, also where it found nothing: an alert does not hang on a series that is not there.
fn by_rule(report: &Report, text: &mut Exposition) {
    let mut rules: BTreeMap<&str, (Severity, usize)> =
        report.rules.iter().map(|rule| (&*rule.id, (rule.severity, 0))).collect();
    for judged in open_findings(report) {
        let finding = &judged.finding;
        rules.entry(&finding.rule).or_insert((finding.severity, 0)).1 += 1;
    }
    text.family("probity_rule_open_findings", "Open findings, by rule.");
    for (rule, (severity, count)) in rules {
        let labels = [("rule", rule), ("severity", severity.name())];
        text.sample("probity_rule_open_findings", &labels, count);
    }
}

/// Each control that a rule gives evidence for.
fn by_control(report: &Report, text: &mut Exposition) {
    let mut open: BTreeMap<&str, usize> = BTreeMap::new();
    for judged in open_findings(report) {
        *open.entry(&judged.finding.rule).or_default() += 1;
    }
    let mut controls: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for rule in &report.rules {
        let count = open.get(&*rule.id).copied().unwrap_or_default();
        for (framework, ids) in frameworks(rule) {
            for control in ids {
                *controls.entry((framework, &control.id)).or_default() += count;
            }
        }
    }
    text.family("probity_control_open_findings", "Open findings of rules that give evidence for a control.");
    for ((framework, control), count) in controls {
        let labels = [("framework", framework), ("control", control)];
        text.sample("probity_control_open_findings", &labels, count);
    }
}

struct Exposition(String);

impl Exposition {
    fn family(&mut self, name: &str, help: &str) {
        // A string takes all that is written.
        let _ = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} gauge");
    }

    fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: impl std::fmt::Display) {
        let labels: Vec<String> =
            labels.iter().map(|(name, value)| format!("{name}=\"{}\"", escaped(value))).collect();
        let labels = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
        let _ = writeln!(self.0, "{name}{labels} {value}");
    }
}

/// A value of a label: on one line, with backslash and quote escaped.
fn escaped(value: &str) -> String {
    one_line(value).replace('\\', "\\\\").replace('"', "\\\"")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::tests::{many, none, rich};

    /// Value of a series.
    fn value(text: &str, series: &str) -> Option<i64> {
        let line = text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '))?;
        line.parse().ok()
    }

    #[test]
    fn only_a_run_that_judged_everything_was_a_success() {
        let success = "probity_last_success_timestamp_seconds";
        for (set, outcome, is_success) in
            [(none(), "pass", true), (many(3), "fail", true), (rich(), "incomplete", false)]
        {
            let text = text(&set.report, &set.sources);
            assert_eq!(value(&text, &format!("probity_outcome{{outcome=\"{outcome}\"}}")), Some(1), "{text}");
            assert_eq!(value(&text, success).is_some(), is_success, "{text}");
            assert!(value(&text, "probity_last_run_timestamp_seconds").is_some());
        }
    }

    #[test]
    fn what_is_counted_by_rule_is_all_that_is_open() {
        let set = many(30);
        let text = text(&set.report, &set.sources);
        let sum = |family: &str| -> i64 {
            let of_family = text.lines().filter(|line| line.starts_with(&format!("{family}{{")));
            of_family.filter_map(|line| line.rsplit(' ').next()?.parse::<i64>().ok()).sum()
        };
        assert_eq!((sum("probity_open_findings"), sum("probity_rule_open_findings")), (30, 30));
        assert!(text.ends_with('\n') && !text.contains("Deployment/"), "{text}");
    }

    #[test]
    fn a_family_is_described_once_before_its_samples() {
        let set = rich();
        let text = text(&set.report, &set.sources);
        let mut described = Vec::new();
        for line in text.lines() {
            match line.strip_prefix("# HELP ").and_then(|rest| rest.split(' ').next()) {
                Some(name) => {
                    assert!(!described.contains(&name), "{name} is described twice");
                    described.push(name);
                }
                None if line.starts_with("# TYPE ") => {}
                None => {
                    let name = line.split(['{', ' ']).next().unwrap();
                    assert_eq!(described.last(), Some(&name), "{line}");
                }
            }
        }
    }

    #[test]
    fn a_label_cannot_end_early() {
        assert_eq!(escaped("a\"} 1\nb\\"), "a\\\"} 1 b\\\\");
    }
}
