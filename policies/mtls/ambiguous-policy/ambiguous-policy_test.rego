package probity.mtls.ambiguous_policy_test

import rego.v1

import data.probity.mtls.ambiguous_policy as rule

test_rivals_are_reported_with_each_other if {
	results := rule.deny with input as {"id": "PeerAuthentication/shop/a", "rivals": [_rival]}
	{related.resource | some result in results; some related in result.related} == {"PeerAuthentication/shop/b"}
	{contains(result.msg, "`PeerAuthentication/shop/b`") | some result in results} == {true}
}

test_a_policy_without_rivals_passes if {
	count(rule.deny) == 0 with input as {"id": "a", "rivals": []}
	count(rule.not_assessed) == 0 with input as {"id": "a", "rivals": []}
}

test_unknown_rivals_are_not_assessed if {
	count(rule.not_assessed) == 1 with input as {"id": "a", "rivals": "unknown"}
}

_rival := {"id": "PeerAuthentication/shop/b", "text": "is about the same"}
