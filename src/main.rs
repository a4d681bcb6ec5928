//! The `probity` binary: see [`probity::cli`].

use std::process::ExitCode;

#[cfg(all(target_os = "linux", target_env = "gnu", target_arch = "x86_64"))]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    ExitCode::from(probity::cli::run(std::env::args_os()))
}
