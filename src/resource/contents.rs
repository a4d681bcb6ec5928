//! Contents of a source: which documents it holds, whether they are ours, and what helps where they cannot be used.

use std::collections::BTreeSet;

use super::{chart_values, kinds, kubernetes, template, terraform::Plan};
use crate::{
    config,
    document::{Document, Parsed, json, yaml},
    source::{Mask, Place, Problem, Source, SourceId, Status},
};

/// What one source holds.
#[derive(Debug)]
pub struct Contents {
    pub documents: Vec<Document>,
    pub plan: Option<Plan>,
    pub status: Status,
    /// What is odd but did not prevent reading, such as a key that is given twice.
    pub notices: Vec<Problem>,
    pub mask: Mask,
}

impl Contents {
    fn none(status: Status) -> Self {
        Self { documents: Vec::new(), plan: None, status, notices: Vec::new(), mask: Mask::None }
    }

    /// What cannot be used: nothing of its text is ever shown.
    pub(super) fn refused(status: Status) -> Self {
        Self { mask: Mask::WHOLE, ..Self::none(status) }
    }

    /// A plan: shown only where a finding points, with every value masked but the addresses of resources, which are their
    /// names in every report.
    pub(super) fn plan(plan: Plan) -> Self {
        let mask = Mask::EveryValue { but: plan.addresses() };
        Self { plan: Some(plan), mask, ..Self::none(Status::Read) }
    }
}

/// Reads a source whose bytes could be read.
pub fn read(id: SourceId, source: &Source) -> Contents {
    match &source.status {
        // What was to be rendered and could not be is judged as far as it goes by itself.
        status @ Status::Skipped(_) if !source.text.is_empty() => {
            let contents = text(id, source);
            let is_broken = matches!(contents.status, Status::Failed(_));
            Contents { status: if is_broken { contents.status } else { status.clone() }, ..contents }
        }
        Status::Read => text(id, source),
        status => Contents::none(status.clone()),
    }
}

fn text(id: SourceId, source: &Source) -> Contents {
    if &*source.file == config::FILE {
        return Contents::none(Status::Ignored("the configuration of Probity".to_owned()));
    }
    if is_terraform_source(&source.file) {
        return Contents::none(Status::Skipped(WITHOUT_PLAN.to_owned()));
    }
    match extension(&source.file) {
        "json" | "tfplan" | "tfstate" => json_text(id, source),
        _ if source.text.trim_start().starts_with('{') => json_text(id, source),
        _ => yaml_stream(id, source),
    }
}

/// Folder of a plan, for [`read`].
pub fn folder(file: &str) -> &str {
    file.rsplit_once('/').map_or("", |(folder, _)| folder)
}

fn extension(file: &str) -> &str {
    file.rsplit_once('.').map_or("", |(_, extension)| extension)
}

const WITHOUT_PLAN: &str = "Terraform source without a plan: run `terraform plan -out=tfplan && terraform show -json tfplan > tfplan.json` in its folder, and name that file where git ignores it: `probity scan . tfplan.json`";

/// Whether a file is written in the language of Terraform and `OpenTofu`, or in its JSON form.
pub fn is_terraform_source(file: &str) -> bool {
    let file = file.to_ascii_lowercase();
    [".tf", ".tofu", ".tf.json", ".tofu.json"].iter().any(|end| file.ends_with(end))
}

/// Status of Terraform source for which a plan stands that lies in its folder or above it; `None` where there is none.
pub fn planned(file: &str, plan_folders: &BTreeSet<String>) -> Option<Status> {
    let mut folder = folder(file);
    loop {
        if plan_folders.contains(folder) {
            return Some(Status::Ignored("Terraform source; its plan is judged instead".to_owned()));
        }
        if folder.is_empty() {
            return None;
        }
        folder = self::folder(folder);
    }
}

fn json_text(id: SourceId, source: &Source) -> Contents {
    if let Some(contents) = super::terraform::contents(id, source) {
        return contents;
    }
    let parsed = json::parse(id, &source.text);
    if extension(&source.file) != "json" && !parsed.errors.is_empty() {
        // Nearly JSON is YAML still, and `kubectl` tries both.
        return yaml_stream(id, source);
    }
    let is_relaxed = parsed.errors.iter().any(|error| is_relaxed_json(&source.text, error.span.start));
    let is_ours =
        || yaml::parse(id, &source.text).documents.iter().any(|one| !kubernetes::objects(one).is_empty());
    if is_relaxed && !is_ours() {
        return Contents::none(Status::Ignored(
            "JSON with comments or trailing commas, which no API server reads".to_owned(),
        ));
    }
    judge(id, source, parsed)
}

/// Whether a JSON text breaks off at a comment or after a trailing comma: configuration of editors and compilers.
fn is_relaxed_json(text: &str, at: usize) -> bool {
    let (before, after) = (text.get(..at).unwrap_or_default(), text.get(at..).unwrap_or_default());
    after.starts_with("//")
        || after.starts_with("/*")
        || before.trim_end().ends_with(',') && after.starts_with(['}', ']'])
}

fn yaml_stream(id: SourceId, source: &Source) -> Contents {
    let mut parsed = yaml::parse(id, &source.text);
    let reason = if is_helm_template(source, &parsed) {
        format!(
            "unrendered Helm template: scan with `--render`, or run `helm template {} | probity scan -`",
            folder_of_chart(&source.file)
        )
    } else if !parsed.errors.is_empty() && all_in_templates(source, &parsed) {
        "unrendered template: render it first, and scan the result".to_owned()
    } else {
        return judge(id, source, parsed);
    };
    // What stands beside a template and is none is judged all the same.
    parsed.documents.retain(|document| !template::has_action(document.root().raw()));
    parsed.errors.clear();
    let contents = judge(id, source, parsed);
    let mut documents = contents.documents;
    let of_template = template::documents(id, source, &documents);
    documents.extend(of_template);
    documents.sort_by_key(|document| document.root().span().start);
    Contents { status: Status::Skipped(reason), documents, ..contents }
}

/// The folder of the chart that a template is part of, as a command names it.
fn folder_of_chart(file: &str) -> &str {
    match file
        .strip_prefix("templates/")
        .map_or_else(|| file.split_once("/templates/"), |rest| Some(("", rest)))
    {
        Some(("", _)) => ".",
        Some((folder, _)) => folder,
        None => "CHART",
    }
}

/// Whether each error lies in a document that a template makes: an action stands there outside of quotes.
fn all_in_templates(source: &Source, parsed: &Parsed) -> bool {
    let spans = || parsed.documents.iter().map(|document| document.root().span());
    parsed.errors.iter().all(|error| {
        let from = spans().map(|span| span.end).filter(|end| *end <= error.span.start).max().unwrap_or(0);
        let to = spans().map(|span| span.start).filter(|start| *start >= error.span.start).min();
        let text = source.text.get(from..to.unwrap_or(source.text.len())).unwrap_or_default();
        text.lines().any(has_bare_action)
    })
}

/// An action before which quotes are balanced; in quotes it is text, as in rules of Prometheus.
fn has_bare_action(line: &str) -> bool {
    ["{{", "{%"].iter().any(|start| {
        line.find(start).is_some_and(|at| {
            let before = line.get(..at).unwrap_or_default();
            ['"', '\''].iter().all(|quote| before.matches(*quote).count().is_multiple_of(2))
        })
    })
}

/// Objects that only Helm's engine gives to a template.
const HELM_OBJECTS: [&str; 8] =
    [".Values", ".Release", ".Chart", ".Capabilities", ".Files", "include \"", "template \"", "toYaml"];

/// A template that does not parse, or does (`name: "{{ .Release.Name }}"`) but lies where Helm keeps templates.
fn is_helm_template(source: &Source, parsed: &Parsed) -> bool {
    let in_templates = source.file.split('/').rev().skip(1).any(|folder| folder == "templates");
    let actions = || {
        source.text.split("{{").skip(1).any(|action| {
            let action = action.split("}}").next().unwrap_or_default();
            HELM_OBJECTS.iter().any(|object| action.contains(object))
        })
    };
    (in_templates || !parsed.errors.is_empty()) && source.text.contains("{{") && actions()
}

fn judge(id: SourceId, source: &Source, parsed: Parsed) -> Contents {
    let problems: Vec<Problem> = parsed
        .errors
        .into_iter()
        .map(|error| Problem { place: Some(Place::new(id, error.span)), message: error.message })
        .collect();
    let ours = parsed.documents.iter().any(|document| !kubernetes::objects(document).is_empty());
    let status = if !problems.is_empty() {
        Status::Failed(problems)
    } else if ours {
        Status::Read
    } else if let Some(kustomization) = kustomization(source, &parsed.documents) {
        kustomization
    } else if chart_values::is_named_so(&source.file) && !parsed.documents.is_empty() {
        Status::Ignored("values of a chart: nothing but credentials is looked for in them".to_owned())
    } else {
        Status::Ignored("no Kubernetes object and no Terraform plan".to_owned())
    };
    let repeated = parsed.documents.iter().filter(|_| ours).flat_map(|document| &document.duplicate_keys);
    let notices = repeated.map(|span| Problem {
        place: Some(Place::new(id, span.start as usize..span.end as usize)),
        message: "this key is given twice; the later value counts, and `kubectl` refuses it in strict mode"
            .to_owned(),
    });
    Contents { notices: notices.collect(), documents: parsed.documents, plan: None, status, mask: Mask::None }
}

fn kustomization(source: &Source, documents: &[Document]) -> Option<Status> {
    let name = source.file.rsplit('/').next().unwrap_or_default();
    let named = matches!(name, "kustomization.yaml" | "kustomization.yml" | "Kustomization");
    let typed = documents.iter().any(|document| {
        let api_version = document.root().str_at(&["apiVersion"]).unwrap_or_default();
        kinds::is_kustomization(api_version.rsplit_once('/').map_or("", |(group, _)| group))
    });
    (named || typed).then(|| {
        let folder = folder(&source.file);
        let folder = if folder.is_empty() { "." } else { folder };
        let mut kinds = documents.iter().filter_map(|document| document.root().str_at(&["kind"]));
        Status::Skipped(if kinds.any(|kind| kind == "Component") {
            "component that was not built: scan with `--render`, or run `kubectl kustomize FOLDER | probity scan -` \
             with the folder of a kustomization that uses it"
                .to_owned()
        } else {
            format!("kustomization that was not built: scan with `--render`, or run `kubectl kustomize {folder} | probity scan -`")
        })
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn status(file: &str, text: &str) -> Status {
        let text: Arc<str> = text.into();
        let status = read(SourceId(0), &Source::new(file, text, None, Status::Read)).status;
        let planned = planned(file, &BTreeSet::from(["infra".to_owned()]));
        if is_terraform_source(file) { planned.unwrap_or(status) } else { status }
    }

    #[test]
    fn each_kind_of_source_has_its_status() {
        let object = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n";
        let template = "apiVersion: v1\nkind: Service\nmetadata:\n  name: \"{{ .Release.Name }}\"\n";
        for (name, file, text, expected) in [
            ("a manifest", "a.yaml", object, "read"),
            ("a workflow", ".github/workflows/ci.yml", "on: push\njobs: {}\n", "ignored"),
            ("values of a chart", "chart/values.yaml", "replicas: 1\n", "ignored"),
            ("a compose file", "compose.yaml", "services: {}\n", "ignored"),
            ("an empty file", "a.yaml", "# nothing\n", "ignored"),
            (
                "a template that does not parse",
                "chart/templates/a.yaml",
                "{{- if .Values.a }}\na: 1\n{{- end }}\n",
                "skipped",
            ),
            ("a template that parses", "chart/templates/a.yaml", template, "skipped"),
            (
                "braces that are not Helm's",
                "rules.yaml",
                "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {a: '{{ $labels.x }}'}\n",
                "read",
            ),
            ("another template", "a.yaml", "{% if a %}\nkey: {{ a }}\n", "skipped"),
            ("a kustomization", "base/kustomization.yaml", "resources: [a.yaml]\n", "skipped"),
            ("Terraform source", "other/main.tf", "resource \"a\" \"b\" {}", "skipped"),
            ("Terraform source as JSON", "other/main.tf.json", "{}", "skipped"),
            ("OpenTofu source", "other/main.tofu", "", "skipped"),
            (
                "a manifest that is nearly JSON",
                "a.yaml",
                "{\"apiVersion\": \"v1\", \"kind\": \"Secret\",}",
                "read",
            ),
            (
                "a manifest that is no JSON",
                "a.json",
                "{\"apiVersion\": \"v1\", \"kind\": \"Secret\",}",
                "failed",
            ),
            (
                "an error beside quoted braces",
                "a.yaml",
                "apiVersion: v1\nkind: Secret\n---\nkind: ConfigMap\nx: '{{ $labels.x }}'\ndata: [\n",
                "failed",
            ),
            ("Terraform source below a plan", "infra/modules/a/main.tf", "", "ignored"),
            ("YAML that does not parse", "a.yaml", "a: [\n", "failed"),
            ("JSON that does not parse", "a.json", "{\"a\": ", "failed"),
            ("JSON with comments", "tsconfig.json", "{\n// yes\n\"a\": 1}", "ignored"),
            ("other JSON", "package.json", "{\"name\": \"x\"}", "ignored"),
        ] {
            let found = match status(file, text) {
                Status::Read => "read",
                Status::Ignored(_) => "ignored",
                Status::Skipped(_) => "skipped",
                Status::Failed(_) => "failed",
            };
            assert_eq!(found, expected, "{name}");
        }
    }

    #[test]
    fn the_good_documents_of_a_failed_source_are_kept() {
        let text: Arc<str> = "kind: ConfigMap\napiVersion: v1\nmetadata: {name: a}\n---\na: [\n---\nkind: ConfigMap\napiVersion: v1\nmetadata: {name: b}\n".into();
        let contents = read(SourceId(0), &Source::new("a.yaml", text, None, Status::Read));
        assert!(matches!(contents.status, Status::Failed(problems) if problems.len() == 1));
        assert_eq!(contents.documents.len(), 2);
    }
}
