//! `probity baseline`: today's findings, written down so that they do not count until their objects change.

use std::path::{Path, PathBuf};

use clap::Args;
use sha2::{Digest as _, Sha256};

use super::{
    Failure, configuration::check_rendering, conftest::ConftestArguments, policies::Selection,
    progress::Progress, scan::EstateArguments, terminal::Terminal,
};
use crate::{
    baseline::{Baseline, FILE},
    finding::hex,
    output::summary::counted,
    report::Status,
    scan,
};

/// Arguments of `probity baseline`.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    estate: EstateArguments,
    #[command(flatten)]
    selection: Selection,
    #[command(flatten)]
    conftest: ConftestArguments,
    /// File that is written; one that is there is replaced.
    #[arg(short, long, value_name = "FILE", default_value = FILE)]
    output: PathBuf,
}

/// A finding that is waived needs no baseline. Policies with errors write none: what they did not say would be missing.
pub(super) fn run(arguments: &Arguments, terminal: &Terminal) -> Result<u8, Failure> {
    let (settings, configured) = arguments.estate.settings()?;
    check_rendering(&settings, terminal)?;
    let (policies, _) = arguments.conftest.load(&arguments.selection, &settings, &configured, terminal)?;
    let progress = Progress::new(terminal.progress);
    let advance = |stage, done| progress.advance(stage, done);
    let mut estate = scan::read_for(&policies, &settings, &advance)?;
    let report = scan::judge(&settings, &mut estate, policies, &advance);
    progress.finish();
    if let Some(error) = report.errors.first() {
        return Err(Failure::usage(format!("policy `{}`: {}", error.policy, error.message))
            .help("no baseline was written: mend the policy first, `probity scan` names all errors"));
    }
    let open = report.findings.iter().filter(|judged| judged.status == Status::Open);
    let baseline = Baseline::of(open.map(|judged| &judged.finding), &estate);
    write(&arguments.output, &baseline)?;
    let (file, entries) = (arguments.output.display(), counted(baseline.len(), "finding"));
    terminal.notice(format!("{entries} written to `{file}`; use it with `probity scan --baseline {file}`"));
    for reason in &report.incomplete {
        terminal.notice_always(format!("incomplete: {reason}"));
    }
    Ok(if report.incomplete.is_empty() { 0 } else { 3 })
}

fn write(path: &Path, baseline: &Baseline) -> Result<(), Failure> {
    std::fs::write(path, baseline.to_json()).map_err(|error| {
        Failure::usage(format!("`--output {}` cannot be written: {error}", path.display()))
            .help("name a file in a folder that exists")
    })
}

/// A baseline with the SHA-256 of its file.
#[expect(clippy::disallowed_methods, reason = "the edge that reads baselines")]
pub(super) fn read(path: &Path) -> Result<(Baseline, String), Failure> {
    let failed = |cause: String| {
        Failure::usage(format!("`--baseline {}`: {cause}", path.display()))
            .help("write one with `probity baseline -o FILE`")
    };
    let text =
        std::fs::read_to_string(path).map_err(|error| failed(format!("it cannot be read: {error}")))?;
    let baseline = Baseline::read(&text).map_err(|error| failed(error.to_string()))?;
    Ok((baseline, hex(&Sha256::digest(&text))))
}
