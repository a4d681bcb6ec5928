package probity.datastores.shared_database_test

import rego.v1

import data.probity.datastores.shared_database as rule

test_two_services_in_one_database_are_reported if {
	results := rule.deny with input as _store({})
	count(results) == 1
	some result in results
	result.path == ["shared"]
	contains(result.msg, "2 services use postgresql database `orders` of `Service/shop/db`, as one principal: shop/a, shop/b")
	{related.resource | some related in result.related} == {"Deployment/shop/a", "Deployment/shop/b"}
	{related.msg | some related in result.related} == {"`Deployment/shop/a` uses it as `o`", "`Deployment/shop/b` uses it as `o`"}
}

test_different_principals_are_no_better if {
	some result in rule.deny with input as _store({"same_principal": false})
	not contains(result.msg, "one principal")
}

test_a_principal_that_is_not_known_is_not_named if {
	unknown := {"users": {"Deployment/shop/a": _user("shop/a", "service", "unknown")}}
	some result in rule.deny with input as _store(unknown)
	{related.msg | some related in result.related} == {"`Deployment/shop/a` uses it"}
}

test_one_service_passes if {
	count(rule.deny) == 0 with input as _store({"shared": false})
	count(rule.not_assessed) == 0 with input as _store({"shared": false})
}

test_a_cache_passes if {
	count(rule.deny) == 0 with input as _store({"cache": true})
	count(rule.not_assessed) == 0 with input as _store({"cache": true, "shared": "unknown"})
}

test_others_than_the_declared_owner_are_reported if {
	some result in rule.deny with input as _store({"owner": "shop/a"})
	contains(result.msg, "belongs to `shop/a`, and others use it: shop/b")
	result.path == ["users", "Deployment/shop/b"]
	count(rule.deny) == 1 with input as _store({"owner": "shop/a", "cache": true})
}

test_a_declared_owner_alone_passes if {
	every shared in {false, "unknown"} {
		count(rule.deny) == 0 with input as _store({"owner": "shop/a", "shared": shared})
	}
	count(rule.deny) == 0 with input as _store({"owner": "shop/a", "by_design": "reports read it"})
}

test_what_stands_behind_a_proxy_is_not_assessed if {
	some result in rule.not_assessed with input as _store({"passes_on": true, "shared": "unknown"})
	contains(result.msg, "which postgresql server stands behind `Service/shop/db` is not known")
	result.missing == "the server behind `Service/shop/db`"
	count(rule.deny) == 0 with input as _store({"passes_on": true, "shared": "unknown"})
	count(rule.deny) == 1 with input as _store({"passes_on": true})
	count(rule.not_assessed) == 0 with input as _store({"passes_on": true})
	count(rule.not_assessed) == 1 with input as _store({"passes_on": true, "shared": "unknown"})
	design := {"passes_on": true, "shared": "unknown", "by_design": "reports read it"}
	count(rule.not_assessed) == 0 with input as _store(design)
}

test_what_is_shared_by_design_passes if {
	every shared in {true, "unknown"} {
		design := {"by_design": "reports read it", "shared": shared}
		count(rule.deny) == 0 with input as _store(design)
		count(rule.not_assessed) == 0 with input as _store(design)
	}
}

test_exporters_are_not_counted if {
	users := object.union(_two, {"Deployment/shop/m": _user("shop/m", "monitor", "o")})
	some result in rule.deny with input as _store({"users": users})
	count(result.related) == 2
}

test_an_unknown_database_is_not_assessed if {
	unknown := {"shared": "unknown", "database": "unknown"}
	count(rule.deny) == 0 with input as _store(unknown)
	some result in rule.not_assessed with input as _store(unknown)
	result.missing == "which database of `Service/shop/db` each of them uses"
	contains(result.msg, "shop/a, shop/b may")
}

_store(fields) := object.union(
	{
		"engine": "postgresql",
		"server": "Service/shop/db",
		"database": "orders",
		"shared": true,
		"same_principal": true,
		"cache": false,
		"owner": null,
		"by_design": null,
		"users": object.get(fields, "users", _two),
	},
	object.remove(fields, ["users"]),
)

_two := {
	"Deployment/shop/a": _user("shop/a", "service", "o"),
	"Deployment/shop/b": _user("shop/b", "service", "o"),
}

_user(service, role, principal) := {
	"service": service,
	"role": role,
	"evidence": "explicit",
	"databases": ["orders"],
	"principals": [{"name": principal, "superuser": false}],
}

test_what_nobody_is_known_to_use_is_not_assessed if {
	nobody := _store({"shared": false, "users": {}})
	count(rule.deny) == 0 with input as nobody
	results := rule.not_assessed with input as nobody
	{result.missing | some result in results} == {"the clients of `Service/shop/db`"}
}

test_what_nobody_is_known_to_use_is_open_once_and_only_where_sharing_matters if {
	count(rule.not_assessed) == 1 with input as _store({"shared": "unknown", "users": {}})
	count(rule.not_assessed) == 0 with input as _store({"shared": false, "users": {}, "cache": true})
	count(rule.not_assessed) == 0 with input as _store({"shared": false, "users": {}, "by_design": "a"})
}
