//! Runs the user's renderer and takes what it prints: within a time and a size, without a cluster and a network.
//!
//! Deliberately absent: what is rendered and whether that is allowed (that is [`crate::resource::render`]).

use std::{
    io::Read as _,
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use thiserror::Error;

/// Charts render in seconds; a template that loops must not hold a scan up.
const TIME: Duration = Duration::from_mins(1);

/// A template that repeats itself must not exhaust the memory.
const SIZE: u64 = 64 << 20;

/// Why nothing was rendered. What the renderer says is not kept: it may quote values.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum RenderError {
    #[error("`{0}` is not installed")]
    Missing(String),
    #[error("`{0}` took longer than {1} seconds")]
    Slow(String, u64),
    #[error("`{0}` printed more than {1} MiB")]
    Large(String, u64),
    #[error("`{0}` printed what is no text")]
    Strange(String),
    #[error("`{0}` failed with exit code {1}; what it says may quote values, and is seen by running it")]
    Failed(String, i32),
    #[error("`{0}` could not be run to its end")]
    Stopped(String),
}

/// Runs a program in a folder and returns what it prints.
pub fn run(program: &str, arguments: &[&str], folder: &Path) -> Result<String, RenderError> {
    within(program, arguments, folder, TIME, SIZE)
}

fn within(
    program: &str,
    arguments: &[&str],
    folder: &Path,
    time: Duration,
    size: u64,
) -> Result<String, RenderError> {
    let name = || program.to_owned();
    let mut child = command(program, arguments, folder).spawn().map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => RenderError::Missing(name()),
        _ => RenderError::Stopped(name()),
    })?;
    let output = child.stdout.take().ok_or_else(|| RenderError::Stopped(name()))?;
    let reader = thread::spawn(move || {
        let mut bytes = Vec::new();
        // Reading one byte more tells a full output from one that was cut.
        let read = output.take(size + 1).read_to_end(&mut bytes);
        read.map(|_| bytes)
    });
    let deadline = Instant::now() + time;
    while !reader.is_finished() && Instant::now() < deadline {
        thread::sleep(Duration::from_millis(5));
    }
    if !reader.is_finished() {
        stop(&mut child);
        return Err(RenderError::Slow(name(), time.as_secs()));
    }
    let bytes = reader.join().ok().and_then(Result::ok).ok_or_else(|| RenderError::Stopped(name()))?;
    if bytes.len() as u64 > size {
        stop(&mut child);
        return Err(RenderError::Large(name(), size >> 20));
    }
    while Instant::now() < deadline {
        match child.try_wait() {
            Ok(Some(status)) if status.success() => {
                return String::from_utf8(bytes).map_err(|_| RenderError::Strange(name()));
            }
            Ok(None) => thread::sleep(Duration::from_millis(5)),
            Ok(Some(status)) => {
                // A program that a signal ended has no code.
                let failed = status.code().map(|code| RenderError::Failed(name(), code));
                return Err(failed.unwrap_or_else(|| RenderError::Stopped(name())));
            }
            Err(_) => return Err(RenderError::Stopped(name())),
        }
    }
    stop(&mut child);
    Err(RenderError::Slow(name(), time.as_secs()))
}

/// No cluster is reached, no plugin is found, and what would open a connection meets a closed port.
fn command(program: &str, arguments: &[&str], folder: &Path) -> Command {
    const NOWHERE: &str = "http://127.0.0.1:9";
    let mut command = Command::new(program);
    // Keys are none of their business.
    command
        .args(arguments)
        .current_dir(folder)
        .env_remove("PROBITY_AUDIT_KEY")
        .env_remove("PROBITY_SHARD_KEY");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    for (name, value) in [
        ("KUBECONFIG", "/dev/null"),
        ("HELM_NO_PLUGINS", "1"),
        ("HELM_PLUGINS", "/dev/null"),
        ("GIT_ALLOW_PROTOCOL", "none"),
        ("GIT_TERMINAL_PROMPT", "0"),
        ("HTTP_PROXY", NOWHERE),
        ("HTTPS_PROXY", NOWHERE),
        ("ALL_PROXY", NOWHERE),
        ("NO_PROXY", ""),
    ] {
        command.env(name, value);
    }
    command
}

fn stop(child: &mut Child) {
    // It may have ended by itself in between.
    drop(child.kill());
    drop(child.wait());
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_program_gets_time_and_room_and_its_failure_is_told_without_its_words() {
        let second = Duration::from_secs(1);
        let folder = Path::new("/");
        let run = |script: &str, time, size| within("sh", &["-c", script], folder, time, size);
        let minute = Duration::from_mins(1);
        assert_eq!(run("echo a; echo b >&2", minute, 10), Ok("a\n".to_owned()));
        assert_eq!(
            run("echo $KUBECONFIG $HTTPS_PROXY", minute, 100),
            Ok("/dev/null http://127.0.0.1:9\n".to_owned())
        );
        assert_eq!(run("echo secret >&2; exit 3", minute, 10), Err(RenderError::Failed("sh".into(), 3)));
        assert_eq!(run("sleep 30", second, 10), Err(RenderError::Slow("sh".into(), 1)));
        assert_eq!(run("echo a; exec >&-; sleep 30", second, 10), Err(RenderError::Slow("sh".into(), 1)));
        assert_eq!(run("yes", minute, 1 << 20), Err(RenderError::Large("sh".into(), 1)));
        let missing = within("no-such-renderer", &[], folder, second, 10);
        assert_eq!(missing, Err(RenderError::Missing("no-such-renderer".into())));
    }
}
