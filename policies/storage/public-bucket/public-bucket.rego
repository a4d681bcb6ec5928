# METADATA
# title: No bucket is open to everyone
# description: >-
#   A bucket that everyone can read, or write, is how most cloud data is lost. What counts is what policy, ACL, object
#   ownership, public access blocks and account settings come to together, not any one of them. A bucket whose tags
#   declare its data public may be read by everyone, but not written.
# scope: package
# related_resources:
#   - ref: https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html
#   - ref: https://cloud.google.com/storage/docs/public-access-prevention
#   - ref: https://learn.microsoft.com/azure/storage/blobs/anonymous-read-access-prevent
# custom:
#   severity: CRITICAL
#   recommended_action: |-
#     Block public access, and let a CDN or signed URLs serve what must be public:
#     ```hcl
#     resource "aws_s3_bucket_public_access_block" "this" {
#       bucket                  = aws_s3_bucket.this.id
#       block_public_acls       = true
#       block_public_policy     = true
#       ignore_public_acls      = true
#       restrict_public_buckets = true
#     }
#     ```
#     On Google Cloud set `public_access_prevention = "enforced"` on the bucket, on Azure
#     `allow_nested_items_to_be_public = false` on the storage account. Data that is meant for everyone is declared by
#     a tag or label: `data-classification = "public"`.
#   controls:
#     soc2: {CC6.1: partial, CC6.6: partial, C1.1: supporting}
#     hipaa: {"164.312(a)(1)": partial, "164.312(e)(1)": supporting}
#     nist: {AC-3: partial, SC-7: partial}
#     pci: {"1.4.4": partial, "7.2.1": supporting}
#     gdpr: {"32(1)(b)": supporting}
#     iso27001: {A.8.3: supporting, A.8.12: supporting}
#   input:
#     selector:
#       - type: bucket
#         kinds: [aws_s3_bucket, azurerm_storage_container, google_bigquery_dataset, google_storage_bucket]
package probity.storage.public_bucket

import rego.v1

deny contains result if {
	input.public == true
	some index, through in input.public_through
	not _declared_public(through)
	result := {
		"msg": sprintf("%s `%s` is %s by %s: %s", [
			_thing,
			input.address,
			_open[through.access],
			through.audience,
			through.what,
		]),
		"path": ["public_through", index],
		"peer": through.resource,
		"related": array.concat(_bucket(through), _blocks(through)),
	}
}

not_assessed contains result if {
	input.public == "unknown"
	not _meant_for_everyone
	result := {
		"msg": sprintf("whether %s `%s` is public is known only after apply", [_thing, input.address]),
		"path": ["public"],
		"missing": concat(", ", input.missing),
	}
}

_open := {"read": "readable", "write": "writable", "read-write": "readable and writable"}

_declared_public(through) if {
	_meant_for_everyone
	through.access == "read"
}

_meant_for_everyone if input.classification == "public"

_bucket(through) := [{"msg": "the bucket", "path": ["address"], "resource": input.address}] if {
	through.resource != input.address
} else := []

# The settings that would have kept it shut, where the plan holds them.
_blocks(through) := [{"msg": "this does not stop it", "path": [setting], "resource": resource} |
	resource := input.public_access_block.resource
	some setting in _stopping[through.kind]
]

_stopping := {"policy": ["restrict_public_buckets"], "acl": ["ignore_public_acls"]}

_thing := "dataset" if {
	object.get(input, "type", "") == "google_bigquery_dataset"
} else := "bucket"
