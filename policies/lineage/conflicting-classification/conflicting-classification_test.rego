package probity.lineage.conflicting_classification_test

import rego.v1

import data.probity.lineage.conflicting_classification as rule

_conflict := {
	"lower": {"text": "`data-classification` of Deployment/shop/a is `internal`", "resource": "Deployment/shop/a"},
	"higher": {"text": "`data-classification` of Namespace/shop is `restricted`", "resource": "Namespace/shop"},
}

test_two_levels_are_reported_at_the_lower if {
	results := rule.deny with input as {"name": "a", "conflict": _conflict}
	{result.path | some result in results} == {["conflict", "lower"]}
}

test_one_level_passes if {
	count(rule.deny) == 0 with input as {"name": "a", "conflict": null}
	count(rule.not_assessed) == 0 with input as {"name": "a", "conflict": null}
}

test_what_is_unknown_is_not_assessed if {
	count(rule.deny) == 0 with input as {"name": "a", "conflict": "unknown"}
	results := rule.not_assessed with input as {"name": "a", "conflict": "unknown"}
	{result.missing | some result in results} == {"classification of a"}
}
