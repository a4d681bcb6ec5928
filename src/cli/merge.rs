//! `probity merge`: judges what the shards of a cluster read, as one scan would.

use std::{path::PathBuf, time::Duration};

use clap::{ArgMatches, Args};
use jiff::Timestamp;

use super::{
    Failure,
    audit::{Destination as AuditDestination, Role, Scanned},
    configuration::{ConfigurationArguments, notice_unknown_rules},
    conftest::ConftestArguments,
    destinations::DestinationArguments,
    policies::Selection,
    progress::Progress,
    scan::{Delivery, EstateArguments, Telling, duration, namespace, target, tell},
    shards::{self, Opened, ShardKey},
    terminal::Terminal,
    threshold::ThresholdArguments,
};
use crate::{
    cluster::shard::{Expected, check, join},
    scan,
};

/// Arguments of `probity merge`.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Files that `probity scan --cluster --shard` wrote, or folders in which they lie as `*.shard`.
    #[arg(value_name = "SHARD", required = true)]
    shards: Vec<PathBuf>,
    #[command(flatten)]
    key: ShardKey,
    /// Longest time between the first and the last shard, as 90s, 30m or 1h [default: 30m].
    #[arg(long, value_name = "TIME", value_parser = duration)]
    shard_span: Option<Duration>,
    /// Greatest age of a shard, as 90s, 30m or 1h: an older one is of a former run [default: any].
    #[arg(long, value_name = "TIME", value_parser = duration)]
    shard_age: Option<Duration>,
    /// Namespaces to which the shards are limited: may be repeated.
    #[arg(short, long, value_name = "NAME", value_parser = namespace)]
    namespace: Vec<String>,
    #[command(flatten)]
    configuration: ConfigurationArguments,
    #[command(flatten)]
    selection: Selection,
    #[command(flatten)]
    conftest: ConftestArguments,
    #[command(flatten)]
    destinations: DestinationArguments,
    #[command(flatten)]
    threshold: ThresholdArguments,
    /// Exit with 3 if anything is not assessed.
    #[arg(long)]
    strict: bool,
    /// Put into JSON reports what was understood, as `probity facts` prints it.
    #[arg(long)]
    with_facts: bool,
    /// Push metrics of the run to this Pushgateway of Prometheus (`http://HOST:PORT`, or with `/metrics/job/NAME…`).
    #[arg(long, value_name = "URL")]
    push_metrics: Option<String>,
    /// Write the results into the cluster, as policy reports (wgpolicyk8s.io, else openreports.io).
    #[arg(long)]
    write_policy_reports: bool,
    /// Context of the kubeconfig with which policy reports are written [default: its current one, else this cluster].
    #[arg(long, value_name = "NAME", requires = "write_policy_reports")]
    context: Option<String>,
    /// Kubeconfig with which policy reports are written [default: as `kubectl` finds it].
    #[arg(long, value_name = "FILE", requires = "write_policy_reports")]
    kubeconfig: Option<PathBuf>,
    #[command(flatten)]
    audit: AuditDestination,
}

/// The time that shards of one Job may take, one after the other.
const SPAN: Duration = Duration::from_mins(30);

pub(super) fn run(
    arguments: &Arguments,
    matches: Option<&ArgMatches>,
    terminal: &Terminal,
) -> Result<u8, Failure> {
    let destinations = arguments.destinations.read(matches)?;
    let key = arguments.key.read()?;
    let estate = EstateArguments::of_cluster(&arguments.namespace, arguments.configuration.clone());
    let (mut settings, configured) = estate.live_settings()?;
    let connection = (arguments.context.as_deref(), arguments.kubeconfig.as_deref());
    settings.cluster = Some(target(connection, None, &arguments.namespace));
    arguments.threshold.apply(&mut settings);
    settings.strict = arguments.strict;
    let (policies, data) = arguments.conftest.load(&arguments.selection, &settings, &configured, terminal)?;
    if !arguments.selection.is_partial() {
        notice_unknown_rules(&settings.config, &policies, terminal);
    }
    let opened = shards::open(&arguments.shards, &key, &settings.base)?;
    let parts: Vec<_> = opened.iter().map(Opened::part).collect();
    let expected = Expected {
        version: shards::version(),
        basis: &shards::basis(&policies, &data, configured.digest(), &arguments.namespace),
        span: arguments.shard_span.unwrap_or(SPAN),
        since: arguments.shard_age.and_then(|age| Timestamp::now().checked_sub(age).ok()),
    };
    check(&parts, expected).map_err(|error| Failure::usage(&error).help(error.help()))?;
    let mut inputs = Vec::new();
    let mut readings = Vec::new();
    for Opened { header, reading, input, .. } in opened {
        inputs.push(input);
        readings.push((header.shard, reading));
    }
    readings.sort_by_key(|(shard, _)| *shard);
    let mut estate = scan::joined(join(readings), &policies, &settings)?;
    let scanned = Scanned {
        base: &settings.base,
        configured: &settings.config.audit,
        configuration: configured.digest().map(ToOwned::to_owned),
        baseline: None,
        estate: &estate,
        live: None,
        role: Role::Merge(&inputs),
        policies: &policies.files,
        data: &data,
        matches,
    };
    let audit = arguments.audit.start(&scanned, terminal)?;
    let progress = Progress::new(terminal.progress);
    let report = scan::judge(&settings, &mut estate, policies, &|stage, done| progress.advance(stage, done));
    progress.finish();
    report.notices.iter().for_each(|notice| terminal.notice_always(notice));
    let delivery = Delivery::new(arguments.push_metrics.as_deref(), arguments.write_policy_reports);
    tell(
        report,
        &estate,
        Telling {
            destinations: &destinations,
            delivery: &delivery,
            with_facts: arguments.with_facts,
            target: settings.cluster.as_ref(),
            audit,
            terminal,
        },
    )
}
