//! The command line: arguments in, an exit code out. One file per command; the only module that prints.

mod audit;
mod baseline;
mod clock;
mod completions;
mod configuration;
mod conftest;
mod destinations;
mod explain;
mod facts;
mod graph;
mod init;
#[cfg(feature = "cluster")]
mod merge;
mod policies;
mod progress;
mod report;
mod rules;
mod scan;
mod shards;
mod since;
mod terminal;
mod test;
mod threshold;

use std::ffi::OsString;

use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

pub use terminal::Failure;
use terminal::{ColorChoice, Terminal};

/// With the commit that was built, where it is known.
const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), env!("PROBITY_COMMIT"));

/// Policy-as-code compliance scanner: mTLS, secrets, databases and data lineage, with a verifiable audit log.
#[derive(Debug, Parser)]
#[command(name = "probity", version = VERSION, propagate_version = true, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
    /// When to use colours.
    #[arg(long, global = true, value_enum, default_value_t, value_name = "WHEN")]
    color: ColorChoice,
    /// Show no progress.
    #[arg(long, global = true)]
    no_progress: bool,
    /// Say less: one line a finding, and the summary.
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    quiet: bool,
    /// Say more: what was ignored and why, too.
    #[arg(short, long, global = true)]
    verbose: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Scan files, folders or standard input.
    Scan(Box<scan::Arguments>),
    /// Print what a scan understands, without judging it.
    Facts(facts::Arguments),
    /// Draw services and the databases that they use.
    Graph(graph::Arguments),
    /// Write today's findings to a file, so that they do not count until their objects change.
    Baseline(Box<baseline::Arguments>),
    /// Judge what the shards of a cluster read (`probity scan --cluster --shard`), as one scan would.
    #[cfg(feature = "cluster")]
    Merge(Box<merge::Arguments>),
    /// Show a saved JSON report in other formats.
    Report(report::Arguments),
    /// Run the unit tests of Rego policies.
    Test(test::Arguments),
    /// List the rules.
    Rules(rules::Arguments),
    /// Read and verify the audit log.
    Audit(audit::Arguments),
    /// Explain one rule: why it matters, what to do, which controls it supports.
    Explain(explain::Arguments),
    /// Write files to start from: a commented `probity.yaml` and, if asked, more.
    Init(init::Arguments),
    /// Print the completions of a shell.
    Completions(completions::Arguments),
    /// Print the manual page.
    Manual(completions::ManualArguments),
}

/// Runs a command line; the exit codes are those of the contract.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> u8 {
    let matches = match Cli::command().try_get_matches_from(arguments) {
        Ok(matches) => matches,
        Err(error) => {
            // Help and version are asked for, not an error.
            let code = u8::try_from(error.exit_code()).unwrap_or(2);
            drop(error.print());
            return code;
        }
    };
    let cli = match Cli::from_arg_matches(&matches) {
        Ok(cli) => cli,
        Err(error) => {
            drop(error.print());
            return 2;
        }
    };
    let terminal = Terminal::new(cli.color, cli.quiet, cli.verbose, cli.no_progress);
    let matches = matches.subcommand().map(|(_, matches)| matches);
    let result = clock::check().and_then(|()| match &cli.command {
        Command::Scan(arguments) => scan::run(arguments, matches, &terminal),
        Command::Facts(arguments) => facts::run(arguments, &terminal),
        Command::Graph(arguments) => graph::run(arguments, &terminal),
        Command::Baseline(arguments) => baseline::run(arguments, &terminal),
        #[cfg(feature = "cluster")]
        Command::Merge(arguments) => merge::run(arguments, matches, &terminal),
        Command::Report(arguments) => report::run(arguments, matches, &terminal),
        Command::Test(arguments) => test::run(arguments, &terminal),
        Command::Rules(arguments) => rules::run(arguments, &terminal),
        Command::Audit(arguments) => audit::run(arguments, &terminal),
        Command::Explain(arguments) => explain::run(arguments, &terminal),
        Command::Init(arguments) => init::run(arguments, &terminal),
        Command::Completions(arguments) => completions::run(arguments, Cli::command(), &terminal),
        Command::Manual(arguments) => completions::manual(arguments, Cli::command(), &terminal),
    });
    result.unwrap_or_else(|failure| {
        terminal.error(&failure);
        failure.code
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }
}
