package example.workloads.team_label_test

import rego.v1

import data.example.workloads.team_label as rule

test_a_workload_without_a_team_is_reported_at_its_labels if {
	results := rule.deny with input as _deployment({"app": "web"})
	{result.path | some result in results} == {["metadata", "labels", "team"]}
}

test_a_workload_without_labels_is_reported if {
	count(rule.deny) == 1 with input as {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}}
}

test_a_workload_with_a_team_passes if {
	count(rule.deny) == 0 with input as _deployment({"team": "shop"})
}

_deployment(labels) := {
	"apiVersion": "apps/v1",
	"kind": "Deployment",
	"metadata": {"name": "web", "labels": labels},
}
