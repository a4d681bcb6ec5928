//! The log as an auditor reads it: run by run, with a heading each, and a line for each record.

use std::{
    collections::BTreeMap,
    io::{self, Write},
    path::Path,
};

use anstyle::{AnsiColor, Style};
use serde_json::Value;

use super::{
    Ending, Row, list,
    sentence::{Context, date, sentence, text},
};
use crate::audit::event::Kind;

/// Writes rows as they come; runs may take turns in the log.
pub struct Page<'p> {
    out: &'p mut dyn Write,
    directory: &'p Path,
    color: bool,
    endings: BTreeMap<String, Ending>,
    /// Runs that began and of which the end was not read yet.
    open: BTreeMap<String, Open>,
    /// The run whose heading stands above.
    current: Option<String>,
    /// What the log itself wrote before a run began, whose heading tells of that.
    held: Vec<Row>,
}

/// What is known of a run.
#[derive(Default)]
struct Open {
    /// Body of its first record, and when that was written.
    start: Option<(Value, String)>,
    /// Names of what it read by digest.
    files: BTreeMap<String, Vec<String>>,
    has_heading: bool,
}

impl<'p> Page<'p> {
    /// `endings` says how the runs ended that did.
    pub fn new(
        out: &'p mut dyn Write,
        directory: &'p Path,
        endings: BTreeMap<String, Ending>,
        color: bool,
    ) -> Self {
        Self { out, directory, color, endings, open: BTreeMap::new(), current: None, held: Vec::new() }
    }

    /// Writes a record, with the heading of its run where another run stood before.
    pub fn row(&mut self, row: &Row) -> io::Result<()> {
        let is_of_held = self.held.iter().all(|held| held.run == row.run);
        if !is_of_held {
            self.finish()?;
        }
        let open = self.open.entry(row.run.clone()).or_default();
        if matches!(row.kind, Kind::Genesis | Kind::Recovered) && open.start.is_none() {
            self.held.push(row.clone());
            return Ok(());
        }
        match row.kind {
            Kind::ScanStart => open.start = Some((row.body.clone(), row.time.clone())),
            Kind::ScanInputs => open.files = files(self.directory, &row.body),
            _ => {}
        }
        self.finish()?;
        self.print(row)?;
        if row.kind == Kind::ScanEnd {
            // A log of many runs is to fit into memory.
            self.open.remove(&row.run);
        }
        Ok(())
    }

    /// Writes what waits for a run to begin.
    pub fn finish(&mut self) -> io::Result<()> {
        let held = std::mem::take(&mut self.held);
        held.iter().try_for_each(|row| self.print(row))
    }

    fn print(&mut self, row: &Row) -> io::Result<()> {
        if !row.asked {
            return Ok(());
        }
        if self.current.as_ref() != Some(&row.run) {
            self.heading(row)?;
        }
        self.line(row)
    }

    /// `run 01K…  2026-10-01 12:00:00 UTC  fail, exit 1`, and who ran it where.
    fn heading(&mut self, row: &Row) -> io::Result<()> {
        if self.current.is_some() {
            writeln!(self.out)?;
        }
        self.current = Some(row.run.clone());
        let open = self.open.entry(row.run.clone()).or_default();
        let title = paint(self.color, Style::new().bold(), &format!("run {}", row.run));
        if std::mem::replace(&mut open.has_heading, true) {
            return writeln!(self.out, "{title}, continued");
        }
        let (start, time) = match &open.start {
            Some((start, time)) => (Some(start), time),
            None => (None, &row.time),
        };
        let ending = match (self.endings.get(&row.run), start) {
            (Some(ending), _) => {
                let outcome = paint(self.color, outcome_style(&ending.outcome), &text(&ending.outcome));
                format!("{outcome}, exit {}", text(&ending.exit))
            }
            (None, Some(_)) => "did not end".to_owned(),
            (None, None) => "no scan".to_owned(),
        };
        writeln!(self.out, "{title}  {}  {ending}", date(time))?;
        let who = start.map(who).unwrap_or_default();
        if who.is_empty() { Ok(()) } else { writeln!(self.out, "  {who}") }
    }

    fn line(&mut self, row: &Row) -> io::Result<()> {
        let files = self.open.get(&row.run).map(|open| &open.files);
        let context = Context { files, matching: row.matching.as_deref(), time: &row.time };
        let (label, rest) = sentence(row.kind, &row.body, &context);
        let label = paint(self.color, outcome_style(&label), &format!("{label:<14}"));
        writeln!(self.out, "{:>8}  {label} {rest}", row.index)
    }
}

/// By whom, and in what, as the first record of a run has it.
fn who(start: &Value) -> String {
    let field = |value: &Value, name: &str| value.get(name).and_then(Value::as_str).map(text);
    let actors = start.get("actors").and_then(Value::as_array).into_iter().flatten();
    let actors: Vec<String> = actors
        .filter_map(|actor| Some(format!("{} ({})", field(actor, "id")?, field(actor, "source")?)))
        .collect();
    let mut parts = Vec::new();
    if !actors.is_empty() {
        parts.push(format!("by {}", actors.join(", ")));
    }
    if let Some(ci) = start.get("ci") {
        let of = |name: &str, what: &str| field(ci, name).map(|value| format!(" {what} {value}"));
        let details = [of("workflow", "workflow"), of("run", "run"), of("attempt", "attempt")];
        let details: String = details.into_iter().flatten().collect();
        parts.push(format!("on {}{details}", field(ci, "provider").unwrap_or_default()));
    }
    if let Some(git) = start.get("git") {
        let of = |name: &str, what: &str| field(git, name).map(|value| format!("{what} {value}"));
        let details = [of("commit", "commit"), of("reference", "of"), of("repository", "in")];
        let details: Vec<String> = details.into_iter().flatten().collect();
        parts.push(details.join(" "));
    }
    parts.join("; ")
}

/// Names of what a run read by digest; a name may be missing where the list is gone.
fn files(directory: &Path, inputs: &Value) -> BTreeMap<String, Vec<String>> {
    let mut files: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let inputs = inputs.get("inputs").and_then(|inputs| list(directory, inputs)).unwrap_or_default();
    for input in &inputs {
        let name = input.get("name").and_then(Value::as_str);
        let digests = input.get("digest").and_then(Value::as_object);
        for digest in digests.into_iter().flat_map(|digest| digest.values()).filter_map(Value::as_str) {
            files.entry(digest.to_owned()).or_default().extend(name.map(ToOwned::to_owned));
        }
    }
    files
}

fn outcome_style(outcome: &str) -> Style {
    match outcome {
        "fail" | "error" => AnsiColor::BrightRed.on_default().bold(),
        "waived" | "baseline" | "not_assessed" | "incomplete" => AnsiColor::Yellow.on_default(),
        "pass" => AnsiColor::Green.on_default(),
        _ => Style::new(),
    }
}

fn paint(color: bool, style: Style, text: &str) -> String {
    if color { format!("{style}{text}{style:#}") } else { text.to_owned() }
}
