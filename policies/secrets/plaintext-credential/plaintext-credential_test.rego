package probity.secrets.plaintext_credential_test

import rego.v1

import data.probity.secrets.plaintext_credential as rule

test_a_literal_under_a_telling_name_is_reported if {
	results := rule.deny with input as _object("Deployment", "DB_PASSWORD", "named")
	{result.msg | some result in results} == {"Deployment `web` has the credential `DB_PASSWORD` in readable form in `data.it`"}
	{result.path | some result in results} == {["values", "data.it"]}
}

test_what_has_no_name_is_told_by_its_kind if {
	nameless := object.union(_object("EncryptionConfiguration", "secret", "named"), {"name": ""})
	results := rule.deny with input as nameless
	{result.msg | some result in results} == {"EncryptionConfiguration has the credential `secret` in readable form in `data.it`"}
}

test_a_token_is_reported_with_its_issuer if {
	issued := {"values": {"data.it": {"issuer": "GitHub token"}}}
	results := rule.deny with input as object.union(_object("ConfigMap", "x", "token"), issued)
	{result.msg | some result in results} == {"ConfigMap `web` has a credential (GitHub token) in readable form in `data.it`"}
}

test_randomness_is_reported if {
	count(rule.deny) == 1 with input as _object("ConfigMap", "x", "random")
}

test_what_other_rules_report_and_what_a_secret_keeps_passes if {
	every class in {"private-key", "connection-string", "weak", null} {
		count(rule.deny) == 0 with input as _object("Secret", "x", class)
		count(rule.not_assessed) == 0 with input as _object("Secret", "x", class)
	}
}

test_an_unknown_value_is_not_assessed if {
	count(rule.deny) == 0 with input as _object("ConfigMap", "x", "unknown")
	results := rule.not_assessed with input as _object("ConfigMap", "x", "unknown")
	{result.missing | some result in results} == {"the text of data.it"}
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
