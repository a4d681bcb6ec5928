package probity.storage.public_intent_test

import rego.v1

import data.probity.storage.public_intent as rule

_bucket := {
	"address": "aws_s3_bucket.a",
	"type": "aws_s3_bucket",
	"public": false,
	"intended_public": true,
	"classification": null,
	"blocked_through": [{
		"kind": "policy",
		"resource": "aws_s3_bucket_policy.a",
		"what": "its policy allows Principal \"*\"",
		"audience": "everyone",
		"access": "read",
		"blocked_by": "block_public_policy",
	}],
}

test_a_grant_that_only_a_block_stops_is_reported if {
	results := rule.deny with input as _bucket
	{result.path | some result in results} == {["blocked_through", 0]}
	{result.peer | some result in results} == {"aws_s3_bucket_policy.a"}
	count(rule.not_assessed) == 0 with input as _bucket
}

test_what_stops_a_container_is_told_in_words if {
	cases := {
		"network": "though the network of its storage account stops it",
		"allow_nested_items_to_be_public": "though `allow_nested_items_to_be_public = false` stops it",
		"block_public_policy": "though `block_public_policy` stops it",
	}
	every name, text in cases {
		some way in _bucket.blocked_through
		blocked := object.union(_bucket, {"blocked_through": [object.union(way, {"blocked_by": name})]})
		some result in rule.deny with input as blocked
		contains(result.msg, text)
	}
}

test_a_bucket_that_is_public_is_for_another_rule if {
	count(rule.deny) == 0 with input as object.union(_bucket, {"public": true})
}

test_without_a_grant_nothing_is_meant if {
	count(rule.deny) == 0 with input as object.union(_bucket, {"intended_public": false})
}

test_declared_public_data_may_be_opened if {
	count(rule.deny) == 0 with input as object.union(_bucket, {"classification": "public"})
}

test_without_a_way_there_is_nothing_to_report if {
	count(rule.deny) == 0 with input as object.union(_bucket, {"blocked_through": []})
}

test_an_undetermined_grant_is_not_assessed if {
	unknown := object.union(_bucket, {"intended_public": "unknown"})
	count(rule.deny) == 0 with input as unknown
	results := rule.not_assessed with input as unknown
	{result.missing | some result in results} == {"policy and ACL of aws_s3_bucket.a"}
}

test_an_undetermined_grant_of_a_public_bucket_is_for_another_rule if {
	public := object.union(_bucket, {"intended_public": "unknown", "public": "unknown"})
	count(rule.not_assessed) == 0 with input as public
}
