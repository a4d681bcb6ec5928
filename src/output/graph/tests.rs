use super::*;
use crate::{
    document::yaml,
    resource::terraform::Plan,
    source::{Source, SourceId, Sources, Status},
};

const SHOP: &str = "
{apiVersion: apps/v1, kind: Deployment, metadata: {name: carts}, spec: {template: {metadata: {labels: {app: carts}}, spec: {containers: [{name: a, env: [{name: DATABASE_URL, value: 'postgres://app@db/shop'}]}]}}}}
---
{apiVersion: apps/v1, kind: Deployment, metadata: {name: orders}, spec: {template: {metadata: {labels: {app: orders}}, spec: {containers: [{name: a, env: [{name: DATABASE_URL, value: 'postgres://app@db/shop'}, {name: AUDIT_DB_URL, value: 'postgres://\"a<b@db/audit'}]}]}}}}
---
{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: db}, spec: {template: {metadata: {labels: {app: db}}, spec: {containers: [{name: a, image: postgres}]}}}}
---
{apiVersion: v1, kind: Service, metadata: {name: db}, spec: {selector: {app: db}, ports: [{port: 5432}]}}
";

fn drawn(format: &str) -> String {
    let sources = Sources::new(vec![Source::new("a.yaml", SHOP, None, Status::Read)]);
    let documents = sources.iter().flat_map(|(id, source)| yaml::parse(id, &source.text).documents).collect();
    write(&Estate::new(sources, documents, Vec::new(), "shop"), format)
}

fn write(estate: &Estate, format: &str) -> String {
    let format = FORMATS.iter().find(|known| known.name == format).expect("a format");
    let mut out = Vec::new();
    format.write(estate, "2026-01-01T00:00:00Z", &mut out).expect("a vector takes everything");
    String::from_utf8(out).expect("pictures are text")
}

#[test]
fn mermaid_shows_what_is_shared() {
    insta::assert_snapshot!(drawn("mermaid"));
}

#[test]
fn dot_shows_what_is_shared() {
    insta::assert_snapshot!(drawn("dot"));
}

#[test]
fn svg_shows_what_is_shared() {
    insta::assert_snapshot!(drawn("svg"));
}

#[test]
fn an_svg_acts_on_nothing_and_can_be_read_without_being_seen() {
    let picture = drawn("svg");
    for acts in ["<script", "href", "onload", "url(http", "@import", "foreignObject"] {
        assert!(!picture.contains(acts), "{acts}");
    }
    assert!(picture.contains("role=\"img\" aria-labelledby=\"title desc\""));
    let description =
        picture.split("<desc id=\"desc\">").nth(1).and_then(|rest| rest.split("</desc>").next());
    let said = description.expect("a description");
    assert!(said.contains("Deployment/shop/carts uses postgresql:Service/shop/db/shop as app"), "{said}");
    assert!(said.contains("postgresql:Service/shop/db/shop is shared."), "{said}");
}

#[test]
fn a_bucket_that_personal_data_goes_to_is_in_every_picture() {
    let manifest = "{apiVersion: apps/v1, kind: Deployment, metadata: {name: exports, annotations: {probity.dev/data-categories: PII}}, spec: {template: {spec: {containers: [{name: a, env: [{name: EXPORT_BUCKET, value: example-exports}]}]}}}}";
    let plan = r#"{"format_version": "1.2", "resource_changes": [{"address": "aws_s3_bucket.exports", "mode": "managed",
        "type": "aws_s3_bucket", "name": "exports", "change": {"actions": ["create"], "after": {"bucket": "example-exports"}}}]}"#;
    let sources = Sources::new(vec![
        Source::new("a.yaml", manifest, None, Status::Read),
        Source::new("tfplan.json", plan, None, Status::Read),
    ]);
    let documents = yaml::parse(SourceId(0), &manifest.into()).documents;
    let plan = Plan::parse(SourceId(1), &plan.into()).expect("a plan");
    let estate = Estate::new(sources, documents, vec![plan], "shop");
    for (format, shape) in [
        ("mermaid", "[/\"aws_s3_bucket.exports<br/>"),
        ("dot", "shape=folder"),
        ("svg", "PII goes from Deployment/shop/exports to aws_s3_bucket.exports."),
        ("openlineage", "\"namespace\":\"bucket://\",\"name\":\"aws_s3_bucket.exports\""),
    ] {
        let picture = write(&estate, format);
        assert!(picture.contains(shape), "{format}: {picture}");
    }
}
