//! Kustomizations: what their generators write out (kustomize `api/types`, `SecretArgs`, `ConfigMapArgs`).
//!
//! Deliberately absent: everything that only building one tells.

mod entry;
mod patch;

use std::ops::Range;

pub use self::{
    entry::{Entry, Named},
    patch::{INLINE, Patch, files as patch_files, has_inline_patches, patch},
};
use super::kinds;
use crate::document::{Document, NodeRef, Step};

/// Names of the files in which kustomize looks for one (kustomize `api/konfig/general.go`).
pub const NAMES: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// Whether a file is a kustomization by its name.
pub fn is_named_so(file: &str) -> bool {
    NAMES.contains(&file.rsplit('/').next().unwrap_or(file))
}

/// One generator of a kustomization.
#[derive(Debug, Clone, Copy)]
pub struct Generator<'d> {
    /// What it makes: `Secret` or `ConfigMap`.
    pub kind: &'static str,
    pub name: &'d str,
    /// As written, else that of the kustomization; `None` where neither names one.
    pub namespace: Option<&'d str>,
    pub node: NodeRef<'d>,
}

/// One literal of a generator: `key=value`.
#[derive(Debug, Clone)]
pub struct Literal<'d> {
    pub key: &'d str,
    pub text: &'d str,
    /// Bytes of the value in the source.
    pub span: Range<usize>,
    pub index: usize,
}

/// The generators of a document; none where it is no kustomization.
pub fn generators(document: &Document) -> Vec<Generator<'_>> {
    let root = document.root();
    let group =
        root.str_at(&["apiVersion"]).map(|version| version.rsplit_once('/').map_or("", |(group, _)| group));
    if group.is_some_and(|group| !kinds::is_kustomization(group)) {
        return Vec::new();
    }
    let lists = [("secretGenerator", "Secret"), ("configMapGenerator", "ConfigMap")];
    let all = lists.into_iter().flat_map(|(list, kind)| {
        let items = root.get(list).into_iter().flat_map(NodeRef::items);
        items.filter_map(move |node| {
            let namespace = node.str_at(&["namespace"]).or_else(|| root.str_at(&["namespace"]));
            Some(Generator { kind, name: node.str_at(&["name"])?, namespace, node })
        })
    });
    all.collect()
}

/// Values that a kustomization gives to the charts that it inflates, each with the steps to it and the bytes of its key
/// (kustomize `api/types`, `HelmChart.ValuesInline`).
pub fn inline_values(root: NodeRef<'_>) -> impl Iterator<Item = (Vec<Step>, Range<usize>, NodeRef<'_>)> {
    let charts = root.get("helmCharts").into_iter().flat_map(NodeRef::items).enumerate();
    charts.filter_map(|(index, chart)| {
        let (_, span, values) = chart.entries().find(|(key, _, _)| *key == "valuesInline")?;
        let path = vec![Step::from("helmCharts"), Step::from(index), Step::from("valuesInline")];
        Some((path, span, values))
    })
}

/// Fields that leave what objects select as the manifests have it.
const PLAIN: [&str; 9] = [
    "apiVersion",
    "kind",
    "metadata",
    "resources",
    "namespace",
    "images",
    "configMapGenerator",
    "secretGenerator",
    "generatorOptions",
];

/// Whether a kustomization adds to what lies in its folder, or changes it: then its manifests alone do not tell what
/// selects what. A component always is part of something else (kustomize `api/types`, `Kustomization`).
pub fn is_partial(document: &Document) -> bool {
    let root = document.root();
    let here = |path: &str| {
        let is_manifest = [".yaml", ".yml", ".json"].iter().any(|ending| path.ends_with(ending));
        is_manifest && !path.contains("://") && !path.split('/').any(|part| part == "..")
    };
    let mut resources = root.get("resources").into_iter().flat_map(NodeRef::items);
    root.str_at(&["kind"]) == Some("Component")
        || root.entries().any(|(key, _, value)| !PLAIN.contains(&key) && !value.is_null())
        || !resources.all(|path| path.as_str().is_some_and(here))
}

impl<'d> Generator<'d> {
    /// Values may be quoted within the literal.
    pub fn literals(self) -> impl Iterator<Item = Literal<'d>> {
        let items = self.node.get("literals").into_iter().flat_map(NodeRef::items).enumerate();
        items.filter_map(|(index, item)| {
            let literal = item.as_str()?;
            let (key, value) = literal.split_once('=')?;
            let quoted =
                ['"', '\''].into_iter().find_map(|quote| value.strip_prefix(quote)?.strip_suffix(quote));
            let text = quoted.unwrap_or(value);
            let start = key.len() + 1 + (value.len() - text.len()) / 2;
            Some(Literal { key, text, span: item.part(start..start + text.len()), index })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{document::yaml, source::SourceId};

    #[test]
    fn literals_of_generators_have_their_bytes() {
        let text = "namespace: shop\nsecretGenerator:\n- name: db\n  literals: [user=root, 'password=\"p4=ss\"', broken]\n  files: [a]\nconfigMapGenerator:\n- {name: settings, namespace: other, literals: [A=b]}\n";
        let parsed = yaml::parse(SourceId(0), &text.into());
        let found: Vec<String> = generators(&parsed.documents[0])
            .into_iter()
            .flat_map(|generator| {
                let of =
                    format!("{} {}/{}", generator.kind, generator.namespace.unwrap_or("-"), generator.name);
                generator.literals().map(move |literal| {
                    assert_eq!(&text[literal.span.clone()], literal.text);
                    format!("{of} {}={}", literal.key, literal.text)
                })
            })
            .collect();
        assert_eq!(
            found,
            ["Secret shop/db user=root", "Secret shop/db password=p4=ss", "ConfigMap other/settings A=b"]
        );
    }

    #[test]
    fn what_adds_to_its_folder_or_changes_it_is_partial() {
        for (text, expected) in [
            ("resources: [a.yaml, b/c.yml]\nnamespace: shop\n", false),
            ("kind: Kustomization\nconfigMapGenerator: [{name: a}]\npatches: null\n", false),
            ("kind: Component\nresources: [a.yaml]\n", true),
            ("resources: [../base]\n", true),
            ("resources: [../base/a.yaml]\n", true),
            ("resources: ['https://example.com/a.yaml']\n", true),
            ("resources: [base]\n", true),
            ("resources: [a.yaml]\ncommonLabels: {app: a}\n", true),
            ("resources: [a.yaml]\npatches: [{path: b.yaml}]\n", true),
        ] {
            assert_eq!(is_partial(&yaml::parse(SourceId(0), &text.into()).documents[0]), expected, "{text}");
        }
    }

    #[test]
    fn other_documents_have_none() {
        let text = "apiVersion: v1\nkind: ConfigMap\nsecretGenerator: [{name: a, literals: [a=b]}]\n";
        assert!(generators(&yaml::parse(SourceId(0), &text.into()).documents[0]).is_empty());
    }
}
