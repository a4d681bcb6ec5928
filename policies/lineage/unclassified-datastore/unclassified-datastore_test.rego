package probity.lineage.unclassified_datastore_test

import rego.v1

import data.probity.lineage.unclassified_datastore as rule

_subject(declared) := {"id": "a", "engine": "postgresql", "server": "a", "classification": {"declared": declared, "level": null, "categories": []}}

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

test_the_remedy_is_written_as_the_store_is if {
	found := {workload: remedy |
		some workload in [
			"StatefulSet/shop/db",
			"aws_db_instance.a",
			"module.b.google_redis_instance.a",
			"google_sql_database_instance.a",
		]
		results := rule.deny with input as object.union(_subject(false), {"workload": workload})
		some result in results
		remedy := result.remedy
	}
	contains(found["StatefulSet/shop/db"], "    data-classification: internal")
	contains(found["aws_db_instance.a"], "tags = {")
	contains(found["module.b.google_redis_instance.a"], "labels = {")
	contains(found["google_sql_database_instance.a"], "settings {\n  user_labels = {")
}
