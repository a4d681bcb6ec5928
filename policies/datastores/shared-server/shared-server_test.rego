package probity.datastores.shared_server_test

import rego.v1

import data.probity.datastores.shared_server as rule

test_services_on_one_server_are_reported if {
	some result in rule.deny with input as _server({})
	contains(result.msg, "2 services share postgresql server `Service/shop/db`, each with a database of its own")
	{related.resource | some related in result.related} == {"Deployment/shop/a", "Deployment/shop/b"}
}

test_a_shared_cache_is_listed_as_one if {
	some result in rule.deny with input as _server({"cache": true})
	contains(result.msg, ", a cache:")
}

test_a_server_that_is_shared_by_design_passes if {
	count(rule.deny) == 0 with input as _server({"by_design": "one team runs both"})
}

test_what_stands_behind_a_proxy_is_not_assessed if {
	proxy := {"passes_on": true, "databases_known": false}
	count(rule.deny) == 0 with input as _server(proxy)
	results := rule.not_assessed with input as _server(proxy)
	{result.missing | some result in results} == {"the servers behind `Service/shop/db`"}
	count(rule.not_assessed) == 0 with input as _server(object.union(proxy, {"shared_server": []}))
}

test_a_server_of_its_own_passes if {
	count(rule.deny) == 0 with input as _server({"shared_server": []})
	count(rule.not_assessed) == 0 with input as _server({"shared_server": []})
}

test_known_databases_leave_nothing_open if {
	count(rule.not_assessed) == 0 with input as _server({})
	count(rule.not_assessed) == 0 with input as _server({"shared_server": [], "databases_known": false})
}

test_unknown_databases_are_not_assessed if {
	count(rule.deny) == 0 with input as _server({"databases_known": false})
	some result in rule.not_assessed with input as _server({"databases_known": false})
	result.missing == "which database of `Service/shop/db` each of them uses"
}

_server(fields) := object.union(
	{
		"engine": "postgresql",
		"server": "Service/shop/db",
		"cache": false,
		"by_design": null,
		"shared_server": ["Deployment/shop/a", "Deployment/shop/b"],
		"databases_known": true,
		"users": {"Deployment/shop/a": {}, "Deployment/shop/b": {}},
	},
	fields,
)

test_what_nobody_is_known_to_use_is_not_assessed if {
	nobody := object.union(object.remove(_server({"shared_server": []}), ["users"]), {"users": {}})
	count(rule.deny) == 0 with input as nobody
	results := rule.not_assessed with input as nobody
	{result.missing | some result in results} == {"the clients of `Service/shop/db`"}
	count(rule.not_assessed) == 0 with input as object.union(nobody, {"by_design": "a"})
}
