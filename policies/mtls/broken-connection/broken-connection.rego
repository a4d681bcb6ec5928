# METADATA
# title: What clients send, servers take
# description: >-
#   Client and server contradict each other, so the connection fails. It is an outage, and the usual way out of it
#   is to turn mTLS off for all.
# scope: package
# related_resources:
#   - ref: https://istio.io/latest/docs/ops/common-problems/network-issues/#503-errors-after-setting-destination-rule
# custom:
#   severity: MEDIUM
#   recommended_action: |-
#     Make both sides say the same. Where the server demands mTLS, remove what turns it off at the client (`tls.mode: DISABLE` or
#     `SIMPLE`, an excluded port) or bring the client into the mesh; where the server takes no mTLS, say so to its clients or let
#     it take it.
#   controls:
#     soc2: {A1.1: supporting, CC7.2: supporting}
#     nist: {SC-8: supporting, CM-6: supporting}
#     iso27001: {A.8.9: supporting}
#   input:
#     selector:
#       - {type: connection}
package probity.mtls.broken_connection

import rego.v1

import data.probity.lib.mtls

deny contains result if {
	input.transport == "broken"
	not input.platform
	result := object.union(mtls.told(input.because, input.server), {
		"msg": sprintf("`%s` cannot call `%s`: %s", [input.client, input.server, _reason]),
		"path": ["transport"],
		"peer": input.server,
		"related": _ends,
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

_reason := input.because[count(input.because) - 1].text if count(input.because) > 0

else := "they contradict each other"
