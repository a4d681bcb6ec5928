package probity.audit.mutable_log_store_test

import rego.v1

import data.probity.audit.mutable_log_store as rule

test_a_store_that_keeps_nothing_is_reported_with_what_writes_to_it if {
	results := rule.deny with input as _store(false)
	results == {{
		"msg": "`aws_s3_bucket.logs` receives logs, and keeps neither versions nor a lock on them",
		"path": ["versioned"],
		"related": [{
			"context": true,
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

test_a_retention_that_is_not_locked_is_reported if {
	lock := {"object_lock": {"enabled": true, "final": false, "mode": "unlocked", "days": 365}}
	some result in rule.deny with input as object.union(_store(false), lock)
	result.path == ["object_lock", "final"]
	contains(result.msg, "its retention is not locked")
}

test_a_short_lock_is_reported_where_no_versions_are_kept if {
	locked := object.union(_store(true), {
		"versioned": false,
		"object_lock": {"enabled": true, "final": true, "mode": "locked", "days": 7},
	})
	some result in rule.deny with input as locked
	result.path == ["object_lock", "days"]
	endswith(result.msg, "for 7 days only")
	count(rule.deny) == 0 with input as object.union(locked, {"versioned": true})
	count(rule.deny) == 0 with input as object.union(locked, {"object_lock": {"days": 365}})
	count(rule.deny) == 0 with input as object.union(locked, {"object_lock": {"days": null}})
	count(rule.deny) == 0 with input as object.union(locked, {"versioned": "unknown"})
}

test_what_is_not_locked_is_reported_once_however_short_it_is if {
	short := {"object_lock": {"enabled": false, "final": false, "mode": null, "days": 7}}
	results := rule.deny with input as object.union(_store(false), short)
	{result.path | some result in results} == {["versioned"]}
}

test_versions_that_a_rule_deletes_soon_are_reported if {
	expiring := object.union(_store(true), {"version_days": 30})
	results := rule.deny with input as expiring
	{result.path | some result in results} == {["version_days"]}
	some result in results
	contains(result.msg, "for 30 days only")
	contains(result.remedy, "noncurrent_days = 365")
	google := object.union(expiring, {"type": "google_storage_bucket"})
	some other in rule.deny with input as google
	contains(other.remedy, "days_since_noncurrent_time = 365")
	count(rule.deny) == 0 with input as object.union(expiring, {"version_days": 365})
	locked := {"object_lock": {"enabled": true, "mode": "COMPLIANCE", "days": 365}}
	count(rule.deny) == 0 with input as object.union(expiring, locked)
}

test_versions_that_nothing_deletes_or_nobody_knows_of_pass if {
	count(rule.deny) == 0 with input as object.union(_store(true), {"version_days": null})
	count(rule.deny) == 0 with input as object.union(_store("unknown"), {"version_days": 30})
}
