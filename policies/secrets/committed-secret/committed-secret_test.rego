package probity.secrets.committed_secret_test

import rego.v1

import data.probity.secrets.committed_secret as rule

test_one_finding_for_all_readable_values if {
	results := rule.deny with input as _secret(["empty", "text", "text"])
	count(results) == 1
	some result in results
	result.path == ["values", "data.key1"]
	result.msg == "secret `db` is committed with readable values: `key1`, `key2`"
	[related.path | some related in result.related] == [["values", "data.key2"]]
}

test_what_has_to_be_kept_comes_before_names_of_users_and_hosts if {
	values := {
		"data.aUser": object.union(_value("aUser", "data", "text", null), {"public": true}),
		"data.password": object.union(_value("password", "data", "text", null), {"public": false}),
	}
	results := rule.deny with input as object.union(_secret([]), {"values": values})
	{result.path | some result in results} == {["values", "data.password"]}
	{related.path | some result in results; some related in result.related} == {["values", "data.aUser"]}
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
	address := {"values": {"stringData.url": _value("url", "stringData", "text", null)}}
	password := {"values": {"stringData.password": _value("password", "stringData", "text", null)}}
	count(rule.deny) == 0 with input as object.union_n([_secret([]), argo, address])
	count(rule.deny) == 1 with input as object.union_n([_secret([]), argo, password])
	count(rule.deny) == 1 with input as object.union(_secret([]), address)
}

test_a_weak_value_is_left_to_its_own_rule if {
	weak := _value("password", "data", "text", "weak")
	only_weak := object.union(_secret([]), {"values": {"data.password": weak}})
	count(rule.deny) == 0 with input as only_weak
	with_user := object.union(only_weak, {"values": {"data.user": _value("user", "data", "text", null)}})
	count(rule.deny) == 0 with input as with_user
	with_other := object.union(with_user, {"values": {"data.other": _value("other", "data", "text", null)}})
	count(rule.deny) == 1 with input as with_other
}

test_what_apply_keeps_of_a_secret_is_a_value_of_it if {
	kept := _value("password", "metadata", "text", null)
	count(rule.deny) == 1 with input as object.union(_secret([]), {"values": {"metadata.annotations.applied": kept}})
}

test_what_stands_elsewhere_in_a_secret_is_left_to_other_rules if {
	note := _value("token", "metadata", "text", "token")
	count(rule.deny) == 0 with input as object.union(_secret([]), {"values": {"metadata.annotations.token": note}})
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
	"values": {at: _value(key, "data", shape, null) |
		some index, shape in shapes
		key := sprintf("key%d", [index])
		at := sprintf("data.%s", [key])
	},
}

_value(key, field, shape, class) := {
	"key": key,
	"where": sprintf("%s.%s", [field, key]),
	"field": field,
	"shape": shape,
	"class": class,
	"issuer": null,
	"public": key == "user",
}
