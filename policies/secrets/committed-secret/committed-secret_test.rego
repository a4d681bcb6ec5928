package probity.secrets.committed_secret_test

import rego.v1

import data.probity.secrets.committed_secret as rule

test_one_finding_for_all_readable_values if {
	results := rule.deny with input as _secret(["empty", "text", "text"])
	count(results) == 1
	some result in results
	result.path == ["values", 1]
	result.msg == "secret `db` is committed with readable values: `key1`, `key2`"
	[related.path | some related in result.related] == [["values", 2]]
}

test_values_that_are_not_readable_pass if {
	every shape in {"private-key", "public-key", "reference", "empty", "placeholder"} {
		count(rule.deny) == 0 with input as _secret([shape])
		count(rule.not_assessed) == 0 with input as _secret([shape])
	}
}

test_a_secret_without_values_passes if {
	count(rule.deny) == 0 with input as _secret([])
}

test_what_the_cluster_writes_passes if {
	every type in {"kubernetes.io/service-account-token", "helm.sh/release.v1"} {
		count(rule.deny) == 0 with input as object.union(_secret(["text"]), {"type": type})
	}
	count(rule.deny) == 1 with input as object.union(_secret(["text"]), {"type": "kubernetes.io/basic-auth"})
}

test_what_another_object_fills_in_passes if {
	count(rule.deny) == 0 with input as object.union(_secret(["text"]), {"owner": "ExternalSecret"})
}

test_the_address_of_a_repository_of_argo_cd_passes if {
	argo := {"labels": {"argocd.argoproj.io/secret-type": "repository"}}
	address := {"values": [{"key": "url", "where": "stringData.url", "shape": "text"}]}
	password := {"values": [{"key": "password", "where": "stringData.password", "shape": "text"}]}
	count(rule.deny) == 0 with input as object.union_n([_secret([]), argo, address])
	count(rule.deny) == 1 with input as object.union_n([_secret([]), argo, password])
	count(rule.deny) == 1 with input as object.union(_secret([]), address)
}

test_a_value_that_is_no_text_is_not_assessed if {
	results := rule.not_assessed with input as _secret(["text", "unknown"])
	{result.missing | some result in results} == {"the text of data.key1"}
	count(rule.deny) == 0 with input as _secret(["unknown"])
	count(rule.not_assessed) == 0 with input as object.union(_secret(["unknown"]), {"owner": "ExternalSecret"})
}

_secret(shapes) := {
	"kind": "Secret",
	"namespace": "shop",
	"name": "db",
	"type": "Opaque",
	"sops": false,
	"owner": null,
	"labels": {},
	"values": [{"key": key, "path": ["data", key], "where": sprintf("data.%s", [key]), "shape": shape} |
		some index, shape in shapes
		key := sprintf("key%d", [index])
	],
}
