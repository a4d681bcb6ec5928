//! The fact `topic` for queues and topics of clouds whose tags say what they carry: who may receive from them, as the
//! policies of SNS and SQS and the IAM grants of Pub/Sub have it.
//!
//! Source: Amazon SNS and SQS Developer Guides, "Identity and access management" (without a policy only the owner may
//! receive); Pub/Sub documentation, "Access control with IAM". Deliberately absent: who uses them, topics without such a
//! tag, brokers of Kafka, and subscriptions.

use std::sync::Arc;

use super::{
    google::{Notation, grant},
    parts::{Kinds, Parts},
    planned::{Decided, Planned, steps},
    resource_policy::policy_of,
    way::Way,
};
use crate::{
    facts::{
        Fact, Subject,
        declared::{self, Declared},
        truth::Truth,
    },
    resource::{
        classification::{Level, Vocabulary},
        terraform::{Attribute, Plan},
    },
};

/// One type of topics.
struct Provider {
    kinds: &'static Kinds,
    /// What its ids begin with, and the attribute that is its name.
    cluster: &'static str,
    name: &'static str,
    /// An attribute of its own that is a policy.
    own: Option<&'static str>,
    /// Parts that grant, each with the attribute that does.
    grants: &'static [(&'static str, &'static str, Option<Notation>)],
}

const PROVIDERS: [Provider; 3] = [
    Provider {
        kinds: &Kinds {
            owner: "aws_sns_topic",
            names: &["arn", "id", "name"],
            parts: &[("aws_sns_topic_policy", &["arn"])],
        },
        cluster: "sns",
        name: "name",
        own: Some("policy"),
        grants: &[("aws_sns_topic_policy", "policy", None)],
    },
    Provider {
        kinds: &Kinds {
            owner: "aws_sqs_queue",
            names: &["url", "id", "arn", "name"],
            parts: &[("aws_sqs_queue_policy", &["queue_url"])],
        },
        cluster: "sqs",
        name: "name",
        own: Some("policy"),
        grants: &[("aws_sqs_queue_policy", "policy", None)],
    },
    Provider {
        kinds: &Kinds {
            owner: "google_pubsub_topic",
            names: &["name", "id"],
            parts: &[
                ("google_pubsub_topic_iam_binding", &["topic"]),
                ("google_pubsub_topic_iam_member", &["topic"]),
                ("google_pubsub_topic_iam_policy", &["topic"]),
            ],
        },
        cluster: "pubsub",
        name: "name",
        own: None,
        grants: &[
            ("google_pubsub_topic_iam_binding", "members", Some(Notation::Members)),
            ("google_pubsub_topic_iam_member", "member", Some(Notation::Members)),
            ("google_pubsub_topic_iam_policy", "policy_data", Some(Notation::Policy)),
        ],
    },
];

/// One subject for each topic and queue of a plan whose tags say what it carries.
pub(in crate::facts) fn subjects(vocabulary: Vocabulary<'_>, index: u32, plan: &Plan) -> Vec<Subject> {
    let mut found: Vec<(u32, Subject)> = Vec::new();
    for provider in &PROVIDERS {
        let parts = Parts::new(index, plan, provider.kinds);
        for topic in &parts.owners {
            let declared = Declared::planned(vocabulary, index, plan, topic.position);
            if declared.is_declared() {
                found.push((topic.position, subject(provider, &parts, topic, &declared)));
            }
        }
    }
    found.sort_by_key(|(position, _)| *position);
    found.into_iter().map(|(_, subject)| subject).collect()
}

fn subject(provider: &Provider, parts: &Parts<'_>, topic: &Planned<'_>, declared: &Declared) -> Subject {
    let ways = ways(provider, parts, topic);
    let nobody = || Decided::default(false, topic.origin(""));
    let open = ways.iter().map(Way::receives).reduce(|one, other| one.or(&other)).unwrap_or_else(nobody);
    let because = ways.iter().find(|way| way.receives().value == Truth::True);
    let name = topic.text(provider.name).unwrap_or(&topic.resource.name);
    let carries = [
        ("level", Fact::from(declared.effective_level().map(Level::name))),
        ("categories", declared::categories(&declared.categories)),
    ];
    let fields = [
        ("id", Fact::from(format!("topic:{}/{name}", provider.cluster))),
        ("cluster", Fact::from(provider.cluster)),
        ("name", Fact::from(name)),
        ("open", open.fact()),
        ("open_because", Fact::from(because.map(Way::reason))),
        ("classification", declared.fact()),
        ("carries", Fact::object(carries)),
        ("readers", Fact::array([])),
        ("writers", Fact::array([])),
        ("internal", Fact::from(false)),
        ("named_by", Fact::default()),
    ];
    Subject {
        resource: topic.address().to_owned(),
        kind: Arc::clone(&topic.resource.kind),
        fact: Fact::object(fields).at(Some(topic.origin(""))),
    }
}

/// Everything that may let others receive.
fn ways(provider: &Provider, parts: &Parts<'_>, topic: &Planned<'_>) -> Vec<Way> {
    let mut ways = Vec::new();
    if let Some(own) = provider.own {
        // The provider computes a policy that nobody wrote: of a new topic the owner's alone.
        let is_written = topic.plan.declares(topic.resource, &steps(own)) != Some(false);
        let is_computed = matches!(topic.get(own), Attribute::Unknown) && !is_written;
        if !is_computed {
            ways.push(policy_of(topic, own));
        }
    }
    for (kind, attribute, notation) in provider.grants {
        ways.extend(parts.of(topic, kind).map(|part| match notation {
            Some(notation) => grant(part, attribute, *notation),
            None => policy_of(part, attribute),
        }));
        if parts.may_have(topic, kind) {
            let missing = format!("which {kind} is of {}", topic.address());
            ways.push(Way::shut("policy", topic, Decided::unknown(missing, topic.origin(""))));
        }
    }
    ways
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::*;
    use crate::{
        estate::Estate,
        facts::Value,
        source::{SourceId, Sources},
    };

    /// Whether everyone may receive from the first topic; nothing where there is none.
    fn open(resources: &[(&str, Json, Json, Json)]) -> Option<String> {
        let block = |address: &str| {
            let (kind, name) = address.split_once('.').expect("an address");
            json!({"address": address, "mode": "managed", "type": kind, "name": name})
        };
        let changes = resources.iter().map(|(address, after, unknown, _)| {
            let mut change = block(address);
            change["change"] = json!({"actions": ["create"], "after": after, "after_unknown": unknown});
            change
        });
        let blocks = resources.iter().map(|(address, .., written)| {
            let mut own = block(address);
            own["expressions"] = written.clone();
            own
        });
        let plan = json!({
            "format_version": "1.2",
            "resource_changes": changes.collect::<Vec<_>>(),
            "configuration": {"root_module": {"resources": blocks.collect::<Vec<_>>()}},
        });
        let plan = Plan::parse(SourceId(0), &plan.to_string().as_str().into()).expect("a plan");
        let estate = Estate::new(Sources::new(Vec::new()), Vec::new(), Vec::new(), "shop");
        let subjects = subjects(estate.vocabulary(), 0, &plan);
        let open = subjects.first()?.fact.get("open")?;
        Some(match &open.value {
            Value::Bool(value) => value.to_string(),
            Value::String(text) => text.to_string(),
            other => panic!("{other:?}"),
        })
    }

    fn statement(action: &str, condition: &Json) -> String {
        json!({"Statement": [{"Effect": "Allow", "Principal": "*", "Action": action, "Resource": "*", "Condition": condition}]})
            .to_string()
    }

    #[test]
    fn everyone_may_receive_where_a_policy_lets_them() {
        let tags = || json!({"data-classification": "restricted"});
        let queue = |policy: Option<String>| {
            let written =
                if policy.is_some() { json!({"policy": {"constant_value": "x"}}) } else { json!({}) };
            let unknown = if policy.is_some() { json!({}) } else { json!({"policy": true}) };
            ("aws_sqs_queue.q", json!({"name": "q", "tags_all": tags(), "policy": policy}), unknown, written)
        };
        let from = |key: &str| json!({"ArnEquals": {(key): "arn:aws:sns:eu-west-1:111122223333:orders"}});
        let separate = |policy: String| {
            (
                "aws_sqs_queue_policy.q",
                json!({"policy": policy}),
                json!({"queue_url": true}),
                json!({"queue_url": {"references": ["aws_sqs_queue.q.id", "aws_sqs_queue.q"]}}),
            )
        };
        let topic =
            || ("google_pubsub_topic.t", json!({"name": "t", "labels": tags()}), json!({}), json!({}));
        let member = |role: &str, member: &str| {
            let written =
                json!({"topic": {"references": ["google_pubsub_topic.t.name", "google_pubsub_topic.t"]}});
            (
                "google_pubsub_topic_iam_member.m",
                json!({"topic": "t", "role": role, "member": member}),
                json!({}),
                written,
            )
        };
        let subscriber = "roles/pubsub.subscriber";
        for (case, resources, expected) in [
            ("no policy", vec![queue(None)], Some("false")),
            ("receive", vec![queue(Some(statement("sqs:ReceiveMessage", &json!({}))))], Some("true")),
            ("all", vec![queue(Some(statement("sqs:*", &json!({}))))], Some("true")),
            ("send", vec![queue(Some(statement("sqs:SendMessage", &json!({}))))], Some("false")),
            ("pinned", vec![queue(Some(statement("sqs:*", &from("aws:SourceArn"))))], Some("false")),
            ("separate", vec![queue(None), separate(statement("sqs:*", &json!({})))], Some("true")),
            (
                "after apply",
                vec![
                    queue(None),
                    (
                        "aws_sqs_queue_policy.q",
                        json!({}),
                        json!({"queue_url": true, "policy": true}),
                        separate(String::new()).3,
                    ),
                ],
                Some("unknown"),
            ),
            ("untagged", vec![("aws_sqs_queue.q", json!({"name": "q"}), json!({}), json!({}))], None),
            ("subscriber", vec![topic(), member(subscriber, "allUsers")], Some("true")),
            ("publisher", vec![topic(), member("roles/pubsub.publisher", "allUsers")], Some("false")),
            ("one account", vec![topic(), member(subscriber, "user:a@example.com")], Some("false")),
        ] {
            assert_eq!(open(&resources).as_deref(), expected, "{case}");
        }
    }
}
