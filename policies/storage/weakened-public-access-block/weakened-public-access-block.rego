# METADATA
# title: Public access blocks block everything
# description: >-
#   New S3 buckets come with all four public access blocks on. A resource `aws_s3_bucket_public_access_block` that
#   leaves an argument out sets it to false, and so makes the bucket weaker than no such resource would.
# scope: package
# related_resources:
#   - ref: https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/s3_bucket_public_access_block
#   - ref: https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html
# custom:
#   severity: HIGH
#   recommended_action: |-
#     Set all four arguments, or remove the resource from a new bucket:
#     ```hcl
#     resource "aws_s3_bucket_public_access_block" "this" {
#       bucket                  = aws_s3_bucket.this.id
#       block_public_acls       = true
#       block_public_policy     = true
#       ignore_public_acls      = true
#       restrict_public_buckets = true
#     }
#     ```
#     A bucket whose data is meant for everyone is declared by a tag: `data-classification = "public"`.
#   controls:
#     soc2: {CC6.1: partial, CC6.6: partial}
#     hipaa: {"164.312(a)(1)": supporting}
#     nist: {AC-3: supporting, SC-7: partial, CM-6: supporting}
#     pci: {"1.4.4": supporting, "7.2.1": supporting}
#     cis: {"AWS 2.1.4": full}
#     gdpr: {"32(1)(b)": supporting}
#     iso27001: {A.8.3: supporting}
#   input:
#     selector: [{type: bucket, kinds: [aws_s3_bucket]}]
package probity.storage.weakened_public_access_block

import rego.v1

_settings := ["block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets"]

_off := [setting | some setting in _settings; input[setting] == false]

_unknown := [setting | some setting in _settings; input[setting] == "unknown"]

deny contains result if {
	input.public_access_block != null
	input.classification != "public"
	result := {
		"msg": sprintf("the public access block of bucket `%s` turns off %s%s", [
			input.address, concat(", ", [sprintf("`%s`", [setting]) | some setting in _off]), _omitted,
		]),
		"path": [_off[0]],
		"related": [{"msg": "the bucket", "path": ["address"], "resource": input.address}],
		"fixes": _fixes,
	}
}

# One edit mends the finding only where one argument is off.
_fixes := [{
	"kind": "aws_s3_bucket_public_access_block", "key": _off[0], "from": false, "to": true,
}] if {
	count(_off) == 1
} else := []

not_assessed contains result if {
	input.public_access_block != null
	input.classification != "public"
	count(_off) == 0
	result := {
		"msg": sprintf("the public access block of bucket `%s` is known only after apply", [input.address]),
		"path": [_unknown[0]],
		"missing": concat(", ", _unknown),
	}
}

_left_out := [setting | some setting in input.public_access_block.omitted; setting in _off]

_omitted := "" if count(_left_out) == 0

_omitted := ": what is left out is false" if count(_left_out) > 0
