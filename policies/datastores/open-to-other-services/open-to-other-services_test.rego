package probity.datastores.open_to_other_services_test

import rego.v1

import data.probity.datastores.open_to_other_services as rule

test_a_server_that_everyone_reaches_is_reported if {
	some result in rule.deny with input as _server({"everyone": true})
	result.path == ["reach", "everyone"]
	result.msg == "every Pod can reach postgresql server `Service/shop/db`, not only shop/a"
	{related.resource | some related in result.related} == {"Deployment/shop/a"}
}

test_a_server_that_nobody_is_known_to_use_is_open_too if {
	some result in rule.deny with input as object.union(object.remove(_server({"everyone": true, "users": 0}), ["users"]), {"users": {}})
	result.msg == "every Pod can reach postgresql server `Service/shop/db`"
}

test_others_than_its_users_are_reported if {
	some result in rule.deny with input as _server({"others": [_other("b", true), _other("c", false), _other("d", "unknown")]})
	result.path == ["reach", "others"]
	result.msg == "others than its users can reach postgresql server `Service/shop/db`: Deployment/shop/b"
	[related.resource | some related in result.related] == ["Deployment/shop/b", "Deployment/shop/a"]
}

test_what_everyone_reaches_is_reported_once if {
	count(rule.deny) == 1 with input as _server({"everyone": true, "others": [_other("b", true)]})
	open := {"everyone": "unknown", "others": [_other("b", "unknown"), _other("c", "unknown")]}
	count(rule.not_assessed) == 1 with input as _server(open)
	count(rule.not_assessed) == 1 with input as _server(object.union(open, {"users": 0}))
}

test_whoever_is_admitted_or_not_leaves_nothing_open if {
	every surely in {true, false} {
		others := [_other("b", surely), _other("c", surely)]
		count(rule.not_assessed) == 0 with input as _server({"others": others})
		count(rule.not_assessed) == 0 with input as _server({"users": 0, "others": others})
	}
	count(rule.not_assessed) == 0 with input as _server({"users": 0, "others": [_other("b", "unknown")]})
}

test_its_users_alone_pass if {
	count(rule.deny) == 0 with input as _server({})
	count(rule.not_assessed) == 0 with input as _server({})
}

test_the_one_that_is_admitted_is_taken_for_its_user if {
	count(rule.deny) == 0 with input as _server({"users": 0, "others": [_other("b", true)]})
	count(rule.not_assessed) == 0 with input as _server({"users": 0, "others": [_other("b", true)]})
}

test_a_server_without_known_pods_passes if {
	count(rule.deny) == 0 with input as {"engine": "mysql", "server": "x", "users": {}, "reach": null}
	count(rule.not_assessed) == 0 with input as {"engine": "mysql", "server": "x", "users": {}, "reach": null}
}

test_unknown_reach_is_not_assessed if {
	results := rule.not_assessed with input as _server({"everyone": "unknown"})
	{result.missing | some result in results} == {"what the policies around it leave open"}
	because := {"everyone": "unknown", "because": [{"text": "CiliumNetworkPolicy/shop/c decides who may connect"}]}
	decided := rule.not_assessed with input as _server(because)
	{result.missing | some result in decided} == {"CiliumNetworkPolicy/shop/c decides who may connect"}
}

test_a_caller_that_is_not_known_to_be_admitted_is_not_assessed if {
	results := rule.not_assessed with input as _server({"others": [_other("b", "unknown")]})
	{result.path | some result in results} == {["reach", "others", 0]}
}

test_of_several_admitted_services_one_at_most_is_its_owner if {
	several := _server({"users": 0, "others": [_by("b", true, "aws_security_group_rule.b"), _other("c", true)]})
	some result in rule.deny with input as several
	result.msg == "2 services can reach postgresql server `Service/shop/db`, and at most one can own it: shop/b, shop/c"
	[related.msg | some related in result.related] == [
		"`aws_security_group_rule.b` admits `Deployment/shop/b` here", "the network admits `Deployment/shop/c` here",
	]
	count(rule.not_assessed) == 0 with input as several
	count(rule.deny) == 0 with input as object.union(several, {"reach": {"everyone": "unknown"}})
	count(rule.deny) == 1 with input as object.union(several, {"reach": {"users": 1}})
	every common in [{"by_design": "one team owns both"}, {"cache": true}] {
		count(rule.deny) == 0 with input as object.union(several, common)
	}
}

test_several_that_may_be_admitted_without_a_known_owner_are_not_assessed if {
	several := _server({"users": 0, "others": [_other("b", true), _other("c", "unknown")]})
	count(rule.deny) == 0 with input as several
	results := rule.not_assessed with input as several
	{result.missing | some result in results} == {"who uses `Service/shop/db`"}
	owned := object.union(several, {"reach": {"users": 1}})
	count(rule.not_assessed) == 1 with input as owned
}

_by(name, surely, resource) := object.union(_other(name, surely), {"because": [{"text": "a", "resource": resource}]})

_server(reach) := {
	"engine": "postgresql",
	"server": "Service/shop/db",
	"users": {"Deployment/shop/a": {"service": "shop/a"}},
	"reach": object.union({"everyone": false, "whom": "every Pod", "others": [], "users": 1, "because": []}, reach),
}

_other(name, surely) := {
	"id": sprintf("Deployment/shop/%s", [name]),
	"service": sprintf("shop/%s", [name]),
	"surely": surely,
	"because": [],
}

test_the_remedy_names_the_pods_and_the_port if {
	store := object.union(_server({"everyone": true}), {
		"name": "db",
		"workload": "StatefulSet/shop/db",
		"pods": {"namespace": "shop", "labels": {"app": "db"}, "port": 5432},
		"users": {
			"Deployment/shop/a": {"pods": {"namespace": "shop", "labels": {"app": "a"}}},
			"Deployment/front/b": {"service": "front/b", "pods": {"namespace": "front", "labels": {"app": "b"}}},
		},
	})
	some result in rule.deny with input as store
	every line in {
		"  name: db-clients",
		"  namespace: shop",
		"  podSelector: {matchLabels: {\"app\":\"db\"}}",
		"        - podSelector: {matchLabels: {\"app\":\"a\"}}",
		"        - namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: front}}",
		"          podSelector: {matchLabels: {\"app\":\"b\"}}",
		"      ports: [{port: 5432}]",
	} {
		line in split(result.remedy, "\n")
	}
	not contains(result.remedy, "Nobody is known")
}

test_the_remedy_says_what_is_not_known_of_it if {
	alone := object.union(object.remove(_server({"everyone": true, "users": 0}), ["users"]), {
		"name": "db",
		"workload": "StatefulSet/shop/db",
		"pods": {"namespace": "shop", "labels": {"app": "db"}, "port": null},
		"users": {},
	})
	some result in rule.deny with input as alone
	contains(result.remedy, "NAME-OF-ITS-OWNER")
	contains(result.remedy, "Nobody is known to use it")
	opened := object.union(alone, {"reach": {"because": [{"text": "a", "resource": "NetworkPolicy/shop/all"}]}})
	some narrowed in rule.deny with input as opened
	startswith(narrowed.remedy, "`NetworkPolicy/shop/all` admits everybody")
}

test_the_remedy_is_that_of_the_cloud if {
	planned := [remedy |
		some address in ["aws_db_instance.a", "module.b.aws_opensearch_domain.a", "google_sql_database_instance.a"]
		store := object.union(_server({"everyone": true}), {"workload": address, "pods": null})
		results := rule.deny with input as store
		some result in results
		remedy := result.remedy
	]
	contains(planned[0], "aws_vpc_security_group_ingress_rule")
	contains(planned[1], "vpc_options")
	startswith(planned[2], "Admit its owner")
}
