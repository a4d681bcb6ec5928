package probity.secrets.not_externally_managed_test

import rego.v1

import data.probity.secrets.not_externally_managed as rule

test_a_committed_secret_is_reported_at_what_refers_to_it if {
	results := rule.deny with input as _credential("committed-secret")
	{result.path | some result in results} == {["keys", 0]}
	{result.peer | some result in results} == {"Secret/shop/db"}
	every result in results {
		result.msg == "`Deployment/shop/cart` takes `env PASSWORD` from `Secret/shop/db`, whose values are applied with the manifests"
	}
}

test_other_sources_pass if {
	every source in {"literal", "external", "file", "generated"} {
		count(rule.deny) == 0 with input as _credential(source)
		count(rule.not_assessed) == 0 with input as _credential(source)
	}
}

test_an_unknown_source_is_not_assessed if {
	results := rule.not_assessed with input as _credential("unknown")
	{result.missing | some result in results} == {"Secret/shop/db"}
	{result.msg | some result in results} == {"Secret/shop/db is told"}
	count(rule.deny) == 0 with input as _credential("unknown")
}

test_an_unknown_source_without_a_secret_is_not_assessed if {
	results := rule.not_assessed with input as object.union(_credential("unknown"), {"secret": null})
	{result.missing | some result in results} == {"the source of `env PASSWORD`"}
}

test_a_known_source_without_a_secret_is_assessed if {
	count(rule.not_assessed) == 0 with input as object.union(_credential("file"), {"secret": null})
}

_credential(source) := {
	"consumer": "Deployment/shop/cart",
	"service": "shop/cart",
	"source": source,
	"secret": "Secret/shop/db",
	"keys": [{"key": "env PASSWORD", "container": "cart", "secret_key": "password"}],
	"because": [{"text": "Secret/shop/db is told", "resource": "Secret/shop/db"}],
}
