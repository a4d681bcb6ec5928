# METADATA
# title: Clients verify who they talk to
# description: >-
#   Encryption without looking at the server's certificate protects against nobody who can answer in the server's
#   place.
# scope: package
# related_resources:
#   - ref: https://istio.io/latest/docs/reference/config/networking/destination-rule/
# custom:
#   severity: MEDIUM
#   recommended_action: |-
#     Remove `insecureSkipVerify`, and give the client the authority to trust and the name to expect:
#     ```yaml
#     tls:
#       mode: SIMPLE
#       caCertificates: /etc/certs/partner-ca.pem
#       subjectAltNames: [pay.example.com]
#     ```
#     Cilium: demand `authentication.mode: required` beside its encryption.
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
package probity.mtls.unverified_tls

import rego.v1

import data.probity.lib.mtls

deny contains result if {
	input.transport == "encrypted"
	not input.platform
	result := {
		"msg": sprintf("`%s` calls `%s` encrypted, but does not verify who answers", [input.client, input.server]),
		"path": ["transport"],
		"peer": input.server,
		"related": _ends,
	}
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
