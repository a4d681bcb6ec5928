package probity.storage.public_bucket_test

import rego.v1

import data.probity.storage.public_bucket as rule

test_a_public_bucket_is_reported_at_what_opens_it if {
	results := rule.deny with input as _bucket({})
	some result in results
	result.path == ["public_through", 0]
	result.msg == "bucket `aws_s3_bucket.a` is readable by everyone: its policy allows Principal \"*\""
	{related.resource | some related in result.related} == {"aws_s3_bucket.a", "aws_s3_bucket_public_access_block.a"}
	count(results) == 1
}

test_each_way_in_is_reported if {
	ways := [_way({}), _way({"kind": "acl", "access": "read-write", "resource": "aws_s3_bucket.a"})]
	results := rule.deny with input as _bucket({"public_through": ways})
	{result.path[1] | some result in results} == {0, 1}
	{count(result.related) | some result in results} == {1, 2}
	some result in results
	contains(result.msg, "readable and writable by everyone")
}

test_a_dataset_is_called_one if {
	some result in rule.deny with input as _bucket({"type": "google_bigquery_dataset"})
	startswith(result.msg, "dataset `")
}

test_a_private_bucket_passes if {
	private := _bucket({"public": false, "public_through": []})
	count(rule.deny) == 0 with input as private
	count(rule.not_assessed) == 0 with input as private
}

test_what_is_blocked_passes if {
	blocked := _bucket({"public": false})
	count(rule.deny) == 0 with input as blocked
}

test_an_undetermined_bucket_is_not_assessed if {
	unknown := _bucket({"public": "unknown", "public_through": [], "missing": ["aws_s3_bucket_policy.a.policy"]})
	count(rule.deny) == 0 with input as unknown
	results := rule.not_assessed with input as unknown
	{result.missing | some result in results} == {"aws_s3_bucket_policy.a.policy"}
}

test_data_that_is_declared_public_may_be_read if {
	count(rule.deny) == 0 with input as _bucket({"classification": "public"})
	unknown := _bucket({"classification": "public", "public": "unknown", "public_through": []})
	count(rule.not_assessed) == 0 with input as unknown
	count(rule.deny) == 1 with input as _bucket({"classification": "internal"})
}

test_data_that_is_declared_public_may_not_be_written if {
	writable := _bucket({"classification": "public", "public_through": [_way({"access": "write"})]})
	results := rule.deny with input as writable
	some result in results
	contains(result.msg, "writable by everyone")
}

test_a_bucket_without_public_access_block_is_reported_alone if {
	results := rule.deny with input as _bucket({"public_access_block": null})
	{related.resource | some result in results; some related in result.related} == {"aws_s3_bucket.a"}
}

_bucket(fields) := object.union(
	{
		"address": "aws_s3_bucket.a",
		"public": true,
		"public_through": [_way({})],
		"public_access_block": {"resource": "aws_s3_bucket_public_access_block.a", "omitted": []},
		"classification": null,
		"missing": [],
	},
	fields,
)

_way(fields) := object.union(
	{
		"kind": "policy",
		"resource": "aws_s3_bucket_policy.a",
		"what": "its policy allows Principal \"*\"",
		"audience": "everyone",
		"access": "read",
		"blocked_by": null,
	},
	fields,
)
