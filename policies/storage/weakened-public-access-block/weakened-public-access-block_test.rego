package probity.storage.weakened_public_access_block_test

import rego.v1

import data.probity.storage.weakened_public_access_block as rule

_bucket := {
	"address": "aws_s3_bucket.a",
	"type": "aws_s3_bucket",
	"classification": null,
	"block_public_acls": true,
	"block_public_policy": false,
	"ignore_public_acls": true,
	"restrict_public_buckets": false,
	"public_access_block": {"resource": "aws_s3_bucket_public_access_block.a", "omitted": ["restrict_public_buckets"]},
}

test_what_is_off_is_reported_once if {
	results := rule.deny with input as _bucket
	{result.path | some result in results} == {["block_public_policy"]}
	{result.msg | some result in results} == {concat("", [
		"the public access block of bucket `aws_s3_bucket.a` turns off `block_public_policy`, `restrict_public_buckets`",
		": what is left out is false",
	])}
}

test_a_fix_is_offered_where_one_edit_mends_it if {
	one := rule.deny with input as object.union(_bucket, {"restrict_public_buckets": true})
	{fix.key | some result in one; some fix in result.fixes} == {"block_public_policy"}
	two := rule.deny with input as _bucket
	{result.fixes | some result in two} == {[]}
}

test_nothing_is_said_of_arguments_that_are_written if {
	results := rule.deny with input as object.union(_bucket, {"public_access_block": {"resource": "a", "omitted": []}})
	{true | some result in results; not contains(result.msg, "left out")} == {true}
}

test_without_a_block_the_defaults_hold if {
	count(rule.deny) == 0 with input as object.union(_bucket, {"public_access_block": null})
}

test_declared_public_data_needs_no_block if {
	count(rule.deny) == 0 with input as object.union(_bucket, {"classification": "public"})
}

test_a_block_with_all_four_passes if {
	count(rule.deny) == 0 with input as object.union(_bucket, _on)
	count(rule.not_assessed) == 0 with input as object.union(_bucket, _on)
}

_on := {"block_public_policy": true, "restrict_public_buckets": true}

test_an_undetermined_setting_is_not_assessed if {
	unknown := object.union(_bucket, {"block_public_policy": "unknown", "restrict_public_buckets": true})
	count(rule.deny) == 0 with input as unknown
	results := rule.not_assessed with input as unknown
	{result.missing | some result in results} == {"block_public_policy"}
	count(rule.not_assessed) == 0 with input as object.union(unknown, {"public_access_block": null})
	count(rule.not_assessed) == 0 with input as object.union(unknown, {"classification": "public"})
	count(rule.not_assessed) == 0 with input as object.union(unknown, {"block_public_acls": false})
}
