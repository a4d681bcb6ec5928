package probity.datastores.no_authentication_test

import rego.v1

import data.probity.datastores.no_authentication as rule

test_a_server_that_lets_everybody_in_is_reported if {
	some result in rule.deny with input as _server(false)
	result.path == ["authentication"]
	result.msg == "redis server `Service/shop/cache` lets everybody in without a credential"
	{related.resource | some related in result.related} == {"Deployment/shop/a"}
}

test_a_server_that_asks_passes if {
	every value in {true, null} {
		count(rule.deny) == 0 with input as _server(value)
		count(rule.not_assessed) == 0 with input as _server(value)
	}
}

test_an_unknown_configuration_is_not_assessed if {
	count(rule.deny) == 0 with input as _server("unknown")
	some result in rule.not_assessed with input as _server("unknown")
	result.missing == "the configuration of `Service/shop/cache`"
}

_server(value) := {
	"engine": "redis",
	"server": "Service/shop/cache",
	"users": {"Deployment/shop/a": {}},
	"authentication": value,
}
