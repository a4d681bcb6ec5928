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
#     Remove opt-outs from the Pods (`sidecar.istio.io/inject: "false"`, `hostNetwork: true`).
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
	result := object.union(
		{
			"msg": sprintf("`%s` is in no mesh, which would encrypt its connections and tell who calls", [input.id]),
			"path": ["mesh"],
			"related": array.concat([{"msg": "this workload", "path": []}], mtls.chain(input.because, ["because"])),
		},
		_group,
	)
}

not_assessed contains mtls.unknown_mesh

# A namespace without any mesh is one thing to do.
_group := {"group": sprintf("namespace `%s` has no mesh at all", [input.namespace])} if not input.namespace_meshed

else := {}
