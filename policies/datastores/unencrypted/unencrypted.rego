# METADATA
# title: Databases, volumes and queues are encrypted at rest
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
#     selector:
#       - {type: database-server}
#       - {type: store}
package probity.datastores.unencrypted

import rego.v1

deny contains result if {
	input.encrypted == false
	result := {
		"msg": sprintf("%s is not encrypted at rest", [_what]),
		"path": ["encrypted"],
		"related": [related |
			some id, _ in object.get(input, "users", {})
			related := {"msg": sprintf("`%s` uses it", [id]), "path": ["users", id], "resource": id, "context": true}
		],
		"remedy": _remedy,
	}
}

not_assessed contains result if {
	input.encrypted == "unknown"
	result := {
		"msg": "whether what it stores is encrypted at rest is not in the input",
		"path": ["encrypted"],
		"missing": _missing,
	}
}

_what := sprintf("%s server `%s`", [input.engine, input.server]) if input.server

_what := sprintf("a disk of `%s`", [input.address]) if _type in _machines

_what := sprintf("`%s`", [input.address]) if {
	not input.server
	not _type in _machines
}

_machines := {"aws_instance", "aws_launch_configuration", "aws_launch_template", "aws_spot_instance_request"}

_missing := sprintf("the encryption of `%s`", [input.server]) if input.server

_missing := input.missing if is_string(input.missing)

# `module.shop.aws_db_instance.orders[0]`
_address := split(regex.replace(object.get(input, "address", object.get(input, "workload", "")), `\[[^\]]*\]`, ""), ".")

_type := _address[count(_address) - 2] if {
	count(_address) > 1
} else := ""

_block := _address[count(_address) - 1]

_switches := {
	"aws_db_instance": "storage_encrypted = true",
	"aws_docdb_cluster": "storage_encrypted = true",
	"aws_ebs_volume": "encrypted = true",
	"aws_efs_file_system": "encrypted = true",
	"aws_elasticache_replication_group": "at_rest_encryption_enabled = true",
	"aws_elasticsearch_domain": "encrypt_at_rest {\n    enabled = true\n  }",
	"aws_instance": "root_block_device {\n    encrypted = true\n  }",
	"aws_kinesis_stream": "encryption_type = \"KMS\"\n  kms_key_id      = \"alias/aws/kinesis\"",
	"aws_launch_configuration": "root_block_device {\n    encrypted = true\n  }",
	"aws_launch_template": "block_device_mappings {\n    device_name = \"/dev/xvda\"\n    ebs {\n      encrypted = true\n    }\n  }",
	"aws_neptune_cluster": "storage_encrypted = true",
	"aws_opensearch_domain": "encrypt_at_rest {\n    enabled = true\n  }",
	"aws_rds_cluster": "storage_encrypted = true",
	"aws_redshift_cluster": "encrypted = true",
	"aws_spot_instance_request": "root_block_device {\n    encrypted = true\n  }",
	"aws_sqs_queue": "sqs_managed_sse_enabled = true",
}

# An existing one keeps what it was made with.
_recreated := _type in {"aws_kinesis_stream", "aws_sqs_queue"}

_note := "" if _recreated

_note := " What holds data already is replaced: restore it from an encrypted copy of its snapshot." if not _recreated

_remedy := sprintf("Encrypt it:\n```hcl\nresource \"%s\" \"%s\" {\n  %s\n}\n```%s", [_type, _block, _switches[_type], _note]) if {
	_switches[_type]
} else := concat("\n", [
	"A cluster of ElastiCache by itself has no encryption: let a replication group take its place, with encryption in transit:",
	"```hcl",
	sprintf("resource \"aws_elasticache_replication_group\" \"%s\" {", [_block]),
	"  replication_group_id       = \"NAME\"",
	"  description                = \"NAME\"",
	"  at_rest_encryption_enabled = true",
	"  transit_encryption_enabled = true",
	"}",
	"```",
]) if {
	_type == "aws_elasticache_cluster"
} else := concat("\n", [
	"Encrypt the volumes that it keeps its data on, by a StorageClass that does:",
	"```yaml",
	"apiVersion: storage.k8s.io/v1",
	"kind: StorageClass",
	"metadata:",
	"  name: encrypted",
	"provisioner: ebs.csi.aws.com",
	"parameters:",
	"  encrypted: \"true\"",
	"```",
])
