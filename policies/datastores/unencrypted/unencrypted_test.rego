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

_server(value) := {
	"engine": "postgresql",
	"server": "aws_db_instance.orders",
	"users": {"aws_lambda_function.orders": {}},
	"encrypted": value,
}
