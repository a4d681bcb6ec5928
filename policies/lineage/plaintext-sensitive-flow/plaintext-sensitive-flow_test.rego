package probity.lineage.plaintext_sensitive_flow_test

import rego.v1

import data.probity.lineage.plaintext_sensitive_flow as rule

_flow := {
	"from": "Deployment/shop/orders",
	"to": "Deployment/shop/web",
	"way": "answer",
	"transport": "plaintext",
	"carries": {"level": "confidential", "categories": ["PII"]},
}

test_plaintext_is_reported if {
	every transport in ["plaintext", "authenticated"] {
		results := rule.deny with input as object.union(_flow, {"transport": transport})
		{result.msg | some result in results} == {"PII goes from `Deployment/shop/orders` to `Deployment/shop/web` in plaintext"}
	}
}

test_a_topic_is_reported_with_what_carries_its_messages if {
	publish := object.union(_flow, {
		"to": "topic:events/orders",
		"way": "publish",
		"because": [{"text": "listener `plain` does not encrypt", "resource": "Kafka/shop/events"}],
	})
	some result in rule.deny with input as publish
	{"Kafka/shop/events", "topic:events/orders"} == {related.resource | some related in result.related}
	contains(result.remedy, "tls: true")
}

test_services_are_told_to_join_the_mesh if {
	some result in rule.deny with input as _flow
	contains(result.remedy, "namespace: shop")
	{related.resource | some related in result.related} == {"Deployment/shop/web"}
	some outside in rule.deny with input as object.union(_flow, {"to": "external:a.example.com", "way": "leave"})
	contains(outside.remedy, "namespace: NAMESPACE")
}

test_a_level_alone_is_enough if {
	results := rule.deny with input as object.union(_flow, {"carries": {"level": "restricted", "categories": []}})
	{true | some result in results; startswith(result.msg, "restricted data goes")} == {true}
}

test_encrypted_data_passes if {
	every transport in ["mtls", "tls", "encrypted", null] {
		count(rule.deny) == 0 with input as object.union(_flow, {"transport": transport})
	}
}

test_data_that_is_not_sensitive_may_be_seen if {
	every level in [null, "public", "internal"] {
		plain := object.union(_flow, {"carries": {"level": level, "categories": []}})
		count(rule.deny) == 0 with input as plain
		count(rule.not_assessed) == 0 with input as object.union(plain, {"transport": "unknown"})
	}
}

test_an_unknown_transport_is_not_assessed if {
	count(rule.deny) == 0 with input as object.union(_flow, {"transport": "unknown"})
	results := rule.not_assessed with input as object.union(_flow, {"transport": "unknown"})
	{result.missing | some result in results} == {"the transport from Deployment/shop/orders to Deployment/shop/web"}
}

test_one_connection_is_reported_once if {
	count(rule.deny) == 0 with input as object.union(_flow, {"way": "store"})
	count(rule.not_assessed) == 0 with input as object.union(_flow, {"way": "store", "transport": "unknown"})
}

test_a_known_transport_is_assessed if {
	count(rule.not_assessed) == 0 with input as _flow
}

test_a_namespace_that_decides_is_related if {
	because := {"because": [{"text": "nothing injects into it", "resource": "Namespace/shop"}, {"text": "it is told so", "resource": null}]}
	some result in rule.deny with input as object.union(_flow, because)
	{"Deployment/shop/web", "Namespace/shop"} == {related.resource | some related in result.related}
}
