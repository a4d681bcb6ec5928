# METADATA
# title: Buckets are encrypted with a key of one's own
# description: >-
#   Every new object is encrypted by the provider itself, but with a key that only the provider controls: it cannot be
#   revoked or audited by the owner of the data. A customer-managed key separates who may read a bucket from who may
#   decrypt it.
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
#     `azurerm_storage_account_customer_managed_key`.
#   controls:
#     soc2: {CC6.1: supporting, C1.1: supporting}
#     hipaa: {"164.312(a)(2)(iv)": supporting}
#     nist: {SC-12: partial, SC-28(1): supporting}
#     pci: {"3.6.1": supporting}
#     gdpr: {"32(1)(a)": supporting}
#     iso27001: {A.8.24: supporting}
#   input:
#     selector: [{type: bucket, kinds: [aws_s3_bucket, azurerm_storage_account, google_storage_bucket]}]
package probity.storage.no_customer_key

import rego.v1

deny contains result if {
	key := _keys[input.encryption.key]
	result := {
		"msg": sprintf("`%s` is encrypted with %s, not with a key of yours", [input.address, key.name]),
		"path": ["encryption", key.decides],
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
	"aws-managed": {"name": "the key `aws/s3`, which AWS manages", "decides": "key"},
	"provider-managed": {"name": "the provider's keys", "decides": "key"},
}
