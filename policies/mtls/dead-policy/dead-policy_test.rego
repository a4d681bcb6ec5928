package probity.mtls.dead_policy_test

import rego.v1

import data.probity.mtls.dead_policy as rule

test_each_part_without_effect_is_reported_where_it_is if {
	policy := {"id": "PeerAuthentication/shop/a", "dead": [{"text": "selects no workload", "remedy": "a"}], "open": []}
	results := rule.deny with input as policy
	{[result.msg, result.path] | some result in results} == {[
		"`PeerAuthentication/shop/a` selects no workload",
		["dead", 0],
	]}
	count(rule.not_assessed) == 0 with input as policy
}

test_a_policy_with_effect_passes if {
	count(rule.deny) == 0 with input as {"id": "a", "dead": [], "open": []}
}

test_what_the_input_does_not_tell_is_not_assessed if {
	policy := {"id": "a", "dead": [], "open": [{"text": "selects", "missing": "workloads"}]}
	count(rule.deny) == 0 with input as policy
	{result.missing | some result in rule.not_assessed} == {"workloads"} with input as policy
}
