package probity.mtls.workload_not_in_mesh_test

import rego.v1

import data.probity.mtls.workload_not_in_mesh as rule

test_a_workload_outside_of_every_mesh_is_reported if {
	results := rule.deny with input as _workload({})
	{result.path | some result in results} == {["mesh"]}
	every result in results {
		not result.group
		{related.msg | some related in result.related} == {"this workload", "does not ask", "by default"}
	}
}

test_a_namespace_without_any_mesh_is_one_group if {
	results := rule.deny with input as _workload({"namespace_meshed": false})
	{result.group | some result in results} == {"namespace `shop` has no mesh at all"}
}

test_members_and_the_platform_and_what_serves_nobody_pass if {
	count(rule.deny) == 0 with input as _workload({"mesh": "linkerd"})
	count(rule.deny) == 0 with input as _workload({"platform": true})
	count(rule.deny) == 0 with input as _workload({"serves": false})
	count(rule.not_assessed) == 0 with input as _workload({})
}

test_an_unknown_mesh_is_not_assessed if {
	unknown := _workload({"mesh": "unknown", "missing": "Namespace/shop"})
	count(rule.deny) == 0 with input as unknown
	{result.missing | some result in rule.not_assessed} == {"Namespace/shop"} with input as unknown
	count(rule.not_assessed) == 0 with input as object.union(unknown, {"serves": false})
}

test_the_remedy_takes_back_what_opts_out if {
	_remedy("Deployment/shop/cart", "says `sidecar.istio.io/inject: false`") == {
		"Remove `sidecar.istio.io/inject: false` from the Pods of `Deployment/shop/cart`, and restart them.",
	}
	_remedy("Deployment/shop/cart", "asks for a proxy by annotation, which no webhook reads") == {
		"Make the annotation `sidecar.istio.io/inject` of the Pods of `Deployment/shop/cart` a label.",
	}
}

test_the_remedy_lets_the_namespace_ask if {
	some labels in _remedy("Namespace/shop", "does not say `istio-injection: enabled`")
	endswith(labels, "  name: shop\n  labels:\n    istio-injection: enabled\n```")
	some annotations in _remedy("Namespace/shop", "says `linkerd.io/inject: disabled`")
	endswith(annotations, "  name: shop\n  annotations:\n    linkerd.io/inject: enabled\n```")
}

test_what_is_asked_otherwise_has_no_remedy_of_its_own if {
	_remedy("Namespace/shop", "says `istio.io/rev: canary`") == set()
	_remedy("Deployment/shop/cart", "has no proxy that runs") == set()
	_remedy("Namespace/shop", "says nothing") == set()
	_remedy(null, "no mesh takes it") == set()
}

_remedy(resource, text) := {result.remedy |
	some result in rule.deny with input as _workload({"because": [{"text": text, "resource": resource}]})
	result.remedy
}

_workload(fields) := object.union(
	{
		"id": "Deployment/shop/cart",
		"namespace": "shop",
		"mesh": "none",
		"missing": null,
		"serves": true,
		"platform": false,
		"namespace_meshed": true,
		"because": [
			{"text": "Namespace/shop does not ask", "resource": "Namespace/shop"},
			{"text": "by default", "resource": null},
		],
	},
	fields,
)
