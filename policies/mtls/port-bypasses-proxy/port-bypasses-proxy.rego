# METADATA
# title: No port is reached without the mesh's proxy
# description: >-
#   A port that traffic reaches without the proxy takes plaintext from anybody, whatever the policies of the mesh
#   demand: they are enforced by the proxy alone.
# scope: package
# related_resources:
#   - ref: https://istio.io/latest/docs/reference/config/annotations/
#   - ref: https://linkerd.io/2/features/protocol-detection/
# custom:
#   severity: HIGH
#   recommended_action: |-
#     Remove the port from the annotation that excludes it (`traffic.sidecar.istio.io/excludeInboundPorts`,
#     `config.linkerd.io/skip-inbound-ports`, `traffic.kuma.io/exclude-inbound-ports`). A protocol in which the server speaks
#     first needs no exclusion: declare it.
#     ```yaml
#     ports:
#       - {name: tcp-mysql, port: 3306, appProtocol: mysql}
#     ```
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
package probity.mtls.port_bypasses_proxy

import rego.v1

import data.probity.lib.mtls

deny contains result if {
	mtls.in_mesh
	some index, port in mtls.judged
	port.bypasses == true
	result := {
		"msg": sprintf("%s of `%s` bypasses the proxy: it takes plaintext from anybody", [mtls.port_name(port), input.id]),
		"path": ["ports", index, "mtls"],
		"related": array.concat(mtls.chain(port.because, ["ports", index, "because"]), mtls.concerned(port, index)),
	}
}

not_assessed contains mtls.unknown_mesh

not_assessed contains result if {
	mtls.in_mesh
	some index, port in mtls.judged
	port.bypasses == "unknown"

	# What takes plaintext through its proxy is reported for that.
	port.mtls == "unknown"
	result := {
		"msg": sprintf("whether %s of `%s` bypasses the proxy is not known", [mtls.port_name(port), input.id]),
		"path": ["ports", index, "mtls"],
		"missing": port.missing,
	}
}
