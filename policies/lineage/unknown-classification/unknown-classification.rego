# METADATA
# title: Data classifications use the vocabulary
# description: >-
#   A classification decides who may read data and how it is protected. A value that no tool and no colleague knows
#   decides nothing: the data is treated as if it had no classification at all.
# scope: package
# custom:
#   severity: LOW
#   recommended_action: |-
#     Use one of `public`, `internal`, `confidential` and `restricted`, and name what the data is about with categories:
#     ```yaml
#     metadata:
#       labels:
#         data-classification: confidential
#       annotations:
#         probity.dev/data-categories: PII,PCI
#     ```
#     Names of your own are mapped to these under `classification` in `probity.yaml`.
#   controls:
#     soc2: {C1.1: partial}
#     hipaa: {"164.308(a)(1)(ii)(A)": supporting}
#     nist: {RA-2: partial, AC-16: partial}
#     pci: {"12.5.2": supporting}
#     gdpr: {"30(1)(c)": supporting}
#     iso27001: {A.5.12: partial, A.5.13: partial}
#   input:
#     selector:
#       - {type: classification}
package probity.lineage.unknown_classification

import rego.v1

deny contains result if {
	some index, declaration in input.declarations
	declaration.recognised == false
	result := {
		"msg": sprintf("the value of `%s` on %s `%s` is in no vocabulary", [declaration.key, input.kind, input.name]),
		"path": ["declarations", index],
	}
}

not_assessed contains result if {
	some index, declaration in input.declarations
	declaration.recognised == "unknown"
	result := {
		"msg": sprintf("`%s` on %s `%s` has no value yet", [declaration.key, input.kind, input.name]),
		"path": ["declarations", index],
		"missing": sprintf("the value of `%s`", [declaration.key]),
	}
}
