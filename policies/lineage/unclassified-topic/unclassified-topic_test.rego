package probity.lineage.unclassified_topic_test

import rego.v1

import data.probity.lineage.unclassified_topic as rule

_subject(declared) := {"id": "a", "classification": {"declared": declared, "level": null, "categories": []}}

test_what_is_not_classified_is_reported if {
	results := rule.deny with input as _subject(false)
	{result.msg | some result in results} == {"topic `a` is not classified"}
}

test_what_is_classified_passes if {
	count(rule.deny) == 0 with input as _subject(true)
	count(rule.not_assessed) == 0 with input as _subject(true)
}

test_what_is_unknown_is_not_assessed if {
	count(rule.deny) == 0 with input as _subject("unknown")
	results := rule.not_assessed with input as _subject("unknown")
	{result.missing | some result in results} == {"classification of a"}
}

test_what_names_a_topic_without_object_is_related if {
	named := {"name": "a", "cluster": "events", "named_by": {"text": "KafkaUser/shop/orders may read topic `a`", "resource": "KafkaUser/shop/orders"}}
	some result in rule.deny with input as object.union(_subject(false), named)
	{related.resource | some related in result.related} == {"KafkaUser/shop/orders"}
	contains(result.remedy, "    strimzi.io/cluster: events")
	some plain in rule.deny with input as object.union(_subject(false), {"named_by": null})
	plain.related == []
	startswith(plain.remedy, "Say on its object")
}

test_state_of_kafka_itself_passes if {
	count(rule.deny) == 0 with input as object.union(_subject(false), {"internal": true})
	count(rule.not_assessed) == 0 with input as object.union(_subject("unknown"), {"internal": true})
}
