//! The numbers that every format ends with, and how they are put into words.

use crate::{
    finding::Severity,
    report::{Change, Compared, Outcome, Report, Unused},
    source::{Sources, Status},
};

/// Counts of one report.
pub(crate) struct Summary {
    /// Open findings, the worst severity first.
    pub(crate) open: [(Severity, usize); Severity::ALL.len()],
    pub(crate) waived: usize,
    pub(crate) baseline: usize,
    pub(crate) not_assessed: usize,
    pub(crate) errors: usize,
    pub(crate) read: usize,
    pub(crate) skipped: usize,
    pub(crate) failed: usize,
    /// What the numbers above count.
    noun: &'static str,
}

impl Summary {
    pub(crate) fn new(report: &Report, sources: &Sources) -> Self {
        let count = |wanted: fn(&Status) -> bool| {
            sources.as_slice().iter().filter(|source| wanted(&source.status)).count()
        };
        Self {
            open: Severity::ALL.map(|severity| (severity, report.open(severity))),
            waived: report.waived(),
            baseline: report.baseline(),
            not_assessed: report.not_assessed.len(),
            errors: report.errors.len(),
            read: count(|status| matches!(status, Status::Read)),
            skipped: count(|status| matches!(status, Status::Skipped(_))),
            failed: count(|status| matches!(status, Status::Failed(_))),
            noun: noun(sources),
        }
    }

    pub(crate) fn open_total(&self) -> usize {
        self.open.iter().map(|(_, count)| count).sum()
    }

    /// `3 open findings (1 critical, 2 high), 1 waived; 2 not assessed; 40 files read, 1 failed`.
    pub(crate) fn sentence(&self) -> String {
        let by_severity: Vec<String> = (self.open.iter())
            .filter(|(_, count)| *count > 0)
            .map(|(severity, count)| format!("{count} {severity}"))
            .collect();
        let found = match self.open_total() {
            0 => "no open findings".to_owned(),
            total => format!("{} ({})", counted(total, "open finding"), by_severity.join(", ")),
        };
        let decided = [(self.waived, "waived"), (self.baseline, "in the baseline")];
        let read = format!("{} read", counted(self.read, self.noun));
        let unread = [(self.failed, "failed"), (self.skipped, "skipped")];
        let mut parts = vec![listed(found, &decided), format!("{} not assessed", self.not_assessed)];
        if self.errors > 0 {
            parts.push(counted(self.errors, "policy error"));
        }
        parts.push(listed(read, &unread));
        parts.join("; ")
    }
}

/// What sources are: files, kinds of a cluster, or both.
pub(crate) fn noun(sources: &Sources) -> &'static str {
    match sources.listings().count() {
        0 => "file",
        all if all == sources.len() => "kind",
        _ => "source",
    }
}

/// What there is none of is not mentioned.
fn listed(first: String, others: &[(usize, &str)]) -> String {
    let others = others.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}"));
    [first].into_iter().chain(others).collect::<Vec<_>>().join(", ")
}

/// Why the outcome is what it is.
pub(crate) fn verdict(report: &Report) -> String {
    let threshold = report.fail_on.map_or_else(
        || "findings never fail this run".to_owned(),
        |severity| match severity {
            Severity::Critical => "critical".to_owned(),
            _ => format!("{severity} or worse"),
        },
    );
    match (report.outcome, report.fail_on) {
        (Outcome::Pass, None) => threshold,
        (Outcome::Pass, Some(_)) => format!("no open finding is {threshold}"),
        (Outcome::Fail, _) => format!("open findings are {threshold}"),
        (Outcome::Incomplete, _) => "not everything could be judged".to_owned(),
    }
}

/// What a report is held against, and how much of it is the same: `since main (0123456789ab): 1 finding repaired, 12 known
/// of before and not shown`. As it was given, so to be made safe for where it is shown.
pub(crate) fn since(change: &Change) -> String {
    let repaired = counted(change.repaired.len(), "finding");
    format!(
        "since {} ({}): {repaired} repaired, {} known of before and not shown",
        change.compared.reference,
        commits(&change.compared),
        change.known
    )
}

/// `0123456789ab`, with the commit whose findings are known where it is another one: `0123456789ab, merge base ba9876543210`.
pub(crate) fn commits(compared: &Compared) -> String {
    let short = |commit: &str| commit.get(..12).unwrap_or(commit).to_owned();
    let commit = short(&compared.commit);
    if compared.merge_base == compared.commit {
        return commit;
    }
    format!("{commit}, merge base {}", short(&compared.merge_base))
}

/// `k8s/a.yaml:7 (waiver)`.
pub(crate) fn unused(unused: &Unused) -> String {
    let line = unused.line.map(|line| format!(":{line}")).unwrap_or_default();
    format!("{}{line} ({})", unused.file, unused.role.name())
}

/// Why what a change did to what decides does not count.
pub(crate) const UNUSED: &str = "changed and not used, since the tree before the change decides";

/// `1 file`, `2 files`.
pub(crate) fn counted(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

/// The first few of a list, and how many more there are.
pub(crate) fn first_few<'a>(items: impl ExactSizeIterator<Item = &'a str>, few: usize) -> String {
    let total = items.len();
    let shown: Vec<&str> = items.take(if total == few + 1 { total } else { few }).collect();
    match total - shown.len() {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_cut_only_where_that_hides_more_than_one() {
        for (items, expected) in [
            (&["a", "b"][..], "a, b"),
            (&["a", "b", "c"], "a, b, c"),
            (&["a", "b", "c", "d"], "a, b and 2 more"),
        ] {
            assert_eq!(first_few(items.iter().copied(), 2), expected);
        }
    }
}
