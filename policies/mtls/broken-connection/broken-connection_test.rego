package probity.mtls.broken_connection_test

import rego.v1

import data.probity.mtls.broken_connection as rule

test_a_contradiction_is_reported_with_its_reason if {
	results := rule.deny with input as _connection({"transport": "broken"})
	{endswith(result.msg, "DestinationRule/shop/cart sets DISABLE") | some result in results} == {true}
	bare := rule.deny with input as _connection({"transport": "broken", "because": []})
	{endswith(result.msg, "contradict each other") | some result in bare} == {true}
}

test_other_transports_pass if {
	every transport in {"mtls", "tls", "plaintext", "authenticated", "encrypted"} {
		count(rule.deny) == 0 with input as _connection({"transport": transport})
		count(rule.not_assessed) == 0 with input as _connection({"transport": transport})
	}
}

test_an_unknown_transport_is_not_assessed if {
	unknown := _connection({"transport": "unknown", "missing": "Namespace/shop"})
	count(rule.deny) == 0 with input as unknown
	count(rule.not_assessed) == 1 with input as unknown
}

_connection(fields) := object.union(
	{
		"client": "Deployment/shop/web",
		"client_mesh": "istio-sidecar",
		"server": "Deployment/shop/cart",
		"server_mesh": "istio-sidecar",
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
