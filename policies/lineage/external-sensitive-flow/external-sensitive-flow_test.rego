package probity.lineage.external_sensitive_flow_test

import rego.v1

import data.probity.lineage.external_sensitive_flow as rule

_flow := {
	"from": "Deployment/shop/orders",
	"to": "external:api.example.com",
	"way": "leave",
	"transport": "tls",
	"carries": {"level": "confidential", "categories": ["PII"]},
	"sink": {"kind": "outside", "declared": false, "level": null, "categories": [], "sanitizes": false},
	"path": ["postgresql:Service/shop/db/orders", "Deployment/shop/orders", "external:api.example.com"],
}

test_an_undeclared_party_is_reported if {
	results := rule.deny with input as _flow
	{result.peer | some result in results} == {"external:api.example.com"}
}

test_a_party_that_is_declared_for_another_category_is_reported if {
	other := object.union(_flow, {"sink": {"declared": true, "categories": ["PCI"]}})
	count(rule.deny) == 1 with input as other
}

test_a_declared_party_passes if {
	count(rule.deny) == 0 with input as object.union(_flow, {"sink": {"declared": true, "categories": ["PII"]}})
}

test_only_what_leaves_is_judged if {
	count(rule.deny) == 0 with input as object.union(_flow, {"way": "answer"})
	unknown := object.union(_flow, {"way": "answer", "sink": {"declared": "unknown"}})
	count(rule.not_assessed) == 0 with input as unknown
}

test_data_without_a_category_may_leave if {
	plain := object.union(_flow, {"carries": {"level": "restricted", "categories": []}})
	count(rule.deny) == 0 with input as plain
	count(rule.not_assessed) == 0 with input as object.union(plain, {"sink": {"declared": "unknown"}})
}

test_an_unknown_party_is_not_assessed if {
	unknown := object.union(_flow, {"sink": {"declared": "unknown"}})
	count(rule.deny) == 0 with input as unknown
	results := rule.not_assessed with input as unknown
	{result.missing | some result in results} == {"classification of external:api.example.com"}
}

test_a_known_party_is_assessed if {
	count(rule.not_assessed) == 0 with input as _flow
}
