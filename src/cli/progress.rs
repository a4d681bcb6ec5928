//! Progress of long runs, on standard error, for people only.

use std::{
    sync::{
        OnceLock,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::scan::Stage;

/// A line that says what is going on.
#[derive(Default)]
pub(super) struct Progress {
    bars: OnceLock<Bars>,
    /// Files that no bar has counted.
    read: AtomicUsize,
}

struct Bars {
    files: ProgressBar,
    subjects: ProgressBar,
}

impl Progress {
    pub(super) fn new(shown: bool) -> Self {
        let progress = Self::default();
        progress.show(shown);
        progress
    }

    /// Shows what was only counted so far: lines that others write meanwhile would be lost in its own.
    pub(super) fn show(&self, shown: bool) {
        self.bars.get_or_init(|| Bars::new(shown));
        self.advance(Stage::Read, 0);
    }

    pub(super) fn advance(&self, stage: Stage, done: usize) {
        if stage == Stage::Read {
            self.read.fetch_add(done, Ordering::Relaxed);
        }
        let Some(bars) = self.bars.get() else { return };
        match stage {
            Stage::Read => bars.files.inc(self.read.swap(0, Ordering::Relaxed) as u64),
            Stage::Judge => {
                bars.files.finish_and_clear();
                bars.subjects.inc(done as u64);
            }
        }
    }

    pub(super) fn finish(&self) {
        let Some(bars) = self.bars.get() else { return };
        bars.files.finish_and_clear();
        bars.subjects.finish_and_clear();
    }
}

impl Bars {
    fn new(shown: bool) -> Self {
        let bar = |what: &str| {
            let target = if shown { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
            let bar = ProgressBar::with_draw_target(None, target);
            let style = ProgressStyle::with_template("{spinner} {msg} {human_pos}");
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
            bar.set_message(what.to_owned());
            bar
        };
        let bars = Self { files: bar("reading files"), subjects: bar("judging subjects") };
        if shown {
            bars.files.enable_steady_tick(Duration::from_millis(120));
        }
        bars
    }
}
