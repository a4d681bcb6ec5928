//! Progress of long runs, on standard error, for people only.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::scan::Stage;

/// A line that says what is going on.
pub(super) struct Progress {
    files: ProgressBar,
    subjects: ProgressBar,
}

impl Progress {
    pub(super) fn new(shown: bool) -> Self {
        let bar = |what: &str| {
            let target = if shown { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
            let bar = ProgressBar::with_draw_target(None, target);
            let style = ProgressStyle::with_template("{spinner} {msg} {human_pos}");
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
            bar.set_message(what.to_owned());
            bar
        };
        let progress = Self { files: bar("reading files"), subjects: bar("judging subjects") };
        if shown {
            progress.files.enable_steady_tick(Duration::from_millis(120));
        }
        progress
    }

    pub(super) fn advance(&self, stage: Stage, done: usize) {
        match stage {
            Stage::Read => self.files.inc(done as u64),
            Stage::Judge => {
                self.files.finish_and_clear();
                self.subjects.inc(done as u64);
            }
        }
    }

    pub(super) fn finish(&self) {
        self.files.finish_and_clear();
        self.subjects.finish_and_clear();
    }
}
