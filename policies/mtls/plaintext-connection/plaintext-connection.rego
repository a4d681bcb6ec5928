# METADATA
# title: Connections between services are encrypted
# description: >-
#   What one service tells another crosses nodes and networks. In plaintext it is read and changed by whoever is on
#   the way, and neither side knows who the other is.
# scope: package
# related_resources:
#   - ref: https://istio.io/latest/docs/reference/config/networking/destination-rule/
#   - ref: https://istio.io/latest/docs/ops/configuration/traffic-management/tls-configuration/
# custom:
#   severity: HIGH
#   recommended_action: |-
#     Let the mesh encrypt: bring both sides into it, and remove what turns mTLS off for the client (`tls.mode: DISABLE`, an empty
#     `tls`, a port that leaves the proxy). For a `DestinationRule`:
#     ```yaml
#     spec:
#       host: cart.shop.svc.cluster.local
#       trafficPolicy:
#         tls:
#           mode: ISTIO_MUTUAL
#     ```
#     To a server outside of the cluster: call it by `https`, or let the proxy originate TLS (`mode: SIMPLE`). Cilium: turn on
#     WireGuard or IPsec beside `authentication`.
#   controls:
#     soc2: {CC6.1: partial, CC6.6: partial, CC6.7: partial}
#     hipaa: {"164.312(e)(1)": partial, "164.312(e)(2)(ii)": partial, "164.312(d)": supporting}
#     nist: {SC-8: partial, SC-8(1): partial, SC-23: partial, IA-3: partial, IA-9: partial}
#     pci: {"2.2.7": supporting, "4.2.1": supporting}
#     gdpr: {"32(1)(a)": supporting}
#     iso27001: {A.8.20: supporting, A.8.24: supporting}
#   input:
#     selector:
#       - {type: connection}
package probity.mtls.plaintext_connection

import rego.v1

import data.probity.lib.mtls

deny contains result if {
	input.transport in {"plaintext", "authenticated"}
	not input.platform
	not _is_access
	result := object.union(_remedy, {
		"msg": sprintf("`%s` calls `%s` in plaintext%s", [input.client, input.server, _note]),
		"path": ["transport"],
		"peer": input.server,
		"related": _ends,
		"fixes": _fixes,
	})
}

not_assessed contains result if {
	input.transport == "unknown"
	not input.platform
	result := {
		"msg": sprintf("how it reaches its servers is not known: %s is not in the input", [input.missing]),
		"path": ["transport"],
		"missing": input.missing,
	}
}

_ends := array.concat(
	[{"msg": "this server", "resource": input.server, "path": ["server"]}],
	mtls.chain(input.because, ["because"]),
)

# The smallest change, by what decides.
_remedy := told if {
	told := mtls.told(input.because, input.server)
	told != {}
} else := {"remedy": "Let Cilium encrypt beside `authentication`: `encryption: {enabled: true}` in the values of its chart."} if {
	input.transport == "authenticated"
} else := {"remedy": sprintf("Give `%s` a `workloadSelector`: without one sidecars drop its `credentialName`.", [rule])} if {
	rule := _rules("drop its `credentialName`")[0]
} else := {"remedy": sprintf("Set `tls: {mode: ISTIO_MUTUAL}` in `%s`.", [rule])} if {
	input.server_mesh == "istio-sidecar"
	rule := _rules("")[0]
} else := {"remedy": sprintf("Remove `%s` from the Pods of `%s`.", [_excluded[0], input.client])} if {
	count(_excluded) > 0
} else := {"remedy": sprintf(
	"Call `%s` by `https`, or let the proxy originate TLS: a `DestinationRule` for it with `tls: {mode: SIMPLE}`.",
	[trim_prefix(input.server, "external:")],
)} if {
	startswith(input.server, "external:")
} else := {"remedy": sprintf("Bring %s into the mesh, as `probity explain mtls/workload-not-in-mesh` says.", [
	concat(" and ", [sprintf("`%s`", [side]) | some side in _outside]),
])} if {
	count(_outside) > 0
} else := {}

# Rules for clients that decide, as their step says.
_rules(text) := [step.resource |
	some step in input.because
	step.resource != null
	startswith(step.resource, "DestinationRule/")
	contains(step.text, text)
]

# What the client's Pods say of what leaves them: `config.linkerd.io/skip-outbound-ports: 80`.
_excluded := [split(step.text, "`")[1] |
	some step in input.because
	step.resource == input.client
	contains(lower(step.text), "outbound")
]

_outside := array.concat(
	[input.client | input.client_mesh == "none"],
	[input.server | object.get(input, "server_mesh", null) == "none"],
)

# Both sides have the mesh's certificates, and what the rule is about takes mTLS: a rule that turns it off for the client
# is all that is in the way.
_fixes := [{
	"kind": "DestinationRule",
	"key": "mode",
	"from": "DISABLE",
	"to": "ISTIO_MUTUAL",
	"without": ["caCertificates", "clientCertificate", "credentialName", "privateKey"],
}] if {
	input.client_mesh == "istio-sidecar"
	input.server_mesh == "istio-sidecar"
	input.servers_ready
}

else := []

# What a database's client speaks without a mesh is its own matter, and judged there.
_is_access if {
	input.database
	input.client_mesh == "none"
	object.get(input, "server_mesh", null) in {"none", null}
}

_note := ": it proves who it is, but encrypts nothing" if input.transport == "authenticated"

else := ""
