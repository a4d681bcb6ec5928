package probity.datastores.shared_credential_test

import rego.v1

import data.probity.datastores.shared_credential as rule

test_one_credential_for_several_services_is_reported if {
	some result in rule.deny with input as _server({})
	result.path == ["shared_credentials", "app"]
	contains(result.msg, "with one credential (`app`): Deployment/shop/a, Deployment/shop/b")
	{related.resource | some related in result.related} == {"Deployment/shop/a", "Deployment/shop/b"}
}

test_credentials_of_their_own_pass if {
	own := {"shared_credentials": {}, "unknown_principals": []}
	count(rule.deny) == 0 with input as object.union(object.remove(_server({}), ["shared_credentials"]), own)
	count(rule.not_assessed) == 0 with input as object.union(object.remove(_server({}), ["shared_credentials"]), own)
}

test_unknown_principals_are_not_assessed if {
	some result in rule.not_assessed with input as _server({"unknown_principals": ["Deployment/shop/a", "Deployment/shop/b"]})
	result.missing == "the principals of Deployment/shop/a, Deployment/shop/b"
}

_server(fields) := object.union(
	{
		"engine": "postgresql",
		"server": "Service/shop/db",
		"shared_credentials": {"app": {"users": ["Deployment/shop/a", "Deployment/shop/b"]}},
		"unknown_principals": [],
	},
	fields,
)

test_what_nobody_is_known_to_use_is_not_assessed if {
	nobody := object.union(object.remove(_server({}), ["shared_credentials"]), {"shared_credentials": {}, "users": {}})
	count(rule.deny) == 0 with input as nobody
	results := rule.not_assessed with input as nobody
	{result.missing | some result in results} == {"the clients of `Service/shop/db`"}
}
