package probity.storage.plaintext_transport_test

import rego.v1

import data.probity.storage.plaintext_transport as rule

test_what_lets_plaintext_in_is_reported_with_what_is_lacking if {
	cases := {"aws": "no policy denies them for the bucket and its objects", "azure": "plain HTTP is switched on"}
	every provider, lack in cases {
		results := rule.deny with input as _bucket(provider, false)
		some result in results
		result.msg == sprintf("`the.bucket` takes requests without TLS: %s", [lack])
		result.path == ["secure_transport"]
		count(results) == 1
		count(rule.not_assessed) == 0 with input as _bucket(provider, false)
	}
}

test_what_takes_tls_only_or_has_no_such_setting_passes if {
	every secure in [true, null] {
		count(rule.deny) == 0 with input as _bucket("aws", secure)
		count(rule.not_assessed) == 0 with input as _bucket("aws", secure)
	}
}

test_an_unknown_policy_is_not_assessed if {
	count(rule.deny) == 0 with input as _bucket("aws", "unknown")
	results := rule.not_assessed with input as _bucket("aws", "unknown")
	{result.missing | some result in results} == {"a.policy, b.policy"}
}

test_other_stores_are_reported_with_what_to_write if {
	cases := {
		"aws_msk_cluster": "client_broker = \"TLS\"",
		"aws_elasticache_replication_group": "transit_encryption_enabled = true",
		"aws_opensearch_domain": "enforce_https       = true",
		"azurerm_managed_redis": "client_protocol = \"Encrypted\"",
		"google_memorystore_instance": "\"SERVER_AUTHENTICATION\"",
		"google_redis_cluster": "\"TRANSIT_ENCRYPTION_MODE_SERVER_AUTHENTICATION\"",
		"azurerm_redis_cache": "non_ssl_port_enabled = false",
		"google_sql_database_instance": "ssl_mode = \"ENCRYPTED_ONLY\"",
	}
	every type, write in cases {
		some result in rule.deny with input as _store(type, ["a.b"])
		endswith(result.msg, "takes requests without TLS: `a.b` lets them in")
		contains(result.remedy, write)
		contains(result.remedy, sprintf("resource \"%s\" \"a\"", [type]))
	}
}

test_a_parameter_of_a_server_is_a_resource_beside_it if {
	cases := {
		"azurerm_mysql_flexible_server": "server_name         = module.shop.azurerm_mysql_flexible_server.a[0].name",
		"azurerm_postgresql_flexible_server": "server_id = module.shop.azurerm_postgresql_flexible_server.a[0].id",
	}
	every type, write in cases {
		some result in rule.deny with input as _store(type, ["require_secure_transport"])
		contains(result.remedy, write)
		contains(result.remedy, sprintf("resource \"%s_configuration\" \"a_tls\"", [type]))
	}
}

test_several_settings_are_named_together if {
	some result in rule.deny with input as _store("aws_opensearch_domain", ["a", "b"])
	endswith(result.msg, "`a` and `b` let them in")
}

_store(type, settings) := {
	"address": sprintf("module.shop.%s.a[0]", [type]),
	"type": type,
	"secure_transport": false,
	"secure_transport_missing": [],
	"plaintext_by": settings,
}

_bucket(provider, secure) := {
	"address": "the.bucket",
	"provider": provider,
	"secure_transport": secure,
	"secure_transport_missing": ["a.policy", "b.policy"],
}
