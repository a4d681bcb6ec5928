# METADATA
# title: No bucket depends on a block to stay shut
# description: >-
#   A policy or an ACL opens the bucket to everyone, and only a block keeps it shut. Whoever lifts the block, for this
#   bucket or for the whole account, publishes the data without touching the bucket; and the grant itself was never
#   meant, or the data is public and should be declared so.
# scope: package
# related_resources:
#   - ref: https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html
# custom:
#   severity: MEDIUM
#   recommended_action: |-
#     Remove the grant to everyone. In an S3 bucket policy name who may read instead of `"*"`:
#     ```json
#     {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/reader"}, "Action": "s3:GetObject"}
#     ```
#     or set `acl = "private"`. On Google Cloud remove `allUsers` and `allAuthenticatedUsers` from the bucket's members, on
#     Azure set `container_access_type = "private"`.
#   controls:
#     soc2: {CC6.1: supporting, CC6.6: supporting}
#     hipaa: {"164.312(a)(1)": supporting}
#     nist: {AC-3: supporting, AC-6: supporting}
#     pci: {"7.2.1": supporting}
#     gdpr: {"32(1)(b)": supporting}
#     iso27001: {A.8.3: supporting}
#   input:
#     selector: [{type: bucket, kinds: [aws_s3_bucket, azurerm_storage_container, google_storage_bucket]}]
package probity.storage.public_intent

import rego.v1

deny contains result if {
	input.public == false
	input.intended_public == true
	input.classification != "public"
	some index, through in input.blocked_through
	result := {
		"msg": sprintf("bucket `%s` is opened to %s, though %s stops it: %s", [
			input.address,
			through.audience,
			_stopping(through.blocked_by),
			through.what,
		]),
		"path": ["blocked_through", index],
		"peer": through.resource,
	}
}

not_assessed contains result if {
	input.public == false
	input.intended_public == "unknown"
	result := {
		"msg": sprintf("what the policy of bucket `%s` allows is known only after apply", [input.address]),
		"path": ["intended_public"],
		"missing": sprintf("policy and ACL of %s", [input.address]),
	}
}

# By the name of the setting, where that alone would say the opposite, or nothing.
_named := {
	"allow_nested_items_to_be_public": "`allow_nested_items_to_be_public = false`",
	"network": "the network of its storage account",
}

_stopping(name) := object.get(_named, name, sprintf("`%s`", [name]))
