//! `probity test`: unit tests of Rego policies.

use std::path::PathBuf;

use clap::Args;

use super::{Failure, policies, terminal::Terminal};
use crate::policy::test::{TestOutcome, TestRun, run as run_tests};

/// Arguments of `probity test`.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Folders or files with policies and their `_test.rego` files.
    #[arg(value_name = "DIR", default_value = ".")]
    paths: Vec<PathBuf>,
    /// Say which lines no test reaches.
    #[arg(long)]
    coverage: bool,
}

pub(super) fn run(arguments: &Arguments, terminal: &Terminal) -> Result<u8, Failure> {
    let mut files = Vec::new();
    for path in &arguments.paths {
        files.extend(policies::read(path)?);
    }
    let run = run_tests(&files);
    if run.tests.is_empty() && run.errors.is_empty() {
        return Err(Failure::usage("no test was found")
            .help("name a folder with `_test.rego` files that have `test_` rules"));
    }
    terminal.print(|out| print(&run, arguments.coverage, out))?;
    let failed = run.tests.iter().any(|test| test.outcome != TestOutcome::Passed);
    Ok(if run.errors.is_empty() { u8::from(failed) } else { 2 })
}

fn print(run: &TestRun, coverage: bool, out: &mut dyn std::io::Write) -> std::io::Result<()> {
    for (file, error) in &run.errors {
        writeln!(out, "error: {file} cannot be loaded: {error}")?;
    }
    for test in &run.tests {
        match &test.outcome {
            TestOutcome::Passed => {}
            TestOutcome::Failed => writeln!(out, "failed: {}\n  at {}:{}", test.name, test.file, test.line)?,
            TestOutcome::Error(error) => {
                writeln!(out, "error: {}\n  at {}:{}\n  {error}", test.name, test.file, test.line)?;
            }
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
