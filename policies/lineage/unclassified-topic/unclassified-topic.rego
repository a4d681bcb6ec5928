# METADATA
# title: Every topic is classified
# description: >-
#   What a topic holds decides how it has to be protected, and nobody can tell from outside. Without a classification the
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
#     with `probity.dev/data-categories: PII` (or `PHI`, `PCI`) as an annotation where there is data about people.
#   controls:
#     soc2: {C1.1: partial, CC3.2: supporting}
#     hipaa: {"164.308(a)(1)(ii)(A)": supporting}
#     nist: {RA-2: partial, CM-12: partial}
#     pci: {"12.5.2": supporting}
#     gdpr: {"30(1)": supporting}
#     iso27001: {A.5.12: partial, A.5.9: supporting}
#   input:
#     selector: [{type: topic}]
package probity.lineage.unclassified_topic

import rego.v1

deny contains result if {
	input.classification.declared == false
	not _is_internal
	result := {
		"msg": sprintf("topic `%s` is not classified", [input.id]),
		"path": ["classification"],
		"related": [{"msg": named.text, "path": ["named_by"], "resource": named.resource} |
			named := input.named_by
			named != null
		],
		"remedy": _remedy,
	}
}

not_assessed contains result if {
	input.classification.declared == "unknown"
	not _is_internal
	result := {
		"msg": sprintf("the classification of topic `%s` is not in the input", [input.id]),
		"path": ["classification"],
		"missing": sprintf("classification of %s", [input.id]),
	}
}

# State of Kafka Connect and MirrorMaker is nobody's data.
_is_internal if input.internal

_remedy := concat("\n", [
	"Give the topic an object, and say there what it holds:",
	"```yaml",
	"apiVersion: kafka.strimzi.io/v1",
	"kind: KafkaTopic",
	"metadata:",
	sprintf("  name: %s", [input.name]),
	"  labels:",
	sprintf("    strimzi.io/cluster: %s", [input.cluster]),
	"    data-classification: internal",
	"```",
]) if {
	is_object(input.named_by)
} else := concat("\n", [
	"Say on its object what it holds, also if that is nothing that needs care:",
	"```yaml",
	"metadata:",
	"  labels:",
	"    data-classification: internal",
	"```",
	"with the annotation `probity.dev/data-categories: PII` (or `PHI`, `PCI`) where there is data about people.",
])
