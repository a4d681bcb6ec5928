package probity.secrets.insecure_secret_store_test

import rego.v1

import data.probity.secrets.insecure_secret_store as rule

test_a_store_over_tls_with_an_identity_passes if {
	count(rule.deny) == 0 with input as _store({"server": "https://vault", "auth": {"kubernetes": {"role": "shop"}}})
	count(rule.not_assessed) == 0 with input as _store({"server": "https://vault", "auth": {"kubernetes": {"role": "shop"}}})
}

test_a_store_without_tls_is_reported if {
	_paths(_store({"server": "http://vault"})) == {["spec", "provider", "vault", "server"]}
}

test_a_static_login_is_reported if {
	every method in {"tokenSecretRef", "appRole", "userPass"} {
		_paths(_store({"server": "https://vault", "auth": {method: {"name": "x"}}})) == {["spec", "provider", "vault", "auth", method]}
	}
}

test_a_fake_store_is_reported_outside_tests if {
	every what in {"store", "generator"} {
		fake := {"kind": "SecretStore", "name": "a", "fake": what, "tests": false}
		results := rule.deny with input as fake
		{result.msg | some result in results} == {sprintf("%s `a` hands out what its manifest says", [what])}
		{result.path | some result in results} == {["fake"]}
		count(rule.deny) == 0 with input as object.union(fake, {"tests": true})
		count(rule.deny) == 0 with input as object.union(fake, {"fake": null})
	}
}

test_a_store_for_every_namespace_is_reported if {
	every conditions in [[], [{"namespaceSelector": {}}], [{"namespaces": ["shop"]}, {"namespaceRegexes": [".*"]}], "shop", null] {
		_paths(_cluster_store({"conditions": conditions, "provider": {"aws": {}}})) == {["spec", "conditions"]}
	}
	_paths(_cluster_store({"provider": {"aws": {}}})) == {["spec", "conditions"]}
}

test_a_store_for_some_namespaces_passes if {
	every condition in [{"namespaces": ["shop"]}, {"namespaceSelector": {"matchLabels": {"team": "shop"}}}, {"namespaceRegexes": ["^shop-.*"]}] {
		_paths(_cluster_store({"conditions": [condition], "provider": {"aws": {}}})) == set()
	}
	_paths(_object("SecretStore", {"provider": {"aws": {}}})) == set()
	_paths(_cluster_store({"provider": {"fake": {}}})) == set()
	_paths(object.union(_cluster_store({"provider": {"aws": {}}}), {"apiVersion": "example.com/v1"})) == set()
}

test_a_store_of_another_group_passes if {
	other := object.union(_store({"server": "http://vault"}), {"apiVersion": "example.com/v1"})
	count(rule.deny) == 0 with input as other
}

test_secrets_in_a_configmap_are_reported if {
	_paths(_object("ExternalSecret", {"target": {"manifest": {"kind": "ConfigMap"}}})) == {["spec", "target", "manifest", "kind"]}
	_paths(_object("ExternalSecret", {"target": {"name": "x"}})) == set()
	_paths(_object("ExternalSecret", {"target": {"manifest": {"kind": "Secret"}}})) == set()
}

test_a_connection_is_reported_for_what_it_skips if {
	_paths(_object("VaultConnection", {"address": "http://vault"})) == {["spec", "address"]}
	_paths(_object("VaultConnection", {"address": "https://vault", "skipTLSVerify": true})) == {["spec", "skipTLSVerify"]}
	_paths(_object("VaultConnection", {"address": "https://vault", "skipTLSVerify": false})) == set()
}

test_a_provider_class_is_reported_for_what_it_skips if {
	_paths(_object("SecretProviderClass", {"parameters": {"vaultAddress": "http://vault"}})) == {["spec", "parameters", "vaultAddress"]}
	_paths(_object("SecretProviderClass", {"parameters": {"vaultSkipTLSVerify": "true"}})) == {["spec", "parameters", "vaultSkipTLSVerify"]}
	_paths(_object("SecretProviderClass", {"parameters": {"vaultAddress": "https://vault"}})) == set()
}

test_annotations_are_reported_where_the_injector_is_on if {
	every key, text in {"tls-skip-verify": "true", "service": "http://vault", "agent-inject-token": "true"} {
		full := concat("", ["vault.hashicorp.com/", key])
		_paths(_workload("on", full, text, false)) == {["annotations", full]}
		_paths(_workload("off", full, text, false)) == set()
		_paths(_workload("on", full, text, true)) == set()
		_paths(_workload("on", full, "false", false)) == set()
	}
	_paths(_workload("off", "vault.security.banzaicloud.io/vault-skip-verify", "true", false)) == {["annotations", "vault.security.banzaicloud.io/vault-skip-verify"]}
}

test_an_address_that_is_filled_in_later_is_not_assessed if {
	every address in {"${VAULT}", "{{ vault }}", "unknown"} {
		count(rule.deny) == 0 with input as _store({"server": address})
		count(rule.not_assessed) == 1 with input as _store({"server": address})
		count(rule.not_assessed) == 1 with input as _object("VaultConnection", {"address": address})
		count(rule.not_assessed) == 1 with input as _workload("on", "vault.hashicorp.com/service", address, false)
	}
}

test_a_field_named_annotations_is_none_of_a_pod if {
	every field in [true, 7, "a", ["a"]] {
		manifest := {"apiVersion": "v1", "kind": "VaultConnection", "metadata": {"name": "a"}, "annotations": field}
		count(rule.deny) == 0 with input as manifest
		count(rule.not_assessed) == 0 with input as manifest
	}
}

test_other_objects_with_the_same_fields_pass if {
	every provider in [{"fake": {"data": []}}, {"vault": {"auth": {"tokenSecretRef": {"name": "x"}}}}] {
		_paths(object.union(_object("SecretStore", {"provider": provider}), {"apiVersion": "example.com/v1"})) == set()
	}
	_paths({"apiVersion": "generators.external-secrets.io/v1alpha1", "kind": "Password", "metadata": {"name": "a"}}) == set()
	_paths({"apiVersion": "example.com/v1", "kind": "Fake", "metadata": {"name": "a"}}) == set()
	_paths(_object("PushSecret", {"target": {"manifest": {"kind": "ConfigMap"}}})) == set()
	_paths(_object("ExternalSecret", {"target": {"manifest": {"kind": null}}})) == set()
	_paths(_object("VaultConnection", {"parameters": {"vaultAddress": "http://vault", "vaultSkipTLSVerify": "true"}})) == set()
	_paths(_object("SecretProviderClass", {"address": "http://vault", "skipTLSVerify": true})) == set()
}

_paths(object) := {result.path | some result in results} if {
	results := rule.deny with input as object
}

_store(vault) := _object("SecretStore", {"provider": {"vault": vault}})

_object(kind, spec) := {"apiVersion": "external-secrets.io/v1", "kind": kind, "metadata": {"name": "a"}, "spec": spec}

_workload(agent, key, text, misplaced) := {
	"workload": "Deployment/shop/cart",
	"agent": agent,
	"refused": false,
	"annotations": {key: {"text": text, "misplaced": misplaced}},
}

_cluster_store(spec) := _object("ClusterSecretStore", spec)
