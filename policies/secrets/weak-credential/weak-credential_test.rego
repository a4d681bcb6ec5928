package probity.secrets.weak_credential_test

import rego.v1

import data.probity.secrets.weak_credential as rule

test_a_weak_credential_is_reported if {
	results := rule.deny with input as _object("StatefulSet", "MYSQL_ROOT_PASSWORD", "weak")
	{result.msg | some result in results} == {"StatefulSet `web` sets the credential `MYSQL_ROOT_PASSWORD` to a value that everybody tries"}
	{result.path | some result in results} == {["values", "data.it"]}
}

test_other_values_pass if {
	every class in {"private-key", "named", "token", "random", "connection-string", null} {
		count(rule.deny) == 0 with input as _object("ConfigMap", "x", class)
		count(rule.not_assessed) == 0 with input as _object("ConfigMap", "x", class)
	}
}

test_an_unknown_value_is_not_assessed if {
	count(rule.deny) == 0 with input as _object("ConfigMap", "x", "unknown")
	count(rule.not_assessed) == 1 with input as _object("ConfigMap", "x", "unknown")
}

_object(kind, key, class) := {
	"kind": kind,
	"namespace": "shop",
	"name": "web",
	"type": "Opaque",
	"sops": false,
	"owner": null,
	"labels": {},
	"values": {"data.it": {
		"key": key,
		"where": "data.it",
		"field": "data",
		"shape": "text",
		"class": class,
		"issuer": null,
		"public": false,
	}},
}
