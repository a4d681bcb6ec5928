# METADATA
# title: Ports of the mesh take mTLS alone
# description: >-
#   A port that takes plaintext beside mTLS protects nobody who does not ask for it: any Pod, and whoever reaches
#   the network, may call it without saying who they are. Permissive mode is meant for the time of a migration.
# scope: package
# related_resources:
#   - ref: https://istio.io/latest/docs/reference/config/security/peer_authentication/
#   - ref: https://linkerd.io/2/reference/authorization-policy/
#   - ref: https://kuma.io/docs/latest/policies/mutual-tls/
# custom:
#   severity: HIGH
#   recommended_action: |-
#     Demand mTLS, for a namespace or for the mesh (in its root namespace):
#     ```yaml
#     apiVersion: security.istio.io/v1
#     kind: PeerAuthentication
#     metadata:
#       name: default
#       namespace: shop
#     spec:
#       mtls:
#         mode: STRICT
#     ```
#     Linkerd: the annotation `config.linkerd.io/default-inbound-policy: all-authenticated` on the Namespace. Kuma: an
#     `enabledBackend` in the Mesh, with `mode: STRICT`. Consul: `mutualTLSMode: strict` in `ServiceDefaults`. App Mesh: `tls { mode = "STRICT" }` on the listener.
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
#       - {type: gateway, kinds: [aws_appmesh_virtual_node]}
package probity.mtls.plaintext_accepted

import rego.v1

import data.probity.lib.callers
import data.probity.lib.mtls

deny contains result if {
	mtls.in_mesh
	some index, port in mtls.judged
	takes := _takes[port.mtls]
	port.bypasses != true
	port.identity_required == false
	port.admitted_by == null
	result := {
		"msg": sprintf("%s of `%s` %s: its effective mode is %s", [
			mtls.port_name(port), input.id, takes, port.mtls,
		]),
		"path": ["ports", index, "mtls"],
		"degree": _degree[port.mtls],
		"related": array.concat(mtls.chain(port.because, ["ports", index, "because"]), mtls.concerned(port, index)),
		"remedy": _remedy(port),
		"fixes": _fixes(port),
	}
}

# A node of App Mesh, as planned.
deny contains result if {
	some index, listener in input.listeners
	listener.encrypted == false
	result := {
		"msg": sprintf("port %v of `%s` takes plaintext: %s", [listener.port, input.id, listener.note]),
		"path": ["listeners", index, "encrypted"],
		"remedy": listener.remedy,
	}
}

not_assessed contains mtls.unknown_mesh

not_assessed contains result if {
	mtls.in_mesh
	some index, port in mtls.judged
	_is_unknown(port)
	result := {
		"msg": sprintf("what %s accepts is not known: %s is not in the input", [
			mtls.port_name(port), object.get(port, "missing", "what decides"),
		]),
		"path": ["ports", index, "mtls"],
		"missing": port.missing,
	}
}

not_assessed contains result if {
	some index, listener in input.listeners
	listener.encrypted == "unknown"
	result := {
		"msg": sprintf("whether `%s` demands mTLS is not known", [input.id]),
		"path": ["listeners", index, "encrypted"],
		"missing": listener.missing,
	}
}

# The smallest change: in the policy that decides, else a policy for the namespace.
_remedy(port) := sprintf("Set `mode: STRICT` in `%s`, once every caller is in the mesh.", [_last(deciders)]) if {
	input.mesh in _istio
	deciders := _deciders(port)
	count(deciders) > 0
} else := sprintf(_policy, [json.marshal(input.namespace)]) if {
	input.mesh in _istio
} else := sprintf("Write the annotation `%s: all-authenticated` into the Pod template of `%s`.", [
	_default_policy, input.id,
]) if {
	# That of a Pod counts over that of its Namespace.
	input.mesh == "linkerd"
	some step in port.because
	step.resource == input.id
} else := sprintf(_annotation, [input.namespace, _default_policy]) if {
	input.mesh == "linkerd"
} else := sprintf("Set `mode: Strict` in `%s`, once every caller is in the mesh.", [_last(policies)]) if {
	policies := _of_kind(port, "MeshTLS/")
	count(policies) > 0
} else := sprintf(_backend, [input.mesh_name]) if {
	input.mesh == "kuma"
	port.mtls == "disabled"
} else := sprintf(_mesh_tls, [
	input.mesh_name,
	json.marshal(callers.mesh_namespace(input)),
	json.marshal(input.mesh_name),
]) if {
	input.mesh == "kuma"
} else := sprintf(_patch, [lower(kind), name, namespace]) if {
	some step in port.because
	step.resource != null
	[kind, namespace, name] := split(step.resource, "/")
	kind in {"ServiceDefaults", "ProxyDefaults"}
} else := "Let the mesh demand mTLS of every caller."

_of_kind(port, kind) := [step.resource |
	some step in port.because
	step.resource != null
	startswith(step.resource, kind)
]

# Where a PeerAuthentication takes both. One that takes plaintext alone may have callers that speak nothing else.
# Not while anybody is known to call without mTLS, who would be cut off.
_fixes(port) := [{"kind": "PeerAuthentication", "key": "mode", "from": "PERMISSIVE", "to": "STRICT"}] if {
	port.clients_ready
} else := []

_deciders(port) := _of_kind(port, "PeerAuthentication/")

_last(list) := list[count(list) - 1]

_istio := {"istio-sidecar", "istio-ambient"}

_default_policy := "config.linkerd.io/default-inbound-policy"

_policy := concat("\n", [
	"Demand mTLS in the namespace, once every caller is in the mesh:",
	"```yaml",
	"apiVersion: security.istio.io/v1",
	"kind: PeerAuthentication",
	"metadata: {name: default, namespace: %s}",
	"spec:",
	"  mtls: {mode: STRICT}",
	"```",
])

_annotation := concat("\n", [
	"Annotate the Namespace, and start its Pods anew, once every caller is in the mesh:",
	"```sh",
	"kubectl annotate namespace %s %s=all-authenticated --overwrite",
	"```",
])

# Over what the backend of the Mesh says.
_mesh_tls := concat("\n", [
	"Demand mTLS in the mesh, once every caller is in it:",
	"```yaml",
	"apiVersion: kuma.io/v1alpha1",
	"kind: MeshTLS",
	"metadata:",
	"  name: %s-strict",
	"  namespace: %s",
	"  labels: {kuma.io/mesh: %s}",
	"spec:",
	"  targetRef: {kind: Mesh}",
	"  from: [{targetRef: {kind: Mesh}, default: {mode: Strict}}]",
	"```",
	"It belongs into the namespace of the control plane. Kuma 3.0 takes `rules: [{default: {mode: Strict}}]` for `from`.",
])

# No Mesh to be pasted: its lists replace those that are there, and with mTLS nobody may call without a permission.
_backend := concat("", [
	"Allow the calls that there are by MeshTrafficPermissions, without which Kuma refuses all once there is mTLS. ",
	"Then name a backend as `spec.mtls.enabledBackend` of `Mesh/%s`, with `mode: PERMISSIVE`, ",
	"and set `STRICT` once every caller is in the mesh.",
])

_patch := concat("\n", [
	"Demand mTLS, once every caller is in the mesh:",
	"```sh",
	"kubectl patch %s %s --namespace %s --type merge --patch '{\"spec\": {\"mutualTLSMode\": \"strict\"}}'",
	"```",
])

_takes := {"permissive": "takes plaintext beside mTLS", "disabled": "takes plaintext only"}

_degree := {"permissive": 1, "disabled": 2}

_is_unknown(port) if port.mtls == "unknown"

_is_unknown(port) if {
	port.mtls == "permissive"
	port.identity_required == "unknown"
}
