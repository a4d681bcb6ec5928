package probity.storage.public_snapshot_test

import rego.v1

import data.probity.storage.public_snapshot as rule

_planned(type, values) := {
	"address": sprintf("%s.a", [type]),
	"type": type,
	"mode": "managed",
	"actions": ["create"],
	"values": values,
	"unknown": {},
}

test_everyone_is_reported_where_it_is_named if {
	cases := [
		{"type": "aws_db_snapshot", "values": {"shared_accounts": ["111122223333", "all"]}, "path": ["values", "shared_accounts", 1]},
		{"type": "aws_ami_launch_permission", "values": {"group": "all"}, "path": ["values", "group"]},
		{"type": "google_compute_image_iam_member", "values": {"member": "allAuthenticatedUsers"}, "path": ["values", "member"]},
		{"type": "aws_ebs_snapshot_block_public_access", "values": {"state": "unblocked"}, "path": ["values", "state"]},
	]
	every case in cases {
		results := rule.deny with input as _planned(case.type, case.values)
		{result.path | some result in results} == {case.path}
	}
}

test_named_accounts_pass if {
	count(rule.deny) == 0 with input as _planned("aws_db_snapshot", {"shared_accounts": ["111122223333"]})
	count(rule.deny) == 0 with input as _planned("aws_db_snapshot", {"shared_accounts": null})
	count(rule.deny) == 0 with input as _planned("aws_ami_launch_permission", {"group": null, "account_id": "1"})
}

test_what_is_deleted_or_only_read_is_not_judged if {
	planned := _planned("aws_ami_launch_permission", {"group": "all"})
	count(rule.deny) == 0 with input as object.union(planned, {"actions": ["delete"]})
	count(rule.deny) == 0 with input as object.union(planned, {"mode": "data"})
	array := _planned("aws_db_snapshot", {"shared_accounts": ["all"]})
	count(rule.deny) == 0 with input as object.union(array, {"actions": ["delete"]})
	unknown := object.union(planned, {"values": {}, "unknown": {"group": true}, "mode": "data"})
	count(rule.not_assessed) == 0 with input as unknown
}

test_what_is_unknown_is_not_assessed if {
	every mask in [true, [false, true]] {
		unknown := object.union(_planned("aws_db_snapshot", {}), {"unknown": {"shared_accounts": mask}})
		count(rule.deny) == 0 with input as unknown
		results := rule.not_assessed with input as unknown
		{result.missing | some result in results} == {"aws_db_snapshot.a.shared_accounts"}
	}
	known := object.union(_planned("aws_db_snapshot", {}), {"unknown": {"shared_accounts": [false]}})
	count(rule.not_assessed) == 0 with input as known
}
