# METADATA
# title: Policies have the effect that they seem to have
# description: >-
#   A policy that selects nothing, names a host that nobody asks for, or uses a field where it is ignored protects
#   nothing; whoever reads it believes that it does.
# scope: package
# related_resources:
#   - ref: https://istio.io/latest/docs/reference/config/security/peer_authentication/
#   - ref: https://istio.io/latest/docs/reference/config/networking/destination-rule/
# custom:
#   severity: MEDIUM
#   recommended_action: |-
#     Give the policy the effect that was meant, or remove it. Ports of `portLevelMtls` are those of containers, its selector
#     lies in the namespace of the workload, and hosts of a `DestinationRule` are full names:
#     ```yaml
#     spec:
#       host: reviews.shop.svc.cluster.local
#     ```
#   controls:
#     soc2: {CC6.1: partial, CC6.6: partial}
#     nist: {AC-3: partial, AC-4: partial, SC-7: supporting, SC-7(5): supporting}
#     pci: {"1.3.1": supporting, "7.2.1": supporting}
#     cis: {"5.3.2": supporting}
#     iso27001: {A.8.22: supporting}
#   input:
#     selector:
#       - {type: policy}
package probity.mtls.dead_policy

import rego.v1

deny contains result if {
	some index, dead in input.dead
	result := {
		"msg": sprintf("`%s` %s", [input.id, dead.text]),
		"path": ["dead", index],
		"remedy": dead.remedy,
	}
}

not_assessed contains result if {
	some index, open in input.open
	result := {
		"msg": sprintf("`%s` %s: %s", [input.id, open.text, open.missing]),
		"path": ["open", index],
		"missing": open.missing,
	}
}
