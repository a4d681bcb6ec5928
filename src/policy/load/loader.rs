//! Finding rules: which files can be evaluated together, and which of their rules judge by which convention.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use rayon::prelude::*;
use regorus::{
    Engine, Value,
    unstable::{Module, Ref},
};

use super::{
    Alone, Dialect, Options, PolicyFile, Program, VERDICT_RULES, add, engine_with, new_engine, prepare,
    reason,
};
use crate::{
    policy::{
        builtins::{self, Errors},
        conftest, guard,
        metadata::{self, Annotations, Rule},
        selector, syntax,
    },
    report::PolicyError,
    spelling::nearest,
};

/// What each module is called and names: read once, since every rule is asked what it needs.
struct Packages<'m>(Vec<Package<'m>>);

struct Package<'m> {
    name: String,
    file: &'m str,
    /// See [`syntax::named_data`].
    named: Option<BTreeSet<String>>,
}

impl<'m> Packages<'m> {
    fn new(modules: &'m [Ref<Module>]) -> Self {
        let package = |module: &'m Ref<Module>| Package {
            name: syntax::package(module),
            file: module.package.span.source.file(),
            named: syntax::named_data(module),
        };
        Self(modules.iter().map(package).collect())
    }

    /// Files that a package needs, its own included; `None` where it may look at anything, or at what the user gives.
    fn needed(&self, package: &str) -> Option<BTreeSet<&'m str>> {
        let mut needed = BTreeSet::new();
        let mut rest = vec![package];
        let mut seen = BTreeSet::from([package]);
        while let Some(name) = rest.pop() {
            let mut is_package = false;
            for other in self.0.iter().filter(|other| is_within(&other.name, name)) {
                is_package = true;
                needed.insert(other.file);
                let named = other.named.as_ref()?.iter().map(String::as_str);
                rest.extend(named.filter(|name| seen.insert(name)));
            }
            if !is_package {
                return None;
            }
        }
        Some(needed)
    }
}

/// Whether one of two names is the other or lies in it: rules of one package may add to those of another.
fn is_within(one: &str, other: &str) -> bool {
    let below = |long: &str, short: &str| {
        long.strip_prefix(short).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    below(one, other) || below(other, one)
}

/// Collects what files hold.
pub(super) struct Loader<'o> {
    options: &'o Options,
    pub(super) data: Value,
    pub(super) rules: BTreeMap<Arc<str>, (Arc<Rule>, Program)>,
    pub(super) errors: Vec<PolicyError>,
    pub(super) unchosen: BTreeSet<Arc<str>>,
    pub(super) notices: Vec<String>,
}

impl<'o> Loader<'o> {
    pub(super) fn new(options: &'o Options) -> Self {
        let data = Value::from(serde_json::Value::Object(options.data.clone()));
        Self {
            options,
            data,
            rules: BTreeMap::new(),
            errors: Vec::new(),
            unchosen: BTreeSet::new(),
            notices: Vec::new(),
        }
    }

    fn error(&mut self, file: &str, message: String) {
        self.errors.push(PolicyError { policy: file.to_owned(), message });
    }

    /// An engine with all files that can be evaluated together, and those files.
    pub(super) fn load(&mut self, files: &[&PolicyFile]) -> (Engine, Vec<PolicyFile>) {
        let mut rest: Vec<PolicyFile> = Vec::new();
        let prepared: Vec<_> = files.par_iter().map(|file| prepare(file)).collect();
        for (file, prepared) in files.iter().zip(prepared) {
            match prepared {
                Ok(prepared) => rest.push(prepared),
                Err(message) => self.error(&file.name, format!("cannot be parsed: {message}")),
            }
        }
        loop {
            let mut engine = engine_with(Errors::Strict, self.options.tree.as_ref());
            let mut wrong = BTreeMap::new();
            for file in &rest {
                if let Err(message) = add(&mut engine, file) {
                    wrong.insert(file.name.to_string(), message);
                }
            }
            if let Err(error) = engine.add_data(self.data.clone()) {
                self.error("data", reason(&error.to_string()));
                self.data = Value::new_object();
            }
            if wrong.is_empty() {
                wrong = refused(&mut engine, &rest);
            }
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
        let modules = engine.get_modules();
        let packages = Packages::new(modules);
        for file in files {
            if let Err(message) = self.find_rule(modules, &packages, files, file) {
                self.error(&file.name, message);
            }
        }
        for chosen in &self.options.namespaces {
            let packages: Vec<String> = modules.iter().map(|module| syntax::package(module)).collect();
            if !packages.iter().any(|package| conftest::matches(package, chosen)) {
                let names = packages.iter().map(|package| namespace_of(package));
                let meant = nearest(chosen, names).map(|meant| format!("; did you mean `{meant}`?"));
                let meant = meant.unwrap_or_default();
                self.notices
                    .push(format!("`--policy-namespace {chosen}`: no policy has this package{meant}"));
            }
        }
    }

    fn notice(&mut self, file: &PolicyFile, oddities: Vec<String>) {
        self.notices.extend(oddities.into_iter().map(|oddity| format!("{}: {oddity}", file.name)));
    }

    fn find_rule(
        &mut self,
        modules: &[Ref<Module>],
        packages: &Packages<'_>,
        files: &[PolicyFile],
        file: &PolicyFile,
    ) -> Result<(), String> {
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
            let title = annotations.ok().flatten().map(|annotations| annotations.title).unwrap_or_default();
            return self.follow(file, module, &title, has_exception);
        }
        let declares = |name: &str| syntax::declares(module, name);
        let Some(annotations) = annotations?.filter(is_selected) else {
            if !VERDICT_RULES.iter().any(|name| declares(name)) {
                return Ok(());
            }
            self.unchosen.insert(Arc::clone(&file.name));
            return Err(foreign(&package, &file.text));
        };
        let named = conftest::rules(module)?;
        if let Some(other) = named.iter().find(|name| *name != "deny") {
            return Err(format!(
                "`{other}` is never evaluated: in a package with a selector only `deny` and `not_assessed` judge"
            ));
        }
        let (deny, not_assessed) = (declares("deny"), declares("not_assessed"));
        if !deny && !not_assessed {
            // Libraries of Trivy say what input they are for.
            return match annotations.severity {
                Some(_) => Err("it has METADATA of a rule, but neither `deny` nor `not_assessed`".to_owned()),
                None => Ok(()),
            };
        }
        let rule = rule(file, package, annotations)?;
        self.notice(file, selector::misspelt(&rule.selectors));
        if let Some((other, _)) = self.rules.get(&rule.id) {
            return Err(format!(
                "rule `{}` is already defined in {}; rename this package",
                rule.id, other.file
            ));
        }
        let alone = packages.needed(&rule.package).map(|needed| {
            Alone::new(files.iter().filter(|file| needed.contains(&*file.name)).cloned().collect())
        });
        let program = Program::Selected { deny, not_assessed, alone };
        self.rules.insert(Arc::clone(&rule.id), (Arc::new(rule), program));
        Ok(())
    }

    /// Adds the rules of a file that follows Conftest's convention.
    fn follow(
        &mut self,
        file: &PolicyFile,
        module: &Module,
        title: &str,
        has_exception: bool,
    ) -> Result<(), String> {
        let package = syntax::package(module);
        let namespace = namespace_of(&package);
        let names = conftest::rules(module)?;
        if namespace == KUBESCAPE {
            return Err(foreign(&package, &file.text));
        }
        if !names.is_empty() && syntax::reads_only(module, &["review", "parameters"]) {
            return Err("it judges what Gatekeeper gives, an admission review in `input.review` and `input.parameters`, and says nothing about manifests: read the manifest from `input`, and parameters from `data` (`--data`)".to_owned());
        }
        self.notice(file, conftest::oddities(module));
        for name in names {
            let Some(severity) = conftest::severity(&name) else { continue };
            let id: Arc<str> = format!("conftest/{namespace}.{name}").into();
            let program = Program::Conftest(conftest::Program::new(&package, &name, has_exception));
            let rule = Rule {
                id: Arc::clone(&id),
                package: package.clone(),
                file: Arc::clone(&file.name),
                title: if title.is_empty() {
                    format!("`{name}` of package `{namespace}`")
                } else {
                    title.to_owned()
                },
                description: String::new(),
                severity,
                recommended_action: String::new(),
                controls: BTreeMap::new(),
                selectors: Vec::new(),
                points_at_names: false,
                related_resources: Vec::new(),
            };
            // Files of one package may add to one rule.
            self.rules.entry(id).or_insert_with(|| (Arc::new(rule), program));
        }
        Ok(())
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
    let Some(message) = unprepared(engine) else { return wrong };
    let place = message.lines().find_map(|line| line.trim().strip_prefix("--> "));
    let named =
        place.and_then(|place| files.iter().find(|file| place.starts_with(&format!("{}:", file.name))));
    let without = |left_out: &&PolicyFile| {
        let mut engine = new_engine();
        files.iter().filter(|file| file.name != left_out.name).for_each(|file| drop(add(&mut engine, file)));
        unprepared(&mut engine).is_none()
    };
    match named.or_else(|| files.iter().find(without)) {
        Some(file) => BTreeMap::from([(file.name.to_string(), reason(&message))]),
        None => files.iter().map(|file| (file.name.to_string(), reason(&message))).collect(),
    }
}

/// What the engine says about all files together, before it evaluates any.
fn unprepared(engine: &mut Engine) -> Option<String> {
    engine.clone().eval_query("true".to_owned(), false).err().map(|error| error.to_string())
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
    if let Some(reason) = selector::impossible(&annotations.selectors) {
        return Err(reason);
    }
    let severity = annotations
        .severity
        .ok_or("METADATA has no `custom.severity`: info, low, medium, high or critical")?;
    if annotations.title.is_empty() {
        return Err("METADATA has no `title`".to_owned());
    }
    let id = rule_id(&package).ok_or_else(|| {
        let namespace = namespace_of(&package);
        format!("its id would be `{namespace}` alone: name the package in two parts, such as `company.{namespace}`")
    })?;
    Ok(Rule {
        id: id.into(),
        package,
        file: Arc::clone(&file.name),
        title: annotations.title,
        description: annotations.description,
        severity,
        recommended_action: annotations.recommended_action,
        controls: annotations.controls,
        selectors: annotations.selectors,
        points_at_names: annotations.points_at_names,
        related_resources: annotations.related_resources,
    })
}

/// Rule id of a package: its last two segments in kebab-case (contract, "Ids"); `None` where it has one only.
pub(super) fn rule_id(package: &str) -> Option<String> {
    let (rest, name) = namespace_of(package).rsplit_once('.')?;
    let domain = rest.rsplit('.').next().unwrap_or(rest);
    Some(format!("{domain}/{name}").replace('_', "-"))
}
