package probity.mtls.unauthenticated_source_allowed_test

import rego.v1

import data.probity.mtls.unauthenticated_source_allowed as rule

test_a_policy_that_admits_anybody_is_reported_at_its_rule if {
	results := rule.deny with input as _workload(_open)
	{result.path | some result in results} == {["ports", 0, "admitted_by"]}
	{related.resource | some result in results; some related in result.related} == {
		"AuthorizationPolicy/shop/a",
		"Deployment/shop/cart",
		"PeerAuthentication/shop/a",
	}
	count(rule.deny) == 1 with input as _workload(object.union(_open, {"mtls": "disabled"}))
}

test_mtls_or_an_identity_that_is_demanded_passes if {
	count(rule.deny) == 0 with input as _workload({})
	count(rule.deny) == 0 with input as _workload(object.union(_open, {"mtls": "strict"}))
	count(rule.deny) == 0 with input as _workload(object.union(_open, {"bypasses": true}))
	count(rule.deny) == 0 with input as _workload(object.union(_open, {"identity_required": true}))
	count(rule.deny) == 0 with input as object.union(_workload(_open), {"mesh": "none"})
}

test_what_is_unknown_is_not_assessed if {
	count(rule.not_assessed) == 1 with input as _workload(object.union(_open, {"mtls": "unknown", "missing": "x"}))
	count(rule.not_assessed) == 1 with input as _unknown_mesh
	count(rule.not_assessed) == 0 with input as _workload(_open)
}

_open := {"admitted_by": {
	"text": "AuthorizationPolicy/shop/a allows callers without an identity",
	"resource": "AuthorizationPolicy/shop/a",
}}

_workload(fields) := {
	"id": "Deployment/shop/cart",
	"namespace": "shop",
	"mesh": "istio-sidecar",
	"missing": null,
	"serves": true,
	"platform": false,
	"ports": [object.union(
		{
			"port": 8080,
			"judged": true,
			"mtls": "permissive",
			"bypasses": false,
			"identity_required": false,
			"admitted_by": null,
			"services": ["Service/shop/cart"],
			"because": [{"text": "PeerAuthentication/shop/a sets PERMISSIVE", "resource": "PeerAuthentication/shop/a"}],
			"missing": null,
		},
		fields,
	)],
}

_unknown_mesh := object.union(_workload({"mtls": "unknown"}), {"mesh": "unknown", "missing": "Namespace/shop"})
