package probity.secrets.terraform_literal_test

import rego.v1

import data.probity.secrets.terraform_literal as rule

test_a_constant_is_reported_at_its_attribute if {
	results := rule.deny with input as _resource("constant")
	{result.path | some result in results} == {["values", "password"]}
	{result.msg | some result in results} == {"`aws_db_instance.a` has a credential in `password`, which the configuration writes out"}
}

test_the_default_of_a_variable_is_reported_with_its_name if {
	results := rule.deny with input as _resource("default")
	{result.msg | some result in results} == {"`aws_db_instance.a` has a credential in `password`, which is the default of the variable `password`"}
}

test_what_is_given_from_outside_or_made_elsewhere_passes if {
	every origin in {"variable", "reference"} {
		count(rule.deny) == 0 with input as _resource(origin)
		count(rule.not_assessed) == 0 with input as _resource(origin)
	}
}

test_an_unknown_origin_is_not_assessed if {
	count(rule.deny) == 0 with input as _resource("unknown")
	results := rule.not_assessed with input as _resource("unknown")
	{result.missing | some result in results} == {"the expression of aws_db_instance.a.password"}
}

_resource(origin) := {
	"address": "aws_db_instance.a",
	"type": "aws_db_instance",
	"values": {"password": {"key": "password", "class": "named", "origin": origin, "variable": "password"}},
}
