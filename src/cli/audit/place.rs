//! Which log a command reads: the one that is named, else the one that scans write.

use std::path::{Path, PathBuf};

use clap::Args;

use super::run;
use crate::{
    audit::locate::last_written,
    cli::{
        Failure,
        configuration::ConfigurationArguments,
        scan::{absolute, current_folder},
        terminal::Terminal,
    },
    source::base::Base,
};

/// Argument that names the log.
#[derive(Debug, Default, Args)]
pub(super) struct LogArgument {
    /// Folder of the log [default: where scans record: `audit.log` of `probity.yaml`, else `.probity/audit` at the base].
    #[arg(value_name = "LOG")]
    log: Option<PathBuf>,
}

impl LogArgument {
    /// Folder of the log. Where a scan could not write at the base, it wrote to the user's state folder: if both hold a
    /// log, the one that was written last is read, and that is said.
    pub(super) fn directory(&self, terminal: &Terminal) -> Result<PathBuf, Failure> {
        if let Some(log) = &self.log {
            return folder(log);
        }
        let base = Base::new(&[], None, &current_folder()?).map_err(Failure::usage)?;
        let configuration = ConfigurationArguments::default().load(&base).map_err(|failure| Failure {
            help: Some("mend that line, or name the folder of the log".to_owned()),
            ..failure
        })?;
        if let Some(log) = configuration.config.audit.log.as_deref().filter(|log| *log != "off") {
            return folder(&base.root.join(log));
        }
        let places = run::default_directory(&base);
        let logs: Vec<&PathBuf> = places.iter().filter(|place| holds_log(place)).collect();
        match logs[..] {
            [] => Ok(base.root.join(run::DEFAULT)),
            [log] => {
                if places.first() != Some(log) {
                    terminal.notice_always(format!("this is the audit log in {}", log.display()));
                }
                Ok(log.clone())
            }
            _ => newest(&logs, terminal),
        }
    }
}

/// The log that was written last; all others are named.
fn newest(logs: &[&PathBuf], terminal: &Terminal) -> Result<PathBuf, Failure> {
    let mut dated: Vec<(Option<String>, &PathBuf)> = Vec::new();
    for log in logs {
        // What is damaged has no date that could be believed; whoever reads it is told.
        dated.push((last_written(log).unwrap_or_default(), log));
    }
    // The first of several with one date.
    dated.sort_by(|(one, _), (other, _)| other.cmp(one));
    let describe = |(date, log): &(Option<String>, &PathBuf)| match date {
        Some(date) => format!("{} (last written {date})", log.display()),
        None => format!("{} (no record of it can be read)", log.display()),
    };
    let [read, others @ ..] = &dated[..] else {
        return Err(Failure::usage("there is no audit log").help("name its folder"));
    };
    let others: Vec<String> = others.iter().map(describe).collect();
    terminal.notice_always(format!(
        "there are {} audit logs: this is {}, and not {}; name one to read that",
        dated.len(),
        describe(read),
        others.join(", ")
    ));
    Ok(read.1.clone())
}

/// Whether something of a log lies there, be it damaged.
fn holds_log(place: &Path) -> bool {
    ["log.json", "seg", "checkpoint"].iter().any(|name| place.join(name).exists())
}

fn folder(log: &Path) -> Result<PathBuf, Failure> {
    if log.to_string_lossy().contains("://") {
        return Err(Failure::usage(format!(
            "`{}`: this version reads logs of local folders only",
            log.display()
        ))
        .help("name a folder"));
    }
    absolute(log)
}
