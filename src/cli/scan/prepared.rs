//! What a scan is decided by: settings, baseline and policies, with `--since` those of the tree before the change.

use std::{collections::BTreeSet, path::Path, sync::Arc};

use super::{Arguments, Configured, current_folder, named::Named};
use crate::{
    cli::{Failure, baseline, conftest::Digests, since::Past, terminal::Terminal},
    estate::Estate,
    output::visible::one_line,
    policy::Policies,
    report::{Report, Role, Unused},
    scan::{self, Settings},
    source::{Sources, base::Base, walk::Held},
    waiver,
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
    report: Report,
    sources: Sources,
    sets: Vec<Arc<str>>,
    reference: (String, String),
    /// What the change did to what decides.
    unused: Vec<Unused>,
    /// Waivers in comments, which count in the tree before alone.
    comments: BTreeSet<(Arc<str>, String)>,
}

impl Before {
    /// Limits the report about an estate to what the change brings in.
    pub(super) fn limit(mut self, report: &mut Report, estate: &Estate) {
        for (file, text, line) in waiver::comments(estate) {
            let unused = Unused { file: file.to_string(), line: Some(line), role: Role::Waiver };
            if !self.comments.contains(&(file, text)) {
                self.unused.push(unused);
            }
        }
        let before = (&self.report, &self.sources, &*self.sets);
        report.limit_to_change(&estate.sources, before, self.reference, self.unused);
    }
}

impl Prepared {
    pub(super) fn new(arguments: &Arguments, terminal: &Terminal) -> Result<Self, Failure> {
        let (settings, configured) = if arguments.cluster.cluster {
            arguments.live_settings()?
        } else {
            arguments.estate.settings()?
        };
        Self::of(arguments, &Named::new(arguments), (settings, configured), terminal)
    }

    fn of(
        arguments: &Arguments,
        named: &Named,
        (mut settings, configured): (Settings, Configured),
        terminal: &Terminal,
    ) -> Result<Self, Failure> {
        arguments.threshold.apply(&mut settings);
        settings.strict = arguments.strict;
        let baseline = named.baseline.as_deref().map(baseline::read).transpose()?;
        let baseline = baseline.map(|(baseline, digest)| {
            settings.baseline = Some(baseline);
            digest
        });
        let (policies, data) = named.conftest.load(&named.selection, &settings, &configured, terminal)?;
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
        for submodule in &past.missing {
            terminal.notice_always(format!(
                "submodule `{}`: its commit of `{}` is not in this clone, so all that it holds is new",
                one_line(submodule),
                one_line(reference)
            ));
        }
        past.within(|| {
            let (named, mut unused) = Named::new(arguments).before(&past, &base)?;
            let (mut settings, configured) = named.estate.settings()?;
            // The word of the tree before the change counts, never that of the change.
            let is_past = !past.is_now(Path::new(&*settings.config.file));
            settings.render |= is_past && settings.config.render.asked().is_some();
            settings.held = Held::All;
            unused.extend(named.changed(&past, &base, &configured)?);
            // What there is to notice of policies is told once, when they are loaded for the new tree.
            let old = Self::of(arguments, &named, (settings, configured), &Terminal::silent())?;
            let mut estate = scan::read_for(&old.policies, &old.settings, &|_, _| {})?;
            let report = scan::judge(&old.settings, &mut estate, old.policies, &|_, _| {});
            let before = Before {
                report,
                comments: waiver::comments(&estate).into_iter().map(|(file, text, _)| (file, text)).collect(),
                sources: estate.sources,
                sets: estate.sets,
                reference: past.reference.clone(),
                unused: unused.into_iter().collect(),
            };
            let settings =
                Settings { base: base.clone(), waive_inline: false, held: Held::Indexed, ..old.settings };
            // What they may read is of the tree that they judge.
            let (policies, data) =
                named.conftest.load(&named.selection, &settings, &old.configured, terminal)?;
            let (configured, baseline) = (old.configured, old.baseline);
            Ok(Self { settings, configured, baseline, policies, data, before: Some(before) })
        })
    }
}
