//! Conftest's calling convention (Conftest 0.71, `policy/engine.go`): which rules judge, on what, and what they say.
//!
//! A file of several documents is judged document by document, a file that is one list element by element.
//! Deliberately absent: formats other than YAML and JSON.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use regex::Regex;
use regorus::{
    Value,
    unstable::{Expr, Module, Rule, RuleHead},
};

use super::{
    builtins::ReadFile,
    case::{Case, Input, Part, WholePlan},
};
use crate::{
    document::{Kind, NodeRef},
    estate::Estate,
    finding::Severity,
    source::{Place, Source, SourceId},
};

/// What of a scan Conftest's policies see besides documents.
#[derive(Clone)]
pub struct Tree {
    /// Absolute folder that names of files are relative to.
    pub root: String,
    /// The current folder relative to `root`, empty where they are the same or it lies outside: Conftest names files
    /// relative to it.
    pub current: String,
    pub read: ReadFile,
}

impl Tree {
    fn path(&self, file: &str) -> String {
        let below = file.strip_prefix(&*self.current).and_then(|rest| rest.strip_prefix('/'));
        below.filter(|_| !self.current.is_empty()).unwrap_or(file).to_owned()
    }

    /// `data.conftest.file`: name and absolute folder of the file that is judged.
    pub(super) fn file(&self, name: &str) -> Value {
        let (folder, name) = name.rsplit_once('/').unwrap_or(("", name));
        let folder = if folder.is_empty() { self.root.clone() } else { format!("{}/{folder}", self.root) };
        object([("name", Value::from(name)), ("dir", Value::from(folder))])
    }
}

/// A rule that follows the convention.
#[derive(Debug, Clone)]
pub(super) struct Program {
    /// Reference of the rule, such as `data.main.deny_root`.
    pub rule: String,
    /// Reference of `exception`, if the namespace has one.
    pub exception: Option<String>,
    /// Name by which an exception names the rule: empty for one without a suffix.
    pub excepted_as: String,
}

impl Program {
    pub(super) fn new(package: &str, rule: &str, has_exception: bool) -> Self {
        let bare = ["violation", "deny", "warn"].contains(&rule);
        let prefixes = ["violation_", "deny_", "warn_"];
        let suffix = prefixes.iter().fold(rule, |rest, prefix| rest.strip_prefix(prefix).unwrap_or(rest));
        Self {
            rule: format!("{package}.{rule}"),
            exception: has_exception.then(|| format!("{package}.exception")),
            excepted_as: if bare { String::new() } else { suffix.to_owned() },
        }
    }
}

/// Whether a package is one of the chosen namespaces, which may be globs (`*`, `?`, `[…]`) as in Conftest.
pub(super) fn is_chosen(package: &str, namespaces: &[String]) -> bool {
    matches(package, "main") || namespaces.iter().any(|pattern| matches(package, pattern))
}

/// Whether a package has this name, or one that fits this glob.
pub(super) fn matches(package: &str, pattern: &str) -> bool {
    let name = package.strip_prefix("data.").unwrap_or(package);
    let expression = pattern.chars().fold(String::new(), |expression, character| match character {
        '*' => expression + ".*",
        '?' => expression + ".",
        '[' | ']' | '-' | '^' => expression + character.encode_utf8(&mut [0; 4]),
        other => expression + &regex::escape(other.encode_utf8(&mut [0; 4])),
    });
    pattern == name || Regex::new(&format!("^(?:{expression})$")).is_ok_and(|glob| glob.is_match(name))
}

/// Severity of a rule by its name; `None` for rules that do not judge.
pub(super) fn severity(rule: &str) -> Option<Severity> {
    let parts: Vec<&str> = rule.split('_').collect();
    let is_suffixed =
        parts.iter().all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    match parts.first() {
        Some(&("deny" | "violation")) if is_suffixed => Some(Severity::Medium),
        Some(&"warn") if is_suffixed => Some(Severity::Info),
        _ => None,
    }
}

/// Names of the rules of a module that judge.
///
/// # Errors
/// A rule whose head makes an object where results are expected, so that Conftest would refuse or overlook it.
pub(super) fn rules(module: &Module) -> Result<BTreeSet<String>, String> {
    let mut found = BTreeSet::new();
    for rule in &module.policy {
        let (head, line) = match &**rule {
            Rule::Spec { head, span, .. } => (head_text(head), span.line),
            Rule::Default { refr, span, .. } => (refr.span().text(), span.line),
        };
        let name: String = head.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        if severity(&name).is_none() {
            continue;
        }
        let makes_object = matches!(&**rule, Rule::Spec { head: RuleHead::Compr { .. }, .. });
        if makes_object && head.len() > name.len() {
            return Err(format!(
                "line {line}: `{head}` makes an object, whose results nobody reads: write `{name} contains …`"
            ));
        }
        found.insert(name);
    }
    Ok(found)
}

/// What is odd about the rules of a module that judge: a value that is no collection is overlooked, as in Conftest.
pub(super) fn oddities(module: &Module) -> Vec<String> {
    let odd = module.policy.iter().filter_map(|rule| {
        let Rule::Spec { head: head @ RuleHead::Compr { assign, .. }, span, .. } = &**rule else {
            return None;
        };
        let is_scalar = assign.as_ref().is_none_or(|assign| {
            matches!(
                &*assign.value,
                Expr::String { .. } | Expr::RawString { .. } | Expr::Number { .. } | Expr::Bool { .. }
            )
        });
        let name = head_text(head);
        (is_scalar && severity(name).is_some()).then(|| {
            let line = span.line;
            format!(
                "line {line}: `{name}` is no set, so nobody reads what it says: write `{name} contains …`"
            )
        })
    });
    odd.collect()
}

/// Whether a module has `exception` rules.
pub(super) fn has_exception(module: &Module) -> bool {
    module.policy.iter().any(|rule| match &**rule {
        Rule::Spec { head, .. } => head_text(head).split(['[', '(', ' ', '.']).next() == Some("exception"),
        Rule::Default { .. } => false,
    })
}

fn head_text(head: &RuleHead) -> &str {
    let (RuleHead::Compr { refr, .. } | RuleHead::Set { refr, .. } | RuleHead::Func { refr, .. }) = head;
    refr.span().text()
}

/// Whether `exception[_][_]` of a value names the rule.
pub(super) fn excepts(value: &Value, program: &Program) -> bool {
    children(value).into_iter().flat_map(children).any(|name| match name {
        Value::String(name) => **name == *program.excepted_as,
        _ => false,
    })
}

fn children(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(items) => items.iter().collect(),
        Value::Set(items) => items.iter().collect(),
        Value::Object(fields) => fields.iter().map(|(_, value)| value).collect(),
        _ => Vec::new(),
    }
}

/// The subjects: each document and plan, or all of them as one.
pub(super) fn cases<'e>(estate: &'e Estate, combine: bool, tree: Option<&Tree>) -> Vec<Case<'e>> {
    let mut counts: BTreeMap<SourceId, usize> = BTreeMap::new();
    let own = |index: &usize| {
        !estate.documents[*index].is_template
            && estate.resources_of(*index).all(|resource| resource.via.is_none())
    };
    let documents: Vec<usize> = (0..estate.documents.len()).filter(own).collect();
    for index in &documents {
        *counts.entry(estate.documents[*index].source).or_default() += 1;
    }
    let mut subjects: Vec<(SourceId, Case<'e>)> = Vec::new();
    for index in documents {
        let source = estate.documents[index].source;
        let alone = counts.get(&source).is_none_or(|count| *count == 1);
        let sets = sets(estate, index);
        for (node, resource) in nodes(estate, index, alone) {
            let input = Input::Node(index, node);
            let case = Case { selector: SELECTOR, kind: "".into(), resource, sets: sets.clone(), input };
            subjects.push((source, case));
        }
    }
    for (id, source) in estate.sources.iter().filter(|(_, source)| is_empty(source)) {
        let sets = estate.sets.clone();
        let input = Input::Nothing(id);
        let case =
            Case { selector: SELECTOR, kind: "".into(), resource: Arc::clone(&source.file), sets, input };
        subjects.push((id, case));
    }
    for (index, plan) in estate.plans.iter().enumerate() {
        let resource = Arc::clone(&estate.sources.get(plan.source).file);
        let case = Case {
            selector: SELECTOR,
            kind: "".into(),
            resource,
            sets: estate.sets.clone(),
            input: Input::Plan(WholePlan::new(index)),
        };
        subjects.push((plan.source, case));
    }
    subjects.sort_by_key(|(source, _)| *source);
    if !combine {
        return subjects.into_iter().map(|(_, case)| case).collect();
    }
    let path = |source: SourceId| {
        let file = &*estate.sources.get(source).file;
        tree.map_or_else(|| file.to_owned(), |tree| tree.path(file))
    };
    let mut parts: Vec<Part<'e>> = subjects
        .into_iter()
        .map(|(source, case)| Part { path: path(source), resource: case.resource, contents: case.input })
        .collect();
    parts.sort_by(|a, b| a.path.cmp(&b.path));
    let input = Input::Combined(parts);
    vec![Case {
        selector: SELECTOR,
        kind: "".into(),
        resource: "Combined".into(),
        sets: estate.sets.clone(),
        input,
    }]
}

/// Selector of cases that follow the convention; METADATA cannot name it.
pub(super) const SELECTOR: &str = "conftest";

/// A YAML file without any document, which Conftest reads as one that is null.
pub(crate) fn is_empty(source: &Source) -> bool {
    let is_yaml = [".yaml", ".yml"].iter().any(|extension| source.file.ends_with(extension));
    let is_blank = |line: &str| line.trim().is_empty() || line.starts_with('#') || line.trim_end() == "---";
    is_yaml && source.documents == 0 && source.digest.is_some() && source.text.lines().all(is_blank)
}

/// The inputs that a document yields, each with what findings name.
fn nodes(estate: &Estate, index: usize, alone: bool) -> Vec<(NodeRef<'_>, Arc<str>)> {
    let document = &estate.documents[index];
    let file = &estate.sources.get(document.source).file;
    let root = document.root();
    if alone && matches!(root.kind(), Kind::Sequence(_)) {
        let named = |(index, node)| (node, format!("{file}#{}", index + 1).into());
        return root.items().enumerate().map(named).collect();
    }
    let object = estate.resources_of(index).find(|resource| resource.object.node == root.id);
    let resource = match object {
        Some(resource) => Arc::clone(&resource.id),
        None if alone => Arc::clone(file),
        None => format!("{file}#{}", document.index + 1).into(),
    };
    vec![(root, resource)]
}

/// Names of the sets that see a document: those of its objects, else all.
fn sets(estate: &Estate, document: usize) -> Vec<Arc<str>> {
    let of_objects = estate.resources_of(document).flat_map(|resource| estate.sets_of(resource));
    let of_objects: BTreeSet<Arc<str>> = of_objects.collect();
    if of_objects.is_empty() { estate.sets.clone() } else { of_objects.into_iter().collect() }
}

/// The file that a case is about; `None` for a combined one.
pub(super) fn source(case: &Case<'_>, estate: &Estate) -> Option<SourceId> {
    match &case.input {
        Input::Node(_, node) => Some(node.document.source),
        Input::Plan(whole) => estate.plans.get(whole.plan).map(|plan| plan.source),
        Input::Nothing(source) => Some(*source),
        _ => None,
    }
}

/// `_loc` of a result: the content of a line of a source.
pub(super) fn location(
    file: Option<&str>,
    line: usize,
    case: &Case<'_>,
    estate: &Estate,
    tree: Option<&Tree>,
) -> Option<Place> {
    let by_name = |file: &str| {
        let named = |known: &str| known == file || tree.is_some_and(|tree| tree.path(known) == file);
        estate.sources.iter().find(|(_, source)| named(&source.file)).map(|(id, _)| id)
    };
    let id = match file {
        Some(file) => by_name(file.trim_start_matches("./"))?,
        None => source(case, estate)?,
    };
    let found = estate.sources.get(id);
    let span = found.line_span(line);
    let text = found.text.get(span.clone())?;
    let start = span.end - text.trim_start_matches([' ', '\t', '-']).len();
    (line > 0 && start < span.end).then(|| Place::new(id, start..span.end))
}

pub(super) fn object<const N: usize>(fields: [(&str, Value); N]) -> Value {
    Value::from(fields.map(|(key, value)| (Value::from(key), value)).into_iter().collect::<BTreeMap<_, _>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_judge_by_their_names() {
        for (name, expected) in [
            ("deny", Some(Severity::Medium)),
            ("violation_a_B2", Some(Severity::Medium)),
            ("warn_x", Some(Severity::Info)),
            ("deny_", None),
            ("denying", None),
            ("deny_é", None),
            ("allow", None),
        ] {
            assert_eq!(severity(name), expected, "{name}");
        }
    }

    #[test]
    fn namespaces_may_be_globs() {
        let chosen = |package: &str| is_chosen(package, &["team".into(), "k8s.*".into(), "v[12]".into()]);
        for (package, expected) in [
            ("data.main", true),
            ("data.team", true),
            ("data.k8s.a.b", true),
            ("data.v2", true),
            ("data.v3", false),
            ("data.k8s", false),
            ("data.main.gke", false),
        ] {
            assert_eq!(chosen(package), expected, "{package}");
        }
    }

    #[test]
    fn exceptions_name_the_rule_without_its_prefix() {
        for (rule, exceptions, expected) in [
            ("deny_run_as_root", r#"[["run_as_root"]]"#, true),
            ("warn_run_as_root", r#"[["other"], ["x", "run_as_root"]]"#, true),
            ("deny", r#"[[""]]"#, true),
            ("deny", r#"[["deny"]]"#, false),
            ("deny_x", r#"["x"]"#, false),
        ] {
            let program = Program::new("data.main", rule, true);
            assert_eq!(
                excepts(&Value::from_json_str(exceptions).unwrap(), &program),
                expected,
                "{rule} {exceptions}"
            );
        }
    }

    #[test]
    fn heads_that_make_objects_are_refused() {
        let found = |text: &str, v0: bool| {
            let mut engine = regorus::Engine::new();
            engine.set_rego_v0(v0);
            engine.add_policy("a.rego".into(), format!("package main\n{text}")).unwrap();
            rules(&engine.get_modules()[0]).map(|rules| rules.into_iter().collect::<Vec<_>>().join(","))
        };
        assert_eq!(
            found("deny contains \"x\"\nwarn_a contains \"y\"\nhelper := 1", false).unwrap(),
            "deny,warn_a"
        );
        assert_eq!(found("deny[msg] { msg = \"x\" }", true).unwrap(), "deny");
        assert_eq!(found("violation := [\"x\"]", false).unwrap(), "violation");
        assert!(found("deny[\"x\"] if input.a", false).unwrap_err().contains("contains"));
        assert!(found("deny.x := 1", false).is_err());
    }
}
