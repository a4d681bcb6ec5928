//! Loading policies: text in, checked rules and a prepared engine out.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use regorus::{Engine, utils::limits::ExecutionTimerConfig};

use super::{
    guard,
    metadata::{self, Rule},
    selector,
};
use crate::report::PolicyError;

/// One Rego file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyFile {
    pub name: Arc<str>,
    pub text: Arc<str>,
}

/// Policies that can be evaluated, with what was wrong with the others.
pub struct Policies {
    /// Sorted by id.
    pub rules: Vec<Arc<Rule>>,
    /// All files that were given, whether they could be loaded or not.
    pub files: Vec<PolicyFile>,
    pub errors: Vec<PolicyError>,
    /// For each rule, whether it has `deny` and `not_assessed`.
    pub(super) verdicts: Vec<(bool, bool)>,
    pub(super) engine: Engine,
}

/// Longest time that one rule may take for one subject; rules take microseconds, so this ends only endless ones.
const EVALUATION_LIMIT: Duration = Duration::from_secs(10);

/// Rules whose results are findings, by whatever convention.
const VERDICT_RULES: [&str; 3] = ["deny", "violation", "warn"];

mod embedded {
    pub(super) const FILES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/policies.rs"));
}

/// The policies that come with Probity, tests included.
pub fn built_in() -> Vec<PolicyFile> {
    embedded::FILES
        .iter()
        .map(|(name, text)| PolicyFile { name: (*name).into(), text: (*text).into() })
        .collect()
}

impl Policies {
    /// Loads policies; files named `*_test.rego` are left out. Never fails as a whole: what cannot be loaded is in
    /// `errors`, and everything else is evaluated.
    pub fn new(files: &[PolicyFile], keep: impl Fn(&str) -> bool) -> Self {
        let mut loader = Loader { engine: new_engine(), rules: BTreeMap::new(), errors: Vec::new() };
        let mut sorted: Vec<&PolicyFile> =
            files.iter().filter(|file| !file.name.ends_with("_test.rego")).collect();
        sorted.sort_by(|a, b| a.name.cmp(&b.name));
        let mut added = Vec::new();
        for file in sorted {
            match loader.add(file) {
                Ok(()) => added.push(file),
                Err(message) => loader.error(file, message),
            }
        }
        loader.remove_unsafe(&added);
        let rules: Vec<Arc<Rule>> =
            std::mem::take(&mut loader.rules).into_values().filter(|rule| keep(&rule.id)).collect();
        let verdicts = rules
            .iter()
            .map(|rule| (loader.declares(&rule.file, "deny"), loader.declares(&rule.file, "not_assessed")));
        let verdicts = verdicts.collect();
        Self { rules, files: files.to_vec(), errors: loader.errors, verdicts, engine: loader.engine }
    }
}

impl Policies {
    /// Keeps only some rules.
    pub fn retain(&mut self, keep: impl Fn(&Rule) -> bool) {
        let pairs = std::mem::take(&mut self.rules).into_iter().zip(std::mem::take(&mut self.verdicts));
        (self.rules, self.verdicts) = pairs.filter(|(rule, _)| keep(rule)).unzip();
    }
}

/// An engine with our limits.
pub(super) fn new_engine() -> Engine {
    let mut engine = Engine::new();
    engine.clear_policy_length_config();
    engine.set_execution_timer_config(ExecutionTimerConfig {
        limit: EVALUATION_LIMIT,
        check_interval: std::num::NonZeroU32::new(1 << 10).unwrap_or(std::num::NonZeroU32::MIN),
    });
    engine
}

struct Loader {
    engine: Engine,
    rules: BTreeMap<Arc<str>, Arc<Rule>>,
    errors: Vec<PolicyError>,
}

impl Loader {
    fn error(&mut self, file: &PolicyFile, message: String) {
        self.errors.push(PolicyError { policy: file.name.to_string(), message });
    }

    fn add(&mut self, file: &PolicyFile) -> Result<(), String> {
        guard::literal_depth(&file.text)?;
        let package = self
            .engine
            .add_policy(file.name.to_string(), file.text.to_string())
            .map_err(|error| format!("cannot be parsed: {}", first_lines(&format!("{error}"))))?;
        let annotations = metadata::annotations(&file.text)?;
        let judges = VERDICT_RULES.iter().any(|rule| self.declares(&file.name, rule));
        let Some(annotations) = annotations.filter(|annotations| !annotations.selectors.is_empty()) else {
            if judges {
                return Err(format!(
                    "package `{package}` has verdicts but no selector: add METADATA with `custom.input.selector` above `package`, or put it into package `main`"
                ));
            }
            return Ok(());
        };
        if let Some(unknown) =
            annotations.selectors.iter().find(|selector| !selector::is_known(&selector.name))
        {
            return Err(format!(
                "selector `{}` is unknown; use one of {}",
                unknown.name,
                selector::names().join(", ")
            ));
        }
        let severity = annotations
            .severity
            .ok_or("METADATA has no `custom.severity`: info, low, medium, high or critical")?;
        if annotations.title.is_empty() {
            return Err("METADATA has no `title`".to_owned());
        }
        let id: Arc<str> = rule_id(&package).into();
        if let Some(other) = self.rules.get(&id) {
            return Err(format!("rule `{id}` is already defined in {}; rename this package", other.file));
        }
        let rule = Rule {
            id: Arc::clone(&id),
            package,
            file: Arc::clone(&file.name),
            title: annotations.title,
            description: annotations.description,
            severity,
            recommended_action: annotations.recommended_action,
            controls: annotations.controls,
            selectors: annotations.selectors,
            related_resources: annotations.related_resources,
        };
        self.rules.insert(id, Arc::new(rule));
        Ok(())
    }

    /// Whether a file has a rule of this name.
    fn declares(&mut self, file: &str, rule: &str) -> bool {
        let module =
            self.engine.get_modules().iter().find(|module| *module.package.span.source.file() == *file);
        module.is_some_and(|module| guard::declares(module, rule))
    }

    /// Leaves out files whose functions are unknown or recursive, and everything that only they made possible.
    fn remove_unsafe(&mut self, added: &[&PolicyFile]) {
        let unsafe_files = guard::functions(self.engine.get_modules(), &[]);
        if unsafe_files.is_empty() {
            return;
        }
        self.engine = new_engine();
        for file in added {
            if let Some(message) = unsafe_files.get(&*file.name) {
                self.error(file, message.clone());
                self.rules.retain(|_, rule| rule.file != file.name);
            } else if let Err(error) = self.engine.add_policy(file.name.to_string(), file.text.to_string()) {
                self.error(file, first_lines(&error.to_string()));
            }
        }
        let rest: Vec<&PolicyFile> =
            added.iter().filter(|file| !unsafe_files.contains_key(&*file.name)).copied().collect();
        if rest.len() < added.len() {
            self.remove_unsafe(&rest);
        }
    }
}

/// Rule id of a package: its last two segments in kebab-case (contract, "Ids").
fn rule_id(package: &str) -> String {
    let segments: Vec<String> = package.split('.').map(|segment| segment.replace('_', "-")).collect();
    match segments.as_slice() {
        [.., domain, name] => format!("{domain}/{name}"),
        _ => segments.concat(),
    }
}

/// What the parser says, without its drawing of the source.
fn first_lines(message: &str) -> String {
    let lines = message.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.take(4).collect::<Vec<_>>().join(" ")
}
