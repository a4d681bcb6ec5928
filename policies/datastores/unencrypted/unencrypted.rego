# METADATA
# title: Databases are encrypted at rest
# description: >-
#   Disks, snapshots and backups leave the place where they were made. Encrypted, they are worth nothing without the key;
#   otherwise every copy is a copy of the data.
# scope: package
# related_resources:
#   - ref: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Overview.Encryption.html
#   - ref: https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/at-rest-encryption.html
# custom:
#   severity: HIGH
#   recommended_action: |-
#     Encrypt the storage. An existing instance must be restored from an encrypted copy of its snapshot:
#     ```hcl
#     resource "aws_db_instance" "orders" {
#       storage_encrypted = true
#       kms_key_id        = aws_kms_key.orders.arn
#     }
#     resource "aws_elasticache_replication_group" "cache" {
#       at_rest_encryption_enabled = true
#     }
#     ```
#   controls:
#     soc2: {CC6.1: partial, C1.1: supporting}
#     hipaa: {"164.312(a)(2)(iv)": partial}
#     nist: {SC-28: partial, "SC-28(1)": partial}
#     pci: {"3.5.1": supporting}
#     gdpr: {"32(1)(a)": partial}
#     iso27001: {A.8.24: partial}
#   input:
#     selector: [{type: database-server}]
package probity.datastores.unencrypted

import rego.v1

deny contains result if {
	input.encrypted == false
	result := {
		"msg": sprintf("%s server `%s` is not encrypted at rest", [input.engine, input.server]),
		"path": ["encrypted"],
		"related": [related |
			some id, _ in input.users
			related := {"msg": sprintf("`%s` uses it", [id]), "path": ["users", id], "resource": id}
		],
	}
}

not_assessed contains result if {
	input.encrypted == "unknown"
	result := {
		"msg": "whether what it stores is encrypted at rest is not in the input",
		"path": ["encrypted"],
		"missing": sprintf("the encryption of `%s`", [input.server]),
	}
}
