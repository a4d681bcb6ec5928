# METADATA
# title: Services say who may call them
# description: >-
#   mTLS proves who calls; only a policy says who may. Without one every workload of the mesh may call every
#   service, and one that is taken over reaches all others.
# scope: package
# related_resources:
#   - ref: https://istio.io/latest/docs/reference/config/security/authorization-policy/
#   - ref: https://linkerd.io/2/reference/authorization-policy/
# custom:
#   severity: MEDIUM
#   recommended_action: |-
#     Allow the callers that there are:
#     ```yaml
#     apiVersion: security.istio.io/v1
#     kind: AuthorizationPolicy
#     metadata:
#       name: cart
#       namespace: shop
#     spec:
#       selector:
#         matchLabels:
#           app: cart
#       rules:
#         - from:
#             - source:
#                 principals: ["cluster.local/ns/shop/sa/web"]
#     ```
#   controls:
#     soc2: {CC6.1: partial, CC6.6: partial}
#     nist: {AC-3: partial, AC-4: partial, SC-7: supporting, SC-7(5): supporting}
#     pci: {"1.3.1": supporting, "7.2.1": supporting}
#     cis: {"5.3.2": supporting}
#     iso27001: {A.8.22: supporting}
#   input:
#     selector:
#       - {type: workload}
package probity.mtls.no_service_authorization

import rego.v1

import data.probity.lib.callers
import data.probity.lib.mtls

deny contains result if {
	_is_judged
	input.authorization == false
	result := {
		"msg": sprintf("every workload of the mesh may call `%s`: no policy says who may", [input.id]),
		"path": ["authorization"],
		"remedy": callers.remedy(input),
	}
}

not_assessed contains mtls.unknown_mesh

not_assessed contains result if {
	_is_judged
	input.authorization == "unknown"
	result := {
		"msg": sprintf("who may call `%s` is not known", [input.id]),
		"path": ["authorization"],
		"missing": _policies[input.mesh],
	}
}

_is_judged if {
	mtls.in_mesh
	input.serves
	_asks_its_proxy
	not input.platform
	# Network policies are what limits callers there.
	input.mesh != "cilium"
}

# What reaches the program past its proxy is no matter of policies.
_asks_its_proxy if count(input.ports) == 0

_asks_its_proxy if {
	some port in input.ports
	port.judged
	not port.bypasses == true
}

_policies := {
	"consul": "ServiceIntentions, or `global.acls.manageSystemACLs` in the values of its chart",
	"istio-ambient": "a valid AuthorizationPolicy",
	"istio-sidecar": "a valid AuthorizationPolicy",
	"kuma": "MeshTrafficPermission",
	"linkerd": "a valid AuthorizationPolicy",
}
