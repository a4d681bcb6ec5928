package probity.mtls.shared_identity_test

import rego.v1

import data.probity.mtls.shared_identity as rule

test_services_that_share_an_account_are_reported if {
	results := rule.deny with input as _identity([_service("cart"), _service("web")])
	{related.resource | some result in results; some related in result.related} == {
		"Deployment/shop/cart",
		"Deployment/shop/web",
	}
	{endswith(result.msg, "`shop/cart`, `shop/web`") | some result in results} == {true}
}

test_many_services_are_not_all_named if {
	services := [_service(name) | some name in ["a", "b", "c", "d", "e", "f", "g"]]
	results := rule.deny with input as _identity(services)
	{endswith(result.msg, "`shop/e` and 2 more") | some result in results} == {true}
}

test_an_account_of_one_service_passes if {
	count(rule.deny) == 0 with input as _identity([_service("cart")])
	count(rule.not_assessed) == 0 with input as _identity([_service("cart")])
}

test_the_platform_passes if {
	count(rule.deny) == 0 with input as object.union(_identity([_service("a"), _service("b")]), {"platform": true})
}

test_unknown_services_are_not_assessed if {
	count(rule.deny) == 0 with input as _identity("unknown")
	count(rule.not_assessed) == 1 with input as _identity("unknown")
}

_service(name) := {"service": sprintf("shop/%s", [name]), "workloads": [sprintf("Deployment/shop/%s", [name])]}

_identity(services) := {"id": "ServiceAccount/shop/default", "platform": false, "services": services}
