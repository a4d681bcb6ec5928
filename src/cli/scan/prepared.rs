//! What a scan is decided by: settings, baseline and policies, with `--since` those of the tree before the change.

use std::path::Path;

use super::{Arguments, Configured, current_folder};
use crate::{
    cli::{Failure, baseline, conftest::Digests, since::Past, terminal::Terminal},
    config::FILE,
    policy::Policies,
    report::Report,
    scan::{self, Settings},
    source::{Sources, base::Base},
};

/// All that a scan is decided by.
pub(super) struct Prepared {
    pub(super) settings: Settings,
    pub(super) configured: Configured,
    /// SHA-256 of the baseline.
    pub(super) baseline: Option<String>,
    pub(super) policies: Policies,
    /// SHA-256 of each file with data for policies by its name.
    pub(super) data: Digests,
    pub(super) before: Option<Before>,
}

/// What the tree before a change was judged.
pub(super) struct Before {
    pub(super) report: Report,
    pub(super) sources: Sources,
    pub(super) reference: (String, String),
}

impl Prepared {
    pub(super) fn new(arguments: &Arguments, terminal: &Terminal) -> Result<Self, Failure> {
        let (settings, configured) = if arguments.cluster.cluster {
            arguments.live_settings()?
        } else {
            arguments.estate.settings()?
        };
        Self::of(arguments, settings, configured, terminal)
    }

    fn of(
        arguments: &Arguments,
        mut settings: Settings,
        configured: Configured,
        terminal: &Terminal,
    ) -> Result<Self, Failure> {
        arguments.threshold.apply(&mut settings);
        settings.strict = arguments.strict;
        let baseline = arguments.baseline.as_deref().map(baseline::read).transpose()?;
        let baseline = baseline.map(|(baseline, digest)| {
            settings.baseline = Some(baseline);
            digest
        });
        let (policies, data) =
            arguments.conftest.load(&arguments.selection, &settings, &configured, terminal)?;
        Ok(Self { settings, configured, baseline, policies, data, before: None })
    }

    /// Judges the tree before the change, and takes its configuration, baseline and policies for the one after it.
    pub(super) fn since(
        arguments: &Arguments,
        reference: &str,
        terminal: &Terminal,
    ) -> Result<Self, Failure> {
        let current = current_folder()?;
        let (paths, root) = (&arguments.estate.paths, arguments.estate.root.as_deref());
        let base = Base::new(paths, root, &current).map_err(Failure::usage)?;
        let past = Past::new(reference, &base.root, &current)?;
        let prepared = past.within(|| {
            let (mut settings, configured) = arguments.estate.settings_of(&past.existing(paths)?)?;
            // The word of the tree before the change counts, never that of the change.
            let is_past = !past.is_now(Path::new(&*settings.config.file));
            settings.render |= is_past && settings.config.render.asked().is_some();
            // What there is to notice of policies is told once, when they are loaded for the new tree.
            let old = Self::of(arguments, settings, configured, &Terminal::silent())?;
            let mut estate = scan::read_for(&old.policies, &old.settings, &|_, _| {})?;
            let report = scan::judge(&old.settings, &mut estate, old.policies, &|_, _| {});
            let before = Before { report, sources: estate.sources, reference: past.reference.clone() };
            let settings = Settings { base: base.clone(), waive_inline: false, ..old.settings };
            // What they may read is of the tree that they judge.
            let (policies, data) =
                arguments.conftest.load(&arguments.selection, &settings, &old.configured, terminal)?;
            let (configured, baseline) = (old.configured, old.baseline);
            Ok(Self { settings, configured, baseline, policies, data, before: Some(before) })
        })?;
        if past.differs(&base.root.join(FILE)) {
            terminal.notice(format!("`{FILE}` is changed: that of `{reference}` counts"));
        }
        Ok(prepared)
    }
}
