# METADATA
# title: One policy decides
# description: >-
#   Where two policies claim the same, the mesh follows the older one and ignores the other whole. Manifests have no
#   time of creation, so what holds depends on the order in which they were applied, and may change when one is made
#   anew.
# scope: package
# related_resources:
#   - ref: https://istio.io/latest/docs/reference/config/security/peer_authentication/
#   - ref: https://istio.io/latest/docs/reference/config/networking/destination-rule/
# custom:
#   severity: MEDIUM
#   recommended_action: |-
#     Keep one policy for the mesh, for each namespace and for each workload, and one `DestinationRule` for each host; move what
#     the others say into it.
#   controls:
#     soc2: {CC6.1: partial, CC6.6: partial}
#     nist: {AC-3: partial, AC-4: partial, SC-7: supporting, SC-7(5): supporting}
#     pci: {"1.3.1": supporting, "7.2.1": supporting}
#     cis: {"5.3.2": supporting}
#     iso27001: {A.8.22: supporting}
#   input:
#     selector:
#       - {type: policy}
package probity.mtls.ambiguous_policy

import rego.v1

deny contains result if {
	is_array(input.rivals)
	count(input.rivals) > 0
	result := {
		"msg": sprintf("`%s` and %s contradict each other, and which one holds depends on their age", [input.id, _others]),
		"path": [],
		"related": [{"msg": rival.text, "resource": rival.id, "path": ["rivals", index]} | some index, rival in input.rivals],
	}
}

not_assessed contains result if {
	input.rivals == "unknown"
	result := {"msg": sprintf("what else is about the same as `%s` is not known", [input.id]), "path": []}
}

_others := concat(", ", [sprintf("`%s`", [rival.id]) |
	is_array(input.rivals)
	some rival in input.rivals
])
