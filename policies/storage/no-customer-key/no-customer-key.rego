# METADATA
# title: Buckets and other stores are encrypted with a key of one's own
# description: >-
#   Buckets, databases, disks and queues are encrypted by the provider itself, but with a key that only the provider
#   controls: it cannot be revoked or audited by the owner of the data. A customer-managed key separates who may read
#   a store from who may decrypt it.
# scope: package
# related_resources:
#   - ref: https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html
#   - ref: https://cloud.google.com/storage/docs/encryption/customer-managed-keys
#   - ref: https://learn.microsoft.com/azure/storage/common/customer-managed-keys-overview
# custom:
#   severity: LOW
#   recommended_action: |-
#     Encrypt with a key of your own:
#     ```hcl
#     resource "aws_s3_bucket_server_side_encryption_configuration" "this" {
#       bucket = aws_s3_bucket.this.id
#       rule {
#         apply_server_side_encryption_by_default {
#           sse_algorithm     = "aws:kms"
#           kms_master_key_id = aws_kms_key.this.arn
#         }
#       }
#     }
#     ```
#     On Google Cloud set `encryption { default_kms_key_name = … }` on the bucket, on Azure add an
#     `azurerm_storage_account_customer_managed_key`. Other stores name their key themselves, as with `kms_key_id`.
#   controls:
#     soc2: {CC6.1: supporting, C1.1: supporting}
#     hipaa: {"164.312(a)(2)(iv)": supporting}
#     nist: {SC-12: partial, SC-28(1): supporting}
#     pci: {"3.6.1": supporting}
#     gdpr: {"32(1)(a)": supporting}
#     iso27001: {A.8.24: supporting}
#   input:
#     selector:
#       - type: bucket
#         kinds: [aws_s3_bucket, azurerm_storage_account, google_bigquery_dataset, google_storage_bucket]
#       - {type: store}
package probity.storage.no_customer_key

import rego.v1

deny contains result if {
	key := _keys[input.encryption.key]
	result := {
		"msg": sprintf("`%s` is encrypted with %s, not with a key of yours", [input.address, key.name]),
		"path": ["encryption", key.decides],
		"remedy": _remedy,
	}
}

not_assessed contains result if {
	input.encryption.key == "unknown"
	result := {
		"msg": sprintf("with which key `%s` is encrypted is not in the plan", [input.address]),
		"path": ["encryption", "key"],
		"missing": input.encryption.missing,
	}
}

_keys := {
	"none": {"name": "S3's own keys", "decides": "algorithm"},
	"aws-managed": {"name": _aws_managed, "decides": "key"},
	"provider-managed": {"name": "the provider's keys", "decides": "key"},
}

_aws_managed := sprintf("the key `%s`, which AWS manages", [input.encryption.alias]) if {
	is_string(input.encryption.alias)
} else := "the key `aws/s3`, which AWS manages" if {
	_type == "aws_s3_bucket"
} else := "a key that AWS manages"

_type := object.get(input, "type", "aws_s3_bucket")

# `module.shop.aws_db_instance.orders[0]`
_address := split(regex.replace(input.address, `\[[^\]]*\]`, ""), ".")

_block := _address[count(_address) - 1]

# What to write, by the type: the attribute that names a key, and a key of the provider.
_attributes := {
	"aws_db_instance": "kms_key_id = aws_kms_key.NAME.arn",
	"aws_docdb_cluster": "kms_key_id = aws_kms_key.NAME.arn",
	"aws_dynamodb_table": "server_side_encryption {\n    enabled     = true\n    kms_key_arn = aws_kms_key.NAME.arn\n  }",
	"aws_ebs_volume": "encrypted  = true\n  kms_key_id = aws_kms_key.NAME.arn",
	"aws_efs_file_system": "encrypted  = true\n  kms_key_id = aws_kms_key.NAME.arn",
	"aws_elasticache_replication_group": "kms_key_id = aws_kms_key.NAME.arn",
	"aws_elasticsearch_domain": "encrypt_at_rest {\n    enabled    = true\n    kms_key_id = aws_kms_key.NAME.arn\n  }",
	"aws_kinesis_stream": "encryption_type = \"KMS\"\n  kms_key_id      = aws_kms_key.NAME.arn",
	"aws_memorydb_cluster": "kms_key_arn = aws_kms_key.NAME.arn",
	"aws_msk_cluster": "encryption_info {\n    encryption_at_rest_kms_key_arn = aws_kms_key.NAME.arn\n  }",
	"aws_neptune_cluster": "kms_key_arn = aws_kms_key.NAME.arn",
	"aws_opensearch_domain": "encrypt_at_rest {\n    enabled    = true\n    kms_key_id = aws_kms_key.NAME.arn\n  }",
	"aws_rds_cluster": "storage_encrypted = true\n  kms_key_id        = aws_kms_key.NAME.arn",
	"aws_redshift_cluster": "encrypted  = true\n  kms_key_id = aws_kms_key.NAME.arn",
	"aws_sns_topic": "kms_master_key_id = aws_kms_key.NAME.id",
	"aws_sqs_queue": "kms_master_key_id = aws_kms_key.NAME.id",
	"azurerm_cosmosdb_account": "key_vault_key_id = azurerm_key_vault_key.NAME.versionless_id",
	"azurerm_managed_disk": "disk_encryption_set_id = azurerm_disk_encryption_set.NAME.id",
	"azurerm_mysql_flexible_server": "customer_managed_key {\n    key_vault_key_id = azurerm_key_vault_key.NAME.id\n  }",
	"azurerm_postgresql_flexible_server": "customer_managed_key {\n    key_vault_key_id = azurerm_key_vault_key.NAME.id\n  }",
	"google_alloydb_cluster": "encryption_config {\n    kms_key_name = google_kms_crypto_key.NAME.id\n  }",
	"google_bigquery_dataset": "default_encryption_configuration {\n    kms_key_name = google_kms_crypto_key.NAME.id\n  }",
	"google_compute_disk": "disk_encryption_key {\n    kms_key_self_link = google_kms_crypto_key.NAME.id\n  }",
	"google_pubsub_topic": "kms_key_name = google_kms_crypto_key.NAME.id",
	"google_redis_instance": "customer_managed_key = google_kms_crypto_key.NAME.id",
	"google_sql_database_instance": "encryption_key_name = google_kms_crypto_key.NAME.id",
	"google_storage_bucket": "encryption {\n    default_kms_key_name = google_kms_crypto_key.NAME.id\n  }",
}

_remedy := sprintf("Name a key of your own:\n```hcl\nresource \"%s\" \"%s\" {\n  %s\n}\n```\nMost providers replace a store whose key changes: move its data first.", [_type, _block, _attributes[_type]]) if {
	_attributes[_type]
} else := sprintf("Name a key of your own:\n```hcl\nresource \"azurerm_storage_account_customer_managed_key\" \"%s\" {\n  storage_account_id = %s.id\n  key_vault_id       = azurerm_key_vault.NAME.id\n  key_name           = azurerm_key_vault_key.NAME.name\n}\n```", [_block, input.address]) if {
	_type == "azurerm_storage_account"
} else := sprintf("Encrypt with a key of your own:\n```hcl\nresource \"aws_s3_bucket_server_side_encryption_configuration\" \"%s\" {\n  bucket = %s.id\n  rule {\n    apply_server_side_encryption_by_default {\n      sse_algorithm     = \"aws:kms\"\n      kms_master_key_id = aws_kms_key.NAME.arn\n    }\n  }\n}\n```", [_block, input.address])
