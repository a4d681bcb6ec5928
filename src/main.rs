//! The `probity` binary: see [`probity::cli`].

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(probity::cli::run(std::env::args_os()))
}
