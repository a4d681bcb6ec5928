//! What a test file is about: the rules of the packages that it imports, and of the one that its own name extends by
//! `_test`.

use std::collections::BTreeMap;

use regorus::unstable::Module;

use super::new_engine;
use crate::policy::{
    builtins::Errors,
    load::{Dialect, PolicyFile, VERDICT_RULES},
    metadata, syntax,
};

/// Packages that judge (`data.` in front), each with its selectors: none where it follows Conftest's convention.
pub(super) struct Packages(BTreeMap<String, Vec<String>>);

/// What one test file is about.
pub(super) struct About {
    /// Selectors of the rules under test, each once, sorted.
    pub(super) selectors: Vec<String>,
    /// How a failing built-in ends when a scan asks these rules.
    pub(super) errors: Errors,
}

impl Packages {
    pub(super) fn new(files: &[PolicyFile]) -> Self {
        let rules = files.iter().filter(|file| !file.name.ends_with("_test.rego"));
        Self(rules.filter_map(package).collect())
    }

    pub(super) fn about(&self, module: &Module) -> About {
        let package = syntax::package(module);
        let imports = module.imports.iter().map(|import| import.refr.span().text().to_owned());
        let packages = imports.chain(package.strip_suffix("_test").map(ToOwned::to_owned).or(Some(package)));
        let judging: Vec<&Vec<String>> = packages.filter_map(|package| self.0.get(&package)).collect();
        let mut selectors: Vec<String> = judging.iter().copied().flatten().cloned().collect();
        selectors.sort();
        selectors.dedup();
        let is_lenient = !judging.is_empty() && selectors.is_empty();
        About { selectors, errors: if is_lenient { Errors::Lenient } else { Errors::Strict } }
    }
}

/// A package that judges, with its selectors.
fn package(file: &PolicyFile) -> Option<(String, Vec<String>)> {
    let mut parser = new_engine();
    parser.set_rego_v0(file.dialect == Dialect::V0);
    parser.add_policy(file.name.to_string(), file.text.to_string()).ok()?;
    let modules = parser.get_modules();
    let module = modules.first()?;
    let annotations = metadata::annotations(&file.text).ok().flatten().unwrap_or_default();
    let selectors: Vec<String> = annotations.selectors.into_iter().map(|selector| selector.name).collect();
    let judges = !selectors.is_empty() || VERDICT_RULES.iter().any(|name| syntax::declares(module, name));
    judges.then(|| (syntax::package(module), selectors))
}
