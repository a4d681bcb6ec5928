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

test_a_store_is_reported_with_the_attribute_that_names_a_key if {
	cases := {
		"aws_db_instance": "kms_key_id = aws_kms_key.NAME.arn",
		"azurerm_storage_account": "resource \"azurerm_storage_account_customer_managed_key\" \"a\"",
		"aws_s3_bucket": "kms_master_key_id = aws_kms_key.NAME.arn",
	}
	every type, written in cases {
		some result in rule.deny with input as {
			"address": sprintf("%s.a", [type]),
			"type": type,
			"encryption": {"key": "provider-managed", "alias": null, "missing": null},
		}
		contains(result.remedy, written)
	}
}

test_the_key_that_the_provider_manages_is_named if {
	some result in rule.deny with input as {
		"address": "aws_db_instance.a",
		"type": "aws_db_instance",
		"encryption": {"key": "aws-managed", "alias": "aws/rds", "missing": null},
	}
	contains(result.msg, "the key `aws/rds`, which AWS manages")
}

test_what_is_not_encrypted_at_all_is_for_another_rule if {
	plain := {"address": "aws_db_instance.a", "type": "aws_db_instance", "encryption": null}
	count(rule.deny) == 0 with input as plain
	count(rule.not_assessed) == 0 with input as plain
}

_bucket(key) := {
	"address": "aws_s3_bucket.a",
	"encryption": {"algorithm": "sse-kms", "key": key, "missing": "aws_s3_bucket.a.key"},
}
