# METADATA
# title: Buckets are encrypted with a key of one's own
# description: >-
#   Every new object is encrypted by S3 itself, but with a key that only the provider controls: it cannot be rotated,
#   revoked or audited by its owner. A customer-managed key separates who may read a bucket from who may decrypt it.
# scope: package
# related_resources:
#   - ref: https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html
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
#   controls:
#     soc2: {CC6.1: supporting, C1.1: supporting}
#     hipaa: {"164.312(a)(2)(iv)": supporting}
#     nist: {SC-12: partial, SC-28(1): supporting}
#     pci: {"3.6.1": supporting}
#     gdpr: {"32(1)(a)": supporting}
#     iso27001: {A.8.24: supporting}
#   input:
#     selector: [{type: bucket}]
package probity.storage.no_customer_key

import rego.v1

deny contains result if {
	input.encryption.key in {"none", "aws-managed"}
	result := {
		"msg": sprintf("bucket `%s` is encrypted with %s, not with a key of yours", [input.address, _key]),
		"path": ["encryption", _field],
	}
}

not_assessed contains result if {
	input.encryption.key == "unknown"
	result := {
		"msg": sprintf("the plan does not tell with which key bucket `%s` is encrypted", [input.address]),
		"path": ["encryption", "key"],
		"missing": sprintf("the encryption configuration of %s", [input.address]),
	}
}

# Where there is no KMS, it is the algorithm that decides.
_field := "algorithm" if input.encryption.key == "none"

_field := "key" if input.encryption.key == "aws-managed"

_key := "the key of S3" if input.encryption.key == "none"

_key := "the AWS-managed key `aws/s3`" if input.encryption.key == "aws-managed"
