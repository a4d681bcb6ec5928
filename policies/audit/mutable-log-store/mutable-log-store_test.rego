package probity.audit.mutable_log_store_test

import rego.v1

import data.probity.audit.mutable_log_store as rule

test_a_store_that_keeps_nothing_is_reported_with_what_writes_to_it if {
	results := rule.deny with input as _store(false)
	results == {{
		"msg": "`aws_s3_bucket.logs` receives logs, and keeps neither versions nor a lock on them",
		"path": ["versioned"],
		"related": [{
			"msg": "this writes logs there",
			"path": ["receives", 0],
			"resource": "aws_cloudtrail.all",
		}],
	}}
	count(rule.not_assessed) == 0 with input as _store(false)
}

test_a_store_that_keeps_what_was_written_passes if {
	count(rule.deny) == 0 with input as _store(true)
	count(rule.not_assessed) == 0 with input as _store(true)
}

test_an_undetermined_store_is_not_assessed if {
	count(rule.deny) == 0 with input as _store("unknown")
	results := rule.not_assessed with input as _store("unknown")
	{result.missing | some result in results} == {"aws_s3_bucket.logs.versioning"}
}

_store(immutable) := {
	"address": "aws_s3_bucket.logs",
	"type": "aws_s3_bucket",
	"name": "logs",
	"receives": [{"resource": "aws_cloudtrail.all", "type": "aws_cloudtrail"}],
	"object_lock": {"enabled": false, "mode": null, "days": null},
	"versioned": immutable,
	"immutable": immutable,
	"missing": ["aws_s3_bucket.logs.versioning"],
}
