//! `--shard`: reads a part of a cluster into a sealed file, and judges nothing.

use std::{io::Write as _, path::Path};

use clap::ArgMatches;
use tempfile::NamedTempFile;

use super::{Arguments, Prepared};
use crate::{
    cli::{
        Failure,
        audit::{Role, Scanned, worse},
        clock,
        destinations::Written,
        progress::Progress,
        shards,
        terminal::Terminal,
    },
    cluster::{
        Reading,
        shard::{self, Header, Shard},
    },
    estate::Estate,
    output::{summary::counted, visible::one_line},
    scan,
    source::{Mask, Sources, Status},
};

pub(super) fn run(
    arguments: &Arguments,
    shard: Shard,
    matches: Option<&ArgMatches>,
    terminal: &Terminal,
) -> Result<u8, Failure> {
    let file = arguments.refuse_what_is_about_verdicts()?;
    let key = arguments.cluster.shard_key.read()?;
    let Prepared { settings, configured, policies, data, .. } = Prepared::new(arguments, terminal)?;
    let progress = Progress::new(terminal.progress);
    let time = clock::now();
    let reading = scan::read_shard(&policies, &settings, &|stage, done| progress.advance(stage, done))?;
    progress.finish();
    let basis = shards::basis(&policies, &data, configured.digest.as_deref(), &arguments.estate.namespace);
    let header = Header { shard, version: shards::version().to_owned(), time, basis };
    let bytes = shard::seal(&header, &reading, &key).map_err(Failure::usage)?;
    let estate = unjudged(reading);
    let scanned = Scanned {
        base: &settings.base,
        configured: &settings.config.audit,
        configuration: configured.digest,
        baseline: None,
        estate: &estate,
        live: None,
        role: Role::Shard,
        policies: &policies.files,
        data: &data,
        matches,
    };
    let audit = arguments.audit.start(&scanned, terminal)?;
    for error in &policies.errors {
        let message = one_line(&error.message);
        terminal.error(&Failure::usage(format!("policy `{}`: {message}", error.policy)));
    }
    let unread = tell(&estate.sources, terminal);
    let code = match (policies.errors.is_empty(), unread) {
        (false, _) => 2,
        (true, 0) => 0,
        (true, _) => 3,
    };
    let written = write(file, bytes);
    let code = if written.is_err() { 2 } else { code };
    let reports = written.as_ref().map_or(&[][..], std::slice::from_ref);
    let recorded =
        audit.map_or(0, |run| run.finish_reading(&estate.sources, unread == 0, code, reports, terminal));
    written?;
    let objects = estate.sources.listings().map(|listing| listing.objects).sum();
    terminal.notice(format!(
        "shard {shard} with {} is in `{}`; `probity merge` judges it with the others",
        counted(objects, "object"),
        file.display()
    ));
    Ok(worse(code, recorded))
}

impl Arguments {
    /// The file of the shard; nothing else may be asked for that a verdict is needed for.
    fn refuse_what_is_about_verdicts(&self) -> Result<&Path, Failure> {
        let refused = [
            (self.cluster.drift, "--drift"),
            (self.destinations.names_format(), "--format"),
            (self.threshold.is_given(), "--fail-on"),
            (self.strict, "--strict"),
            (self.with_facts, "--with-facts"),
            (self.delivery.pushes(), "--push-metrics"),
            (self.delivery.writes_policy_reports(), "--write-policy-reports"),
        ];
        if let Some((_, option)) = refused.into_iter().find(|(given, _)| *given) {
            let reason =
                format!("`--shard` cannot be used with `{option}`: a part of a cluster is not judged");
            let help = match option {
                "--drift" => "hold manifests against the whole cluster",
                _ => "give it to `probity merge`, which judges all shards",
            };
            return Err(Failure::usage(reason).help(help));
        }
        self.destinations.only_file().ok_or_else(|| {
            Failure::usage("`--shard` writes one file, and none is named")
                .help("name it with `--output`, such as `-o shards/0.shard`")
        })
    }
}

/// What was read, for the audit log; which of it is a credential nobody looked at.
fn unjudged(reading: Reading) -> Estate {
    let mut sources = reading.sources;
    sources.iter_mut().for_each(|source| source.mask = Mask::WHOLE);
    let mut estate = Estate::live(Sources::new(sources), Vec::new(), Vec::new());
    estate.server_version = reading.server_version;
    estate
}

/// Says which lists were not read, and how many.
fn tell(sources: &Sources, terminal: &Terminal) -> usize {
    let mut unread = 0;
    for (_, source) in sources.iter() {
        if let Status::Failed(problems) = &source.status {
            unread += 1;
            let reason = problems.first().map(|problem| problem.message.as_str()).unwrap_or_default();
            terminal.notice_always(format!("incomplete: {}: {}", source.file, one_line(reason)));
        }
    }
    unread
}

/// As a whole or not at all: a merge that comes too early must not find a part. Only its owner may read it.
fn write(path: &Path, bytes: Vec<u8>) -> Result<Written, Failure> {
    let folder =
        path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    let result = NamedTempFile::new_in(folder).and_then(|mut file| {
        file.write_all(&bytes)?;
        file.as_file().sync_all()?;
        file.persist(path).map(drop).map_err(|error| error.error)
    });
    result.map_err(|error| {
        Failure::usage(format!("`--output {}` cannot be written: {error}", path.display()))
            .help("name a file in a folder that exists")
    })?;
    Ok(Written { format: "shard", file: Some(path.to_owned()), bytes })
}
