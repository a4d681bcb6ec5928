package probity.secrets.broad_secret_access_test

import rego.v1

import data.probity.secrets.broad_secret_access as rule

test_reading_all_secrets_is_reported if {
	results := rule.deny with input as _grant("shop", [_account], ["named", "direct", "indirect"])
	count(results) == 1
	some result in results
	result.msg == "`ServiceAccount/shop/cart` may do direct in namespace `shop`"
	result.path == ["access", 1]
}

test_a_way_around_is_reported_where_there_is_no_direct_one if {
	results := rule.deny with input as _grant(null, [_account], ["indirect", "indirect"])
	{result.msg | some result in results} == {"`ServiceAccount/shop/cart` may do indirect, do indirect in every namespace, and so read Secrets there"}
}

test_single_secrets_and_nothing_pass if {
	count(rule.deny) == 0 with input as _grant("shop", [_account], ["named"])
	count(rule.deny) == 0 with input as _grant("shop", [_account], [])
	count(rule.not_assessed) == 0 with input as _grant("shop", [_account], [])
}

test_components_of_the_cluster_pass if {
	every subject in [
		{"kind": "Group", "name": "system:masters", "namespace": null},
		{"kind": "User", "name": "system:kube-controller-manager", "namespace": null},
	] {
		count(rule.deny) == 0 with input as _grant(null, [subject], ["direct"])
	}
	controller := {"kind": "ServiceAccount", "name": "token-cleaner", "namespace": "kube-system"}
	own := {"role": "ClusterRole/system:controller:token-cleaner"}
	count(rule.deny) == 0 with input as object.union(_grant(null, [controller], ["direct"]), own)
	count(rule.deny) == 1 with input as _grant(null, [controller], ["direct"])
	count(rule.deny) == 0 with input as _grant(null, [], ["direct"])
}

test_everybody_is_reported if {
	every name in {"system:authenticated", "system:unauthenticated", "system:serviceaccounts", "system:serviceaccounts:shop"} {
		count(rule.deny) == 1 with input as _grant(null, [{"kind": "Group", "name": name, "namespace": null}], ["direct"])
	}
}

test_a_role_that_is_not_in_the_input_is_not_assessed if {
	unknown := object.union(_grant("shop", [_account], []), {"role_known": false})
	count(rule.deny) == 0 with input as unknown
	results := rule.not_assessed with input as unknown
	{result.missing | some result in results} == {"Role/shop/reader"}
}

test_components_of_the_cluster_are_trusted_with_ways_around_and_unknown_roles if {
	administrators := {"kind": "Group", "name": "system:masters", "namespace": null}
	count(rule.deny) == 0 with input as _grant(null, [administrators], ["indirect"])
	unknown := object.union(_grant(null, [administrators], []), {"role_known": false})
	count(rule.not_assessed) == 0 with input as unknown
}

test_a_role_that_is_added_to_one_of_every_cluster_is_reported if {
	added := {"binding": "shop-view", "kind": "ClusterRole", "role": "ClusterRole/view"}
	results := rule.deny with input as object.union(_grant(null, [], ["named", "direct", "indirect"]), added)
	some result in results
	count(results) == 1
	result.msg == "whoever is bound to `view` may do direct, since `shop-view` is added to it"
	result.path == ["access", 1]
	count(rule.deny) == 0 with input as object.union(_grant(null, [], ["named"]), added)
}

_account := {"kind": "ServiceAccount", "name": "cart", "namespace": "shop"}

_grant(namespace, subjects, ways) := {
	"binding": "cart",
	"kind": "RoleBinding",
	"namespace": namespace,
	"role": "Role/shop/reader",
	"role_known": true,
	"subjects": subjects,
	"access": [{"how": how, "what": sprintf("do %s", [how])} | some how in ways],
}
