# METADATA
# title: No snapshot or image is shared with everyone
# description: >-
#   A snapshot holds all the data of its disk or database. One that is shared with everyone can be copied by any account of
#   the cloud, leaves no trace where it is read, and stays copied when the sharing ends.
# scope: package
# related_resources:
#   - ref: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_ShareSnapshot.html
#   - ref: https://docs.aws.amazon.com/ebs/latest/userguide/block-public-access-snapshots.html
# custom:
#   severity: CRITICAL
#   recommended_action: |-
#     Share with named accounts only:
#     ```hcl
#     resource "aws_db_snapshot" "this" {
#       shared_accounts = ["111122223333"]
#     }
#     ```
#     For images name an `account_id` instead of `group = "all"`; on Google Cloud name members instead of `allUsers` and
#     `allAuthenticatedUsers`; keep `aws_ebs_snapshot_block_public_access` at `state = "block-all-sharing"`.
#   controls:
#     soc2: {CC6.1: partial, C1.1: partial}
#     hipaa: {"164.312(a)(1)": partial}
#     nist: {AC-3: partial, AC-6: partial}
#     pci: {"7.2.1": partial}
#     gdpr: {"32(1)(b)": partial}
#     iso27001: {A.8.3: partial, A.8.12: supporting}
#   input:
#     selector:
#       - type: terraform-resource
#         kinds:
#           - aws_ami_launch_permission
#           - aws_db_cluster_snapshot
#           - aws_db_snapshot
#           - aws_ebs_snapshot_block_public_access
#           - google_compute_image_iam_binding
#           - google_compute_image_iam_member
#           - google_compute_snapshot_iam_binding
#           - google_compute_snapshot_iam_member
package probity.storage.public_snapshot

import rego.v1

_is_planned if {
	input.mode == "managed"
	not input.actions == ["delete"]
}

# Attributes that name who is given access, with what stands for everyone.
_everyone := {
	"aws_ami_launch_permission": {"group": {"all"}},
	"aws_db_cluster_snapshot": {"shared_accounts": {"all"}},
	"aws_db_snapshot": {"shared_accounts": {"all"}},
	"aws_ebs_snapshot_block_public_access": {"state": {"unblocked"}},
	"google_compute_image_iam_binding": {"members": {"allUsers", "allAuthenticatedUsers"}},
	"google_compute_image_iam_member": {"member": {"allUsers", "allAuthenticatedUsers"}},
	"google_compute_snapshot_iam_binding": {"members": {"allUsers", "allAuthenticatedUsers"}},
	"google_compute_snapshot_iam_member": {"member": {"allUsers", "allAuthenticatedUsers"}},
}

deny contains result if {
	_is_planned
	some attribute, values in _everyone[input.type]
	input.values[attribute] in values
	result := _result([attribute], input.values[attribute])
}

deny contains result if {
	_is_planned
	some attribute, values in _everyone[input.type]
	is_array(input.values[attribute])
	some index, value in input.values[attribute]
	value in values
	result := _result([attribute, index], value)
}

not_assessed contains result if {
	_is_planned
	some attribute, _ in _everyone[input.type]
	_is_unknown(input.unknown[attribute])
	result := {
		"msg": sprintf("with whom `%s` is shared is known only after apply", [input.address]),
		"path": ["unknown", attribute],
		"missing": sprintf("%s.%s", [input.address, attribute]),
	}
}

_is_unknown(mask) if mask == true

_is_unknown(mask) if {
	is_array(mask)
	true in mask
}

_result(at, value) := {
	"msg": sprintf("`%s` opens its data to every account: `%s` is `%s`", [input.address, at[0], value]),
	"path": array.concat(["values"], at),
}
