//! A cluster: its live objects as sources, documents and what running Pods show. The only module that names `kube`.
//!
//! Read are the kinds that are asked for, in pages, a few at a time, until a deadline; what could not be read is told.
//! Deliberately absent: Secrets, whose values nobody needs and whose list would show them; any write, but policy reports
//! where they are asked for.

#[cfg(feature = "cluster")]
mod client;
#[cfg(feature = "cluster")]
mod controllers;
#[cfg(feature = "cluster")]
mod defaults;
#[cfg(feature = "cluster")]
mod discovery;
pub mod kinds;
#[cfg(feature = "cluster")]
mod kubeconfig;
#[cfg(feature = "cluster")]
mod list;
#[cfg(feature = "cluster")]
mod proxy;
#[cfg(feature = "cluster")]
mod push;
#[cfg(feature = "cluster")]
mod reading;
#[cfg(feature = "cluster")]
mod redact;
pub mod shard;
#[cfg(feature = "cluster")]
mod write;

use std::{collections::BTreeSet, path::PathBuf, time::Duration};

use thiserror::Error;

use self::shard::Shard;
use crate::{estate::Observed, resource::kubernetes::Identity, source::Source};

/// Which cluster to read, and how much of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Target {
    /// Of the kubeconfig; `None`: its current one, else the cluster that this runs in.
    pub context: Option<String>,
    /// `None`: as `kubectl` finds it.
    pub kubeconfig: Option<PathBuf>,
    /// Files of the environment that are there; of each entry the first that has it counts.
    pub kubeconfigs: Vec<PathBuf>,
    /// Namespaces to which the report is limited; they alone are read where the list of all is refused.
    pub namespaces: Vec<String>,
    /// Hosts that are reached without the proxy of the environment, as `NO_PROXY` names them.
    pub no_proxy: Vec<String>,
    pub patience: Patience,
    /// What of the objects is kept; `None`: all of them.
    pub shard: Option<Shard>,
}

/// How long to wait for a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// For everything.
    pub deadline: Duration,
    /// For one answer.
    pub answer: Duration,
    /// How often one request is sent.
    pub tries: u32,
    /// Before the second try; doubled before each later one, unless the server says how long.
    pub pause: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            deadline: Duration::from_mins(10),
            answer: Duration::from_mins(1),
            tries: 5,
            pause: Duration::from_millis(500),
        }
    }
}

/// What of a cluster is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Wanted {
    /// Kinds of [`kinds::KINDS`].
    pub kinds: BTreeSet<kinds::Kind>,
    /// Names of kinds of whatever group, as policies select them.
    pub named: BTreeSet<String>,
    /// Where policies of the whole mesh lie: read whatever the report is limited to.
    pub root_namespace: String,
}

/// What was read.
#[derive(Debug, Default)]
pub struct Reading {
    /// One for each kind, with its listing.
    pub sources: Vec<Source>,
    pub observed: Vec<(Identity, Observed)>,
    /// `v1.37.2`; `None` where the server does not say.
    pub server_version: Option<String>,
    /// Uid of the Namespace `kube-system`, by which clusters are told apart; `None` where Namespaces were not read.
    pub cluster: Option<String>,
}

/// Why nothing could be read: the caller's move. It never holds what a kubeconfig says but names.
#[derive(Debug, Error)]
pub enum Error {
    #[error("{0}")]
    Configuration(String),
    #[error("this build reads no clusters: it was made without the feature `cluster`")]
    Unsupported,
    /// What should be delivered was not taken.
    #[error("{0}")]
    Delivery(String),
}

/// Reads a cluster. A server that cannot be reached, or refuses all, is a reading with a failed source.
pub fn read(target: &Target, wanted: &Wanted, progress: &(dyn Fn(usize) + Sync)) -> Result<Reading, Error> {
    #[cfg(feature = "cluster")]
    {
        run(async {
            let client = client::Client::new(target).await?;
            Ok(list::everything(client, target, wanted, progress).await)
        })
    }
    #[cfg(not(feature = "cluster"))]
    {
        let _ = (target, wanted, progress);
        Err(Error::Unsupported)
    }
}

/// Gives metrics to a Pushgateway: its address, or that of a group there (`http://HOST:PORT/metrics/job/NAME`). Metrics of
/// other names stay.
pub fn push(address: &str, content_type: &str, metrics: &[u8], patience: Patience) -> Result<(), Error> {
    #[cfg(feature = "cluster")]
    {
        run(push::push(address, content_type, metrics, patience))
    }
    #[cfg(not(feature = "cluster"))]
    {
        let _ = (address, content_type, metrics, patience);
        Err(Error::Unsupported)
    }
}

/// Writes policy reports (`wgpolicyk8s.io/v1alpha2`, as objects) into a cluster by server-side apply, and removes those of
/// former runs that there is nothing to say of any more, if the run read all that it asked for (`is_whole`). Of a target with
/// namespaces, only theirs are touched.
pub fn write_policy_reports(
    target: &Target,
    reports: &[serde_json::Value],
    is_whole: bool,
) -> Result<(), Error> {
    #[cfg(feature = "cluster")]
    {
        run(async {
            let client = client::Client::new(target).await?;
            write::policy_reports(&client, target, reports, is_whole).await
        })
    }
    #[cfg(not(feature = "cluster"))]
    {
        let _ = (target, reports, is_whole);
        Err(Error::Unsupported)
    }
}

/// All of it on this thread.
#[cfg(feature = "cluster")]
fn run<T>(work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Error::Configuration(format!("no client can run: {error}")))?;
    let done = runtime.block_on(work);
    // A program that gives credentials and hangs is not waited for.
    runtime.shutdown_background();
    done
}
