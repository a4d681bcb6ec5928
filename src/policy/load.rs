//! Loading policies: text in, checked rules and a prepared engine out.

mod loader;

use std::{
    borrow::Cow,
    collections::BTreeSet,
    num::{NonZeroU32, NonZeroUsize},
    sync::{Arc, OnceLock},
    time::Duration,
};

use regorus::{Engine, PolicyLengthConfig, Value, utils::limits::ExecutionTimerConfig};

use self::loader::Loader;
use super::{
    builtins::{self, Errors},
    compared,
    conftest::{self, Tree},
    guard,
    metadata::Rule,
    rewrite,
};
use crate::report::PolicyError;

/// How names of artifacts in a registry begin.
pub const REGISTRY: &str = "oci://";

/// Rules whose results are findings, by whatever convention.
pub(super) const VERDICT_RULES: [&str; 3] = ["deny", "violation", "warn"];

/// One Rego file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyFile {
    pub name: Arc<str>,
    pub text: Arc<str>,
    pub dialect: Dialect,
}

impl PolicyFile {
    /// The artifact in a registry that it was pulled with, by its digest: `oci://HOST/REPOSITORY@sha256:…`.
    pub fn artifact(&self) -> Option<&str> {
        let (artifact, digest) = self.name.strip_prefix(REGISTRY)?.split_once('@')?;
        let digest = digest.split('/').next()?;
        self.name.get(..REGISTRY.len() + artifact.len() + 1 + digest.len())
    }

    /// A file in Rego v1.
    pub fn new(name: impl Into<Arc<str>>, text: impl Into<Arc<str>>) -> Self {
        Self { name: name.into(), text: text.into(), dialect: Dialect::V1 }
    }
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
    /// With the rules of [`compared`].
    pub compares: bool,
}

/// Policies that can be evaluated, with what was wrong with the others.
pub struct Policies {
    /// Sorted by id.
    pub rules: Vec<Arc<Rule>>,
    /// All files that were given, whether they could be loaded or not.
    pub files: Vec<PolicyFile>,
    pub errors: Vec<PolicyError>,
    /// Files among those in `errors` with which nothing is wrong but that no convention was chosen for their package.
    pub unchosen: BTreeSet<Arc<str>>,
    /// Ids of all rules that were loaded, also of those that nobody is judged by.
    known: BTreeSet<Arc<str>>,
    /// What is odd about policies, but does not keep them from judging.
    pub notices: Vec<String>,
    /// For each rule, how it is evaluated.
    pub(super) programs: Vec<Program>,
    /// In which a failing built-in is an error.
    engine: Engine,
    /// The same, compiled when it is first needed.
    compiled: OnceLock<Box<Engine>>,
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
        alone: Option<Alone>,
    },
    Conftest(conftest::Program),
    /// By whoever holds two estates against each other: [`compared`].
    Compared,
}

/// An engine that holds one rule and the packages that it names: the engine looks at each of its modules for each reference that
/// it follows, so that a rule among many costs several times what it costs alone.
#[derive(Debug, Clone)]
pub(super) struct Alone {
    files: Vec<PolicyFile>,
}

impl Alone {
    fn new(files: Vec<PolicyFile>) -> Self {
        Self { files }
    }

    /// Makes it: most runs need few rules, and each engine takes megabytes.
    pub(super) fn engine(&self, tree: Option<&Tree>) -> Engine {
        let mut engine = engine_with(Errors::Strict, tree);
        // They were added to the common engine, without errors.
        self.files.iter().for_each(|file| drop(add(&mut engine, file)));
        compile(&mut engine);
        engine
    }
}

/// Makes the engine compile what it holds: its clones need not.
fn compile(engine: &mut Engine) {
    // There is no such rule; what counts is done before the engine notices.
    drop(engine.eval_rule("data".to_owned()));
}

/// Longest time that one rule may take for one subject; rules take microseconds, so this ends only endless ones.
const EVALUATION_LIMIT: Duration = Duration::from_secs(10);

/// How the message begins that says that a rule reached this limit.
pub(super) const ENDLESS: &str = "it did not end within";

/// The engine's own limits (1024 columns, 1 MiB) refuse tables that are written on one line.
const LENGTHS: PolicyLengthConfig = PolicyLengthConfig {
    max_col: NonZeroU32::MIN.saturating_add(1 << 20),
    max_file_bytes: NonZeroUsize::MIN.saturating_add(16 << 20),
    max_lines: NonZeroUsize::MIN.saturating_add(1 << 20),
};

mod embedded {
    pub(super) const FILES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/policies.rs"));
}

/// The policies that come with Probity, tests included.
pub fn built_in() -> Vec<PolicyFile> {
    embedded::FILES.iter().map(|(name, text)| PolicyFile::new(*name, *text)).collect()
}

impl Policies {
    /// Loads policies with METADATA, and Conftest's of package `main`: see [`Policies::load`].
    pub fn new(files: &[PolicyFile], keep: impl Fn(&str) -> bool) -> Self {
        Self::load(files, Options::default(), keep)
    }

    /// Loads policies; files named `*_test.rego` are left out. Never fails as a whole: what cannot be loaded is in
    /// `errors`, and everything else is evaluated.
    pub fn load(files: &[PolicyFile], options: Options, keep: impl Fn(&str) -> bool) -> Self {
        let mut loader = Loader::new(&options);
        let mut sorted: Vec<&PolicyFile> =
            files.iter().filter(|file| !file.name.ends_with("_test.rego")).collect();
        sorted.sort_by(|a, b| a.name.cmp(&b.name));
        let (engine, evaluable) = loader.load(&sorted);
        let Loader { data, mut rules, mut errors, unchosen, notices, .. } = loader;
        for rule in compared::rules().into_iter().filter(|_| options.compares) {
            if rules.contains_key(&rule.id) {
                let message = "its id is that of a rule of `--drift`; give it another name".to_owned();
                errors.push(PolicyError { policy: rule.id.to_string(), message });
            }
            rules.insert(Arc::clone(&rule.id), (Arc::new(rule), Program::Compared));
        }
        let known = rules.values().map(|(rule, _)| Arc::clone(&rule.id)).collect();
        let (rules, programs): (Vec<_>, Vec<_>) =
            rules.into_values().filter(|(rule, _)| keep(&rule.id)).unzip();
        let follows = programs.iter().any(|program| matches!(program, Program::Conftest(_)));
        let lenient = follows.then(|| {
            let mut engine = engine_with(Errors::Lenient, options.tree.as_ref());
            // They were added to the other engine, without errors.
            evaluable.iter().for_each(|file| drop(add(&mut engine, file)));
            drop(engine.add_data(data.clone()));
            compile(&mut engine);
            engine
        });
        let names_file = evaluable.iter().any(|file| file.text.contains("conftest.file"));
        Self {
            rules,
            files: files.to_vec(),
            errors,
            unchosen,
            known,
            notices,
            programs,
            engine,
            compiled: OnceLock::new(),
            lenient,
            combine: options.combine,
            tree: options.tree,
            data: (follows && names_file).then_some(data),
        }
    }

    /// The engine of all packages.
    pub(super) fn common(&self) -> &Engine {
        self.compiled.get_or_init(|| {
            let mut engine = self.engine.clone();
            compile(&mut engine);
            Box::new(engine)
        })
    }

    /// Keeps only some rules.
    pub fn retain(&mut self, keep: impl Fn(&Rule) -> bool) {
        let pairs = std::mem::take(&mut self.rules).into_iter().zip(std::mem::take(&mut self.programs));
        (self.rules, self.programs) = pairs.filter(|(rule, _)| keep(rule)).unzip();
    }

    /// Ids of all rules that were loaded, whether they judge or not.
    pub fn known(&self) -> impl Iterator<Item = &str> {
        self.known.iter().map(|id| &**id)
    }

    /// Whether no rule can have this id: neither one that was loaded nor one that comes with this program.
    pub fn is_unknown(&self, id: &str) -> bool {
        let packages = embedded::FILES
            .iter()
            .filter_map(|(_, text)| text.lines().find_map(|line| line.strip_prefix("package ")));
        !self.known.contains(id)
            && self.errors.is_empty()
            && packages.filter_map(loader::rule_id).all(|shipped| shipped != id)
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

/// An engine that reads policies as long as people write and generate them; it has none of our functions.
pub(super) fn parser() -> Engine {
    let mut engine = Engine::new();
    engine.set_policy_length_config(LENGTHS);
    engine
}

/// An engine with our limits and functions. Without a tree its policies read no file.
pub(super) fn engine_with(errors: Errors, tree: Option<&Tree>) -> Engine {
    let mut engine = parser();
    engine.set_execution_timer_config(ExecutionTimerConfig {
        limit: EVALUATION_LIMIT,
        check_interval: NonZeroU32::new(1 << 10).unwrap_or(NonZeroU32::MIN),
    });
    engine.set_strict_builtin_errors(errors == Errors::Strict);
    // What `print` says is no result, and it may be a secret.
    engine.set_gather_prints(true);
    builtins::register(&mut engine, errors, tree.map(|tree| &tree.read));
    engine
}

/// Parses a file and gives it as it is evaluated.
pub(super) fn prepare(file: &PolicyFile) -> Result<PolicyFile, String> {
    guard::literal_depth(&file.text)?;
    let file = PolicyFile { text: rewrite::without_idle_imports(&file.text).into(), ..file.clone() };
    let mut parser = parser();
    add(&mut parser, &file).map_err(|error| with_hint(&file.text, error))?;
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
    let is_old = ["`if` keyword is required", "`contains` keyword is required"];
    if is_old.iter().any(|words| error.contains(words)) {
        format!("{error}; for Rego before 1.0 use `--rego-version v0`")
    } else if is_template {
        format!("{error}; template strings are not supported here: use `sprintf`")
    } else {
        error
    }
}

/// Adds a prepared file to an engine.
pub(super) fn add(engine: &mut Engine, file: &PolicyFile) -> Result<(), String> {
    engine.set_rego_v0(file.dialect == Dialect::V0);
    let added = engine.add_policy(file.name.to_string(), file.text.to_string());
    added.map(drop).map_err(|error| reason_at_column(&error.to_string()))
}

/// The engine's message without its drawing of the policy, with the line: columns may be those of a text that was
/// rewritten.
pub(super) fn reason(message: &str) -> String {
    let reason = reason_at_column(message);
    let without = reason.strip_suffix(')').and_then(|rest| rest.rsplit_once(':'));
    match without {
        Some((line, column))
            if line.contains(" (at ")
                && column.parse::<u32>().is_ok()
                && line.rsplit_once(':').is_some_and(|(_, line)| line.parse::<u32>().is_ok()) =>
        {
            format!("{line})")
        }
        _ => reason,
    }
}

/// The engine's message without its drawing of the policy, with line and column.
fn reason_at_column(message: &str) -> String {
    // The engine also says how long it took, which differs from run to run.
    if message.contains("exceeded time limit") {
        return format!(
            "{ENDLESS} {} s on one subject; look for nested iterations over the same list",
            EVALUATION_LIMIT.as_secs()
        );
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_without_an_end_is_told_in_the_same_words_each_time() {
        let told = |elapsed: u64| {
            reason(&format!("execution exceeded time limit (elapsed={elapsed}ns, limit=10000000000ns)"))
        };
        assert_eq!(told(10_000_000_001), told(10_000_723_411));
        assert!(told(1).contains("10 s"), "{}", told(1));
    }

    /// Ids of the rules that have an engine of their own, out of rules in packages `a.*`.
    fn alone(packages: &[(&str, &str)]) -> Vec<String> {
        let metadata = "# METADATA\n# title: T\n# description: D\n# custom:\n#   severity: low\n#   input: {selector: [{type: kubernetes, kinds: [Pod]}]}\n";
        let files = packages.iter().map(|(package, body)| {
            let metadata = if body.contains("deny") { metadata } else { "" };
            PolicyFile::new(format!("{package}.rego"), format!("{metadata}package {package}\n\n{body}\n"))
        });
        let policies = Policies::new(&files.collect::<Vec<_>>(), |_| true);
        assert!(policies.errors.is_empty(), "{:?}", policies.errors);
        let rules = policies.rules.iter().zip(&policies.programs);
        rules
            .filter(|(_, program)| matches!(program, Program::Selected { alone: Some(_), .. }))
            .map(|(rule, _)| rule.id.to_string())
            .collect()
    }

    #[test]
    fn a_rule_has_an_engine_of_its_own_unless_it_may_look_at_anything() {
        let own = ("a.own", "deny contains input.data.x if input[\"data\"]\ndatabase := 1");
        let library = ("lib.b", "import data.more\nx := \"x\"\nf(_) := more.y");
        let more = ("more", "y := 1");
        assert_eq!(alone(&[own]), ["a/own"]);
        for (body, expected) in [
            ("import data.lib.b\ndeny contains b.x", true),
            ("deny contains data.lib.b.x", true),
            ("deny contains \"x\" if data.lib.b.f(1)", true),
            ("deny contains \"x\" if { some x in [y | y := data.lib.b.x]; x }", true),
            ("deny contains \"x\" if data.lib[input.x]", true),
            ("deny contains \"x\" if data.inventory.x", false),
            ("deny contains \"x\" if data[input.x]", false),
            ("deny contains \"x\" if { x := data; x[input.y] }", false),
            ("deny contains x if { x := input.x with data.lib.b.x as 1 }", false),
        ] {
            let found = alone(&[own, ("a.other", body), library, more]);
            assert_eq!(found.contains(&"a/other".to_owned()), expected, "{body}");
            assert!(found.contains(&"a/own".to_owned()), "{body}");
        }
    }

    #[test]
    fn all_built_in_rules_have_engines_of_their_own() {
        let policies = Policies::new(&built_in(), |_| true);
        for (rule, program) in policies.rules.iter().zip(&policies.programs) {
            assert!(matches!(program, Program::Selected { alone: Some(_), .. }), "{}", rule.id);
        }
    }

    #[test]
    fn a_drawing_of_the_engine_becomes_one_line_with_its_place() {
        let drawn = "\n--> p.rego:3:7\n  |\n3 |   x := 1\n  |       ^\nerror: undefined variable";
        assert_eq!(reason_at_column(drawn), "undefined variable (at p.rego:3:7)");
        assert_eq!(reason(drawn), "undefined variable (at p.rego:3)");
    }
}
