# METADATA
# title: No bucket is readable by everyone
# description: >-
#   A bucket that everyone can read, or write, is how most cloud data is lost. What counts is the effective result of
#   bucket policy, ACL, object ownership and public access blocks, not any one of them.
# scope: package
# related_resources:
#   - ref: https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html
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
#   controls:
#     soc2: {CC6.1: partial, CC6.6: partial, C1.1: supporting}
#     hipaa: {"164.312(a)(1)": partial, "164.312(e)(1)": supporting}
#     nist: {AC-3: partial, SC-7: partial}
#     pci: {"1.4.4": partial, "7.2.1": supporting}
#     gdpr: {"32(1)(b)": supporting}
#     iso27001: {A.8.3: supporting, A.8.12: supporting}
#   input:
#     selector: [{type: bucket}]
package probity.storage.public_bucket

import rego.v1

deny contains result if {
	input.public == true
	some index, through in input.public_through
	result := {
		"msg": sprintf("bucket `%s` is open to everyone through %s", [input.address, through.what]),
		"path": ["public_through", index],
	}
}

not_assessed contains result if {
	input.public == "unknown"
	result := {
		"msg": sprintf("whether bucket `%s` is public depends on what the plan does not hold", [input.address]),
		"missing": concat(", ", input.missing),
	}
}
