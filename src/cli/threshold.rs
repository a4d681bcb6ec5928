//! From which severity on findings fail a run.

use clap::Args;

use crate::scan::Settings;

/// `--fail-on`.
#[derive(Debug, Args)]
pub(super) struct ThresholdArguments {
    /// Least severity of an open finding that makes the exit code 1 [default: low].
    #[arg(long, value_name = "SEVERITY", value_parser = ["info", "low", "medium", "high", "critical", "never"])]
    fail_on: Option<String>,
}

impl ThresholdArguments {
    #[cfg(feature = "cluster")]
    pub(super) const fn is_given(&self) -> bool {
        self.fail_on.is_some()
    }

    /// Beats what the configuration says.
    pub(super) fn apply(&self, settings: &mut Settings) {
        if let Some(fail_on) = &self.fail_on {
            settings.fail_on = fail_on.parse().ok();
        }
    }
}
