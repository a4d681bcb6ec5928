package probity.mtls.plaintext_connection_test

import rego.v1

import data.probity.mtls.plaintext_connection as rule

test_plaintext_is_reported_with_both_ends if {
	results := rule.deny with input as _connection({"transport": "plaintext"})
	{[result.path, result.peer] | some result in results} == {[["transport"], "Deployment/shop/cart"]}
	{related.resource | some result in results; some related in result.related} == {
		"Deployment/shop/cart",
		"DestinationRule/shop/cart",
	}
}

test_a_sidecar_that_keeps_the_server_is_named if {
	because := [
		{"text": "no Namespace", "resource": null},
		{"text": "Sidecar/front/default tells nothing", "resource": "Sidecar/front/default"},
	]
	results := rule.deny with input as _connection({"transport": "plaintext", "because": because})
	{result.remedy | some result in results} == {"Add `shop/*` to `hosts` of `egress` in `Sidecar/front/default`."}
}

test_the_remedy_is_about_what_decides if {
	_remedy({}) == {"Set `tls: {mode: ISTIO_MUTUAL}` in `DestinationRule/shop/cart`."}
	_remedy({"because": [{"text": "so sidecars drop its `credentialName`", "resource": "DestinationRule/shop/pay"}]}) == {concat("", [
		"Give `DestinationRule/shop/pay` a `workloadSelector`: ",
		"without one sidecars drop its `credentialName`.",
	])}
	_remedy({"because": [{
		"text": "says `config.linkerd.io/skip-outbound-ports: 80`",
		"resource": "Deployment/shop/web",
	}]}) == {"Remove `config.linkerd.io/skip-outbound-ports: 80` from the Pods of `Deployment/shop/web`."}
	some external in _remedy({"server": "external:pay.example.com", "server_mesh": null, "because": []})
	startswith(external, "Call `pay.example.com` by `https`")
	some encryption in _remedy({"transport": "authenticated"})
	startswith(encryption, "Let Cilium encrypt")
}

test_the_remedy_brings_in_who_is_outside if {
	because := [{"text": "by default", "resource": null}]
	some server in _remedy({"server_mesh": "none", "because": because})
	startswith(server, "Bring `Deployment/shop/cart` into the mesh")
	some both in _remedy({"server_mesh": "none", "client_mesh": "none", "because": because})
	startswith(both, "Bring `Deployment/shop/web` and `Deployment/shop/cart` into the mesh")
	_remedy({"because": because}) == set()
}

_remedy(fields) := {result.remedy |
	some result in rule.deny with input as _connection(object.union({"transport": "plaintext"}, fields))
	result.remedy
}

test_a_fix_needs_both_sides_in_the_mesh if {
	fixes := {"istio-sidecar": {["DISABLE", "ISTIO_MUTUAL"]}, "none": set(), null: set()}
	every mesh, expected in fixes {
		results := rule.deny with input as _connection({"transport": "plaintext", "server_mesh": mesh})
		{[fix.from, fix.to] | some result in results; some fix in result.fixes} == expected
	}
}

test_no_fix_sends_what_servers_refuse if {
	results := rule.deny with input as _connection({"transport": "plaintext", "servers_ready": false})
	{result.fixes | some result in results} == {[]}
}

test_proof_without_encryption_is_plaintext if {
	results := rule.deny with input as _connection({"transport": "authenticated"})
	{endswith(result.msg, "encrypts nothing") | some result in results} == {true}
}

test_what_is_encrypted_passes if {
	every transport in {"mtls", "tls", "encrypted", "broken"} {
		count(rule.deny) == 0 with input as _connection({"transport": transport})
		count(rule.not_assessed) == 0 with input as _connection({"transport": transport})
	}
}

test_clients_of_databases_outside_of_meshes_are_judged_elsewhere if {
	access := {"transport": "plaintext", "database": true, "client_mesh": "none", "server_mesh": "none"}
	count(rule.deny) == 0 with input as _connection(access)
	count(rule.deny) == 0 with input as _connection(object.union(access, {"server_mesh": null}))
	count(rule.deny) == 1 with input as _connection(object.union(access, {"client_mesh": "istio-sidecar"}))
	count(rule.deny) == 1 with input as _connection(object.union(access, {"database": false}))
}

test_the_platform_is_not_judged if {
	count(rule.deny) == 0 with input as _connection({"transport": "plaintext", "platform": true})
	count(rule.not_assessed) == 0 with input as _connection({"transport": "unknown", "platform": true})
}

test_an_unknown_transport_is_not_assessed if {
	unknown := _connection({"transport": "unknown", "missing": "Namespace/shop"})
	count(rule.deny) == 0 with input as unknown
	{result.missing | some result in rule.not_assessed} == {"Namespace/shop"} with input as unknown
}

_connection(fields) := object.union(
	{
		"client": "Deployment/shop/web",
		"client_mesh": "istio-sidecar",
		"server": "Deployment/shop/cart",
		"server_mesh": "istio-sidecar",
		"servers_ready": true,
		"service": "Service/shop/cart",
		"port": 80,
		"transport": "mtls",
		"database": false,
		"platform": false,
		"missing": null,
		"because": [{"text": "DestinationRule/shop/cart sets DISABLE", "resource": "DestinationRule/shop/cart"}],
	},
	fields,
)
