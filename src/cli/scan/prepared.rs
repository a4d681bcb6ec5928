//! What a scan is decided by: settings, baseline and policies, with `--since` those of the tree before the change.

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
        let (settings, configured) = arguments.estate.settings(terminal)?;
        Self::of(arguments, settings, configured, terminal)
    }

    fn of(
        arguments: &Arguments,
        mut settings: Settings,
        configured: Configured,
        terminal: &Terminal,
    ) -> Result<Self, Failure> {
        if let Some(fail_on) = &arguments.fail_on {
            settings.fail_on = fail_on.parse().ok();
        }
        settings.strict = arguments.strict;
        let baseline = arguments.baseline.as_deref().map(baseline::read).transpose()?;
        let baseline = baseline.map(|(baseline, digest)| {
            settings.baseline = Some(baseline);
            digest
        });
        let (policies, data) =
            arguments.conftest.load(&arguments.selection, &settings.base, &configured, terminal)?;
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
        let (before, mut prepared) = past.within(|| {
            let existing = past.existing(paths)?;
            // What there is to notice is told once.
            let silent = Terminal::silent();
            let (settings, configured) = arguments.estate.settings_of(&existing, &silent)?;
            let Self { settings, policies, .. } = Self::of(arguments, settings, configured, &silent)?;
            let mut estate = scan::read_estate(&settings, &|_, _| {})?;
            if policies.judge_documents() {
                scan::admit_documents(&mut estate);
            }
            let report = scan::judge(&settings, &mut estate, policies, &|_, _| {});
            let before = Before { report, sources: estate.sources, reference: past.reference.clone() };
            // Once more for the new tree: what policies may read is of the tree that they judge.
            let (settings, configured) = arguments.estate.settings_of(&existing, terminal)?;
            let settings = Settings { base: base.clone(), waive_inline: false, ..settings };
            Ok((before, Self::of(arguments, settings, configured, terminal)?))
        })?;
        if past.differs(&base.root.join(FILE)) {
            terminal.notice(format!("`{FILE}` is changed: that of `{reference}` counts"));
        }
        prepared.before = Some(before);
        Ok(prepared)
    }
}
