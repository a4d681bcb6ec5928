# METADATA
# title: Declarations of one thing agree
# description: >-
#   Two declarations name different levels for the same data, or an object is tagged below its Namespace. Whoever reads the
#   lower one protects the data too little.
# scope: package
# related_resources:
#   - ref: https://ethyca.github.io/fideslang/taxonomy/overview/
# custom:
#   severity: MEDIUM
#   recommended_action: |-
#     Keep one declaration, the stricter one:
#     ```yaml
#     metadata:
#       labels:
#         data-classification: restricted
#     ```
#   controls:
#     soc2: {C1.1: supporting}
#     nist: {AC-16: supporting, RA-2: supporting}
#     gdpr: {"30(1)": supporting}
#     iso27001: {A.5.12: supporting, A.5.13: supporting}
#   input:
#     selector: [{type: classification}]
package probity.lineage.conflicting_classification

import rego.v1

deny contains result if {
	# Neither `null` nor `"unknown"` has these fields.
	result := {
		"msg": sprintf("%s, but %s", [input.conflict.lower.text, input.conflict.higher.text]),
		"path": ["conflict", "lower"],
		"related": [{
			"msg": "this declares a higher level",
			"path": ["conflict", "higher"],
			"resource": input.conflict.higher.resource,
		}],
	}
}

not_assessed contains result if {
	input.conflict == "unknown"
	result := {
		"msg": sprintf("what is declared of `%s` is not in the input", [input.name]),
		"path": ["conflict"],
		"missing": sprintf("classification of %s", [input.name]),
	}
}
