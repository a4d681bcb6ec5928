package probity.datastores.no_authentication_test

import rego.v1

import data.probity.datastores.no_authentication as rule

test_a_server_that_lets_everybody_in_is_reported if {
	some result in rule.deny with input as _server(false)
	result.path == ["authentication"]
	result.msg == "redis server `Service/shop/cache` lets everybody in without a credential"
	{related.resource | some related in result.related} == {"Deployment/shop/a"}
}

test_a_server_that_asks_passes if {
	every value in {true, null} {
		count(rule.deny) == 0 with input as _server(value)
		count(rule.not_assessed) == 0 with input as _server(value)
	}
}

test_an_unknown_configuration_is_not_assessed if {
	count(rule.deny) == 0 with input as _server("unknown")
	some result in rule.not_assessed with input as _server("unknown")
	result.missing == "the configuration of `Service/shop/cache`"
}

_server(value) := {
	"engine": "redis",
	"server": "Service/shop/cache",
	"users": {"Deployment/shop/a": {}},
	"authentication": value,
}

test_the_remedy_is_that_of_the_engine if {
	found := {engine: remedy |
		some engine in ["redis", "mongodb", "mysql", "mariadb", "postgresql", "elasticsearch", "couchdb"]
		store := object.union(_server(false), {"engine": engine, "workload": "Deployment/shop/cache", "name": "cache"})
		results := rule.deny with input as store
		some result in results
		remedy := result.remedy
	}
	"    valueFrom: {secretKeyRef: {name: cache-credentials, key: password}}" in split(found.redis, "\n")
	contains(found.redis, "- name: REDIS_PASSWORD")
	contains(found.mongodb, "key: username")
	contains(found.mysql, "MYSQL_ALLOW_EMPTY_PASSWORD")
	contains(found.mariadb, "MARIADB_ROOT_PASSWORD")
	contains(found.postgresql, "pg_hba.conf")
	contains(found.elasticsearch, "xpack.security.enabled")
	startswith(found.couchdb, "Make accounts")
}

test_the_remedy_of_a_domain_is_its_policy if {
	store := object.union(_server(false), {"workload": "aws_opensearch_domain.a", "engine": "opensearch"})
	some result in rule.deny with input as store
	contains(result.remedy, "advanced_security_options")
}

test_the_remedy_of_a_cache_in_a_cloud_is_that_of_its_type if {
	cases := {
		"aws_elasticache_replication_group": "auth_token                 = var.cache_token",
		"aws_elasticache_cluster": "resource \"aws_elasticache_replication_group\" \"cache\"",
		"aws_elasticache_serverless_cache": "user_group_id = aws_elasticache_user_group.NAME.user_group_id",
		"aws_memorydb_cluster": "acl_name = aws_memorydb_acl.NAME.name",
		"azurerm_redis_cache": "authentication_enabled = true",
		"google_memorystore_instance": "authorization_mode = \"IAM_AUTH\"",
		"google_redis_cluster": "authorization_mode = \"AUTH_MODE_IAM_AUTH\"",
		"google_redis_instance": "auth_enabled = true",
	}
	every type, written in cases {
		address := sprintf("module.shop.%s.cache[0]", [type])
		some result in rule.deny with input as object.union(_server(false), {"workload": address, "server": address})
		contains(result.remedy, written)
	}
}
