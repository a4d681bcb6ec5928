package probity.datastores.superuser_credential_test

import rego.v1

import data.probity.datastores.superuser_credential as rule

test_a_service_that_is_superuser_is_reported if {
	results := rule.deny with input as _server("service", {"name": "root", "superuser": true})
	count(results) == 1
	some result in results
	result.path == ["users", "Deployment/shop/a", "principals", 0]
	result.peer == "Deployment/shop/a"
	contains(result.msg, "as `root`, a superuser: the engine comes with it")
	{related.resource | some related in result.related} == {"Deployment/shop/a"}
}

test_an_exporter_is_no_better if {
	count(rule.deny) == 1 with input as _server("monitor", {"name": "root", "superuser": true})
}

test_migrations_backups_and_poolers_pass if {
	every role in {"migration", "backup", "server"} {
		count(rule.deny) == 0 with input as _server(role, {"name": "root", "superuser": true})
		count(rule.not_assessed) == 0 with input as _server(role, {"name": "unknown"})
	}
}

test_a_principal_of_its_own_passes if {
	count(rule.deny) == 0 with input as _server("service", {"name": "orders"})
	count(rule.not_assessed) == 0 with input as _server("service", {"name": "orders"})
	count(rule.not_assessed) == 0 with input as _server("service", {"name": null})
}

test_an_unknown_principal_is_not_assessed if {
	count(rule.deny) == 0 with input as _server("service", {"name": "unknown"})
	{result.missing | some result in rule.not_assessed} == {"the principal of `Deployment/shop/a`"} with input as _server("service", {"name": "unknown"})
	{result.missing | some result in rule.not_assessed} == {"Secret/shop/db#user"} with input as _server("service", {"name": "unknown", "missing": "Secret/shop/db#user"})
	redis := object.union(_server("service", {"name": "unknown"}), {"engine": "redis"})
	count(rule.not_assessed) == 0 with input as redis
}

_server(role, principal) := {
	"engine": "mysql",
	"server": "Service/shop/db",
	"users": {"Deployment/shop/a": {
		"role": role,
		"principals": [object.union(
			{"superuser": false, "missing": null, "why": "the engine comes with it"},
			principal,
		)],
	}},
}

test_the_remedy_is_that_of_the_engine if {
	found := {engine: remedy |
		some engine in ["postgresql", "mysql", "mongodb", "oracle"]
		base := object.remove(_server("service", {"name": "root", "superuser": true}), ["engine"])
		server := object.union(base, {"engine": engine, "users": {"Deployment/shop/a": {"databases": ["orders"]}}})
		results := rule.deny with input as server
		some result in results
		remedy := result.remedy
	}
	contains(found.postgresql, "CREATE ROLE \"a\" LOGIN")
	contains(found.mysql, "GRANT SELECT, INSERT, UPDATE, DELETE ON `orders`.* TO 'a'@'%'")
	not contains(found.mysql, "POSTGRES")
	contains(found.mongodb, "createUser({user: \"a\"")
	contains(found.oracle, "one called `a`")
}
