use std::sync::Arc;

use serde_json::{Value, json};

use super::*;
use crate::{
    resource::terraform::tests::steps,
    source::{Source, SourceId, Status},
};

const MAIN: &str = r#"resource "aws_s3_bucket" "logs" {
  count  = 2
  bucket = "logs"
  acl    = var.acl
  tags = {
    Name = "logs"
  }
  rule {
    id      = "first"
    enabled = true
  }
  rule {
    id      = "second"
    enabled = local.enabled
  }
  versioning {
    enabled = false
  }
  dynamic "grant" {
    for_each = var.grants
    content {
      permissions = [grant.value]
    }
  }
  policy = <<-EOT
    {}
  EOT
  listener { port = 80 }
  dynamic "listener" {
    for_each = [1]
    content { port = listener.value }
  }
}
module "cdn" {
  source   = "./cdn"
  for_each = toset(["a"])
}
resource "kubectl_manifest" "web" {
  yaml_body = <<-YAML
    apiVersion: v1
    kind: Service
    metadata:
      name: web-${var.stage}
    spec:
      type: LoadBalancer
  YAML
}
resource "kubernetes_service" "web" {
  spec {
    type = "NodePort"
    port {
      port = 80
    }
  }
}
resource "kubectl_manifest" "encoded" {
  yaml_body = yamlencode({
    kind = "Service"
    spec = { type = var.type, ports = [{ port = 81 }] }
  })
}
"#;

const CDN: &str = "module \"deep\" {\n  source = \"example/deep\"\n}\nresource \"aws_s3_bucket\" \"assets\" {\n  acl = \"private\"\n}\n";
const OVERRIDE: &str = "resource \"aws_s3_bucket\" \"logs\" {\n  bucket = \"other\"\n}\n";
const JSON: &str = r#"{"resource": {"aws_sqs_queue": {"jobs": {"name": "jobs", "redrive": {"count": 3}}}}}"#;

fn sources() -> Sources {
    let files = [
        ("main.tf", MAIN),
        ("main_override.tf", OVERRIDE),
        ("cdn/main.tf", CDN),
        ("queue.tf.json", JSON),
        ("tfplan.json", ""),
    ];
    Sources::new(files.iter().map(|(file, text)| Source::new(*file, *text, None, Status::Read)).collect())
}

fn plan(source: SourceId, changes: &[(&str, Value)]) -> Plan {
    let changes = changes.iter().map(|(address, after)| {
        let names = address::segments(address).unwrap();
        let own = names.iter().filter(|name| name.name == "module").count() * 2;
        let module = names.get(own).map_or("", |name| address.get(..name.start.saturating_sub(1)).unwrap());
        json!({
            "address": address, "module_address": module, "mode": "managed", "type": names[own].name, "name": names[own + 1].name,
            "change": {"actions": ["create"], "after": after, "after_unknown": {"arn": true, "spec": [{"cluster_ip": true}]}},
        })
    });
    let plan = json!({"format_version": "1.2", "resource_changes": changes.collect::<Vec<_>>()});
    Plan::parse(source, &Arc::from(plan.to_string())).unwrap()
}

fn modules(pairs: &[(&str, &str)]) -> Modules {
    Modules(pairs.iter().map(|(key, folder)| ((*key).to_owned(), (*folder).to_owned())).collect())
}

/// File, line and text of what is written for a path of a resource.
fn written(address: &str, after: &Value, path: &[&str]) -> Option<String> {
    let sources = sources();
    let plan = plan(sources.by_file("tfplan.json").unwrap(), &[(address, after.clone())]);
    let written = Written::new(&modules(&[("", ""), ("cdn", "cdn")]), &sources);
    assert_eq!(written.problems, []);
    Some(shown(&sources, &written.locate(&plan, &plan.resources[0], &steps(path))?.place))
}

fn shown(sources: &Sources, place: &Place) -> String {
    let source = sources.get(place.source);
    format!("{}:{} {}", source.file, source.lines().line(place.start), &source.text[place.span()])
}

#[test]
fn a_value_is_found_at_the_narrowest_thing_that_is_written() {
    let rules = json!({
        "bucket": "other", "acl": "private", "tags": {"Name": "logs"},
        "rule": [{"id": "second", "enabled": true}, {"id": "first", "enabled": true}],
        "grant": [{"permissions": ["READ"]}, {"permissions": ["WRITE"]}],
        "versioning": [{"enabled": false}], "listener": [{"port": 80}, {"port": 443}], "policy": "{}\n",
    });
    for (name, path, expected) in [
        ("the whole resource", &[][..], "main.tf:1 \"logs\""),
        ("a reference", &["acl"], "main.tf:4 var.acl"),
        ("an entry of a map", &["tags", "Name"], "main.tf:6 \"logs\""),
        ("a map", &["tags"], "main.tf:5 tags"),
        ("an absent entry", &["tags", "Team"], "main.tf:5 tags"),
        ("an absent attribute", &["force_destroy"], "main.tf:1 \"logs\""),
        ("an attribute known after apply", &["arn"], "main.tf:1 \"logs\""),
        ("a block of a set, by what it says", &["rule", "0", "enabled"], "main.tf:14 local.enabled"),
        ("the other block", &["rule", "1"], "main.tf:8 rule"),
        ("what a block leaves out", &["rule", "1", "prefix"], "main.tf:8 rule"),
        ("all blocks of a name", &["rule"], "main.tf:8 rule"),
        ("a block that stands once", &["versioning", "0", "enabled"], "main.tf:17 false"),
        ("a dynamic block", &["grant", "1"], "main.tf:19 \"grant\""),
        ("a value of a dynamic block", &["grant", "1", "permissions"], "main.tf:22 permissions"),
        ("a value in a list", &["grant", "1", "permissions", "0"], "main.tf:22 grant.value"),
        ("a block beside dynamic ones", &["listener", "0", "port"], "main.tf:28 80"),
        ("a dynamic block beside others", &["listener", "1", "port"], "main.tf:31 listener.value"),
        ("a text of several lines", &["policy"], "main.tf:25 policy"),
        ("what another file overrides", &["bucket"], "main_override.tf:2 \"other\""),
    ] {
        for address in ["aws_s3_bucket.logs[0]", "aws_s3_bucket.logs[1]"] {
            assert_eq!(written(address, &rules, path).as_deref(), Some(expected), "{name}");
        }
    }
}

#[test]
fn modules_are_followed_as_far_as_they_are_known() {
    for (address, path, expected) in [
        ("module.cdn[\"a\"].aws_s3_bucket.assets", &["acl"][..], Some("cdn/main.tf:5 \"private\"")),
        ("module.cdn[\"a\"].module.deep.aws_s3_bucket.x", &["acl"], Some("cdn/main.tf:1 \"deep\"")),
        ("module.gone.aws_s3_bucket.x", &[], None),
        ("aws_s3_bucket.gone", &[], None),
        ("aws_sqs_queue.jobs", &["redrive", "0", "count"], Some("queue.tf.json:1 3")),
        ("aws_sqs_queue.jobs", &["name"], Some("queue.tf.json:1 \"jobs\"")),
    ] {
        assert_eq!(written(address, &json!({}), path).as_deref(), expected, "{address}");
    }
}

#[test]
fn what_stands_in_a_plan_leads_to_where_it_is_written() {
    let sources = sources();
    let body = "apiVersion: v1\nkind: Service\nmetadata:\n  name: web-dev\nspec:\n  type: LoadBalancer\n";
    let encoded = "\"apiVersion\": \"v1\"\n\"kind\": \"Service\"\n\"metadata\":\n  \"name\": \"x\"\n\"spec\":\n  \"ports\":\n  - \"port\": 81\n  \"type\": \"NodePort\"\n";
    let service = json!({"spec": [{"type": "NodePort", "port": [{"port": 80}]}]});
    let plan = plan(
        sources.by_file("tfplan.json").unwrap(),
        &[
            ("kubectl_manifest.web", json!({"yaml_body": body})),
            ("kubernetes_service.web", service),
            ("kubectl_manifest.encoded", json!({"yaml_body": encoded})),
        ],
    );
    let written = Written::new(&modules(&[("", "")]), &sources);
    let text = &plan.text;
    let (objects, _) = plan.kubernetes();
    let mut found = Vec::new();
    for (object, path) in [
        (0, &["spec", "type"][..]),
        (0, &["metadata", "name"]),
        (0, &["spec"]),
        (0, &["spec", "ports"]),
        (1, &["spec", "type"]),
        (1, &["spec", "ports", "0", "port"]),
        (1, &["spec", "clusterIP"]),
        (1, &["kind"]),
        (2, &["spec", "type"]),
        (2, &["spec", "ports", "0", "port"]),
        (2, &["metadata", "name"]),
    ] {
        let located = objects[object].document.root().locate(&steps(path));
        let node = located.node.filter(|node| node.is_scalar()).map(NodeRef::span);
        let place = Place::new(plan.source, node.or(located.key).unwrap());
        assert!(text.get(place.span()).is_some());
        found.push(
            written
                .locate_place(&plan, &place)
                .map(|origin| shown(&sources, &origin.place))
                .unwrap_or_default(),
        );
    }
    assert_eq!(
        found,
        [
            "main.tf:45 LoadBalancer",
            "main.tf:43 web-${var.stage}",
            "main.tf:44 spec",
            "main.tf:44 spec",
            "main.tf:50 \"NodePort\"",
            "main.tf:52 80",
            "main.tf:49 spec",
            "main.tf:48 \"web\"",
            "main.tf:59 var.type",
            "main.tf:59 81",
            "main.tf:57 yaml_body",
        ]
    );
}

#[test]
fn credentials_in_the_configuration_are_masked() {
    let text = r#"variable "db_password" { default = "hunter22-a" }
variable "note" {
  default   = "hunter22-b"
  sensitive = true
}
resource "a_b" "c" {
  password = "hunter22-c"
  url      = "postgres://u:hunter22-d@${var.host}/x"
  note     = "shown"
  token    = join("", ["hunter22-e", var.x])
  hidden   = "prefix hunter22-f ${var.x}"
  marked   = "hunter22-g"
  encoded  = yamlencode({ auth = { password = "hunter22-i" } })
  body     = <<-EOT
    key: hunter22-h
  EOT
}
"#;
    let mut sources = Sources::new(vec![Source::new("main.tf", text, None, Status::Read)]);
    let change = json!({
        "address": "a_b.c", "mode": "managed", "type": "a_b", "name": "c",
        "change": {"actions": ["create"], "after": {"hidden": "prefix hunter22-f x", "marked": "hunter22-g", "body": "key: hunter22-h\n"},
            "after_sensitive": {"hidden": true, "marked": true, "body": true}},
    });
    let plan = json!({"format_version": "1.2", "resource_changes": [change]}).to_string();
    let plan = Plan::parse(SourceId(0), &Arc::from(plan)).unwrap();
    let written = Written::new(&modules(&[("", "")]), &sources);
    sources.mask(written.secrets(&plan));
    let shown = &sources.get(SourceId(0)).masked().text;
    assert!(!shown.contains("hunter22"), "{shown}");
    assert!(shown.contains("\"shown\"") && shown.contains("postgres://u:"), "{shown}");
}
