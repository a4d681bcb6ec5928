//! Plans as a whole: end states, references, masks.

use std::sync::Arc;

use super::*;
use crate::document::Step;

const PLAN: &str = r#"{"format_version":"1.2","terraform_version":"1.9.0","resource_changes":[
 {"address":"aws_s3_bucket.a[\"x\"]","mode":"managed","type":"aws_s3_bucket","name":"a","index":"x","provider_name":"registry.terraform.io/hashicorp/aws","change":{"actions":["create"],"after":{"bucket":"logs-x","tags":{"team":"a"},"password":"hunter22"},"after_unknown":{"id":true},"after_sensitive":{"password":true}}},
 {"address":"aws_s3_bucket.a[\"y\"]","mode":"managed","type":"aws_s3_bucket","name":"a","index":"y","change":{"actions":["no-op"],"after":{"bucket":"logs-y"},"after_unknown":{},"after_sensitive":{}}},
 {"address":"aws_s3_bucket.gone","mode":"managed","type":"aws_s3_bucket","name":"gone","change":{"actions":["delete"],"after":null}},
 {"address":"aws_s3_bucket_acl.a[\"x\"]","mode":"managed","type":"aws_s3_bucket_acl","name":"a","index":"x","change":{"actions":["create"],"after":{"acl":"private"},"after_unknown":{"bucket":true}}},
 {"address":"module.m.aws_s3_bucket_acl.b","module_address":"module.m","mode":"managed","type":"aws_s3_bucket_acl","name":"b","change":{"actions":["create"],"after":{},"after_unknown":{"bucket":true}}}],
 "configuration":{"root_module":{
  "resources":[{"address":"aws_s3_bucket_acl.a","mode":"managed","type":"aws_s3_bucket_acl","name":"a","expressions":{"bucket":{"references":["aws_s3_bucket.a","each.key"]}},"for_each_expression":{"constant_value":[]}}],
  "module_calls":{"m":{"expressions":{"target":{"references":["aws_s3_bucket.a[\"y\"].id","aws_s3_bucket.a[\"y\"]","aws_s3_bucket.a"]}},"module":{
   "resources":[{"address":"aws_s3_bucket_acl.b","mode":"managed","type":"aws_s3_bucket_acl","name":"b","expressions":{"bucket":{"references":["var.target"]}}}]}}}}}}"#;

fn plan(text: &str) -> Plan {
    let text: Arc<str> = text.into();
    Plan::parse(SourceId(0), &text).unwrap()
}

#[test]
fn only_end_states_are_resources() {
    let plan = plan(PLAN);
    let addresses: Vec<_> = plan.resources.iter().map(|resource| &*resource.address).collect();
    assert_eq!(addresses.len(), 4);
    assert!(!addresses.contains(&"aws_s3_bucket.gone"));
    assert!(plan.resources[0].is_created() && !plan.resources[1].is_created());
}

#[test]
fn references_lead_to_the_instance_with_the_same_key_and_through_modules() {
    let plan = plan(PLAN);
    let named = |address: &str| plan.resource(plan.position(address).unwrap()).unwrap();
    let referred = |address: &str| {
        let found = plan.referred(named(address), "bucket").into_iter();
        found.map(|position| plan.resource(position).unwrap().address.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(referred("aws_s3_bucket_acl.a[\"x\"]"), ["aws_s3_bucket.a[\"x\"]"]);
    assert!(referred("module.m.aws_s3_bucket_acl.b").contains(&"aws_s3_bucket.a[\"y\"]".to_owned()));
}

#[test]
fn values_are_three_valued_and_know_what_must_not_be_shown() {
    let plan = plan(PLAN);
    let values = plan.resources[0].values(&plan).unwrap();
    assert!(matches!(values.attribute(&[Step::from("id")]), Attribute::Unknown));
    assert!(
        matches!(values.attribute(&[Step::from("bucket")]), Attribute::Known(node) if node.as_str() == Some("logs-x"))
    );
    assert!(matches!(values.attribute(&[Step::from("acl")]), Attribute::Absent));
    assert_eq!(values.sensitive_texts(), ["hunter22"]);
    let place = plan.resources[0].locate(&plan, &[Step::from("tags"), Step::from("team")]);
    assert_eq!(&PLAN[place.span()], "\"a\"");
    let place = plan.resources[0].locate(&plan, &[Step::from("acl")]);
    assert_eq!(&PLAN[place.span()], r#""aws_s3_bucket.a[\"x\"]""#, "an absence is shown at the address");
}

#[test]
fn what_is_no_usable_plan_is_refused_with_a_reason() {
    let version: Arc<str> = r#"{"format_version":"2.0","resource_changes":[]}"#.into();
    assert!(Plan::parse(SourceId(0), &version).unwrap_err().to_string().contains("2.0"));
    let cut: Arc<str> = PLAN[..400].into();
    assert!(Plan::parse(SourceId(0), &cut).is_err());
    let broken = plan(r#"{"format_version":"1.2","errored":true,"resource_changes":[]}"#);
    assert!(broken.incomplete().is_some());
}

proptest::proptest! {
    #[test]
    fn mutated_plans_never_panic(cut in 0usize..2000, insert in "[\\[\\]{}\",:a0]{0,4}") {
        let mut text = PLAN.to_owned();
        let at = (0..=cut.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        text.insert_str(at, &insert);
        let text: Arc<str> = text.into();
        let _ = recognise(&text);
        if let Ok(plan) = Plan::parse(SourceId(0), &text) {
            for resource in &plan.resources {
                let place = resource.locate(&plan, &[Step::from("bucket")]);
                proptest::prop_assert!(text.get(place.span()).is_some());
                let _ = plan.referred(resource, "bucket");
            }
        }
    }
}
