use super::*;
use crate::{
    document::{Document, NodeRef, yaml},
    source::Status,
};

macro_rules! fixtures {
    ($($name:literal),* $(,)?) => {
        vec![$(($name, include_str!(concat!("../../../fixtures/inputs/render/", $name)))),*]
    };
}

/// The files of a root with what a real renderer made of them.
fn sources(root: &Root, output: &str, files: &[(&str, &str)]) -> Sources {
    let read = |file: &str, text: &str| Source::new(file, text, None, Status::Read);
    let files = files.iter().map(|(file, text)| read(file, text));
    Sources::new(files.chain([read(&root.output(), output)]).collect())
}

/// What is written for a value of the output: each object by its kind, `path` with `.` between keys and indices.
fn written(rendered: &Rendered, sources: &Sources, kind: &str, path: &str) -> String {
    let output = sources.by_file(&rendered.root.output()).unwrap();
    let documents = yaml::parse(output, &sources.get(output).text).documents;
    let mut objects = documents.iter().map(Document::root);
    let object = objects.find(|object| object.str_at(&["kind"]) == Some(kind)).unwrap();
    let steps: Vec<crate::document::Step> = path
        .split('.')
        .map(|step| step.parse::<usize>().map_or_else(|_| step.into(), crate::document::Step::Index))
        .collect();
    let located = object.locate(&steps);
    let scalar = located.node.filter(|node| node.is_scalar()).map(NodeRef::span);
    let origin = rendered.locate(sources, &Place::new(output, scalar.or(located.key).unwrap())).unwrap();
    let shown = |place: &Place| {
        let source = sources.get(place.source);
        format!("{}:{} {}", source.file, source.lines().line(place.start), &source.text[place.span()])
    };
    let value = origin.value.as_ref().map(|value| format!(" < {}", shown(value)));
    shown(&origin.place) + &value.unwrap_or_default()
}

fn chart() -> (Rendered, Sources) {
    chart_with(&[])
}

/// With values files that the configuration names, the last one counting.
fn chart_with(values: &[(&'static str, &'static str)]) -> (Rendered, Sources) {
    let named = values.iter().map(|(file, _)| (*file).to_owned()).collect();
    let root = Root { folder: "chart".into(), tool: Tool::Helm, values: named };
    let mut files = fixtures![
        "chart/Chart.yaml",
        "chart/values.yaml",
        "chart/templates/web.yaml",
        "chart/templates/database.yaml",
        "chart/charts/cache/values.yaml",
        "chart/charts/cache/templates/redis.yaml",
    ];
    files.extend_from_slice(values);
    let sources = sources(&root, include_str!("../../../fixtures/inputs/rendered/chart.yaml"), &files);
    (Rendered::chart(root, sources.as_slice()), sources)
}

fn kustomization() -> (Rendered, Sources) {
    let root = Root { folder: "kustomize/overlays/prod".into(), tool: Tool::Kustomize, values: Vec::new() };
    let files = fixtures![
        "kustomize/base/kustomization.yaml",
        "kustomize/base/database.yaml",
        "kustomize/base/ingress.yaml",
        "kustomize/overlays/prod/kustomization.yaml",
        "kustomize/overlays/prod/expose.yaml",
    ];
    let sources = sources(&root, include_str!("../../../fixtures/inputs/rendered/prod.yaml"), &files);
    let used = Kustomizations::read(&root.folder, &Texts(files)).unwrap();
    (Rendered::kustomization(root, &used), sources)
}

struct Texts(Vec<(&'static str, &'static str)>);

impl Files for Texts {
    fn text(&self, file: &str) -> Option<Arc<str>> {
        self.0.iter().find(|(name, _)| *name == file).map(|(_, text)| Arc::from(*text))
    }

    fn is_folder(&self, name: &str) -> bool {
        self.0.iter().any(|(file, _)| folder(file) == name)
    }
}

#[test]
fn what_a_chart_made_is_found_in_its_templates_and_values() {
    let (rendered, sources) = chart();
    for (kind, path, expected) in [
        ("Ingress", "spec.ingressClassName", "chart/templates/web.yaml:24 nginx"),
        ("Ingress", "spec", "chart/templates/web.yaml:23 spec"),
        ("Ingress", "metadata.name", "chart/templates/web.yaml:22 {{ .Release.Name }}"),
        (
            "Secret",
            "data.password",
            "chart/templates/database.yaml:6 {{ .Values.database.password | b64enc }} < chart/values.yaml:6 correct-horse-battery",
        ),
        (
            "Service",
            "spec.type",
            "chart/charts/cache/templates/redis.yaml:6 {{ .Values.service.type }} < chart/values.yaml:9 LoadBalancer",
        ),
        (
            "Service",
            "spec.ports.0.port",
            "chart/charts/cache/templates/redis.yaml:8 {{ .Values.service.port }} < chart/charts/cache/values.yaml:3 6379",
        ),
    ] {
        assert_eq!(written(&rendered, &sources, kind, path), expected, "{kind} {path}");
    }
}

#[test]
fn values_files_of_the_configuration_come_before_those_of_the_chart() {
    let (rendered, mut sources) = chart_with(&[
        ("prod.yaml", "database: {password: correct-horse-battery}\ncache: {service: {type: NodePort}}\n"),
        ("more/prod.yaml", "cache:\n  service:\n    type: LoadBalancer\n"),
    ]);
    for (kind, path, expected) in [
        ("Secret", "data.password", " < prod.yaml:1 correct-horse-battery"),
        ("Service", "spec.type", " < more/prod.yaml:3 LoadBalancer"),
        ("Service", "spec.ports.0.port", " < chart/charts/cache/values.yaml:3 6379"),
    ] {
        let found = written(&rendered, &sources, kind, path);
        assert!(found.ends_with(expected), "{kind} {path}: {found}");
    }
    assert!(rendered.root.command().ends_with("chart --values prod.yaml --values more/prod.yaml"));
    sources.mask(rendered.secrets(&sources, &BTreeSet::new()));
    let prod = sources.get(sources.by_file("prod.yaml").unwrap());
    assert!(!prod.masked().text.contains("correct-horse"));
}

#[test]
fn what_a_kustomization_built_is_found_in_its_patches_bases_and_generators() {
    let (rendered, sources) = kustomization();
    for (kind, path, expected) in [
        ("Service", "spec.type", "kustomize/overlays/prod/expose.yaml:6 LoadBalancer"),
        ("Service", "spec.ports.0.port", "kustomize/base/database.yaml:8 5432"),
        ("Service", "metadata.namespace", "kustomize/overlays/prod/kustomization.yaml:2 shop"),
        (
            "StatefulSet",
            "spec.template.spec.containers.0.image",
            "kustomize/base/database.yaml:21 postgres:18",
        ),
        ("Ingress", "spec.rules.1.host", "kustomize/overlays/prod/kustomization.yaml:12 api.example.com"),
        ("Ingress", "spec.rules.0.host", "kustomize/base/ingress.yaml:8 shop.example.com"),
        ("Ingress", "spec", "kustomize/base/ingress.yaml:5 spec"),
        ("Secret", "data.password", "kustomize/overlays/prod/kustomization.yaml:16 correct-horse-battery"),
    ] {
        assert_eq!(written(&rendered, &sources, kind, path), expected, "{kind} {path}");
    }
}

#[test]
fn a_part_of_what_a_kustomization_built_is_found_as_that_part() {
    let (rendered, sources) = kustomization();
    let (id, output) = sources.iter().find(|(_, source)| source.file.ends_with(')')).unwrap();
    let start = output.text.find("postgres:18").unwrap() + "postgres:".len();
    let place = rendered.locate(&sources, &Place::new(id, start..start + 2)).unwrap().place;
    let found = sources.get(place.source);
    assert_eq!(&*found.file, "kustomize/base/database.yaml");
    assert_eq!(&found.text[place.start - "postgres:".len()..place.end], "postgres:18");
}

#[test]
fn credentials_in_the_parts_of_a_root_are_masked() {
    for (rendered, mut sources) in [chart(), kustomization()] {
        let texts = BTreeSet::from(["correct-horse-battery".to_owned()]);
        let secrets = rendered.secrets(&sources, &BTreeSet::new());
        assert!(!secrets.is_empty(), "by its looks");
        sources.mask(rendered.secrets(&sources, &texts));
        for source in sources.as_slice().iter().filter(|source| !source.file.ends_with(')')) {
            assert!(!source.masked().text.contains("correct-horse"), "{}", source.file);
        }
    }
}

#[test]
fn what_cannot_be_told_is_shown_at_the_name_of_its_root() {
    let (rendered, sources) = chart();
    let output = sources.by_file(&rendered.root.output()).unwrap();
    let origin = rendered.locate(&sources, &Place::new(output, 0..3)).unwrap();
    let source = sources.get(origin.place.source);
    assert_eq!((&*source.file, &source.text[origin.place.span()]), ("chart/Chart.yaml", "shop"));
}

/// What Helm makes of the templates of a small chart, and where it is written.
fn made(output: &str, files: &[(&str, &str)], kind: &str, path: &str) -> String {
    let root = Root { folder: "shop".into(), tool: Tool::Helm, values: Vec::new() };
    let sources = sources(&root, output, files);
    written(&Rendered::chart(root, sources.as_slice()), &sources, kind, path)
}

#[test]
fn a_chart_with_an_alias_is_found_in_its_folder_and_its_values_under_the_alias() {
    let files = [
        ("shop/Chart.yaml", "name: shop\ndependencies:\n- {name: sub, version: 0.1.0, alias: second}\n"),
        ("shop/values.yaml", "second: {secret: parent-hunter2}\nglobal: {all: all-hunter2}\n"),
        ("shop/charts/sub/Chart.yaml", "name: sub\n"),
        ("shop/charts/sub/values.yaml", "secret: sub-hunter2\nown: own-hunter2\n"),
        (
            "shop/charts/sub/templates/c.yaml",
            "kind: ConfigMap\nmetadata: {name: c}\ndata:\n  a: {{ .Values.secret }}\n  b: {{ .Values.own }}\n  c: {{ .Values.global.all }}\n",
        ),
    ];
    let output = "---\n# Source: shop/charts/second/templates/c.yaml\nkind: ConfigMap\nmetadata: {name: c}\ndata:\n  a: parent-hunter2\n  b: own-hunter2\n  c: all-hunter2\n";
    for (path, expected) in [
        (
            "data.a",
            "shop/charts/sub/templates/c.yaml:4 {{ .Values.secret }} < shop/values.yaml:1 parent-hunter2",
        ),
        (
            "data.b",
            "shop/charts/sub/templates/c.yaml:5 {{ .Values.own }} < shop/charts/sub/values.yaml:2 own-hunter2",
        ),
        (
            "data.c",
            "shop/charts/sub/templates/c.yaml:6 {{ .Values.global.all }} < shop/values.yaml:2 all-hunter2",
        ),
    ] {
        assert_eq!(made(output, &files, "ConfigMap", path), expected);
    }
}

#[test]
fn what_a_file_of_the_chart_holds_is_found_there_and_at_no_other_value() {
    let template = "kind: ConfigMap\nmetadata: {name: c}\ndata:\n  {{- (.Files.Glob \"files/*\").AsConfig | nindent 2 }}\n  own: {{ .Values.own }}\n";
    let mut files = vec![
        ("shop/Chart.yaml", "name: shop\n"),
        ("shop/values.yaml", "own: own-hunter2\n"),
        ("shop/templates/c.yaml", template),
        ("shop/files/app.yml", "db:\n  password: file-hunter2\n"),
    ];
    let output = "---\n# Source: shop/templates/c.yaml\nkind: ConfigMap\nmetadata: {name: c}\ndata:\n  app.yml: file-hunter2\n  own: own-hunter2\n";
    let locate = |files: &[(&str, &str)]| {
        let root = Root { folder: "shop".into(), tool: Tool::Helm, values: Vec::new() };
        let sources = sources(&root, output, files);
        let id = sources.by_file(&root.output()).unwrap();
        let at = output.find("file-hunter2").unwrap();
        let rendered = Rendered::chart(root, sources.as_slice());
        let origin = rendered.locate(&sources, &Place::new(id, at..at + 12)).unwrap();
        let source = sources.get(origin.place.source);
        (format!("{}:{}", source.file, source.lines().line(origin.place.start)), origin.value)
    };
    assert_eq!(locate(&files), ("shop/files/app.yml:2".to_owned(), None));
    files.pop();
    assert_eq!(locate(&files), ("shop/templates/c.yaml:4".to_owned(), None));
}

#[test]
fn whole_documents_that_are_included_are_told_by_their_order() {
    let files = [
        ("shop/Chart.yaml", "name: shop\n"),
        ("shop/values.yaml", "pw: value-hunter2\n"),
        (
            "shop/templates/p.yaml",
            "{{ include \"p\" (dict \"name\" \"one\") }}\n---\n{{ include \"p\" (dict \"name\" \"two\") }}\n",
        ),
    ];
    let object = |name: &str| {
        format!(
            "---\n# Source: shop/templates/p.yaml\nkind: {name}\nmetadata: {{name: x}}\npw: value-hunter2\n"
        )
    };
    let output = object("Pod") + &object("Pod").replace("name: x", "name: y");
    let root = Root { folder: "shop".into(), tool: Tool::Helm, values: Vec::new() };
    let sources = sources(&root, &output, &files);
    let id = sources.by_file(&root.output()).unwrap();
    let rendered = Rendered::chart(root, sources.as_slice());
    let lines: Vec<usize> = output
        .match_indices("value-hunter2")
        .map(|(at, text)| {
            let origin = rendered.locate(&sources, &Place::new(id, at..at + text.len())).unwrap();
            assert_eq!(sources.get(origin.value.unwrap().source).file.as_ref(), "shop/values.yaml");
            sources.get(origin.place.source).lines().line(origin.place.start)
        })
        .collect();
    assert_eq!(lines, [1, 3]);
}

#[test]
fn what_is_merged_replaced_or_copied_is_found_where_it_is_written() {
    let root = Root { folder: "o".into(), tool: Tool::Kustomize, values: Vec::new() };
    let files = vec![
        (
            "b/kustomization.yaml",
            "resources: [p.yaml]\nconfigMapGenerator:\n- name: lits\n  literals:\n  - A=b\n  - PW=lit-hunter2\n",
        ),
        ("b/p.yaml", "kind: Pod\nmetadata: {name: p}\nspec: {command: [copied-hunter2]}\n"),
        (
            "o/kustomization.yaml",
            "resources: [../b]\nconfigMapGenerator:\n- name: lits\n  behavior: merge\n  literals: [A=c]\nreplacements:\n- source: {kind: ConfigMap, name: lits, fieldPath: data.PW}\n  targets:\n  - select: {kind: Pod}\n    fieldPaths: [metadata.annotations.pw]\n    options: {create: true}\npatches:\n- target: {kind: Pod}\n  patch: |-\n    - op: copy\n      from: /spec/command/0\n      path: /spec/args/-\n",
        ),
    ];
    let output = "kind: ConfigMap\nmetadata: {name: lits-1}\ndata: {A: c, PW: lit-hunter2}\n---\nkind: Pod\nmetadata: {name: p, annotations: {pw: lit-hunter2}}\nspec:\n  args: [copied-hunter2]\n  command: [copied-hunter2]\n";
    let sources = sources(&root, output, &files);
    let used = Kustomizations::read(&root.folder, &Texts(files)).unwrap();
    let rendered = Rendered::kustomization(root, &used);
    for (kind, path, expected) in [
        ("ConfigMap", "data.A", "o/kustomization.yaml:5 c"),
        ("ConfigMap", "data.PW", "b/kustomization.yaml:6 lit-hunter2"),
        ("Pod", "metadata.annotations.pw", "o/kustomization.yaml:10 metadata.annotations.pw"),
        ("Pod", "spec.args.0", "o/kustomization.yaml:17 /spec/args/-"),
        ("Pod", "spec.command.0", "b/p.yaml:3 copied-hunter2"),
    ] {
        assert_eq!(written(&rendered, &sources, kind, path), expected, "{kind} {path}");
    }
}
