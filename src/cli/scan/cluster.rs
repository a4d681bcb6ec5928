//! `--cluster`: which one, and what cannot be asked of it.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use clap::Args;

use super::{Arguments, Configured};
use crate::{
    cli::{Failure, shards::ShardKey},
    cluster::{Patience, Target, shard::Shard},
    scan::Settings,
};

/// Arguments that say which cluster is read.
#[derive(Debug, Args)]
pub(super) struct ClusterArguments {
    /// Judge the live objects of a cluster instead of files.
    #[arg(long)]
    pub(super) cluster: bool,
    /// Hold the manifests in PATHs against the cluster, and report what differs.
    #[arg(long, requires = "cluster")]
    pub(super) drift: bool,
    /// Context of the kubeconfig [default: its current one, else the cluster that this runs in].
    #[arg(long, value_name = "NAME", requires = "cluster")]
    context: Option<String>,
    /// Kubeconfig to use [default: as `kubectl` finds it].
    #[arg(long, value_name = "FILE", requires = "cluster")]
    kubeconfig: Option<PathBuf>,
    /// Time for reading all of the cluster, as 90s, 10m or 1h [default: 10m].
    #[arg(long, value_name = "TIME", requires = "cluster", value_parser = duration)]
    cluster_deadline: Option<Duration>,
    /// Read the namespaces of one shard of N, counted from 0, into the file of `--output`: see `probity merge`.
    #[arg(long, value_name = "I/N", requires = "cluster")]
    pub(super) shard: Option<Shard>,
    #[command(flatten)]
    pub(super) shard_key: ShardKey,
}

impl ClusterArguments {
    fn target(&self, namespaces: &[String]) -> Target {
        let connection = (self.context.as_deref(), self.kubeconfig.as_deref());
        Target { shard: self.shard, ..target(connection, self.cluster_deadline, namespaces) }
    }
}

/// A cluster by the context and the file of its kubeconfig.
pub(in crate::cli) fn target(
    (context, kubeconfig): (Option<&str>, Option<&Path>),
    deadline: Option<Duration>,
    namespaces: &[String],
) -> Target {
    let usual = Patience::default();
    Target {
        context: context.map(ToOwned::to_owned),
        kubeconfig: kubeconfig.map(Path::to_owned),
        namespaces: namespaces.to_vec(),
        kubeconfigs: kubeconfigs(),
        no_proxy: no_proxy(),
        patience: Patience { deadline: deadline.unwrap_or(usual.deadline), ..usual },
        shard: None,
    }
}

/// Files of `KUBECONFIG`; as `kubectl` has it, those that are not there are left out.
fn kubeconfigs() -> Vec<PathBuf> {
    #[expect(clippy::disallowed_methods, reason = "the edge that reads which clusters there are")]
    let said = std::env::var_os("KUBECONFIG").unwrap_or_default();
    std::env::split_paths(&said).filter(|path| path.exists()).collect()
}

/// Hosts that no proxy is asked for.
fn no_proxy() -> Vec<String> {
    #[expect(clippy::disallowed_methods, reason = "the edge that reads how a cluster is reached")]
    let said = ["NO_PROXY", "no_proxy"].into_iter().find_map(|name| std::env::var(name).ok());
    said.unwrap_or_default().split(',').map(ToOwned::to_owned).collect()
}

impl Arguments {
    /// Settings of a scan of a cluster.
    pub(super) fn live_settings(&self) -> Result<(Settings, Configured), Failure> {
        self.refuse_what_is_about_files()?;
        if self.cluster.drift {
            return self.settings_of_drift();
        }
        let (mut settings, configured) = self.estate.live_settings()?;
        settings.cluster = Some(self.cluster.target(&self.estate.namespace));
        Ok((settings, configured))
    }

    /// Settings of a scan of both: one namespace is that of manifests that name none, too.
    fn settings_of_drift(&self) -> Result<(Settings, Configured), Failure> {
        let estate = &self.estate;
        if estate.paths.is_empty() && estate.root.is_none() {
            return Err(Failure::usage(
                "`--drift` holds manifests against a cluster, and there is no PATH to any",
            )
            .help("name their folder: `probity scan k8s --cluster --drift`"));
        }
        let (mut settings, configured) = estate.settings_without_namespace(&estate.paths)?;
        if let [namespace] = estate.namespace.as_slice() {
            settings.namespace.clone_from(namespace);
        }
        settings.cluster = Some(self.cluster.target(&estate.namespace));
        settings.drift = true;
        Ok((settings, configured))
    }

    fn refuse_what_is_about_files(&self) -> Result<(), Failure> {
        let estate = &self.estate;
        let is_alone = !self.cluster.drift;
        let refused = [
            (
                is_alone && !estate.paths.is_empty(),
                "a PATH",
                "files and a cluster are never one estate",
                "scan them one after the other, or hold one against the other with `--drift`",
            ),
            (is_alone && estate.root.is_some(), "`--root`", "it names a folder to judge", "leave it out"),
            (is_alone && estate.render, "`--render`", "what runs is rendered already", "leave it out"),
            (
                is_alone && !estate.exclude.is_empty(),
                "`--exclude`",
                "it leaves out files",
                "limit the report with `--namespace`",
            ),
            (
                self.fix,
                "`--fix`",
                "it writes into files, and no live object is ever changed",
                "scan the manifests with it",
            ),
            (self.since.is_some(), "`--since`", "it compares commits", "scan the manifests with it"),
            (
                self.baseline.is_some(),
                "`--baseline`",
                "its entries hold until a manifest changes",
                "accept findings with `waivers` in probity.yaml",
            ),
        ];
        match refused.into_iter().find(|(given, ..)| *given) {
            None => Ok(()),
            Some((_, what, reason, help)) => {
                Err(Failure::usage(format!("`--cluster` cannot be used with {what}: {reason}")).help(help))
            }
        }
    }
}

/// `90s`, `10m`, `1h`; a number alone is seconds.
pub(in crate::cli) fn duration(text: &str) -> Result<Duration, String> {
    let (number, unit) = match text.strip_suffix(['s', 'm', 'h']) {
        Some(number) => (number, text.chars().last()),
        None => (text, None),
    };
    let seconds = match unit {
        Some('m') => 60,
        Some('h') => 3600,
        _ => 1,
    };
    let count = number.parse::<u64>().ok().filter(|count| *count > 0);
    let total = count.and_then(|count| count.checked_mul(seconds)).filter(|total| *total <= LONGEST);
    total
        .map(Duration::from_secs)
        .ok_or_else(|| "a time is a number with s, m or h, such as 90s; at most 24h".to_owned())
}

const LONGEST: u64 = 24 * 3600;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_a_unit_and_an_end() {
        for (text, seconds) in [("90", 90), ("90s", 90), ("10m", 600), ("1h", 3600), ("24h", LONGEST)] {
            assert_eq!(duration(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        for text in ["", "s", "0", "0m", "-1s", "1.5m", "25h", "1d", "99999999999999999999h"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }
}
