# METADATA
# title: Databases ask who is there
# description: >-
#   A database without accounts gives everything to whoever can open a connection: every Pod that was breached, and
#   everybody on the internet on the day on which somebody exposes its port.
# scope: package
# related_resources:
#   - ref: https://www.mongodb.com/docs/manual/administration/security-checklist/
#   - ref: https://redis.io/docs/latest/operate/oss_and_stack/management/security/
# custom:
#   severity: MEDIUM
#   recommended_action: |-
#     Ask for credentials, from a Secret:
#     ```yaml
#     # mongo
#     env:
#       - name: MONGO_INITDB_ROOT_USERNAME
#         valueFrom: {secretKeyRef: {name: orders-db, key: username}}
#       - name: MONGO_INITDB_ROOT_PASSWORD
#         valueFrom: {secretKeyRef: {name: orders-db, key: password}}
#     # redis
#     args: [--requirepass, $(REDIS_PASSWORD)]
#     env:
#       - name: REDIS_PASSWORD
#         valueFrom: {secretKeyRef: {name: orders-cache, key: password}}
#     ```
#     and let its clients log in. What `MONGO_INITDB_*`, `MYSQL_*` and `POSTGRES_*` say counts only while the volume is
#     empty: on one that holds data, make the accounts first.
#   controls:
#     soc2: {CC6.1: partial}
#     hipaa: {"164.312(d)": partial, "164.312(a)(1)": supporting}
#     nist: {IA-2: partial, AC-3: partial}
#     pci: {"8.2.1": supporting, "2.2.2": supporting}
#     gdpr: {"32(1)(b)": supporting}
#     iso27001: {A.8.5: partial}
#   input:
#     selector: [{type: database-server}]
package probity.datastores.no_authentication

import rego.v1

deny contains result if {
	input.authentication == false
	result := {
		"msg": sprintf("%s server `%s` lets everybody in without a credential", [input.engine, input.server]),
		"path": ["authentication"],
		"related": [related |
			some id, _ in input.users
			related := {"msg": sprintf("`%s` uses it", [id]), "path": ["users", id], "resource": id, "context": true}
		],
		"remedy": _remedy,
	}
}

not_assessed contains result if {
	input.authentication == "unknown"
	result := {
		"msg": "whether it asks for credentials is not known",
		"path": ["authentication"],
		"missing": sprintf("the configuration of `%s`", [input.server]),
	}
}

_remedy := concat("\n", [
	"Name in its access policy who may use it, or turn on `advanced_security_options` with a user of its own:",
	"```hcl",
	"advanced_security_options {",
	"  enabled                        = true",
	"  internal_user_database_enabled = true",
	"  master_user_options {",
	"    master_user_name     = \"owner\"",
	"    master_user_password = var.search_password",
	"  }",
	"}",
	"```",
]) if {
	regex.match(`(^|\.)aws_(opensearch|elasticsearch)_domain\.`, object.get(input, "workload", ""))
} else := sprintf("Ask for a credential, and let its clients log in:\n```hcl\nresource \"%s\" \"%s\" {\n  %s\n}\n```", [
	_type, _block, _switches[_type],
]) if {
	_switches[_type]
} else := concat("\n", [
	"A cluster of ElastiCache by itself has no password: let a replication group take its place:",
	"```hcl",
	sprintf("resource \"aws_elasticache_replication_group\" \"%s\" {", [_block]),
	"  replication_group_id       = \"NAME\"",
	"  description                = \"NAME\"",
	"  at_rest_encryption_enabled = true",
	"  transit_encryption_enabled = true",
	"  auth_token                 = var.cache_token",
	"}",
	"```",
]) if {
	_type == "aws_elasticache_cluster"
} else := concat("\n", array.concat(
	[sprintf("Ask for credentials, from a Secret, in the container of `%s`, and let its clients log in:", [_serving]), "```yaml"],
	array.concat(_settings[input.engine], ["```", _notes[input.engine]]),
)) if {
	_settings[input.engine]
} else := sprintf("Make accounts on `%s`, turn off access without one, and let its clients log in.", [input.server])

# `module.shop.google_redis_instance.cache[0]`
_address := split(regex.replace(object.get(input, "workload", ""), `\[[^\]]*\]`, ""), ".")

_type := _address[count(_address) - 2] if {
	count(_address) > 1
} else := ""

_block := _address[count(_address) - 1]

_switches := {
	"aws_elasticache_replication_group": "transit_encryption_enabled = true\n  auth_token                 = var.cache_token",
	"aws_elasticache_serverless_cache": "user_group_id = aws_elasticache_user_group.NAME.user_group_id",
	"aws_memorydb_cluster": "acl_name = aws_memorydb_acl.NAME.name",
	"azurerm_redis_cache": "redis_configuration {\n    authentication_enabled = true\n  }",
	"google_memorystore_instance": "authorization_mode = \"IAM_AUTH\"",
	"google_redis_cluster": "authorization_mode = \"AUTH_MODE_IAM_AUTH\"",
	"google_redis_instance": "auth_enabled = true",
}

_serving := input.workload if {
	object.get(input, "workload", "unknown") != "unknown"
} else := input.server

_secret := sprintf("%s-credentials", [object.get(input, "name", "database")])

_settings := {
	"redis": array.concat(["args: [--requirepass, $(REDIS_PASSWORD)]"], _variables(["REDIS_PASSWORD"])),
	"mongodb": _variables(["MONGO_INITDB_ROOT_USERNAME", "MONGO_INITDB_ROOT_PASSWORD"]),
	"mysql": _variables(["MYSQL_ROOT_PASSWORD"]),
	"mariadb": _variables(["MARIADB_ROOT_PASSWORD"]),
	"postgresql": _variables(["POSTGRES_PASSWORD"]),
	"elasticsearch": array.concat(
		_variables(["ELASTIC_PASSWORD"]),
		["  - name: xpack.security.enabled", "    value: \"true\""],
	),
}

_variables(names) := array.concat(["env:"], [line |
	some name in names
	some line in [
		sprintf("  - name: %s", [name]),
		sprintf("    valueFrom: {secretKeyRef: {name: %s, key: %s}}", [_secret, _key(name)]),
	]
])

_key(name) := "username" if endswith(name, "USERNAME")

_key(name) := "password" if endswith(name, "PASSWORD")

_empty := "These count only while the volume is empty: on one that holds data, make the account first, with a statement."

_notes := {
	"redis": "Kubernetes fills in `$(REDIS_PASSWORD)` only where the variable is there: without `env` the text itself is the password.",
	"mongodb": sprintf("%s Then start the server with `--auth`.", [_empty]),
	"mysql": sprintf("Remove `MYSQL_ALLOW_EMPTY_PASSWORD`. %s", [_empty]),
	"mariadb": sprintf("Remove `MARIADB_ALLOW_EMPTY_ROOT_PASSWORD`. %s", [_empty]),
	"postgresql": sprintf("Remove `POSTGRES_HOST_AUTH_METHOD`. %s The method of connections stands in `pg_hba.conf` of the volume from then on.", [_empty]),
	"elasticsearch": "An image without security (`-oss`) ignores both: take `elasticsearch` instead.",
}
