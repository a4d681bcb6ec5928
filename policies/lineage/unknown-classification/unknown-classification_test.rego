package probity.lineage.unknown_classification_test

import rego.v1

import data.probity.lineage.unknown_classification as rule

test_a_value_in_no_vocabulary_is_reported_without_it if {
	results := rule.deny with input as _object([_declaration("restricted", true), _declaration("hot", false)])
	{result.path | some result in results} == {["declarations", 1]}
	every result in results {
		result.msg == "the value of `data-classification` on StatefulSet `db` is in no vocabulary"
	}
}

test_known_values_pass if {
	count(rule.deny) == 0 with input as _object([_declaration("restricted", true)])
	count(rule.not_assessed) == 0 with input as _object([_declaration("restricted", true)])
}

test_a_declaration_without_a_value_is_not_assessed if {
	count(rule.deny) == 0 with input as _object([_declaration("unknown", "unknown")])
	results := rule.not_assessed with input as _object([_declaration("unknown", "unknown")])
	{result.missing | some result in results} == {"the value of `data-classification`"}
}

_object(declarations) := {
	"kind": "StatefulSet",
	"namespace": "shop",
	"name": "db",
	"declarations": declarations,
}

_declaration(value, recognised) := {
	"key": "data-classification",
	"value": value,
	"level": "unknown",
	"categories": [],
	"recognised": recognised,
}
