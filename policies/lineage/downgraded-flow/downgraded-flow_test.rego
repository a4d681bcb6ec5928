package probity.lineage.downgraded_flow_test

import rego.v1

import data.probity.lineage.downgraded_flow as rule

_flow := {
	"from": "topic:kafka/patients",
	"to": "Deployment/shop/reports",
	"way": "consume",
	"transport": null,
	"carries": {"level": "restricted", "categories": ["PHI"]},
	"sink": {"kind": "service", "declared": false, "level": null, "categories": [], "sanitizes": false},
	"path": ["postgresql:Service/shop/db/patients", "topic:kafka/patients", "Deployment/shop/reports"],
	"because": [],
}

_sink(fields) := object.union(_flow, {"sink": fields})

test_a_receiver_without_a_tag_is_reported_with_the_path if {
	results := rule.deny with input as _flow
	{result.msg | some result in results} == {concat("", [
		"`Deployment/shop/reports` receives PHI from `topic:kafka/patients` and is not tagged ",
		"(postgresql:Service/shop/db/patients -> topic:kafka/patients -> Deployment/shop/reports)",
	])}
}

test_a_receiver_with_another_category_is_reported if {
	results := rule.deny with input as _sink({"declared": true, "level": "restricted", "categories": ["PCI"]})
	{true | some result in results; contains(result.msg, "is not tagged with PHI")} == {true}
}

test_a_receiver_with_a_lower_level_is_reported if {
	lower := object.union(_sink({"declared": true, "level": "internal"}), {"carries": {"level": "restricted", "categories": []}})
	results := rule.deny with input as object.union(lower, {"carries": {"categories": []}})
	{true | some result in results; contains(result.msg, "is tagged internal and receives restricted data")} == {true}
}

test_a_tagged_receiver_passes if {
	count(rule.deny) == 0 with input as _sink({"declared": true, "level": "restricted", "categories": ["PHI"]})
}

test_a_sanitizer_passes if {
	count(rule.deny) == 0 with input as _sink({"sanitizes": true})
}

test_data_that_is_not_sensitive_may_go_anywhere if {
	plain := object.union(_flow, {"carries": {"level": "internal", "categories": []}})
	count(rule.deny) == 0 with input as plain
}

test_requests_and_datastores_are_for_other_rules if {
	count(rule.deny) == 0 with input as object.union(_flow, {"way": "request"})
	count(rule.deny) == 0 with input as _sink({"kind": "datastore"})
}

test_a_bucket_is_judged_as_a_service_is if {
	bucket := {"kind": "bucket", "declared": true, "level": "public", "categories": []}
	some result in rule.deny with input as _sink(bucket)
	contains(result.msg, "is not tagged with PHI")
}

test_an_unknown_tag_is_not_assessed if {
	count(rule.deny) == 0 with input as _sink({"declared": "unknown"})
	results := rule.not_assessed with input as _sink({"declared": "unknown"})
	{result.missing | some result in results} == {"classification of Deployment/shop/reports"}
}

test_only_what_a_service_receives_is_judged_by_its_tags if {
	every tags in [{"categories": []}, {"categories": ["PHI"], "level": "internal"}] {
		request := object.union(_sink(object.union({"declared": true, "level": "restricted"}, tags)), {"way": "request"})
		count(rule.deny) == 0 with input as request
		count(rule.deny) == 1 with input as object.union(request, {"way": "consume"})
	}
}

test_a_missing_category_is_reported_without_the_level if {
	count(rule.deny) == 1 with input as _sink({"declared": true, "level": "internal", "categories": []})
}

test_a_receiver_without_a_tag_is_reported_without_the_level if {
	count(rule.deny) == 1 with input as _sink({"declared": false, "level": "internal", "categories": ["PHI"]})
}

test_a_known_tag_is_assessed if {
	count(rule.not_assessed) == 0 with input as _flow
}
