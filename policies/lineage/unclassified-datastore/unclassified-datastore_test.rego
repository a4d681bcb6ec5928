package probity.lineage.unclassified_datastore_test

import rego.v1

import data.probity.lineage.unclassified_datastore as rule

_subject(declared) := {"id": "a", "classification": {"declared": declared, "level": null, "categories": []}}

test_what_is_not_classified_is_reported if {
	results := rule.deny with input as _subject(false)
	{result.msg | some result in results} == {"datastore `a` is not classified"}
}

test_what_is_classified_passes if {
	count(rule.deny) == 0 with input as _subject(true)
	count(rule.not_assessed) == 0 with input as _subject(true)
}

test_what_is_unknown_is_not_assessed if {
	count(rule.deny) == 0 with input as _subject("unknown")
	results := rule.not_assessed with input as _subject("unknown")
	{result.missing | some result in results} == {"classification of a"}
}
