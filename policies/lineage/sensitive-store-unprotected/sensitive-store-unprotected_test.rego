package probity.lineage.sensitive_store_unprotected_test

import rego.v1

import data.probity.lineage.sensitive_store_unprotected as rule

_server := {
	"id": "postgresql:Service/shop/db/orders",
	"classification": {"declared": true, "level": "confidential", "categories": ["PII"]},
	"engine": "postgresql",
	"server": "Service/shop/db",
	"exposures": [],
	"encrypted": true,
}

_exposure := {"kind": "LoadBalancer", "service": "db", "port": 5432, "internal": false, "source_ranges": []}

_admitting(ranges) := object.union(_server, {"exposures": [object.union(_exposure, {
	"kind": "PublicAddress",
	"service": null,
	"source_ranges": ranges,
})]})

test_an_exposed_server_is_reported if {
	results := rule.deny with input as object.union(_server, {"exposures": [_exposure]})
	{result.path | some result in results} == {["exposures", 0]}
}

test_an_internal_load_balancer_is_inside if {
	count(rule.deny) == 0 with input as object.union(_server, {"exposures": [object.union(_exposure, {"internal": true})]})
}

test_an_address_that_admits_private_callers_only_is_inside if {
	count(rule.deny) == 0 with input as _admitting(["10.0.0.0/8"])
	count(rule.deny) == 0 with input as _admitting(["192.168.1.0/24", "unknown"])
	results := rule.deny with input as _admitting(["10.0.0.0/8", "0.0.0.0/0"])
	{result.msg | some result in results} == {"`postgresql:Service/shop/db/orders` holds sensitive data and is reached from outside through a public address"}
}

test_an_undetermined_exposure_is_for_another_rule if {
	count(rule.deny) == 0 with input as object.union(_server, {"exposures": [object.union(_exposure, {"kind": "unknown"})]})
}

test_an_unencrypted_server_is_reported if {
	results := rule.deny with input as object.union(_server, {"encrypted": false})
	{result.path | some result in results} == {["encrypted"]}
}

test_a_level_alone_is_enough if {
	level := {"classification": {"level": "restricted", "categories": []}, "encrypted": false}
	count(rule.deny) == 1 with input as object.union(_server, level)
}

test_a_public_bucket_is_reported if {
	bucket := {"address": "aws_s3_bucket.a", "classification": "restricted", "public": true}
	results := rule.deny with input as bucket
	{result.msg | some result in results} == {"`aws_s3_bucket.a` holds sensitive data and is open to everyone"}
	count(rule.deny) == 0 with input as object.union(bucket, {"public": false})
	count(rule.deny) == 0 with input as object.union(bucket, {"classification": "internal"})
}

test_other_stores_are_for_other_rules if {
	plain := object.union(_server, {"classification": {"level": "internal", "categories": []}, "encrypted": false})
	count(rule.deny) == 0 with input as plain
	exposed := object.union(plain, {"exposures": [_exposure]})
	count(rule.deny) == 0 with input as exposed
	count(rule.not_assessed) == 0 with input as object.union(plain, {"encrypted": "unknown"})
}

test_an_unknown_protection_is_not_assessed if {
	count(rule.deny) == 0 with input as object.union(_server, {"encrypted": "unknown"})
	results := rule.not_assessed with input as object.union(_server, {"encrypted": "unknown"})
	{result.missing | some result in results} == {"`encrypted` of postgresql:Service/shop/db/orders"}
}

_user(service) := {
	"service": service,
	"role": "service",
	"evidence": "explicit",
	"databases": ["orders"],
	"principals": [{"name": service, "superuser": false, "why": null, "missing": null}],
	"because": [],
	"pods": null,
}

_database(shared) := {
	"id": "postgresql:Service/shop/db/orders",
	"engine": "postgresql",
	"server": "Service/shop/db",
	"classification": {"declared": true, "level": "confidential", "categories": ["PII"]},
	"database": "orders",
	"shared": shared,
	"by_design": null,
	"owner": null,
	"cache": false,
	"users": {"Deployment/shop/a": _user("a"), "Deployment/shop/b": _user("b")},
}

test_a_shared_database_is_reported_with_who_uses_it if {
	some result in rule.deny with input as _database(true)
	result.path == ["shared"]
	endswith(result.msg, "several services use it: a, b")
	{related.resource | some related in result.related} == {"Deployment/shop/a", "Deployment/shop/b"}
}

test_what_is_not_shared_or_holds_nothing_sensitive_passes if {
	count(rule.deny) == 0 with input as _database(false)
	plain := {"classification": {"level": "internal", "categories": []}}
	count(rule.deny) == 0 with input as object.union(_database(true), plain)
	count(rule.deny) == 0 with input as object.union(_database(true), {"by_design": "one bounded context"})
	count(rule.deny) == 0 with input as object.union(_database(true), {"cache": true})
}

test_unknown_sharing_is_not_assessed if {
	count(rule.deny) == 0 with input as _database("unknown")
	results := rule.not_assessed with input as _database("unknown")
	{result.path | some result in results} == {["shared"]}
}

test_sharing_is_assessed_where_it_matters if {
	unknown := _database("unknown")
	count(rule.not_assessed) == 0 with input as _database(false)
	count(rule.not_assessed) == 0 with input as object.union(unknown, {"classification": {"level": "internal", "categories": []}})
	count(rule.not_assessed) == 0 with input as object.union(unknown, {"by_design": "one bounded context"})
}

_cache(secure) := {
	"address": "aws_elasticache_replication_group.a",
	"classification": "restricted",
	"encrypted": null,
	"secure_transport": secure,
	"plaintext_by": ["transit_encryption_enabled"],
}

test_a_store_that_is_told_to_take_plaintext_is_reported if {
	results := rule.deny with input as _cache(false)
	{result.msg | some result in results} == {"`aws_elasticache_replication_group.a` holds sensitive data and takes it without TLS"}
	{result.path | some result in results} == {["secure_transport"]}
	account := {
		"address": "azurerm_storage_account.a", "provider": "azure", "classification": "restricted",
		"public": false, "secure_transport": false,
	}
	count(rule.deny) == 1 with input as account
}

test_a_store_without_such_a_setting_and_an_unknown_one_are_for_another_rule if {
	count(rule.deny) == 0 with input as object.union(_cache(false), {"plaintext_by": []})
	count(rule.deny) == 0 with input as object.union(_cache("unknown"), {"plaintext_by": []})
	count(rule.deny) == 0 with input as object.union(_cache(true), {"plaintext_by": []})
	count(rule.deny) == 0 with input as _cache(true)
	count(rule.deny) == 0 with input as object.union(_cache(false), {"classification": "internal"})
}
