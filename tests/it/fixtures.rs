//! The fixtures of every rule: findings exactly at the lines that end with `# finding`, and nowhere else.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use probity::{
    document::yaml,
    estate::Estate,
    policy::{Evaluation, Policies, built_in, evaluate},
    source::{Source, Sources, read},
};

const MARK: &str = "# finding";

#[test]
fn findings_are_exactly_where_the_fixtures_say() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/rules");
    let mut wrong = Vec::new();
    for domain in children(&root) {
        for rule in children(&domain) {
            let id = format!("{}/{}", name(&domain), name(&rule));
            let policies = Policies::new(&built_in(), |rule| rule == id);
            assert_eq!(policies.rules.len(), 1, "{id} has fixtures, but is no rule");
            for case in children(&rule) {
                let name = name(&case);
                let Some(sources) = manifests(&case) else { continue };
                let expected = marked(&sources);
                assert_eq!(name.starts_with("fail-"), !expected.is_empty(), "{id}/{name}: marks");
                let found = found(&policies, sources);
                if found != expected {
                    wrong.push(format!("{id}/{name}: found {found:?}, expected {expected:?}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_demo_estate_has_something_for_every_rule_on_manifests_and_most_of_it_is_right() {
    let manifests = manifests(&Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/shop/k8s"));
    let (estate, evaluation) = judged(&Policies::new(&built_in(), |_| true), manifests.expect("manifests"));
    let found: BTreeSet<_> =
        evaluation.findings.iter().map(|finding| (&*finding.rule, finding.resource.as_str())).collect();
    let expected = [
        ("datastores/exposed", "StatefulSet/shop/orders-db"),
        ("lineage/unknown-classification", "PersistentVolumeClaim/shop/orders-export"),
        ("mtls/plaintext-gateway", "Ingress/shop/web"),
        ("secrets/committed-secret", "Secret/shop/orders-db"),
        ("secrets/private-key", "ConfigMap/shop/payments"),
    ];
    for expected in expected {
        assert!(found.contains(&expected), "{expected:?} is missing in {found:?}");
    }
    assert!(found.len() < estate.resources.len() / 2, "most things are right: {found:?}");
}

/// File and line of every finding.
fn found(policies: &Policies, sources: Sources) -> BTreeSet<(String, usize)> {
    let (estate, evaluation) = judged(policies, sources);
    assert_eq!(evaluation.not_assessed, []);
    let places = evaluation.findings.iter().map(|finding| {
        let place = finding.place.clone().expect("findings in files have a place");
        let source = estate.sources.get(place.source);
        (source.file.to_string(), source.region(&place.span()).line)
    });
    places.collect()
}

fn judged(policies: &Policies, sources: Sources) -> (Estate, Evaluation) {
    let mut documents = Vec::new();
    for (id, source) in sources.iter() {
        let parsed = yaml::parse(id, &source.text);
        assert_eq!(parsed.errors, [], "{}", source.file);
        documents.extend(parsed.documents);
    }
    let estate = Estate::new(sources, documents, Vec::new(), "default");
    let evaluation = evaluate(policies, &estate, &|_| {});
    assert_eq!(evaluation.errors, []);
    (estate, evaluation)
}

fn marked(sources: &Sources) -> BTreeSet<(String, usize)> {
    let lines = sources.iter().flat_map(|(_, source)| {
        let marked = source.text.lines().enumerate().filter(|(_, line)| line.ends_with(MARK));
        marked.map(|(index, _)| (source.file.to_string(), index + 1)).collect::<Vec<_>>()
    });
    lines.collect()
}

/// The manifests of a fixture; `None` where it consists of something else.
fn manifests(case: &Path) -> Option<Sources> {
    let files = children(case).into_iter().filter(|file| file.extension().is_some_and(|end| end == "yaml"));
    let sources: Vec<Source> = files.map(|file| read::file(&file, &name(&file))).collect();
    (!sources.is_empty()).then(|| Sources::new(sources))
}

fn name(path: &Path) -> String {
    path.file_name().expect("a child has a name").to_string_lossy().into_owned()
}

fn children(folder: &Path) -> Vec<PathBuf> {
    let entries = folder.read_dir().expect("the fixtures are folders of folders");
    let mut children: Vec<_> = entries.map(|entry| entry.expect("a readable folder").path()).collect();
    children.sort();
    children
}
