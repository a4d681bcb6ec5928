//! `probity audit show`: the log for people, or its records as they stand there.

use std::path::Path;

use clap::Args;

use super::{LogArgument, failure};
use crate::{
    audit::show::{self, Filter, Pattern, page::Page},
    cli::{Failure, terminal::Terminal},
};

/// Arguments of `probity audit show`.
#[derive(Debug, Args)]
pub(super) struct Show {
    #[command(flatten)]
    log: LogArgument,
    /// Only records of this run (a ULID, or how it begins).
    #[arg(long, value_name = "RUN")]
    run: Option<String>,
    /// Only records about this rule (a glob such as `mtls/*`).
    #[arg(long, value_name = "ID")]
    rule: Option<String>,
    /// Only records about this resource (a glob), the passes among them.
    #[arg(long, value_name = "ID")]
    resource: Option<String>,
    /// How to print them; `json` is the records as they stand in the log.
    #[arg(short, long, default_value = "text", value_parser = ["text", "json"])]
    format: String,
}

impl Show {
    pub(super) fn run(&self, terminal: &Terminal) -> Result<u8, Failure> {
        let directory = self.log.directory(terminal)?;
        let [rule, resource] = [&self.rule, &self.resource].map(|glob| glob.as_deref().map(Pattern::new));
        let filter = Filter { run: self.run.clone(), rule, resource };
        let (is_signed, count) = match &*self.format {
            "json" => records(&directory, &filter, terminal)?,
            _ => pages(&directory, &filter, terminal)?,
        };
        let asks_for_all = [&self.run, &self.rule, &self.resource].into_iter().all(Option::is_none);
        if count == 0 && asks_for_all {
            terminal.notice("the log is EMPTY: `probity audit verify` says what can be known of it");
            return Ok(0);
        }
        if count == 0 {
            terminal.notice("no record of the log matches");
        }
        if !is_signed {
            terminal.notice("the log is UNSIGNED: whoever could write it could have rewritten it");
        }
        Ok(0)
    }
}

/// Prints records as they stand in the log; whether it is signed, and how many there were.
fn records(directory: &Path, filter: &Filter, terminal: &Terminal) -> Result<(bool, u64), Failure> {
    let (mut signed, mut count) = (Ok(false), 0);
    terminal.print(|out| {
        let mut written = Ok(());
        signed = show::each(directory, filter, &mut |row| {
            if row.asked && written.is_ok() {
                count += 1;
                written = writeln!(out, "{}", row.record);
            }
        });
        written
    })?;
    Ok((signed.map_err(failure)?, count))
}

/// Prints them for people.
fn pages(directory: &Path, filter: &Filter, terminal: &Terminal) -> Result<(bool, u64), Failure> {
    let (endings, size) = show::endings(directory, filter.run.as_deref()).map_err(failure)?;
    let color = terminal.options().color;
    let (mut signed, mut count) = (Ok(false), 0);
    terminal.print(|out| {
        let mut page = Page::new(out, directory, endings, color);
        let mut written = Ok(());
        signed = show::each(directory, filter, &mut |row| {
            // How runs end that came in the meantime is not known.
            if row.index < size && written.is_ok() {
                count += u64::from(row.asked);
                written = page.row(&row);
            }
        });
        written.and_then(|()| page.finish())
    })?;
    Ok((signed.map_err(failure)?, count))
}
