package probity.mtls.no_service_authorization_test

import rego.v1

import data.probity.mtls.no_service_authorization as rule

test_a_service_that_anybody_may_call_is_reported if {
	{result.path | some result in rule.deny} == {["authorization"]} with input as _workload({})
}

test_limited_services_and_those_without_identity_pass if {
	count(rule.deny) == 0 with input as _workload({"authorization": true})
	count(rule.deny) == 0 with input as _workload({"mesh": "none"})
	count(rule.deny) == 0 with input as _workload({"mesh": "cilium"})
	count(rule.deny) == 0 with input as _workload({"serves": false})
	count(rule.deny) == 0 with input as _workload({"platform": true})
	count(rule.not_assessed) == 0 with input as _workload({})
}

test_what_reaches_the_program_past_its_proxy_is_no_matter_of_policies if {
	bypassed := {"port": 8080, "judged": true, "mtls": "disabled", "bypasses": true}
	count(rule.deny) == 0 with input as _workload({"ports": [bypassed]})
	count(rule.deny) == 1 with input as _workload({"ports": [bypassed, object.union(bypassed, {"port": 9090, "bypasses": false})]})
}

test_the_remedy_names_the_callers if {
	istio := _workload({"mesh": "istio-ambient", "callers": [{"namespace": "shop", "service_account": "web"}]})
	some result in rule.deny with input as istio
	contains(result.remedy, `["cluster.local/ns/shop/sa/web"]`)
}

test_what_is_unknown_is_not_assessed if {
	unknown := _workload({"authorization": "unknown"})
	count(rule.deny) == 0 with input as unknown
	count(rule.not_assessed) == 1 with input as unknown
	count(rule.not_assessed) == 0 with input as object.union(unknown, {"platform": true})
	count(rule.not_assessed) == 1 with input as _workload({"mesh": "unknown", "missing": "Namespace/shop"})
}

_workload(fields) := object.union(
	{
		"id": "Deployment/shop/cart",
		"namespace": "shop",
		"kind": "Deployment",
		"name": "cart",
		"waypoint": false,
		"labels": {"app": "cart"},
		"callers": [],
		"others": [],
		"trust_domain": null,
		"mesh": "linkerd",
		"missing": null,
		"serves": true,
		"platform": false,
		"authorization": false,
		"ports": [],
	},
	fields,
)
