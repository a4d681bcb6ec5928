package probity.lineage.plaintext_sensitive_flow_test

import rego.v1

import data.probity.lineage.plaintext_sensitive_flow as rule

_flow := {
	"from": "Deployment/shop/orders",
	"to": "Deployment/shop/web",
	"way": "answer",
	"transport": "plaintext",
	"carries": {"level": "confidential", "categories": ["PII"]},
}

test_plaintext_is_reported if {
	every transport in ["plaintext", "authenticated"] {
		results := rule.deny with input as object.union(_flow, {"transport": transport})
		{result.msg | some result in results} == {"PII goes from `Deployment/shop/orders` to `Deployment/shop/web` in plaintext"}
	}
}

test_a_level_alone_is_enough if {
	results := rule.deny with input as object.union(_flow, {"carries": {"level": "restricted", "categories": []}})
	{true | some result in results; startswith(result.msg, "restricted data goes")} == {true}
}

test_encrypted_data_passes if {
	every transport in ["mtls", "tls", "encrypted", null] {
		count(rule.deny) == 0 with input as object.union(_flow, {"transport": transport})
	}
}

test_data_that_is_not_sensitive_may_be_seen if {
	every level in [null, "public", "internal"] {
		plain := object.union(_flow, {"carries": {"level": level, "categories": []}})
		count(rule.deny) == 0 with input as plain
		count(rule.not_assessed) == 0 with input as object.union(plain, {"transport": "unknown"})
	}
}

test_an_unknown_transport_is_not_assessed if {
	count(rule.deny) == 0 with input as object.union(_flow, {"transport": "unknown"})
	results := rule.not_assessed with input as object.union(_flow, {"transport": "unknown"})
	{result.missing | some result in results} == {"the transport from Deployment/shop/orders to Deployment/shop/web"}
}

test_one_connection_is_reported_once if {
	count(rule.deny) == 0 with input as object.union(_flow, {"way": "store"})
	count(rule.not_assessed) == 0 with input as object.union(_flow, {"way": "store", "transport": "unknown"})
}

test_a_known_transport_is_assessed if {
	count(rule.not_assessed) == 0 with input as _flow
}
