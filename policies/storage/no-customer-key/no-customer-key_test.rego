package probity.storage.no_customer_key_test

import rego.v1

import data.probity.storage.no_customer_key as rule

test_a_key_of_the_provider_is_reported_where_it_is_decided if {
	cases := {"none": "algorithm", "aws-managed": "key", "provider-managed": "key"}
	every key, decides in cases {
		results := rule.deny with input as _bucket(key)
		{result.path | some result in results} == {["encryption", decides]}
		{true | some result in results; startswith(result.msg, "`aws_s3_bucket.a` is encrypted with ")} == {true}
	}
}

test_a_key_of_the_customer_passes if {
	count(rule.deny) == 0 with input as _bucket("customer")
	count(rule.not_assessed) == 0 with input as _bucket("customer")
}

test_an_undetermined_key_is_not_assessed if {
	count(rule.deny) == 0 with input as _bucket("unknown")
	results := rule.not_assessed with input as _bucket("unknown")
	{result.missing | some result in results} == {"aws_s3_bucket.a.key"}
}

_bucket(key) := {
	"address": "aws_s3_bucket.a",
	"encryption": {"algorithm": "sse-kms", "key": key, "missing": "aws_s3_bucket.a.key"},
}
