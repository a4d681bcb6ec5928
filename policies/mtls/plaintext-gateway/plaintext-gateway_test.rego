package probity.mtls.plaintext_gateway_test

import rego.v1

import data.probity.mtls.plaintext_gateway as rule

test_a_plaintext_listener_is_reported_at_what_decides if {
	results := rule.deny with input as _gateway({})
	{[result.path, result.msg] | some result in results} == {[
		["listeners", 0, "encrypted"],
		"gateway `edge` accepts plaintext HTTP on port 80 for `shop.example.com`",
	]}
	anywhere := rule.deny with input as _gateway({"hosts": [], "port": null})
	{result.msg | some result in anywhere} == {"gateway `edge` accepts plaintext HTTP for every host"}
}

test_a_note_says_why_and_a_remedy_what_to_do if {
	listener := {"note": "class `gce` serves it beside HTTPS", "remedy": "a"}
	results := rule.deny with input as object.union(_gateway(listener), {"kind": "Ingress"})
	{[result.msg, result.remedy] | some result in results} == {[
		"ingress `edge` accepts plaintext HTTP: class `gce` serves it beside HTTPS",
		"a",
	]}
}

test_what_is_encrypted_or_redirects_passes if {
	count(rule.deny) == 0 with input as _gateway({"encrypted": true})
	count(rule.deny) == 0 with input as _gateway({"redirects": true})
	count(rule.not_assessed) == 0 with input as _gateway({"redirects": true})
	count(rule.deny) == 0 with input as object.union(_gateway({}), {"kind": "aws_appmesh_virtual_node"})
}

test_what_is_unknown_is_not_assessed if {
	count(rule.deny) == 0 with input as _gateway({"encrypted": "unknown", "missing": "a"})
	count(rule.not_assessed) == 1 with input as _gateway({"encrypted": "unknown", "missing": "a"})
	count(rule.deny) == 0 with input as _gateway({"redirects": "unknown", "missing": "a"})
	count(rule.not_assessed) == 1 with input as _gateway({"redirects": "unknown", "missing": "a"})
}

_gateway(listener) := {
	"id": "Gateway/shop/edge",
	"kind": "Gateway",
	"name": "edge",
	"listeners": [object.union(
		{
			"port": 80,
			"protocol": "HTTP",
			"hosts": ["shop.example.com"],
			"encrypted": false,
			"redirects": false,
			"note": null,
			"remedy": null,
			"missing": null,
		},
		listener,
	)],
}
