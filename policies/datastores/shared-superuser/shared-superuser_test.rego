package probity.datastores.shared_superuser_test

import rego.v1

import data.probity.datastores.shared_superuser as rule

test_one_principal_for_several_databases_is_reported if {
	results := rule.deny with input as _server({"shared_principal": ["Deployment/shop/a", "Deployment/shop/b"]})
	count(results) == 1
	some result in results
	result.path == ["shared_principal"]
	contains(result.msg, "on sqlserver server `Service/shop/sql`: Deployment/shop/a, Deployment/shop/b")
	{related.msg | some related in result.related} == {
		"`Deployment/shop/a` opens `a` as `sa`, a superuser",
		"`Deployment/shop/b` opens `b` as `b`",
	}
}

test_principals_of_their_own_pass if {
	count(rule.deny) == 0 with input as _server({})
	count(rule.not_assessed) == 0 with input as _server({"shared_server": ["Deployment/shop/b"]})
}

test_an_unknown_principal_is_not_assessed if {
	unknown := {"shared_server": ["Deployment/shop/c"]}
	count(rule.deny) == 0 with input as _server(unknown)
	some result in rule.not_assessed with input as _server(unknown)
	result.missing == "the principal of `Deployment/shop/c`"
}

test_what_stands_behind_a_proxy_is_not_assessed if {
	proxy := {"passes_on": true, "shared_server": ["Deployment/shop/b", "Deployment/shop/c"]}
	count(rule.deny) == 0 with input as _server(proxy)
	results := rule.not_assessed with input as _server(proxy)
	{result.missing | some result in results} == {"the servers behind `Service/shop/sql`"}
	count(rule.not_assessed) == 0 with input as _server({"passes_on": true})
}

_server(fields) := object.union(
	{
		"engine": "sqlserver",
		"server": "Service/shop/sql",
		"shared_principal": [],
		"shared_server": [],
		"users": {
			"Deployment/shop/a": {"databases": ["a"], "principals": [{"name": "sa", "superuser": true}]},
			"Deployment/shop/b": {"databases": ["b"], "principals": [{"name": "b", "superuser": false}]},
			"Deployment/shop/c": {"databases": ["c"], "principals": [{"name": "unknown", "superuser": false}]},
		},
	},
	fields,
)

test_what_nobody_is_known_to_use_is_not_assessed if {
	nobody := object.union(object.remove(_server({}), ["users"]), {"users": {}})
	count(rule.deny) == 0 with input as nobody
	results := rule.not_assessed with input as nobody
	{result.missing | some result in results} == {"the clients of `Service/shop/sql`"}
}
