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
}

_namespace(denies) := {
	"id": "Namespace/shop",
	"name": "shop",
	"platform": false,
	"default_deny": denies,
	"because": [{"text": "no policy isolates the Pods", "resource": null}],
}
