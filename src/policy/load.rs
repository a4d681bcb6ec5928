//! Loading policies: text in, checked rules and a prepared engine out.

use std::{borrow::Cow, collections::BTreeMap, sync::Arc, time::Duration};

use regorus::{Engine, Value, utils::limits::ExecutionTimerConfig};

use super::{
    builtins::{self, Errors},
    conftest::{self, Tree},
    guard,
    metadata::{self, Annotations, Rule},
    rewrite, selector, syntax,
};
use crate::report::PolicyError;

/// One Rego file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyFile {
    pub name: Arc<str>,
    pub text: Arc<str>,
    pub dialect: Dialect,
}

/// Version of the language that a file is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Dialect {
    #[default]
    V1,
    V0,
}

/// How policies are loaded, besides their files.
#[derive(Default, Clone)]
pub struct Options {
    /// Packages that follow Conftest's calling convention, as `main` does; may be globs.
    pub namespaces: Vec<String>,
    /// Conftest's policies judge all documents as one.
    pub combine: bool,
    /// `data` of the user: an object.
    pub data: serde_json::Map<String, serde_json::Value>,
    /// What policies may see of the scan; without it they read no file.
    pub tree: Option<Tree>,
}

/// Policies that can be evaluated, with what was wrong with the others.
pub struct Policies {
    /// Sorted by id.
    pub rules: Vec<Arc<Rule>>,
    /// All files that were given, whether they could be loaded or not.
    pub files: Vec<PolicyFile>,
    pub errors: Vec<PolicyError>,
    /// What is odd about policies, but does not keep them from judging.
    pub notices: Vec<String>,
    /// For each rule, how it is evaluated.
    pub(super) programs: Vec<Program>,
    /// In which a failing built-in is an error.
    pub(super) engine: Engine,
    /// In which it is undefined, for rules that follow Conftest's convention.
    pub(super) lenient: Option<Engine>,
    pub(super) combine: bool,
    pub(super) tree: Option<Tree>,
    /// `data` of the user, where policies look at `data.conftest.file`, which differs from file to file.
    pub(super) data: Option<Value>,
}

/// How a rule is evaluated.
#[derive(Debug, Clone)]
pub(super) enum Program {
    /// On the subjects of its selectors: whether it has `deny` and `not_assessed`.
    Selected {
        deny: bool,
        not_assessed: bool,
    },
    Conftest(conftest::Program),
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
        .map(|(name, text)| PolicyFile { name: (*name).into(), text: (*text).into(), dialect: Dialect::V1 })
        .collect()
}

impl Policies {
    /// Loads policies with METADATA, and Conftest's of package `main`: see [`Policies::load`].
    pub fn new(files: &[PolicyFile], keep: impl Fn(&str) -> bool) -> Self {
        Self::load(files, Options::default(), keep)
    }

    /// Loads policies; files named `*_test.rego` are left out. Never fails as a whole: what cannot be loaded is in
    /// `errors`, and everything else is evaluated.
    pub fn load(files: &[PolicyFile], options: Options, keep: impl Fn(&str) -> bool) -> Self {
        let data = Value::from(serde_json::Value::Object(options.data.clone()));
        let mut loader = Loader {
            options: &options,
            data,
            rules: BTreeMap::new(),
            errors: Vec::new(),
            notices: Vec::new(),
        };
        let mut sorted: Vec<&PolicyFile> =
            files.iter().filter(|file| !file.name.ends_with("_test.rego")).collect();
        sorted.sort_by(|a, b| a.name.cmp(&b.name));
        let (engine, evaluable) = loader.load(&sorted);
        let Loader { data, rules, errors, notices, .. } = loader;
        let (rules, programs): (Vec<_>, Vec<_>) =
            rules.into_values().filter(|(rule, _)| keep(&rule.id)).unzip();
        let follows = programs.iter().any(|program| matches!(program, Program::Conftest(_)));
        let lenient = follows.then(|| {
            let mut engine = engine_with(Errors::Lenient, options.tree.as_ref());
            drop(add_all(&mut engine, &evaluable, &data));
            engine
        });
        let names_file = evaluable.iter().any(|file| file.text.contains("conftest.file"));
        Self {
            rules,
            files: files.to_vec(),
            errors,
            notices,
            programs,
            engine,
            lenient,
            combine: options.combine,
            tree: options.tree,
            data: (follows && names_file).then_some(data),
        }
    }

    /// Keeps only some rules.
    pub fn retain(&mut self, keep: impl Fn(&Rule) -> bool) {
        let pairs = std::mem::take(&mut self.rules).into_iter().zip(std::mem::take(&mut self.programs));
        (self.rules, self.programs) = pairs.filter(|(rule, _)| keep(rule)).unzip();
    }

    /// Whether a rule judges documents of whatever kind, so that none may be ignored.
    pub fn judge_documents(&self) -> bool {
        self.programs.iter().any(|program| matches!(program, Program::Conftest(_)))
    }
}

/// An engine with our limits and functions, in which a failing built-in is an error.
pub(super) fn new_engine() -> Engine {
    engine_with(Errors::Strict, None)
}

fn engine_with(errors: Errors, tree: Option<&Tree>) -> Engine {
    let mut engine = Engine::new();
    engine.clear_policy_length_config();
    engine.set_execution_timer_config(ExecutionTimerConfig {
        limit: EVALUATION_LIMIT,
        check_interval: std::num::NonZeroU32::new(1 << 10).unwrap_or(std::num::NonZeroU32::MIN),
    });
    engine.set_strict_builtin_errors(errors == Errors::Strict);
    // What `print` says is no result, and it may be a secret.
    engine.set_gather_prints(true);
    builtins::register(&mut engine, errors, tree.map(|tree| &tree.read));
    engine
}

/// Parses a file and gives it as it is evaluated. `parser` collects what it parsed.
pub(super) fn prepare(parser: &mut Engine, file: &PolicyFile) -> Result<PolicyFile, String> {
    guard::literal_depth(&file.text)?;
    add(parser, file).map_err(|error| with_hint(&file.text, error))?;
    let module = parser.get_modules().last();
    let text = match module {
        Some(module) => rewrite::rewritten(module, &file.text, file.dialect == Dialect::V0)
            .map_err(|error| reason(&error))?,
        None => Cow::Borrowed(&*file.text),
    };
    Ok(PolicyFile { text: text.into(), ..file.clone() })
}

/// What the parser cannot say itself.
fn with_hint(text: &str, error: String) -> String {
    let is_template = ["$\"", "$`"].iter().any(|start| text.contains(start));
    if is_template {
        format!("{error}; template strings are not supported here: use `sprintf`")
    } else {
        error
    }
}

/// Adds a prepared file to an engine.
pub(super) fn add(engine: &mut Engine, file: &PolicyFile) -> Result<(), String> {
    engine.set_rego_v0(file.dialect == Dialect::V0);
    let added = engine.add_policy(file.name.to_string(), file.text.to_string());
    added.map(drop).map_err(|error| reason(&error.to_string()))
}

fn add_all(engine: &mut Engine, files: &[PolicyFile], data: &Value) -> Result<(), String> {
    for file in files {
        add(engine, file)?;
    }
    engine.add_data(data.clone()).map_err(|error| reason(&error.to_string()))
}

struct Loader<'o> {
    options: &'o Options,
    data: Value,
    rules: BTreeMap<Arc<str>, (Arc<Rule>, Program)>,
    errors: Vec<PolicyError>,
    notices: Vec<String>,
}

impl Loader<'_> {
    fn error(&mut self, file: &str, message: String) {
        self.errors.push(PolicyError { policy: file.to_owned(), message });
    }

    /// An engine with all files that can be evaluated together, and those files.
    fn load(&mut self, files: &[&PolicyFile]) -> (Engine, Vec<PolicyFile>) {
        let mut rest: Vec<PolicyFile> = Vec::new();
        let mut parser = Engine::new();
        parser.clear_policy_length_config();
        for file in files {
            match prepare(&mut parser, file) {
                Ok(prepared) => rest.push(prepared),
                Err(message) => self.error(&file.name, format!("cannot be parsed: {message}")),
            }
        }
        loop {
            let mut engine = engine_with(Errors::Strict, self.options.tree.as_ref());
            if let Err(message) = add_all(&mut engine, &rest, &self.data) {
                self.error("data", message);
                self.data = Value::new_object();
                continue;
            }
            let wrong = refused(&mut engine, &rest);
            if wrong.is_empty() {
                self.find_rules(&mut engine, &rest);
                return (engine, rest);
            }
            for (file, message) in &wrong {
                self.error(file, message.clone());
            }
            rest.retain(|file| !wrong.contains_key(&*file.name));
        }
    }

    fn find_rules(&mut self, engine: &mut Engine, files: &[PolicyFile]) {
        for file in files {
            if let Err(message) = self.find_rule(engine, file) {
                self.error(&file.name, message);
            }
        }
    }

    fn notice(&mut self, file: &PolicyFile, oddities: Vec<String>) {
        self.notices.extend(oddities.into_iter().map(|oddity| format!("{}: {oddity}", file.name)));
    }

    fn find_rule(&mut self, engine: &mut Engine, file: &PolicyFile) -> Result<(), String> {
        let modules = engine.get_modules();
        let Some(module) = modules.iter().find(|module| *module.package.span.source.file() == *file.name)
        else {
            return Ok(());
        };
        let package = syntax::package(module);
        self.notice(file, guard::oddities(module));
        let annotations = metadata::annotations(&file.text);
        let is_selected = |annotations: &Annotations| !annotations.selectors.is_empty();
        if conftest::is_chosen(&package, &self.options.namespaces)
            && !annotations.as_ref().is_ok_and(|found| found.as_ref().is_some_and(is_selected))
        {
            let has_exception = modules
                .iter()
                .any(|other| syntax::package(other) == package && conftest::has_exception(other));
            if namespace_of(&package) == KUBESCAPE {
                return Err(foreign(&package, &file.text));
            }
            if file.text.contains("input.review") && !conftest::rules(module)?.is_empty() {
                let oddity =
                    "reads `input.review`, which Gatekeeper gives: on manifests it says nothing".to_owned();
                self.notice(file, vec![oddity]);
            }
            let title = annotations.ok().flatten().map(|annotations| annotations.title).unwrap_or_default();
            self.notice(file, conftest::oddities(module));
            for name in conftest::rules(module)? {
                self.conftest_rule(file, &package, &name, &title, has_exception);
            }
            return Ok(());
        }
        let declares = |name: &str| syntax::declares(module, name);
        let Some(annotations) = annotations?.filter(is_selected) else {
            let judges = VERDICT_RULES.iter().any(|name| declares(name));
            return if judges { Err(foreign(&package, &file.text)) } else { Ok(()) };
        };
        let named = conftest::rules(module)?;
        if let Some(other) = named.iter().find(|name| *name != "deny") {
            return Err(format!(
                "`{other}` is never evaluated: in a package with a selector only `deny` and `not_assessed` judge"
            ));
        }
        let program = Program::Selected { deny: declares("deny"), not_assessed: declares("not_assessed") };
        if let Program::Selected { deny: false, not_assessed: false } = program {
            // Libraries of Trivy say what input they are for.
            return match annotations.severity {
                Some(_) => Err("it has METADATA of a rule, but neither `deny` nor `not_assessed`".to_owned()),
                None => Ok(()),
            };
        }
        let rule = rule(file, package, annotations)?;
        if let Some((other, _)) = self.rules.get(&rule.id) {
            return Err(format!(
                "rule `{}` is already defined in {}; rename this package",
                rule.id, other.file
            ));
        }
        self.rules.insert(Arc::clone(&rule.id), (Arc::new(rule), program));
        Ok(())
    }

    fn conftest_rule(
        &mut self,
        file: &PolicyFile,
        package: &str,
        name: &str,
        title: &str,
        has_exception: bool,
    ) {
        let Some(severity) = conftest::severity(name) else { return };
        let namespace = namespace_of(package);
        let id: Arc<str> = format!("conftest/{namespace}.{name}").into();
        let program = Program::Conftest(conftest::Program::new(package, name, has_exception));
        let title =
            if title.is_empty() { format!("`{name}` of package `{namespace}`") } else { title.to_owned() };
        let rule = Rule {
            id: Arc::clone(&id),
            package: package.to_owned(),
            file: Arc::clone(&file.name),
            title,
            description: String::new(),
            severity,
            recommended_action: String::new(),
            controls: BTreeMap::new(),
            selectors: Vec::new(),
            related_resources: Vec::new(),
        };
        // Files of one package may add to one rule.
        self.rules.entry(id).or_insert_with(|| (Arc::new(rule), program));
    }
}

/// Files that cannot be evaluated, with the reason. One of them would spoil the evaluation of all.
fn refused(engine: &mut Engine, files: &[PolicyFile]) -> BTreeMap<String, String> {
    let dialects: BTreeMap<&str, Dialect> = files.iter().map(|file| (&*file.name, file.dialect)).collect();
    let added = |file: &str, name: &str| builtins::arity(name, dialects.get(file) == Some(&Dialect::V0));
    let wrong = guard::functions(engine.get_modules(), &added);
    if !wrong.is_empty() {
        return wrong;
    }
    let Err(error) = engine.clone().eval_query("true".to_owned(), false) else { return wrong };
    let message = error.to_string();
    let place = message.lines().find_map(|line| line.trim().strip_prefix("--> "));
    let file =
        place.and_then(|place| files.iter().find(|file| place.starts_with(&format!("{}:", file.name))));
    // Without a place any file may be wrong: then none can be evaluated.
    match file {
        Some(file) => BTreeMap::from([(file.name.to_string(), reason(&message))]),
        None => files.iter().map(|file| (file.name.to_string(), reason(&message))).collect(),
    }
}

/// Package of Kubescape's rules.
const KUBESCAPE: &str = "armo_builtins";

fn namespace_of(package: &str) -> &str {
    package.strip_prefix("data.").unwrap_or(package)
}

/// Why a package that judges by no convention of ours is not evaluated, and what would make it.
fn foreign(package: &str, text: &str) -> String {
    let namespace = namespace_of(package);
    if namespace == KUBESCAPE {
        return "it is one of Kubescape's rules, which judge a list of objects and give `alertMessage`: give it METADATA with a selector, and results with `msg`".to_owned();
    }
    let origin = if text.contains("input.review") {
        " (it is Gatekeeper's: its input is an admission review, with the manifest in `input.review.object`)"
    } else {
        ""
    };
    format!(
        "package `{namespace}` has verdicts but no selector{origin}: add METADATA with `custom.input.selector` above `package`, put it into package `main`, or choose it with `--policy-namespace {namespace}`"
    )
}

/// The rule that METADATA with a selector describes.
fn rule(file: &PolicyFile, package: String, annotations: Annotations) -> Result<Rule, String> {
    if let Some(unknown) = annotations.selectors.iter().find(|selector| !selector::is_known(&selector.name)) {
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
    Ok(Rule {
        id: rule_id(&package).into(),
        package,
        file: Arc::clone(&file.name),
        title: annotations.title,
        description: annotations.description,
        severity,
        recommended_action: annotations.recommended_action,
        controls: annotations.controls,
        selectors: annotations.selectors,
        related_resources: annotations.related_resources,
    })
}

/// Rule id of a package: its last two segments in kebab-case (contract, "Ids").
fn rule_id(package: &str) -> String {
    let segments: Vec<String> = package.split('.').map(|segment| segment.replace('_', "-")).collect();
    match segments.as_slice() {
        [.., domain, name] => format!("{domain}/{name}"),
        _ => segments.concat(),
    }
}

/// The engine's message without its drawing of the policy.
pub(super) fn reason(message: &str) -> String {
    let line = message
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .find(|line| line.starts_with("error:"));
    let place = message.lines().map(str::trim).find_map(|line| line.strip_prefix("--> "));
    let cause = line.map_or_else(
        || message.lines().next().unwrap_or_default().to_owned(),
        |line| line.trim_start_matches("error:").trim().to_owned(),
    );
    place.map_or_else(|| cause.clone(), |place| format!("{cause} (at {place})"))
}
