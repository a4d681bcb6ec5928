package probity.storage.public_bucket_test

import rego.v1

import data.probity.storage.public_bucket as rule

test_a_public_bucket_is_reported_at_what_opens_it if {
	results := rule.deny with input as _bucket(true)
	{result.path | some result in results} == {["public_through", 0]}
}

test_a_private_bucket_passes if {
	count(rule.deny) == 0 with input as _bucket(false)
	count(rule.not_assessed) == 0 with input as _bucket(false)
}

test_an_undetermined_bucket_is_not_assessed if {
	count(rule.deny) == 0 with input as _bucket("unknown")
	results := rule.not_assessed with input as _bucket("unknown")
	{result.missing | some result in results} == {"aws_s3_bucket_policy.a.policy"}
}

_bucket(public) := {
	"address": "aws_s3_bucket.a",
	"public": public,
	"public_through": [{"kind": "policy", "resource": "aws_s3_bucket_policy.a", "what": "a policy that allows the principal `*`"}],
	"missing": ["aws_s3_bucket_policy.a.policy"],
}
