package probity.mtls.no_default_deny_test

import rego.v1

import data.probity.mtls.no_default_deny as rule

test_a_namespace_without_a_default_is_reported if {
	count(rule.deny) == 1 with input as _namespace(false)
}

test_a_default_and_the_platform_pass if {
	count(rule.deny) == 0 with input as _namespace(true)
	count(rule.not_assessed) == 0 with input as _namespace(true)
	count(rule.deny) == 0 with input as object.union(_namespace(false), {"platform": true})
}

test_an_unknown_default_is_not_assessed if {
	count(rule.deny) == 0 with input as _namespace("unknown")
	count(rule.not_assessed) == 1 with input as _namespace("unknown")
	count(rule.not_assessed) == 0 with input as object.union(_namespace("unknown"), {"platform": true})
}

test_the_remedy_stops_nothing_that_goes_out if {
	some result in rule.deny with input as _namespace(false)
	"  namespace: shop" in split(result.remedy, "\n")
	not contains(result.remedy, "Egress")
	not contains(result.remedy, "Remove")
}

test_a_policy_that_lets_everything_in_must_go if {
	opened := {"because": [{"text": "NetworkPolicy/shop/all lets everything in", "resource": "NetworkPolicy/shop/all"}]}
	some result in rule.deny with input as object.union(object.remove(_namespace(false), ["because"]), opened)
	startswith(result.remedy, "Remove the empty rule of `NetworkPolicy/shop/all`.")
}

_namespace(denies) := {
	"id": "Namespace/shop",
	"name": "shop",
	"platform": false,
	"default_deny": denies,
	"because": [{"text": "no policy isolates the Pods", "resource": null}],
}
