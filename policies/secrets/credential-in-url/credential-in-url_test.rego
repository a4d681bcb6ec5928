package probity.secrets.credential_in_url_test

import rego.v1

import data.probity.secrets.credential_in_url as rule

test_a_credential_in_a_connection_string_is_reported if {
	results := rule.deny with input as _object("ConfigMap", "DB_URI", "connection-string")
	{result.msg | some result in results} == {"ConfigMap `web` has a credential in the connection string in `data.it`"}
	{result.path | some result in results} == {["values", "data.it"]}
}

test_other_values_pass if {
	every class in {"private-key", "named", "token", "random", "weak", null} {
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
