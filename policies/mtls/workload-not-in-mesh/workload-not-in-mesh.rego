# METADATA
# title: Workloads that serve are in a mesh
# description: >-
#   Outside of the mesh a service has no identity of its own, and everything that it is asked and answers crosses
#   the network in plaintext. Whoever reaches the network reads it, and may pose as any caller.
# scope: package
# related_resources:
#   - ref: https://istio.io/latest/docs/setup/additional-setup/sidecar-injection/
#   - ref: https://linkerd.io/2/features/proxy-injection/
# custom:
#   severity: HIGH
#   recommended_action: |-
#     Let the mesh inject its proxy into the whole namespace, and restart the Pods:
#     ```yaml
#     apiVersion: v1
#     kind: Namespace
#     metadata:
#       name: shop
#       labels:
#         istio-injection: enabled  # Linkerd: the annotation `linkerd.io/inject: enabled`
#     ```
#     Remove opt-outs from the Pods (`sidecar.istio.io/inject: "false"`, `istio.io/dataplane-mode: none`, `hostNetwork: true`).
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
package probity.mtls.workload_not_in_mesh

import rego.v1

import data.probity.lib.mtls

deny contains result if {
	input.mesh == "none"
	input.serves
	not input.platform
	result := object.union_n([
		{
			"msg": sprintf("`%s` is in no mesh, which would encrypt its connections and tell who calls", [input.id]),
			"path": ["mesh"],
			"related": array.concat([{"msg": "this workload", "path": []}], mtls.chain(input.because, ["because"])),
		},
		_group,
		_remedy,
	])
}

not_assessed contains mtls.unknown_mesh

# A namespace without any mesh is one thing to do.
_group := {"group": sprintf("namespace `%s` has no mesh at all", [input.namespace])} if not input.namespace_meshed

else := {}

# The smallest change: what opts out is taken back, else the Namespace asks.
_remedy := {"remedy": sprintf("Remove `%s` from the Pods of `%s`, and restart them.", [_said, input.id])} if {
	_decider.resource == input.id
} else := {"remedy": sprintf("Make the annotation `sidecar.istio.io/inject` of the Pods of `%s` a label.", [input.id])} if {
	_decider.resource == input.id
	contains(_decider.text, "by annotation")
} else := {"remedy": sprintf(_namespace, [input.namespace, _map, _key, _asking[_key]])} if {
	_decider.resource == sprintf("Namespace/%s", [input.namespace])
} else := {}

_decider := input.because[0]

# What is in backticks: `sidecar.istio.io/inject: false`.
_said := split(_decider.text, "`")[1]

_key := split(_said, ":")[0]

# How Namespaces ask.
_asking := {
	"istio-injection": "enabled",
	"istio.io/dataplane-mode": "ambient",
	"kuma.io/sidecar-injection": "enabled",
	"linkerd.io/inject": "enabled",
}

_map := "annotations" if _key == "linkerd.io/inject"

else := "labels"

_namespace := concat("\n", [
	"Let the mesh take in the namespace, and restart the Pods:",
	"```yaml",
	"apiVersion: v1",
	"kind: Namespace",
	"metadata:",
	"  name: %s",
	"  %s:",
	"    %s: %s",
	"```",
])
