//! Where numbers and policy reports of a run go, beside its reports.

use clap::Args;

use crate::{
    cli::Failure,
    cluster::{self, Patience, Target},
    output::{policy_report, prometheus},
    report::{Outcome, Report},
    source::Sources,
};

/// Arguments that say where.
#[derive(Debug, Args)]
pub(in crate::cli) struct Delivery {
    /// Push metrics of the run to this Pushgateway of Prometheus (`http://HOST:PORT`, or with `/metrics/job/NAME…`).
    #[arg(long, value_name = "URL")]
    push_metrics: Option<String>,
    /// Write the results into the cluster, as policy reports (wgpolicyk8s.io, else openreports.io).
    #[arg(long, requires = "cluster", conflicts_with = "drift")]
    write_policy_reports: bool,
}

impl Delivery {
    /// To a Pushgateway, and into the cluster.
    #[cfg(feature = "cluster")]
    pub(in crate::cli) fn new(push_metrics: Option<&str>, write_policy_reports: bool) -> Self {
        Self { push_metrics: push_metrics.map(ToOwned::to_owned), write_policy_reports }
    }

    #[cfg(feature = "cluster")]
    pub(super) const fn pushes(&self) -> bool {
        self.push_metrics.is_some()
    }

    #[cfg(feature = "cluster")]
    pub(super) const fn writes_policy_reports(&self) -> bool {
        self.write_policy_reports
    }

    /// Delivers what is asked for. The reports are written by then: what fails here takes nothing from them.
    pub(in crate::cli) fn deliver(
        &self,
        report: &Report,
        sources: &Sources,
        target: Option<&Target>,
    ) -> Result<(), Failure> {
        if let Some(target) = target.filter(|_| self.write_policy_reports) {
            let objects = policy_report::objects(report, sources);
            let is_whole = report.outcome != Outcome::Incomplete;
            cluster::write_policy_reports(target, &objects, is_whole).map_err(|error| {
                Failure::usage(error).help(
                    "the chart grants it with `policyReports.enabled`; the reports of the run are written",
                )
            })?;
        }
        if let Some(address) = &self.push_metrics {
            let metrics = prometheus::text(report, sources);
            cluster::push(address, prometheus::CONTENT_TYPE, metrics.as_bytes(), PATIENCE).map_err(
                |error| {
                    Failure::usage(error).help("look at `--push-metrics`; the reports of the run are written")
                },
            )?;
        }
        Ok(())
    }
}

/// Metrics are few, and whoever waits for them alerts on their age.
const PATIENCE: Patience = Patience {
    deadline: std::time::Duration::from_mins(1),
    answer: std::time::Duration::from_secs(10),
    tries: 3,
    pause: std::time::Duration::from_millis(500),
};
