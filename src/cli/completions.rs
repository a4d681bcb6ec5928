//! `probity completions` and `probity manual`: what packages of the binary install beside it.

use std::path::PathBuf;

use clap::{Args, Command};

use super::{Failure, terminal::Terminal};

/// Arguments of `probity completions`.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Shell that is to complete `probity`.
    #[arg(value_name = "SHELL", value_enum)]
    shell: clap_complete::Shell,
}

/// Arguments of `probity manual`.
#[derive(Debug, Args)]
pub(super) struct ManualArguments {
    /// Folder for one page of each command; without it the page of `probity` goes to standard output.
    #[arg(long, value_name = "DIR")]
    folder: Option<PathBuf>,
}

pub(super) fn run(arguments: &Arguments, mut command: Command, terminal: &Terminal) -> Result<u8, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut command, "probity", &mut script);
    terminal.print(|out| out.write_all(&script))?;
    Ok(0)
}

pub(super) fn manual(
    arguments: &ManualArguments,
    command: Command,
    terminal: &Terminal,
) -> Result<u8, Failure> {
    if let Some(folder) = &arguments.folder {
        clap_mangen::generate_to(command, folder).map_err(|error| {
            Failure::usage(format!("pages cannot be written to `{}`: {error}", folder.display()))
                .help("name a folder that exists")
        })?;
        return Ok(0);
    }
    let mut page = Vec::new();
    clap_mangen::Man::new(command)
        .render(&mut page)
        .map_err(|error| Failure::usage(format!("the page cannot be made: {error}")))?;
    terminal.print(|out| out.write_all(&page))?;
    Ok(0)
}
