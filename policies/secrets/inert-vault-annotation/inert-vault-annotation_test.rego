package probity.secrets.inert_vault_annotation_test

import rego.v1

import data.probity.secrets.inert_vault_annotation as rule

_secret := "vault.hashicorp.com/agent-inject-secret-db"

test_what_asks_without_the_switch_is_reported if {
	results := rule.deny with input as _workload("off", false, {_secret: false})
	{result.path | some result in results} == {["annotations", _secret]}
}

test_with_the_switch_it_passes if {
	count(rule.deny) == 0 with input as _workload("on", false, {_secret: false})
	count(rule.not_assessed) == 0 with input as _workload("on", false, {_secret: false})
}

test_a_namespace_that_is_left_out_is_reported if {
	count(rule.deny) == 1 with input as _workload("on", true, {_secret: false})
}

test_annotations_around_the_pod_are_reported if {
	results := rule.deny with input as _workload("off", false, {"vault.hashicorp.com/agent-inject": true})
	{result.path | some result in results} == {["annotations", "vault.hashicorp.com/agent-inject"]}
}

test_other_annotations_pass if {
	count(rule.deny) == 0 with input as _workload("off", false, {"vault.hashicorp.com/role": false})
	count(rule.deny) == 0 with input as _workload("off", false, {"vault.hashicorp.com/role": true})
}

test_an_unknown_switch_is_not_assessed if {
	count(rule.deny) == 0 with input as _workload("unknown", false, {_secret: false})
	count(rule.not_assessed) == 1 with input as _workload("unknown", false, {_secret: false})
}

test_one_thing_at_a_time_is_reported if {
	count(rule.deny) == 1 with input as _workload("off", true, {_secret: false})
	misplaced := {_secret: false, "vault.hashicorp.com/agent-inject": true}
	count(rule.deny) == 1 with input as _workload("off", false, misplaced)
	count(rule.deny) == 0 with input as _workload("on", false, misplaced)
}

_workload(agent, refused, annotations) := {
	"workload": "Deployment/shop/cart",
	"agent": agent,
	"refused": refused,
	"annotations": {key: {"text": "x", "misplaced": misplaced} | some key, misplaced in annotations},
}
