# METADATA
# title: Policies admit only callers with an identity
# description: >-
#   A policy says who may call, but one of its rules is matched by callers without an identity, and the port takes
#   plaintext: whoever reaches the network is let in by a policy that looks as if it kept them out.
# scope: package
# related_resources:
#   - ref: https://istio.io/latest/docs/reference/config/security/authorization-policy/
#   - ref: https://linkerd.io/2/reference/authorization-policy/
# custom:
#   severity: HIGH
#   recommended_action: |-
#     Name callers by their identity in every rule:
#     ```yaml
#     rules:
#       - from:
#           - source:
#               principals: ["cluster.local/ns/shop/sa/web"]
#     ```
#     For Linkerd, require a `MeshTLSAuthentication` or a `ServiceAccount` in `requiredAuthenticationRefs`. Or demand mTLS:
#     `PeerAuthentication` with `mode: STRICT`.
#   controls:
#     soc2: {CC6.1: partial, CC6.6: partial, CC6.7: partial}
#     hipaa: {"164.312(e)(1)": partial, "164.312(e)(2)(ii)": partial, "164.312(d)": supporting}
#     nist: {SC-8: partial, SC-8(1): partial, SC-23: partial, IA-3: partial, IA-9: partial}
#     pci: {"2.2.7": supporting, "4.2.1": supporting}
#     gdpr: {"32(1)(a)": supporting}
#     iso27001: {A.8.20: supporting, A.8.24: supporting}
#   input:
#     selector:
#       - {type: workload}
package probity.mtls.unauthenticated_source_allowed

import rego.v1

import data.probity.lib.mtls

deny contains result if {
	mtls.in_mesh
	some index, port in mtls.judged
	port.mtls in {"permissive", "disabled"}
	port.bypasses != true
	port.identity_required == false
	port.admitted_by != null
	result := {
		"msg": sprintf("%s of `%s` takes plaintext, and %s", [mtls.port_name(port), input.id, port.admitted_by.text]),
		"path": ["ports", index, "admitted_by"],
		"related": array.concat(
			[{"msg": "is admitted to", "resource": input.id, "path": ["ports", index, "port"]}],
			array.concat(_policy(port, index), mtls.rest(port.because, ["ports", index, "because"], port.admitted_by.text)),
		),
	}
}

not_assessed contains mtls.unknown_mesh

not_assessed contains result if {
	mtls.in_mesh
	some index, port in mtls.judged
	port.admitted_by != null
	port.mtls == "unknown"
	result := {
		"msg": sprintf("whether %s of `%s` takes plaintext is not known", [mtls.port_name(port), input.id]),
		"path": ["ports", index, "mtls"],
		"missing": port.missing,
	}
}

_policy(port, index) := [{
	"msg": "this policy admits them",
	"resource": port.admitted_by.resource,
	"path": ["ports", index, "admitted_by"],
}]
