package probity.datastores.plaintext_client_test

import rego.v1

import data.probity.datastores.plaintext_client as rule

test_no_tls_is_reported if {
	some result in rule.deny with input as _access({})
	result.path == ["transport"]
	result.msg == "`Deployment/shop/a` talks to postgresql server `Service/shop/db` without TLS"
	result.peer == "postgresql:Service/shop/db/orders"
	{related.resource | some related in result.related} == {"StatefulSet/shop/db"}
}

test_tls_that_is_only_preferred_is_reported if {
	some result in rule.deny with input as _access({"transport": "opportunistic"})
	contains(result.msg, "with TLS only if the server offers it")
}

test_tls_that_trusts_everybody_is_reported if {
	some result in rule.deny with input as _access({"transport": "unchecked"})
	contains(result.msg, "in TLS that trusts every certificate")
}

test_tls_passes if {
	every transport in {"unverified", "verified"} {
		count(rule.deny) == 0 with input as _access({"transport": transport})
		count(rule.not_assessed) == 0 with input as _access({"transport": transport})
	}
}

test_what_stays_in_the_pod_passes if {
	every transport in {"plain", "unknown"} {
		count(rule.deny) == 0 with input as _access({"local": true, "transport": transport})
		count(rule.not_assessed) == 0 with input as _access({"local": true, "transport": transport})
	}
}

test_what_a_mesh_encrypts_passes if {
	every transport in {"plain", "unknown"} {
		count(rule.deny) == 0 with input as _access({"mesh": "encrypted", "transport": transport})
		count(rule.not_assessed) == 0 with input as _access({"mesh": "encrypted", "transport": transport})
	}
}

test_an_unknown_mesh_is_not_assessed if {
	count(rule.deny) == 0 with input as _access({"mesh": "unknown"})
	count(rule.not_assessed) == 1 with input as _access({"mesh": "unknown"})
}

test_a_mesh_matters_only_without_tls if {
	count(rule.not_assessed) == 0 with input as _access({"mesh": "unknown", "transport": "verified"})
	count(rule.not_assessed) == 0 with input as _access({"mesh": "none"})
}

test_an_unknown_transport_is_not_assessed if {
	count(rule.deny) == 0 with input as _access({"transport": "unknown"})
	some result in rule.not_assessed with input as _access({"transport": "unknown"})
	result.missing == "what the driver of `Deployment/shop/a` does by default"
}

_access(fields) := object.union(
	{
		"workload": "Deployment/shop/a",
		"engine": "postgresql",
		"server": "Service/shop/db",
		"served_by": "StatefulSet/shop/db",
		"datastore": "postgresql:Service/shop/db/orders",
		"transport": "plain",
		"local": false,
		"mesh": "none",
	},
	fields,
)
