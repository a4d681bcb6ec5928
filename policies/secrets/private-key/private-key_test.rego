package probity.secrets.private_key_test

import rego.v1

import data.probity.secrets.private_key as rule

test_a_private_key_is_reported_at_its_value if {
	results := rule.deny with input as _object("ConfigMap", ["text", "private-key"])
	{result.path | some result in results} == {["values", "data.key1"]}
	every result in results {
		result.msg == "ConfigMap `web` holds a private key in `data.key1`"
	}
}

test_every_private_key_is_reported if {
	count(rule.deny) == 2 with input as _object("Secret", ["private-key", "private-key"])
}

test_other_values_pass if {
	count(rule.deny) == 0 with input as _object("Secret", ["public-key", "reference", "empty", "placeholder", "text"])
	count(rule.not_assessed) == 0 with input as _object("Secret", ["public-key", "reference", "text"])
	count(rule.deny) == 0 with input as _object("Secret", [])
}

test_a_value_that_is_no_text_is_not_assessed if {
	count(rule.deny) == 0 with input as _object("Secret", ["unknown"])
	results := rule.not_assessed with input as _object("Secret", ["unknown"])
	{result.path | some result in results} == {["values", "data.key0"]}
}

_object(kind, shapes) := {
	"kind": kind,
	"namespace": "shop",
	"name": "web",
	"values": {at: {"key": key, "where": at, "field": "data", "shape": shape, "class": _class(shape), "issuer": null} |
		some index, shape in shapes
		key := sprintf("key%d", [index])
		at := sprintf("data.%s", [key])
	},
}

_class("private-key") := "private-key"

_class(shape) := null if shape != "private-key"
