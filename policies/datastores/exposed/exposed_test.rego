package probity.datastores.exposed_test

import rego.v1

import data.probity.datastores.exposed as rule

test_every_way_in_is_reported_at_what_opens_it if {
	every kind in {"NodePort", "LoadBalancer", "ExternalIP"} {
		results := rule.deny with input as _store([_exposure(kind, {})])
		{result.path | some result in results} == {["exposures", 0]}
		every result in results {
			contains(result.msg, sprintf("through `Service/shop/db` (%s, port 5432)", [kind]))
		}
	}
}

test_the_fix_keeps_the_service_inside_the_cluster if {
	results := rule.deny with input as _store([_exposure("LoadBalancer", {})])
	{[fix.from, fix.to] | some result in results; some fix in result.fixes; fix.kind == "Service"} == {
		["LoadBalancer", "ClusterIP"],
	}
	{[fix.key, fix.from, fix.to] | some result in results; some fix in result.fixes; fix.kind == "aws_db_instance"} == {
		["publicly_accessible", true, false],
	}
}

test_all_of_azure_is_called_so if {
	azure := _exposure("PublicAddress", {"service": null, "source_ranges": ["0.0.0.0/32"]})
	some result in rule.deny with input as _store([azure])
	endswith(result.msg, "from the services of every customer of Azure")
}

test_the_remedy_names_what_opens_the_way if {
	every kind, said in {
		"NodePort": "remove `nodePort` from `Service/shop/db`",
		"LoadBalancer": "aws-load-balancer-scheme: internal",
		"ExternalIP": "remove `externalIPs` from `Service/shop/db`",
	} {
		some result in rule.deny with input as _store([_exposure(kind, {})])
		contains(result.remedy, said)
		contains(result.remedy, "  name: db\n  namespace: shop\nspec:\n  type: ClusterIP\n")
	}
	every kind, said in {"hostPort": "`hostPort: 5432`", "hostNetwork": "`hostNetwork: true`"} {
		some result in rule.deny with input as _store([_exposure(kind, {"service": null})])
		contains(result.remedy, sprintf("Remove %s from the Pod template of `StatefulSet/shop/db`", [said]))
	}
}

test_the_remedy_of_a_public_address_is_the_block_of_its_type if {
	public := _exposure("PublicAddress", {"service": null, "source_ranges": ["0.0.0.0/0"]})
	every address, said in {
		`module.data["a.b"].aws_db_instance.orders[0]`: "\"orders\" {\n  publicly_accessible = false",
		"google_sql_database_instance.orders": "ipv4_enabled    = false",
		"aws_opensearch_domain.search": "resource \"aws_opensearch_domain\" \"search\" {\n  vpc_options {",
		"azurerm_redis_cache.orders": "public_network_access_enabled = false",
		"google_alloydb_cluster.orders": "through the private network:",
	} {
		planned := object.union(_store([public]), {"workload": address})
		some result in rule.deny with input as planned
		contains(result.remedy, said)
	}
}

test_a_port_of_the_node_is_reported if {
	every kind in {"hostPort", "hostNetwork"} {
		results := rule.deny with input as _store([_exposure(kind, {"service": null})])
		every result in results {
			contains(result.msg, sprintf("through `%s` of its Pod", [kind]))
		}
		count(results) == 1
	}
}

test_a_public_address_is_reported_unless_its_firewall_admits_private_ranges_only if {
	public := {"service": null, "source_ranges": ["0.0.0.0/0"]}
	some result in rule.deny with input as _store([_exposure("PublicAddress", public)])
	contains(result.msg, "through a public address, port 5432, from 0.0.0.0/0")
	private := {"service": null, "source_ranges": ["10.0.0.0/8"]}
	count(rule.deny) == 0 with input as _store([_exposure("PublicAddress", private)])
}

test_a_store_inside_the_cluster_passes if {
	count(rule.deny) == 0 with input as _store([])
	count(rule.not_assessed) == 0 with input as _store([])
}

test_an_internal_load_balancer_passes if {
	count(rule.deny) == 0 with input as _store([_exposure("LoadBalancer", {"internal": true})])
}

test_source_ranges_pass_if_all_are_private if {
	count(rule.deny) == 0 with input as _store([_ranges(["10.1.0.0/16", "192.168.0.0/24"])])
	count(rule.deny) == 1 with input as _store([_ranges(["10.1.0.0/16", "0.0.0.0/0"])])
	count(rule.deny) == 1 with input as _store([_ranges(["10.0.0.0/7"])])
	count(rule.deny) == 1 with input as _store([_ranges([])])
}

test_an_unknown_range_is_not_assessed_unless_another_is_public if {
	every range in {"unknown", "${OFFICE}"} {
		count(rule.deny) == 0 with input as _store([_ranges(["10.1.0.0/16", range])])
		count(rule.not_assessed) == 1 with input as _store([_ranges(["10.1.0.0/16", range])])
		count(rule.deny) == 1 with input as _store([_ranges(["0.0.0.0/0", range])])
	}
}

test_what_leads_in_from_outside_is_reported_with_its_remedy if {
	some kind in ["Ingress", "Gateway", "ConfigMap"]
	by := sprintf("%s/edge/in", [kind])
	some result in rule.deny with input as _store([_exposure(kind, {"service": by})])
	contains(result.msg, sprintf("through `%s` (%s, port 5432)", [by, kind]))
	startswith(result.remedy, "Remove what leads to `Service/shop/db`")
}

test_the_resource_of_an_operator_is_told_to_ask_for_another_service if {
	open := _exposure("LoadBalancer", {"service": "Cluster.postgresql.cnpg.io/shop/db"})
	some result in rule.deny with input as _store([open])
	startswith(result.remedy, "Let `Cluster.postgresql.cnpg.io/shop/db` ask")
}

test_an_unknown_type_is_not_assessed if {
	count(rule.deny) == 0 with input as _store([_exposure("unknown", {})])
	results := rule.not_assessed with input as _store([_exposure("unknown", {})])
	{result.missing | some result in results} == {"spec.type of Service/shop/db"}
}

test_an_unknown_port_is_not_assessed if {
	unknown := {"port": "unknown"}
	count(rule.deny) == 0 with input as _store([_exposure("NodePort", unknown)])
	count(rule.not_assessed) == 1 with input as _store([_exposure("NodePort", unknown)])
	internal := {"port": "unknown", "internal": true}
	count(rule.not_assessed) == 0 with input as _store([_exposure("LoadBalancer", internal)])
}

test_an_unknown_type_with_an_unknown_port_is_not_assessed_once if {
	results := rule.not_assessed with input as _store([_exposure("unknown", {"port": "unknown"})])
	count(results) == 1
}

test_an_unknown_range_of_an_internal_load_balancer_passes if {
	ranges := {"internal": true, "source_ranges": ["unknown"]}
	count(rule.not_assessed) == 0 with input as _store([_exposure("LoadBalancer", ranges)])
}

_store(exposures) := {
	"id": "postgresql:Service/shop/db/unknown",
	"engine": "postgresql",
	"server": "Service/shop/db",
	"name": "db",
	"namespace": "shop",
	"workload": "StatefulSet/shop/db",
	"services": ["Service/shop/db"],
	"exposures": exposures,
}

_exposure(kind, fields) := object.union(
	{"kind": kind, "service": "Service/shop/db", "port": 5432, "internal": false, "source_ranges": []},
	fields,
)

_ranges(ranges) := _exposure("LoadBalancer", {"source_ranges": ranges})

test_a_store_of_which_only_a_service_was_read_is_not_assessed if {
	unread := object.union(_store([]), {"workload": "unknown"})
	count(rule.deny) == 0 with input as unread
	results := rule.not_assessed with input as unread
	{result.missing | some result in results} == {"what serves `Service/shop/db`"}
	open := object.union(_store([_exposure("NodePort", {})]), {"workload": "unknown"})
	count(rule.deny) == 1 with input as open
	count(rule.not_assessed) == 0 with input as open
}

test_an_unknown_policy_of_a_public_endpoint_is_not_assessed if {
	unknown := _exposure("PublicAddress", {"service": null, "source_ranges": ["unknown"]})
	count(rule.deny) == 0 with input as _store([unknown])
	results := rule.not_assessed with input as _store([unknown])
	{result.missing | some result in results} == {"the source ranges of Service/shop/db"}
}
