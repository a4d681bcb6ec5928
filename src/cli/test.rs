//! `probity test`: unit tests of Rego policies.

mod junit;

use std::{
    io::{self, Write},
    path::{Path, PathBuf},
    thread,
    time::{Duration, SystemTime},
};

use clap::Args;
use ignore::WalkBuilder;

use super::{
    Failure, conftest,
    policies::{self, Beside},
    terminal::Terminal,
};
use crate::{
    policy::{
        Dialect, Policies, bundle,
        test::{LooseCondition, TestCase, TestOutcome, TestRun, loose_conditions, run as run_tests},
    },
    report::PolicyError,
};

/// Arguments of `probity test`.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Folders or files with policies and their `_test.rego` files.
    #[arg(value_name = "DIR", default_value = ".")]
    paths: Vec<PathBuf>,
    /// Give tests and policies the YAML and JSON in this file or folder as `data`; below folders, by their names.
    #[arg(short, long, value_name = "PATH")]
    data: Vec<PathBuf>,
    /// Version of Rego in which policies and tests are written.
    #[arg(long, value_name = "VERSION", default_value = "v1", hide_default_value = true, value_parser = ["v0", "v1"])]
    rego_version: String,
    /// Say which lines no test reaches.
    #[arg(long)]
    coverage: bool,
    /// Name the conditions of `deny` and `not_assessed` that could be left out without a test failing.
    #[arg(long)]
    conditions: bool,
    /// How to print the results.
    #[arg(short, long, value_name = "FORMAT", default_value = "text", value_parser = ["text", "junit"])]
    format: String,
    /// Run the tests again whenever a policy changes, until interrupted.
    #[arg(long, conflicts_with = "format")]
    watch: bool,
}

/// How often `--watch` looks for changes.
const INTERVAL: Duration = Duration::from_millis(300);

pub(super) fn run(arguments: &Arguments, terminal: &Terminal) -> Result<u8, Failure> {
    if !arguments.watch {
        return once(arguments, terminal);
    }
    let mut seen = None;
    loop {
        let now = state(arguments.paths.iter().chain(&arguments.data));
        if seen.as_ref() != Some(&now) {
            terminal.print(|out| write!(out, "\u{1b}[2J\u{1b}[H"))?;
            if let Err(failure) = once(arguments, terminal) {
                terminal.error(&failure);
            }
            terminal.notice("watching for changes; interrupt to end");
            seen = Some(now);
        }
        thread::sleep(INTERVAL);
    }
}

fn once(arguments: &Arguments, terminal: &Terminal) -> Result<u8, Failure> {
    let mut files = Vec::new();
    let mut beside = Beside { data: conftest::read_data(&arguments.data)?.0, ..Beside::default() };
    for path in &arguments.paths {
        files.extend(policies::read(path, &mut beside)?);
    }
    let Beside { data, notices, .. } = beside;
    notices.iter().for_each(|notice| terminal.notice_always(notice));
    if arguments.rego_version == "v0" {
        files.iter_mut().for_each(|file| file.dialect = Dialect::V0);
    }
    let mut run = run_tests(&files, &data);
    let Policies { errors, unchosen, .. } = Policies::new(&files, |_| true);
    for PolicyError { policy, message } in errors {
        if unchosen.contains(&*policy) {
            terminal.notice_always(format!("a scan refuses {policy}: {message}"));
        } else if run.errors.iter().all(|(file, _)| **file != *policy) {
            run.errors.push((policy.into(), message));
        }
    }
    if run.tests.is_empty() && run.errors.is_empty() {
        return Err(Failure::usage("no test was found")
            .help("name a folder with `_test.rego` files that have `test_` rules"));
    }
    terminal.print(|out| match arguments.format.as_str() {
        "junit" => junit::render(&run, out),
        _ => print(&run, arguments.coverage, out),
    })?;
    if arguments.conditions {
        for condition in loose_conditions(&files) {
            let LooseCondition { file, line, text } = condition;
            terminal.print(|out| writeln!(out, "loose: {file}:{line}: no test fails without `{text}`"))?;
        }
    }
    let failed = run.tests.iter().any(|test| test.outcome != TestOutcome::Passed);
    let broken = run.tests.iter().any(|test| matches!(test.outcome, TestOutcome::Error(_)));
    Ok(if run.errors.is_empty() && !broken { u8::from(failed) } else { 2 })
}

/// Policies and data with the times of their last changes.
fn state<'p>(paths: impl Iterator<Item = &'p PathBuf>) -> Vec<(PathBuf, Option<SystemTime>)> {
    let walks = paths.map(|path| WalkBuilder::new(path).standard_filters(false).build());
    let entries = walks.flatten().filter_map(Result::ok);
    let is_policy = |path: &Path| {
        let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
        ["rego", "json", "yaml", "yml"].contains(&extension) || path.ends_with(bundle::MANIFEST)
    };
    let mut state: Vec<_> = entries
        .filter(|entry| is_policy(entry.path()))
        .map(|entry| {
            let changed = entry.metadata().ok().and_then(|metadata| metadata.modified().ok());
            (entry.into_path(), changed)
        })
        .collect();
    state.sort();
    state
}

fn print(run: &TestRun, coverage: bool, out: &mut dyn Write) -> io::Result<()> {
    for (file, error) in &run.errors {
        writeln!(out, "error: {file} cannot be loaded: {error}")?;
    }
    for test in &run.tests {
        if let Some((verdict, reason)) = reason(test) {
            writeln!(out, "{verdict}: {}\n{reason}", test.name)?;
        }
    }
    if coverage {
        for file in &run.coverage {
            let total = file.covered + file.not_covered.len();
            let percent = (file.covered * 100).checked_div(total).unwrap_or(100);
            let lines: Vec<String> = file.not_covered.iter().map(ToString::to_string).collect();
            let gaps =
                if lines.is_empty() { String::new() } else { format!("  not reached: {}", lines.join(", ")) };
            writeln!(out, "{percent:3}%  {}{gaps}", file.file)?;
        }
    }
    let passed = run.tests.iter().filter(|test| test.outcome == TestOutcome::Passed).count();
    writeln!(out, "{passed} passed, {} failed", run.tests.len() - passed)
}

/// Why a test did not pass, in one word and in lines that start with the place.
fn reason(test: &TestCase) -> Option<(&'static str, String)> {
    let at = |line: u32| format!("  at {}:{line}", test.file);
    match &test.outcome {
        TestOutcome::Passed => None,
        TestOutcome::Failed(None) => Some(("failed", at(test.line))),
        TestOutcome::Failed(Some(expression)) => {
            let written = expression.text.replace('\n', "\n  ");
            Some(("failed", format!("{}\n  does not hold: {written}", at(expression.line))))
        }
        TestOutcome::Untrue(value) => {
            Some(("failed", format!("{}\n  its value is {value}, not true", at(test.line))))
        }
        TestOutcome::Refused(why) => {
            Some(("refused", format!("{}\n  the mocked input {why}", at(test.line))))
        }
        TestOutcome::Error(error) => Some(("error", format!("{}\n  {error}", at(test.line)))),
    }
}
