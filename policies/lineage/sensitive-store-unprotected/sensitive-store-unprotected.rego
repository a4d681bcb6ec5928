# METADATA
# title: Stores of sensitive data are protected
# description: >-
#   A store that is declared to hold personal, health or card data is exposed outside the cluster or open to everyone,
#   keeps its data unencrypted, is told to take plaintext, or is a database that several services share. Each is a finding of
#   its own; together they are a breach waiting.
# scope: package
# related_resources:
#   - ref: https://ethyca.github.io/fideslang/taxonomy/overview/
# custom:
#   severity: HIGH
#   recommended_action: |-
#     Close the store and encrypt it: a `ClusterIP` Service, no public address, and
#     ```hcl
#     resource "aws_db_instance" "this" {
#       storage_encrypted   = true
#       publicly_accessible = false
#     }
#     resource "aws_elasticache_replication_group" "this" {
#       transit_encryption_enabled = true
#     }
#     ```
#     Give each service a database of its own, or say in `probity.yaml` why several share it.
#   controls:
#     soc2: {CC6.1: partial, CC6.7: supporting, C1.1: partial}
#     hipaa: {"164.312(a)(1)": partial, "164.312(a)(2)(iv)": partial}
#     nist: {AC-3: partial, SC-28: partial, SC-7: supporting}
#     pci: {"1.4.4": partial, "3.5.1": partial}
#     gdpr: {"32(1)(a)": partial, "32(1)(b)": partial}
#     iso27001: {A.8.3: partial, A.8.24: supporting}
#   input:
#     selector: [{type: database-server}, {type: datastore}, {type: bucket}, {type: store}]
package probity.lineage.sensitive_store_unprotected

import rego.v1

import data.probity.lib.datastores
import data.probity.lib.network

_is_sensitive if count(input.classification.categories) > 0

_is_sensitive if input.classification.level in {"confidential", "restricted"}

_is_sensitive if input.classification in {"confidential", "restricted"}

_name := input.address

_name := input.id if not input.address

deny contains result if {
	_is_sensitive
	some index, exposure in input.exposures
	exposure.kind != "unknown"
	exposure.internal != true
	not _is_limited(exposure)
	result := {
		"msg": sprintf("`%s` holds sensitive data and is reached from outside %s", [_name, _way(exposure)]),
		"path": ["exposures", index],
	}
}

# Only private addresses are admitted, or what the input does not tell: `datastores/exposed` says that.
_is_limited(exposure) if {
	count(exposure.source_ranges) > 0
	every range in exposure.source_ranges {
		network.is_private_or_unknown(range)
	}
}

_way(exposure) := "through a public address" if {
	exposure.kind == "PublicAddress"
} else := sprintf("by %s", [exposure.kind])

deny contains result if {
	_is_sensitive
	input.encrypted == false
	result := {
		"msg": sprintf("`%s` holds sensitive data and does not encrypt it", [_name]),
		"path": ["encrypted"],
	}
}

# S3 has no such setting, only policies that deny: `storage/plaintext-transport` says that.
deny contains result if {
	_is_sensitive
	input.secure_transport == false
	_lets_plaintext_in
	result := {
		"msg": sprintf("`%s` holds sensitive data and takes it without TLS", [_name]),
		"path": ["secure_transport"],
	}
}

_lets_plaintext_in if count(input.plaintext_by) > 0

_lets_plaintext_in if input.provider == "azure"

deny contains result if {
	_is_sensitive
	input.public == true
	result := {
		"msg": sprintf("`%s` holds sensitive data and is open to everyone", [_name]),
		"path": ["public_through", 0],
	}
}

# Only the fact `datastore` has this field.
deny contains result if {
	_is_sensitive
	input.shared == true
	datastores.is_judged(input)
	result := {
		"msg": sprintf("database `%s` holds sensitive data, and several services use it: %s", [
			input.id, concat(", ", datastores.services(input)),
		]),
		"path": ["shared"],
		"peer": input.id,
		"related": [user | some user in datastores.related(input)],
		"remedy": _separate,
	}
}

_separate := concat("\n", [
	"Give each service a database, or a schema with a login of its own, and let it ask the owner for what it needs.",
	"Where several share it on purpose, say so in `probity.yaml`:",
	"```yaml",
	"datastores:",
	sprintf("  %s:", [input.id]),
	"    shared-by-design: why",
	"```",
])

not_assessed contains result if {
	_is_sensitive
	input.shared == "unknown"
	datastores.is_judged(input)
	result := {
		"msg": sprintf("database `%s` holds sensitive data, and whether several services use it is not known", [input.id]),
		"path": ["shared"],
		"missing": sprintf("the clients of %s", [input.id]),
	}
}

not_assessed contains result if {
	_is_sensitive
	some field in ["encrypted", "public"]
	input[field] == "unknown"
	result := {
		"msg": sprintf("`%s` holds sensitive data, and how it is protected is not in the input", [_name]),
		"path": [field],
		"missing": sprintf("`%s` of %s", [field, _name]),
	}
}
