package probity.mtls.plaintext_accepted_test

import rego.v1

import data.probity.mtls.plaintext_accepted as rule

test_permissive_and_disabled_ports_are_reported if {
	every mode in {"permissive", "disabled"} {
		results := rule.deny with input as _workload({"mtls": mode})
		{result.path | some result in results} == {["ports", 0, "mtls"]}
		{endswith(result.msg, mode) | some result in results} == {true}
	}
}

test_the_remedy_is_the_smallest_change if {
	decided := rule.deny with input as _workload({})
	{contains(result.remedy, "in `PeerAuthentication/shop/a`") | some result in decided} == {true}
	nothing := [{"text": "by default", "resource": null}]
	undecided := rule.deny with input as _workload({"because": nothing})
	{contains(result.remedy, `namespace: "shop"}`) | some result in undecided} == {true}
	linkerd := rule.deny with input as object.union(_workload({}), {"mesh": "linkerd"})
	{contains(result.remedy, "kubectl annotate namespace shop config.linkerd.io/default-inbound-policy=all-authenticated") | some result in linkerd} == {true}
	own := [{"text": "the default policy is `audit`", "resource": "Deployment/shop/cart"}]
	of_pod := rule.deny with input as object.union(_workload({"because": own}), {"mesh": "linkerd"})
	{contains(result.remedy, "Pod template of `Deployment/shop/cart`") | some result in of_pod} == {true}
}

test_the_remedy_is_in_the_words_of_the_mesh if {
	kuma := {"mesh": "kuma", "mesh_name": "inner", "mesh_namespace": "kong-mesh-system"}
	by_mesh := [{"text": "Mesh/inner sets PERMISSIVE for the mesh", "resource": "Mesh/inner"}]
	permissive := rule.deny with input as object.union(_workload({"because": by_mesh}), kuma)
	{contains(result.remedy, "kind: MeshTLS") | some result in permissive} == {true}
	{contains(result.remedy, "name: inner-strict\n  namespace: \"kong-mesh-system\"\n  labels: {kuma.io/mesh: \"inner\"}") | some result in permissive} == {true}
	off := rule.deny with input as object.union(_workload({"because": by_mesh, "mtls": "disabled"}), kuma)
	{contains(result.remedy, "spec.mtls.enabledBackend` of `Mesh/inner`, with `mode: PERMISSIVE`") | some result in off} == {true}
	{contains(result.remedy, "```") | some result in off} == {false}
	by_policy := array.concat(by_mesh, [{"text": "b", "resource": "MeshTLS/kuma-system/part"}])
	part := rule.deny with input as object.union(_workload({"because": by_policy}), kuma)
	{contains(result.remedy, "in `MeshTLS/kuma-system/part`") | some result in part} == {true}
	consul := object.union(_workload({"because": [
		{"text": "a", "resource": null},
		{"text": "b", "resource": "ServiceDefaults/shop/cart"},
	]}), {"mesh": "consul"})
	patched := rule.deny with input as consul
	{contains(result.remedy, "patch servicedefaults cart --namespace shop") | some result in patched} == {true}
	said := rule.deny with input as object.union(_workload({"because": []}), {"mesh": "consul"})
	{startswith(result.remedy, "Let the mesh demand") | some result in said} == {true}
	other := object.union(_workload({"because": [{"text": "b", "resource": "Deployment/shop/cart"}]}), {"mesh": "consul"})
	told := rule.deny with input as other
	{startswith(result.remedy, "Let the mesh demand") | some result in told} == {true}
}

test_the_fix_makes_a_permissive_policy_strict if {
	results := rule.deny with input as _workload({})
	{[fix.kind, fix.from, fix.to] | some result in results; some fix in result.fixes} == {[
		"PeerAuthentication", "PERMISSIVE", "STRICT",
	]}
}

test_no_fix_cuts_callers_off if {
	results := rule.deny with input as _workload({"clients_ready": false})
	{result.fixes | some result in results} == {[]}
	{contains(result.remedy, "once every caller is in the mesh") | some result in results} == {true}
}

test_strict_ports_and_those_that_other_rules_report_pass if {
	count(rule.deny) == 0 with input as _workload({"mtls": "strict"})
	count(rule.deny) == 0 with input as _workload({"bypasses": true})
	count(rule.deny) == 0 with input as _workload({"identity_required": true})
	count(rule.deny) == 0 with input as _workload({"admitted_by": {"text": "a", "resource": "b"}})
	count(rule.deny) == 0 with input as _workload({"judged": false})
	count(rule.deny) == 0 with input as object.union(_workload({"mtls": "disabled"}), {"mesh": "none"})
}

test_plaintext_through_the_proxy_is_reported_though_some_may_pass_it if {
	count(rule.deny) == 1 with input as _workload({"bypasses": "unknown"})
}

test_what_is_unknown_is_not_assessed if {
	count(rule.not_assessed) == 1 with input as _workload({"mtls": "unknown", "missing": "x"})
	count(rule.not_assessed) == 1 with input as _workload({"identity_required": "unknown"})
	count(rule.not_assessed) == 1 with input as _unknown_mesh
	count(rule.not_assessed) == 0 with input as _workload({"mtls": "strict", "identity_required": "unknown"})
}

test_a_planned_node_without_strict_tls_is_reported if {
	results := rule.deny with input as _node(false)
	{result.path | some result in results} == {["listeners", 0, "encrypted"]}
	count(rule.deny) == 0 with input as _node("unknown")
	count(rule.not_assessed) == 1 with input as _node("unknown")
	count(rule.not_assessed) == 0 with input as _node(true)
}

_node(encrypted) := {
	"id": "aws_appmesh_virtual_node.cart",
	"listeners": [{"port": 8080, "encrypted": encrypted, "note": "a", "remedy": "b", "missing": "c"}],
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
			"clients_ready": true,
			"because": [{"text": "PeerAuthentication/shop/a sets PERMISSIVE", "resource": "PeerAuthentication/shop/a"}],
			"missing": null,
		},
		fields,
	)],
}

_unknown_mesh := object.union(_workload({"mtls": "unknown"}), {"mesh": "unknown", "missing": "Namespace/shop"})
