package probity.lineage.open_topic_test

import rego.v1

import data.probity.lineage.open_topic as rule

_topic := {
	"id": "topic:kafka/patients",
	"open": true,
	"open_because": "Kafka/shop/kafka has no `authorization`: every client reads every topic",
	"carries": {"level": "restricted", "categories": ["PHI"]},
}

test_an_open_topic_with_sensitive_data_is_reported if {
	results := rule.deny with input as _topic
	{result.path | some result in results} == {["open"]}
	{true | some result in results; contains(result.msg, "carries PHI: Kafka/shop/kafka")} == {true}
}

test_a_level_alone_is_enough if {
	count(rule.deny) == 1 with input as object.union(_topic, {"carries": {"level": "confidential", "categories": []}})
}

test_a_closed_topic_passes if {
	count(rule.deny) == 0 with input as object.union(_topic, {"open": false})
}

test_other_data_may_be_read if {
	plain := object.union(_topic, {"carries": {"level": "internal", "categories": []}})
	count(rule.deny) == 0 with input as plain
	count(rule.not_assessed) == 0 with input as object.union(plain, {"open": "unknown"})
}

test_an_unknown_broker_is_not_assessed if {
	count(rule.deny) == 0 with input as object.union(_topic, {"open": "unknown"})
	results := rule.not_assessed with input as object.union(_topic, {"open": "unknown"})
	{result.missing | some result in results} == {"the broker of topic:kafka/patients"}
}

test_a_known_broker_is_assessed if {
	count(rule.not_assessed) == 0 with input as _topic
}

test_a_topic_of_a_cloud_is_told_to_name_its_readers if {
	planned := object.union(_topic, {"id": "topic:sqs/patients", "cluster": "sqs", "open_because": "its policy allows Principal \"*\""})
	some result in rule.deny with input as planned
	contains(result.remedy, "identifiers = [")
	some other in rule.deny with input as _topic
	contains(other.remedy, "kind: Kafka")
	results := rule.not_assessed with input as object.union(planned, {"open": "unknown"})
	{result.missing | some result in results} == {"the policy of topic:sqs/patients"}
}
