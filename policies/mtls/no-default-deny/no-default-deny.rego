# METADATA
# title: Namespaces deny what nobody allowed
# description: >-
#   Pods that no policy is about take connections from everywhere. A policy that denies by default turns every
#   forgotten rule into an outage that is noticed, instead of a hole that is not.
# scope: package
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/services-networking/network-policies/#default-policies
# custom:
#   severity: MEDIUM
#   recommended_action: |-
#     Allow the callers that there are, each by a policy of its own, and deny the rest:
#     ```yaml
#     apiVersion: networking.k8s.io/v1
#     kind: NetworkPolicy
#     metadata:
#       name: default-deny
#       namespace: shop
#     spec:
#       podSelector: {}
#       policyTypes: [Ingress]
#     ```
#     In Istio, an `AuthorizationPolicy` with `spec: {}` does the same for callers.
#   controls:
#     soc2: {CC6.1: partial, CC6.6: partial}
#     nist: {AC-3: partial, AC-4: partial, SC-7: supporting, SC-7(5): supporting}
#     pci: {"1.3.1": supporting, "7.2.1": supporting}
#     cis: {"5.3.2": supporting}
#     iso27001: {A.8.22: supporting}
#   input:
#     selector:
#       - {type: namespace}
package probity.mtls.no_default_deny

import rego.v1

import data.probity.lib.mtls

deny contains result if {
	input.default_deny == false
	not input.platform
	result := {
		"msg": sprintf("namespace `%s` does not deny by default: what no policy is about may be called by everyone", [input.name]),
		"path": [],
		"related": mtls.chain(input.because, ["because"]),
		"remedy": _remedy,
	}
}

not_assessed contains result if {
	input.default_deny == "unknown"
	not input.platform
	result := {
		"msg": sprintf("whether namespace `%s` denies by default is not known", [input.name]),
		"path": ["default_deny"],
		"missing": "a policy that can be read",
	}
}

_remedy := concat("\n", array.concat(_opened, [
	"Allow the callers that there are first, each by a policy of its own, then deny the rest:",
	"```yaml",
	"apiVersion: networking.k8s.io/v1",
	"kind: NetworkPolicy",
	"metadata:",
	"  name: default-deny",
	sprintf("  namespace: %s", [input.name]),
	"spec:",
	"  podSelector: {}",
	"  policyTypes: [Ingress]",
	"```",
	"In Istio, an `AuthorizationPolicy` with `spec: {}` does the same for callers.",
]))

# Policies add up: one that lets everything in must go.
_opened := [sprintf("Remove the empty rule of `%s`.", [step.resource]) |
	some step in input.because
	step.resource != null
]
