package probity.mtls.port_bypasses_proxy_test

import rego.v1

import data.probity.mtls.port_bypasses_proxy as rule

test_a_port_that_bypasses_the_proxy_is_reported if {
	results := rule.deny with input as _workload({"bypasses": true, "mtls": "disabled"})
	{result.path | some result in results} == {["ports", 0, "mtls"]}
	{related.resource | some result in results; some related in result.related} == {
		"Deployment/shop/web",
		"PeerAuthentication/shop/a",
		"Service/shop/cart",
	}
}

test_any_port_may_bypass_it if {
	results := rule.deny with input as _workload({"bypasses": true, "port": null})
	{startswith(result.msg, "its port of") | some result in results} == {true}
}

test_captured_ports_and_those_of_nobody_pass if {
	count(rule.deny) == 0 with input as _workload({})
	count(rule.deny) == 0 with input as _workload({"bypasses": true, "judged": false})
	count(rule.deny) == 0 with input as object.union(_workload({"bypasses": true}), {"mesh": "none"})
	count(rule.deny) == 0 with input as object.union(_workload({"bypasses": true}), {"platform": true})
}

test_what_is_unknown_is_not_assessed if {
	open := {"bypasses": "unknown", "mtls": "unknown", "missing": "the interface"}
	count(rule.not_assessed) == 1 with input as _workload(open)
	count(rule.not_assessed) == 0 with input as object.union(_workload(open), {"mesh": "none"})

	# Another rule asks for what its mode depends on.
	count(rule.not_assessed) == 0 with input as _workload({"mtls": "unknown", "missing": "a mode"})

	# It takes plaintext anyway, which another rule reports.
	count(rule.not_assessed) == 0 with input as _workload({"bypasses": "unknown"})
	count(rule.not_assessed) == 1 with input as _unknown_mesh
	count(rule.not_assessed) == 0 with input as _workload({})
}

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
			"clients": ["Deployment/shop/web"],
			"because": [{"text": "PeerAuthentication/shop/a sets PERMISSIVE", "resource": "PeerAuthentication/shop/a"}],
			"missing": null,
		},
		fields,
	)],
}

_unknown_mesh := object.union(_workload({"mtls": "unknown"}), {"mesh": "unknown", "missing": "Namespace/shop"})
