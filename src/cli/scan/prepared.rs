//! What a scan is decided by: settings, baseline and policies, with `--since` those of the tree before the change.

use std::{collections::BTreeSet, path::Path, sync::Arc};

use super::{Arguments, Configured, current_folder, named::Named};
use crate::{
    cli::{
        Failure, baseline,
        configuration::{check_rendering, notice_rendering, notice_unknown_rules},
        conftest::Digests,
        progress::Progress,
        since::{Past, Reference},
        terminal::Terminal,
    },
    estate::Estate,
    output::{summary::counted, visible::one_line},
    policy::Policies,
    report::{Compared, Report, Role, Unused},
    scan::{self, ScanError, Settings},
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
    /// What was read of files meanwhile.
    pub(super) files: Option<Result<Estate, ScanError>>,
}

/// What the tree before a change was judged.
pub(super) struct Before {
    report: Report,
    sources: Sources,
    sets: Vec<Arc<str>>,
    reference: Compared,
    /// What the change did to what decides.
    unused: Vec<Unused>,
    /// Waivers in comments, which count in the tree before alone.
    comments: BTreeSet<(Arc<str>, String)>,
}

impl Before {
    /// Judges the tree before the change; relative paths lead into it.
    fn new(
        settings: &Settings,
        policies: Policies,
        reference: &Reference,
        unused: BTreeSet<Unused>,
    ) -> Result<Self, Failure> {
        let mut estate = scan::read_for(&policies, settings, &|_, _| {})?;
        let report = scan::judge(settings, &mut estate, policies, &|_, _| {});
        let Reference { name, commit, fork, .. } = reference;
        Ok(Self {
            report,
            comments: waiver::comments(&estate).into_iter().map(|(file, text, _)| (file, text)).collect(),
            sources: estate.sources,
            sets: estate.sets,
            reference: Compared {
                reference: name.clone(),
                commit: commit.clone(),
                merge_base: fork.clone().unwrap_or_else(|| commit.clone()),
            },
            unused: unused.into_iter().collect(),
        })
    }

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
        Self::of(arguments, &Named::new(arguments), settings(arguments)?, terminal)
    }

    /// Reads files while policies are loaded, which takes as long as many of them: neither asks for the other.
    pub(super) fn reading(
        arguments: &Arguments,
        terminal: &Terminal,
        progress: &Progress,
    ) -> Result<Self, Failure> {
        let (settings, configured) = settings(arguments)?;
        let asked = settings.clone();
        let prepare = || {
            let prepared = Self::of(arguments, &Named::new(arguments), (settings, configured), terminal)?;
            prepared.check(arguments, terminal)?;
            progress.show(terminal.progress);
            Ok(prepared)
        };
        if asked.cluster.is_some() && !asked.drift {
            return prepare();
        }
        let read = || scan::read_estate(&asked, &|stage, done| progress.advance(stage, done));
        let (prepared, files) = rayon::join(prepare, read);
        prepared.map(|prepared| Self { files: Some(files), ..prepared })
    }

    /// Says what of the configuration has no effect, and refuses what is about files that are not there.
    pub(super) fn check(&self, arguments: &Arguments, terminal: &Terminal) -> Result<(), Failure> {
        if !arguments.selection.is_partial() {
            notice_unknown_rules(&self.settings.config, &self.policies, terminal);
        }
        if self.settings.base.estate.is_empty() {
            return Ok(());
        }
        if self.before.is_some() {
            notice_rendering(&self.settings, terminal);
            return Ok(());
        }
        check_rendering(&self.settings, terminal)
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
        Ok(Self { settings, configured, baseline, policies, data, before: None, files: None })
    }

    /// Judges the tree at which the change began, by the configuration, baseline and policies of the commit that is named,
    /// and takes these for the one after it.
    pub(super) fn since(
        arguments: &Arguments,
        reference: &str,
        terminal: &Terminal,
    ) -> Result<Self, Failure> {
        let current = current_folder()?;
        let (paths, root) = (&arguments.estate.paths, arguments.estate.root.as_deref());
        let base = Base::new(paths, root, &current).map_err(Failure::usage)?;
        let reference = Reference::new(reference, &base.root)?;
        let deciding = Past::new(&reference, &reference.commit, &current)?;
        let fork = reference.fork.as_deref();
        let fork = fork.map(|commit| Past::new(&reference, commit, &current)).transpose()?;
        notice(&reference, fork.as_ref().unwrap_or(&deciding), terminal);
        deciding.within(|| {
            let (named, mut unused) = Named::new(arguments).before(&deciding, &base)?;
            let (mut settings, configured) = named.estate.settings()?;
            // The word of the tree before the change counts, never that of the change.
            let is_past = !deciding.is_now(Path::new(&*settings.config.file));
            settings.render |= is_past && settings.config.render.asked().is_some();
            settings.held = Held::All;
            unused.extend(named.changed(&deciding, &base, &configured)?);
            if let Some(fork) = &fork {
                // What was done to the branch that is named is not told of the change.
                unused.retain(|unused| !fork.has(&base.root.join(&unused.file)));
            }
            // What there is to notice of policies is told once, when they are loaded for the new tree.
            let mut old = Self::of(arguments, &named, (settings, configured), &Terminal::silent())?;
            let before = if let Some(fork) = &fork {
                let mut estate = arguments.estate.clone();
                estate.lead_into(fork)?;
                let base = Base::new(&estate.paths, estate.root.as_deref(), &fork.current());
                old.settings.base = base.map_err(Failure::usage)?;
                let policies = named.conftest.load(
                    &named.selection,
                    &old.settings,
                    &old.configured,
                    &Terminal::silent(),
                )?;
                fork.within(|| Before::new(&old.settings, policies.0, &reference, unused))?
            } else {
                Before::new(&old.settings, old.policies, &reference, unused)?
            };
            let settings =
                Settings { base: base.clone(), waive_inline: false, held: Held::Indexed, ..old.settings };
            // What they may read is of the tree that they judge.
            let (policies, data) =
                named.conftest.load(&named.selection, &settings, &old.configured, terminal)?;
            let (configured, baseline) = (old.configured, old.baseline);
            Ok(Self { settings, configured, baseline, policies, data, before: Some(before), files: None })
        })
    }
}

/// What is read, and how it is judged.
fn settings(arguments: &Arguments) -> Result<(Settings, Configured), Failure> {
    if arguments.cluster.cluster { arguments.live_settings() } else { arguments.estate.settings() }
}

/// Says what the comparison lacks.
fn notice(reference: &Reference, compared: &Past, terminal: &Terminal) {
    let name = one_line(&reference.name);
    for submodule in &compared.missing {
        terminal.notice_always(format!(
            "submodule `{}`: its commit of `{name}` is not in this clone, so all that it holds is new",
            one_line(submodule),
        ));
    }
    if let Some(fork) = &reference.fork {
        terminal.notice(format!(
            "{} of `{name}` {} not in this branch: it is compared with {}, at which it left",
            counted(reference.behind, "commit"),
            if reference.behind == 1 { "is" } else { "are" },
            fork.get(..12).unwrap_or(fork),
        ));
    }
}
