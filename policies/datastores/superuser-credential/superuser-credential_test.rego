package probity.datastores.superuser_credential_test

import rego.v1

import data.probity.datastores.superuser_credential as rule

test_a_service_that_is_superuser_is_reported if {
	results := rule.deny with input as _server("service", {"name": "root", "superuser": true})
	count(results) == 1
	some result in results
	result.path == ["users", "Deployment/shop/a", "principals", 0]
	result.peer == "Deployment/shop/a"
	contains(result.msg, "as `root`, a superuser: every server of this engine has it")
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
			{"superuser": false, "missing": null, "why": "every server of this engine has it"},
			principal,
		)],
	}},
}
