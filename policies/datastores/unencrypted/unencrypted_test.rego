package probity.datastores.unencrypted_test

import rego.v1

import data.probity.datastores.unencrypted as rule

test_a_server_that_is_not_encrypted_is_reported if {
	some result in rule.deny with input as _server(false)
	result.path == ["encrypted"]
	result.msg == "postgresql server `aws_db_instance.orders` is not encrypted at rest"
	{related.resource | some related in result.related} == {"aws_lambda_function.orders"}
}

test_an_encrypted_server_and_one_that_is_not_judged_pass if {
	every value in {true, null} {
		count(rule.deny) == 0 with input as _server(value)
		count(rule.not_assessed) == 0 with input as _server(value)
	}
}

test_a_value_that_is_known_after_apply_is_not_assessed if {
	count(rule.deny) == 0 with input as _server("unknown")
	some result in rule.not_assessed with input as _server("unknown")
	result.missing == "the encryption of `aws_db_instance.orders`"
}

test_another_store_is_reported_with_what_to_write if {
	cases := {"aws_ebs_volume": "encrypted = true", "aws_sqs_queue": "sqs_managed_sse_enabled = true"}
	every type, written in cases {
		some result in rule.deny with input as _volume(type, false)
		result.msg == sprintf("`%s.a` is not encrypted at rest", [type])
		contains(result.remedy, written)
	}
	some volume in rule.deny with input as _volume("aws_ebs_volume", false)
	contains(volume.remedy, "restore it from an encrypted copy")
	some queue in rule.deny with input as _volume("aws_sqs_queue", false)
	not contains(queue.remedy, "restore it")
}

test_a_machine_is_reported_by_its_disks if {
	some result in rule.deny with input as _volume("aws_launch_template", false)
	result.msg == "a disk of `aws_launch_template.a` is not encrypted at rest"
	contains(result.remedy, "block_device_mappings {")
}

test_a_store_in_a_cluster_is_reported_with_a_storage_class if {
	some result in rule.deny with input as object.union(_server(false), {"workload": "StatefulSet/shop/db"})
	contains(result.remedy, "kind: StorageClass")
}

test_a_volume_that_the_account_decides_about_is_not_assessed if {
	results := rule.not_assessed with input as _volume("aws_ebs_volume", "unknown")
	{result.missing | some result in results} == {"aws_ebs_encryption_by_default of the account"}
	count(rule.deny) == 0 with input as _volume("aws_ebs_volume", "unknown")
}

_volume(type, encrypted) := {
	"address": sprintf("%s.a", [type]),
	"type": type,
	"encrypted": encrypted,
	"missing": "aws_ebs_encryption_by_default of the account",
}

_server(value) := {
	"engine": "postgresql",
	"server": "aws_db_instance.orders",
	"users": {"aws_lambda_function.orders": {}},
	"encrypted": value,
}
