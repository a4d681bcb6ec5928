use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::{resource::contents, source::SourceId};

const KIND: &str = "apiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: {name: default, namespace: shop}\n";

fn estate(files: &[(&str, &str)]) -> Estate {
    let mut sources = Sources::new(
        files.iter().map(|(name, text)| Source::new(*name, *text, None, Status::Read)).collect(),
    );
    let mut documents = Vec::new();
    for index in 0..sources.len() {
        let id = SourceId(u32::try_from(index).unwrap());
        let contents = contents::read(id, sources.get(id));
        sources.get_mut(id).status = contents.status;
        documents.extend(contents.documents);
    }
    Estate::new(sources, documents, Vec::new(), "default")
}

fn offer(from: Value, to: Value) -> Offer {
    let without = BTreeSet::from(["credentialName".to_owned()]);
    Offer { kind: "PeerAuthentication".into(), key: "mode".into(), from, to, without }
}

/// What the first file becomes where the fix is about the part of it.
fn fixed(estate: &Estate, part: &str) -> Option<String> {
    let source = estate.sources.get(SourceId(0));
    let start = source.text.find(part).expect("a part of the file");
    let place = Place::new(SourceId(0), start..start + part.len());
    let offers = [offer("PERMISSIVE".into(), "STRICT".into()), offer(true.into(), false.into())];
    let edit = edit(estate, &place, &offers)?;
    rewritten(source, &[&edit])
}

#[test]
fn one_scalar_is_replaced_in_its_quotes_and_nothing_else() {
    for (spec, part, expected) in [
        ("spec:\n  mtls:\n    mode:   PERMISSIVE  # why\n", "PERMISSIVE", Some("STRICT")),
        ("spec: {mtls: {mode: PERMISSIVE}}\r\n", "PERMISSIVE", Some("STRICT")),
        ("spec: {mtls: {mode: 'PERMISSIVE'}}", "'PERMISSIVE'", Some("'STRICT'")),
        ("spec: {mtls: {\"mode\": \"PERMISSIVE\"}}\n---\na: 1\n", "\"PERMISSIVE\"", Some("\"STRICT\"")),
        ("spec: {mode: yes}\n", "yes", Some("false")),
        ("spec: {mode: &a PERMISSIVE}\n", "PERMISSIVE", Some("STRICT")),
        ("spec: {mode: &a PERMISSIVE, other: *a}\n", "PERMISSIVE", None),
        ("spec:\n  a: &a {mode: PERMISSIVE}\n  b: {<<: *a}\n", "PERMISSIVE", None),
        ("spec: {mode: \"PERMISS\\x49VE\"}\n", "\"PERMISS\\x49VE\"", None),
        ("spec: {mode: >-\n    PERMISSIVE\n  }\n", "PERMISSIVE", None),
        ("spec: {other: PERMISSIVE}\n", "PERMISSIVE", None),
        ("spec: {mode: DISABLE}\n", "DISABLE", None),
        ("spec: {mode: [PERMISSIVE]}\n", "PERMISSIVE", None),
        ("spec: {mode: PERMISSIVE, tls: [{credentialName: a}]}\n", "PERMISSIVE", None),
        ("spec: {mode: PERMISSIVE}\n---\n[\n", "PERMISSIVE", None),
    ] {
        let text = format!("{KIND}{spec}");
        let expected = expected.map(|replacement| text.replacen(part, replacement, 1));
        assert_eq!(fixed(&estate(&[("a.yaml", &text)]), part), expected, "{spec}");
    }
}

#[test]
fn json_and_lists_are_fixed_too() {
    let object = json!({"apiVersion": "security.istio.io/v1", "kind": "PeerAuthentication", "metadata": {"name": "a"}, "spec": {"mtls": {"mode": "PERMISSIVE"}}});
    let list = json!({"apiVersion": "v1", "kind": "List", "items": [object]}).to_string();
    let expected = list.replace("PERMISSIVE", "STRICT");
    assert_eq!(fixed(&estate(&[("a.json", &list)]), "\"PERMISSIVE\""), Some(expected));
}

#[test]
fn what_stands_elsewhere_too_or_is_secret_is_left() {
    let text = format!("{KIND}spec: {{mode: PERMISSIVE}}\n");
    assert_eq!(fixed(&estate(&[("a.yaml", &text), ("b.yaml", &text)]), "PERMISSIVE"), None, "an equal copy");
    let mut masked = estate(&[("a.yaml", &text)]);
    let start = text.find("PERMISSIVE").unwrap();
    let secret = start..start + 2;
    masked.sources.get_mut(SourceId(0)).add_mask([secret]);
    assert_eq!(fixed(&masked, "PERMISSIVE"), None, "a secret");
    let mut rendered = estate(&[("a.yaml", &text)]);
    rendered.sources.get_mut(SourceId(0)).rendered = Some("chart".into());
    assert_eq!(fixed(&rendered, "PERMISSIVE"), None, "what a renderer printed");
    assert_eq!(fixed(&estate(&[("-", &text)]), "PERMISSIVE"), None, "standard input");
}

#[test]
fn edits_that_overlap_are_refused() {
    let text = format!("{KIND}spec: {{mode: PERMISSIVE}}\n");
    let source = Source::new("a.yaml", &*text, None, Status::Read);
    let start = text.find("PERMISSIVE").unwrap();
    let place = Place::new(SourceId(0), start..start + "PERMISSIVE".len());
    let edit = |text: &str| Edit { place: place.clone(), replacement: text.into(), value: "STRICT".into() };
    assert!(rewritten(&source, &[&edit("STRICT")]).is_some());
    assert_eq!(rewritten(&source, &[&edit("STRICT"), &edit("STRICT")]), None);
    assert_eq!(rewritten(&source, &[&edit("LAX")]), None, "reads as another value");
    assert_eq!(rewritten(&source, &[&edit("STRICT, other: 1")]), None, "brings in a key");
}

#[test]
fn a_file_is_proved_once_for_all_findings_and_contradictions_are_withdrawn() {
    let object = |mode: &str| format!("{KIND}spec: {{mode: {mode}}}\n");
    let text = format!("{}---\n{}", object("PERMISSIVE"), object("DISABLE"));
    let estate = estate(&[("a.yaml", &text)]);
    let edit = |part: &str, to: &str| {
        let start = text.find(part).unwrap();
        let place = Place::new(SourceId(0), start..start + part.len());
        Edit { place, replacement: to.into(), value: to.into() }
    };
    let finding = |fix: Edit| Finding {
        rule: "mtls/plaintext-accepted".into(),
        severity: crate::finding::Severity::High,
        message: String::new(),
        sets: Vec::new(),
        resource: String::new(),
        via: None,
        place: Some(fix.place.clone()),
        related: Vec::new(),
        path: crate::document::Path::default(),
        peer: None,
        remedy: None,
        fix: Some(fix),
        metadata: serde_json::Map::new(),
    };
    let settled = |edits: &[Edit]| {
        let mut findings: Vec<Finding> = edits.iter().cloned().map(finding).collect();
        settle(&mut findings, &estate.sources);
        findings.iter().map(|finding| finding.fix.is_some()).collect::<Vec<_>>()
    };
    let strict = edit("PERMISSIVE", "STRICT");
    assert_eq!(settled(&[strict.clone(), strict.clone(), edit("DISABLE", "STRICT")]), [true, true, true]);
    assert_eq!(
        settled(&[strict.clone(), edit("PERMISSIVE", "DISABLE"), edit("DISABLE", "STRICT")]),
        [false, false, true]
    );
    let mut unproved = edit("DISABLE", "STRICT");
    unproved.value = "LAX".into();
    assert_eq!(settled(&[strict, unproved]), [false, false], "the file reads as something else");
}

proptest! {
    #[test]
    fn a_fix_changes_its_scalar_and_keeps_every_other_byte(
        before in "([ ]{0,2}#[^\r\n]{0,8}(\n|\r\n)){0,3}",
        pad in "[ ]{1,4}",
        quote in prop::sample::select(vec!["", "'", "\""]),
        after in "( #[ -~]{0,10})?(\n|\r\n)(---\n[a-z]: [a-z0-9\"'&*|>#{}]{0,8}\n)?",
    ) {
        let head = format!("{KIND}{before}spec:\n  mode:{pad}{quote}");
        let text = format!("{head}PERMISSIVE{quote}{after}");
        let estate = estate(&[("a.yaml", &text)]);
        let expected = format!("{head}STRICT{quote}{after}");
        let found = fixed(&estate, &format!("{quote}PERMISSIVE{quote}"));
        let is_read = estate.sources.get(SourceId(0)).status == Status::Read;
        prop_assert_eq!(found, is_read.then_some(expected));
    }
}
