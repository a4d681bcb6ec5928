package probity.secrets.shared_secret_test

import rego.v1

import data.probity.secrets.shared_secret as rule

test_a_key_of_two_services_is_reported_once if {
	results := rule.deny with input as _secret({"token": ["shop/cart", "shop/orders"]})
	count(results) == 1
	some result in results
	result.msg == "2 services use the same credential of `Secret/shop/api`: shop/cart, shop/orders"
	result.path == ["uses", 1]
	[related.resource | some related in result.related] == ["Deployment/shop/orders"]
}

test_a_secret_of_one_service_passes if {
	count(rule.deny) == 0 with input as _secret({})
	count(rule.not_assessed) == 0 with input as _secret({})
}

test_unknown_users_are_not_assessed if {
	count(rule.deny) == 0 with input as object.union(_secret({}), {"shared": "unknown"})
	count(rule.not_assessed) == 1 with input as object.union(_secret({}), {"shared": "unknown"})
}

test_a_whole_secret_of_one_service_passes if {
	count(rule.deny) == 0 with input as object.union(_secret({}), {"uses": [_use("cart", null)]})
}

_secret(shared) := {
	"secret": "Secret/shop/api",
	"name": "api",
	"source": "external",
	"shared": shared,
	"uses": [
		_use("cart", "user"),
		_use("cart", "token"),
		_use("orders", "user"),
		_use("orders", "token"),
	],
}

_use(service, key) := {
	"consumer": sprintf("Deployment/shop/%s", [service]),
	"service": sprintf("shop/%s", [service]),
	"key": sprintf("env %s", [key]),
	"secret_key": key,
}
