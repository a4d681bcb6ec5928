package probity.storage.no_customer_key_test

import rego.v1

import data.probity.storage.no_customer_key as rule

test_a_key_of_the_provider_is_reported if {
	count(rule.deny) == 1 with input as _bucket("none")
	count(rule.deny) == 1 with input as _bucket("aws-managed")
}

test_a_key_of_the_customer_passes if {
	count(rule.deny) == 0 with input as _bucket("customer")
	count(rule.not_assessed) == 0 with input as _bucket("customer")
}

test_an_undetermined_key_is_not_assessed if {
	count(rule.deny) == 0 with input as _bucket("unknown")
	count(rule.not_assessed) == 1 with input as _bucket("unknown")
}

_bucket(key) := {"address": "aws_s3_bucket.a", "encryption": {"algorithm": "sse-kms", "key": key}}
