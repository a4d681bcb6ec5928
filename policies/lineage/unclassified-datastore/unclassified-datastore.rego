# METADATA
# title: Every datastore is classified
# description: >-
#   What a datastore holds decides how it has to be protected, and nobody can tell from outside. Without a classification the
#   journey of sensitive data cannot be shown.
# scope: package
# related_resources:
#   - ref: https://ethyca.github.io/fideslang/taxonomy/overview/
# custom:
#   severity: MEDIUM
#   recommended_action: |-
#     Say what it holds, also if that is nothing that needs care:
#     ```yaml
#     metadata:
#       labels:
#         data-classification: internal
#     ```
#     with `probity.dev/data-categories: PII` (or `PHI`, `PCI`) as an annotation where there is data about people; in
#     Terraform both are `tags` (`labels` of Google's).
#   controls:
#     soc2: {C1.1: partial, CC3.2: supporting}
#     hipaa: {"164.308(a)(1)(ii)(A)": supporting}
#     nist: {RA-2: partial, CM-12: partial}
#     pci: {"12.5.2": supporting}
#     gdpr: {"30(1)": supporting}
#     iso27001: {A.5.12: partial, A.5.9: supporting}
#   input:
#     selector: [{type: database-server}]
package probity.lineage.unclassified_datastore

import rego.v1

deny contains result if {
	input.classification.declared == false
	result := {
		"msg": sprintf("datastore `%s` is not classified", [input.id]),
		"path": ["classification"],
		"remedy": _remedy,
	}
}

not_assessed contains result if {
	input.classification.declared == "unknown"
	result := {
		"msg": sprintf("the classification of datastore `%s` is not in the input", [input.id]),
		"path": ["classification"],
		"missing": sprintf("classification of %s", [input.id]),
	}
}

_remedy := concat("\n", array.concat(
	[sprintf("Say what `%s` holds, also if that is nothing that needs care:", [_serving])],
	_declaration,
))

_serving := object.get(input, "workload", input.id)

_declaration := [
	"```yaml",
	"metadata:",
	"  labels:",
	"    data-classification: internal",
	"```",
	"with the annotation `probity.dev/data-categories: PII` (or `PHI`, `PCI`) where there is data about people.",
] if {
	contains(_serving, "/")
} else := [
	"```hcl",
	"settings {",
	"  user_labels = {",
	"    data-classification = \"internal\"",
	"  }",
	"}",
	"```",
] if {
	regex.match(`(^|\.)google_sql_database_instance\.`, _serving)
} else := [
	"```hcl",
	sprintf("%s = {", [_attribute]),
	"  data-classification = \"internal\"",
	"}",
	"```",
]

_attribute := "labels" if {
	regex.match(`(^|\.)google_`, _serving)
} else := "tags"
