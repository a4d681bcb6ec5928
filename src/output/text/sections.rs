//! What follows the findings: decided findings, results that could not be judged, sources that could not be read.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
    io::{self, Write},
};

use anstyle::{AnsiColor, Style};

use super::{Options, Palette, Verbosity, headline};
use crate::{
    output::{
        causes::causes,
        summary::{UNUSED, commits, counted, first_few, noun, unused},
        visible::{one_line, paragraph},
    },
    report::{self, Report, Waiver},
    source::{Listing, Problem, Source, Sources, Status, listing::Outcome},
};

/// Items of a list, and reasons, that are shown without `-v`.
const FEW: usize = 3;

pub(super) fn render(
    report: &Report,
    sources: &Sources,
    options: Options,
    palette: Palette,
    out: &mut dyn Write,
) -> io::Result<()> {
    let few = if options.verbosity == Verbosity::Verbose { usize::MAX - 1 } else { FEW };
    let mut sections = Sections { palette, few, out };
    if options.verbosity == Verbosity::Verbose {
        sections.decided(report, sources)?;
    }
    sections.change(report)?;
    sections.drift(report)?;
    sections.waivers("expired waivers", &report.expired_waivers)?;
    sections.waivers("unused waivers", &report.unused_waivers)?;
    sections.overrides(report)?;
    sections.allowed(report)?;
    sections.not_assessed(report)?;
    sections.not_applicable(report)?;
    sections.errors(report)?;
    sections.cluster(sources)?;
    sections.failed(sources)?;
    sections.by_reason(sources, "skipped", AnsiColor::Yellow, skipped)?;
    if options.verbosity == Verbosity::Verbose {
        sections.by_reason(sources, "ignored", AnsiColor::BrightBlue, ignored)?;
    }
    sections.noticed(sources)?;
    sections.incomplete(report)
}

/// ``probity.yaml:12: `W-1` of team-shop for mtls/plaintext-gateway until 2030-12-31``.
pub(super) fn waiver(waiver: &Waiver) -> String {
    let [id, rule, owner, until, source] =
        [&waiver.id, &waiver.rule, &waiver.owner, &waiver.until, &waiver.source].map(|text| one_line(text));
    format!("{source}: `{id}` of {owner} for {rule} until {until}")
}

struct Sections<'a> {
    palette: Palette,
    few: usize,
    out: &'a mut dyn Write,
}

impl Sections<'_> {
    fn heading(&mut self, color: AnsiColor, title: &str, rest: &str) -> io::Result<()> {
        let title = self.palette.paint(Style::new().bold().fg_color(Some(color.into())), title);
        writeln!(self.out, "{title}: {rest}")
    }

    fn decided(&mut self, report: &Report, sources: &Sources) -> io::Result<()> {
        let decided: Vec<_> =
            report.findings.iter().filter(|judged| judged.status != report::Status::Open).collect();
        if decided.is_empty() {
            return Ok(());
        }
        self.heading(AnsiColor::BrightBlue, "decided", &counted(decided.len(), "finding"))?;
        for judged in decided {
            write!(self.out, "  ")?;
            headline(judged, sources, self.palette, self.out)?;
        }
        writeln!(self.out)
    }

    /// What a change repairs, what of it does not decide, and how much it leaves as it was.
    fn change(&mut self, report: &Report) -> io::Result<()> {
        let Some(change) = &report.change else { return Ok(()) };
        let since = one_line(&change.compared.reference);
        if !change.repaired.is_empty() {
            let count = counted(change.repaired.len(), "finding");
            self.heading(AnsiColor::BrightGreen, "repaired", &format!("{count} since {since}"))?;
            for repaired in &change.repaired {
                let (rule, message) = (one_line(&repaired.rule), one_line(&repaired.message));
                let at = match (&repaired.file, repaired.line) {
                    (Some(file), Some(line)) => format!("{}:{line}", one_line(file)),
                    _ => one_line(&repaired.resource).into_owned(),
                };
                let severity = self.palette.severity(repaired.severity);
                writeln!(self.out, "  {at}: {severity}[{rule}]: {message}")?;
            }
            writeln!(self.out)?;
        }
        if !change.unused.is_empty() {
            self.heading(AnsiColor::Yellow, "not used", UNUSED)?;
            for file in &change.unused {
                writeln!(self.out, "  {}", one_line(&unused(file)))?;
            }
            writeln!(self.out)?;
        }
        let known = counted(change.known, "finding");
        let commit = commits(&change.compared);
        let rest = format!("{known} of before {since} ({}), not shown", one_line(&commit));
        self.heading(AnsiColor::BrightBlue, "known", &rest)?;
        writeln!(self.out)
    }

    /// What was compared, and what need not be on both sides.
    fn drift(&mut self, report: &Report) -> io::Result<()> {
        let Some(drift) = &report.drift else { return Ok(()) };
        let paired = counted(drift.paired, "object");
        let in_both = counted(drift.in_both, "finding");
        let rest = format!("{paired} declared and live; {in_both} of both, not shown");
        self.heading(AnsiColor::BrightBlue, "drift", &rest)?;
        for (reason, count) in &drift.aside {
            let objects = counted(*count, "object");
            writeln!(self.out, "  not compared: {objects} {}", one_line(reason))?;
        }
        writeln!(self.out)
    }

    fn waivers(&mut self, title: &str, waivers: &[Waiver]) -> io::Result<()> {
        if waivers.is_empty() {
            return Ok(());
        }
        self.heading(AnsiColor::Yellow, title, &waivers.len().to_string())?;
        for waiver in waivers {
            writeln!(self.out, "  {}", self::waiver(waiver))?;
        }
        writeln!(self.out)
    }

    fn overrides(&mut self, report: &Report) -> io::Result<()> {
        let severities: Vec<_> =
            report.overrides.iter().filter(|setting| setting.setting == "severity").collect();
        if severities.is_empty() {
            return Ok(());
        }
        self.heading(AnsiColor::BrightBlue, "overridden", &counted(severities.len(), "rule"))?;
        for setting in severities {
            let (rule, source) = (one_line(&setting.rule), one_line(&setting.source));
            writeln!(self.out, "  {rule}: {} instead of {} ({source})", setting.to, setting.from)?;
        }
        writeln!(self.out)
    }

    fn allowed(&mut self, report: &Report) -> io::Result<()> {
        let entries: Vec<_> = report.overrides.iter().filter(|setting| setting.setting == "allow").collect();
        if entries.is_empty() {
            return Ok(());
        }
        let title = "look like credentials and are declared to be none";
        self.heading(AnsiColor::BrightBlue, "allowed", title)?;
        for entry in entries {
            writeln!(self.out, "  {} ({})", entry.from, one_line(&entry.source))?;
        }
        writeln!(self.out)
    }

    fn not_assessed(&mut self, report: &Report) -> io::Result<()> {
        if report.not_assessed.is_empty() {
            return Ok(());
        }
        let count = counted(report.not_assessed.len(), "result");
        self.heading(
            AnsiColor::BrightCyan,
            "not assessed",
            &format!("{count}; what would decide is not in the input"),
        )?;
        let causes = causes(report);
        for cause in causes.iter().take(self.few) {
            let rules = first_few(cause.rules.iter().copied(), self.few);
            let resources = first_few(cause.resources.iter().copied(), self.few);
            writeln!(self.out, "  {}", self.palette.bold(&one_line(cause.name)))?;
            let is_told = self.few > FEW || cause.reasons.len() == 1;
            for reason in cause.reasons.iter().filter(|_| is_told) {
                writeln!(self.out, "    {}", one_line(reason))?;
            }
            writeln!(self.out, "    {}: {}", one_line(&rules), one_line(&resources))?;
            if let Some(advice) = cause.advice() {
                writeln!(self.out, "    {}: {advice}", self.palette.bold("help"))?;
            }
        }
        match causes.len().saturating_sub(self.few) {
            0 => {}
            more => writeln!(self.out, "  and {} (-v shows all)", counted(more, "more cause"))?,
        }
        writeln!(self.out)
    }

    fn not_applicable(&mut self, report: &Report) -> io::Result<()> {
        let mut reasons: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for result in &report.not_applicable {
            reasons.entry(&result.reason).or_default().insert(&result.rule);
        }
        for (reason, rules) in &reasons {
            let named = first_few(rules.iter().copied(), self.few);
            self.heading(
                AnsiColor::BrightBlue,
                "not applicable",
                &format!("{} ({}): {}", counted(rules.len(), "rule"), one_line(&named), one_line(reason)),
            )?;
        }
        if reasons.is_empty() { Ok(()) } else { writeln!(self.out) }
    }

    fn errors(&mut self, report: &Report) -> io::Result<()> {
        if report.errors.is_empty() {
            return Ok(());
        }
        self.heading(AnsiColor::BrightRed, "policy errors", &report.errors.len().to_string())?;
        for error in &report.errors {
            writeln!(
                self.out,
                "  {}: {}",
                self.palette.bold(&one_line(&error.policy)),
                indented(&error.message)
            )?;
        }
        writeln!(self.out)
    }

    /// What was read of a cluster; with `-v` each kind.
    fn cluster(&mut self, sources: &Sources) -> io::Result<()> {
        let mut read: Vec<_> =
            sources.listings().filter(|listing| listing.outcome == Outcome::Read).collect();
        if read.is_empty() {
            return Ok(());
        }
        let objects: usize = read.iter().map(|listing| listing.objects).sum();
        let total = format!("{} of {}", counted(objects, "object"), counted(read.len(), "kind"));
        self.heading(AnsiColor::BrightBlue, "cluster", &total)?;
        let is_limited = |listing: &&Listing| !listing.namespaces.is_empty();
        if self.few == FEW {
            read.retain(is_limited);
        }
        for listing in read {
            let version = listing.resource_version.as_deref().unwrap_or("no version");
            let namespaces = match listing.namespaces.as_slice() {
                [] => String::new(),
                namespaces => format!(" in {} only", namespaces.join(", ")),
            };
            let objects = counted(listing.objects, "object");
            let line = format!("{}: {objects} at {version}{namespaces}", listing.name());
            writeln!(self.out, "  {}", one_line(&line))?;
        }
        writeln!(self.out)
    }

    fn failed(&mut self, sources: &Sources) -> io::Result<()> {
        let failed: Vec<(&Source, &[Problem])> = sources
            .as_slice()
            .iter()
            .filter_map(|source| match &source.status {
                Status::Failed(problems) => Some((source, problems.as_slice())),
                _ => None,
            })
            .collect();
        if failed.is_empty() {
            return Ok(());
        }
        let rest = format!("{} could not be read whole", counted(failed.len(), noun(sources)));
        self.heading(AnsiColor::BrightRed, "failed", &rest)?;
        for (source, problems) in failed {
            if problems.is_empty() {
                writeln!(self.out, "  {}", one_line(&source.file))?;
            }
            for problem in problems {
                // No excerpt: what did not parse could not be masked either.
                writeln!(self.out, "  {}: {}", at(source, problem, sources), indented(&problem.message))?;
            }
        }
        writeln!(self.out)
    }

    /// Sources of one status, grouped by reason.
    fn by_reason(
        &mut self,
        sources: &Sources,
        title: &str,
        color: AnsiColor,
        reason: fn(&Status) -> Option<&str>,
    ) -> io::Result<()> {
        let mut reasons: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for source in sources.as_slice() {
            if let Some(reason) = reason(&source.status) {
                reasons.entry(reason).or_default().push(one_line(&source.file).into_owned());
            }
        }
        if reasons.is_empty() {
            return Ok(());
        }
        let total = reasons.values().map(Vec::len).sum();
        self.heading(color, title, &counted(total, noun(sources)))?;
        self.groups(&reasons)
    }

    /// What is odd in sources that were read, grouped by message.
    fn noticed(&mut self, sources: &Sources) -> io::Result<()> {
        let mut messages: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for source in sources.as_slice() {
            for notice in &source.notices {
                messages.entry(&notice.message).or_default().push(at(source, notice, sources));
            }
        }
        if messages.is_empty() {
            return Ok(());
        }
        let total = messages.values().map(Vec::len).sum();
        self.heading(AnsiColor::Yellow, "noticed", &format!("{} in what was read", counted(total, "thing")))?;
        self.groups(&messages)
    }

    /// Reasons with the first few of what they concern; those that concern most come first.
    fn groups(&mut self, groups: &BTreeMap<&str, Vec<String>>) -> io::Result<()> {
        let mut groups: Vec<_> = groups.iter().collect();
        groups.sort_by_key(|(_, members)| Reverse(members.len()));
        for (reason, members) in groups.iter().take(self.few) {
            writeln!(self.out, "  {}", indented(reason))?;
            writeln!(self.out, "    {}", first_few(members.iter().map(String::as_str), self.few))?;
        }
        self.more_reasons(groups.len(), "  ")?;
        writeln!(self.out)
    }

    fn more_reasons(&mut self, total: usize, indent: &str) -> io::Result<()> {
        match total.saturating_sub(self.few) {
            0 => Ok(()),
            more => writeln!(self.out, "{indent}and {} (-v shows all)", counted(more, "more reason")),
        }
    }

    fn incomplete(&mut self, report: &Report) -> io::Result<()> {
        for reason in &report.incomplete {
            self.heading(AnsiColor::Yellow, "incomplete", &indented(reason))?;
        }
        if report.incomplete.is_empty() { Ok(()) } else { writeln!(self.out) }
    }
}

/// `k8s/cart.yaml:3:5`.
fn at(source: &Source, problem: &Problem, sources: &Sources) -> String {
    let file = one_line(&source.file);
    match &problem.place {
        None => file.into_owned(),
        Some(place) => {
            let region = sources.get(place.source).region(&place.span());
            format!("{file}:{}:{}", region.line, region.column)
        }
    }
}

fn skipped(status: &Status) -> Option<&str> {
    match status {
        Status::Skipped(reason) => Some(reason),
        _ => None,
    }
}

fn ignored(status: &Status) -> Option<&str> {
    match status {
        Status::Ignored(reason) => Some(reason),
        _ => None,
    }
}

/// Several lines, each below the first.
fn indented(text: &str) -> String {
    paragraph(text).replace('\n', "\n    ")
}
