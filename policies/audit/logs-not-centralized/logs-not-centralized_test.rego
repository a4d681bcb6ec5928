package probity.audit.logs_not_centralized_test

import rego.v1

import data.probity.audit.logs_not_centralized as rule

_local := {
	"workload": "DaemonSet/logging/fluent-bit",
	"product": "fluent-bit",
	"covers": "nodes",
	"central": false,
	"outputs": [{"name": "stdout", "kind": "local", "target": null}],
}

_central := {
	"workload": "Deployment/shop/cart",
	"product": "fluentd",
	"covers": "workload",
	"central": true,
	"outputs": [{"name": "s3", "kind": "central", "target": "logs"}],
}

test_an_output_that_stays_local_is_reported_there_and_no_other if {
	results := rule.deny with input as _namespace(false, [_central, _local], [])
	results == {{
		"msg": "what `shop` logs goes to `stdout` of fluent-bit, and to no central store",
		"path": ["collectors", 1, "outputs", 0],
		"related": [{
			"context": true,
			"msg": "this collects it",
			"path": ["collectors", 1],
			"resource": "DaemonSet/logging/fluent-bit",
		}],
	}}
}

test_a_local_output_beside_a_central_store_passes if {
	count(rule.deny) == 0 with input as _namespace(true, [_central, _local], [])
	count(rule.not_assessed) == 0 with input as _namespace(true, [_central, _local], [])
}

test_each_excluded_workload_is_reported if {
	because := {"text": "its Pods say `fluentbit.io/exclude: true`", "resource": "Deployment/shop/cart"}
	excluded := [{"workload": "Deployment/shop/cart", "because": because}]
	results := rule.deny with input as _namespace(true, [_central], excluded)
	results == {{
		"msg": "the logs of Deployment/shop/cart are not collected: its Pods say `fluentbit.io/exclude: true`",
		"path": ["excluded", 0],
		"peer": "Deployment/shop/cart",
	}}
}

test_what_nobody_is_known_to_collect_is_not_assessed_once if {
	count(rule.deny) == 0 with input as _namespace("unknown", [], [])
	results := rule.not_assessed with input as _namespace("unknown", [], [])
	{result.missing | some result in results} == {"a collector"}
}

_namespace(central, collectors, excluded) := {
	"id": "Namespace/shop",
	"name": "shop",
	"workloads": 3,
	"collectors": collectors,
	"central": central,
	"excluded": excluded,
	"missing": ["a collector"],
}
