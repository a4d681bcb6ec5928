# METADATA
# title: Sensitive data does not travel in plaintext
# description: >-
#   Personal, health or card data crosses the network between two services without encryption: whoever sees the network
#   reads it.
# scope: package
# related_resources:
#   - ref: https://ethyca.github.io/fideslang/taxonomy/overview/
# custom:
#   severity: HIGH
#   recommended_action: |-
#     Put both ends into the mesh and ask for mTLS:
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
#     For a database, turn on TLS at the client: `sslmode=verify-full`.
#   controls:
#     soc2: {CC6.7: full, C1.1: supporting}
#     hipaa: {"164.312(e)(1)": full, "164.312(e)(2)(ii)": partial}
#     nist: {SC-8: partial, "SC-8(1)": partial}
#     pci: {"4.2.1": partial}
#     gdpr: {"32(1)(a)": partial}
#     iso27001: {A.8.24: supporting}
#   input:
#     selector: [{type: flow}]
package probity.lineage.plaintext_sensitive_flow

import rego.v1

_is_sensitive if count(input.carries.categories) > 0

_is_sensitive if input.carries.level in {"confidential", "restricted"}

_what := concat(", ", input.carries.categories) if count(input.carries.categories) > 0

_what := sprintf("%s data", [input.carries.level]) if count(input.carries.categories) == 0

# What goes back over the connection of a `read` is not reported again.
deny contains result if {
	input.way != "store"
	_is_sensitive
	input.transport in {"plaintext", "authenticated"}
	result := {
		"msg": sprintf("%s goes from `%s` to `%s` in plaintext", [_what, input.from, input.to]),
		"path": ["transport"],
		"peer": input.from,
		"related": array.concat(
			[{"msg": "this declares what the data is", "path": ["sink"], "resource": input.to}],
			array.concat(_carriers, _namespaces),
		),
		"remedy": _remedy,
	}
}

# The grant of the topic, the address of the client, the listener of the broker.
_carriers := [{"msg": step.text, "path": ["because", index], "resource": step.resource} |
	input.way in {"publish", "consume"}
	some index, step in input.because
]

# What a Namespace decides for all of its connections.
_namespaces := [{"msg": step.text, "path": ["because", index], "resource": step.resource} |
	some index, step in input.because
	is_string(step.resource)
	startswith(step.resource, "Namespace/")
]

_remedy := concat("\n", [
	"Give the broker a listener with TLS, and let the client use its port:",
	"```yaml",
	"apiVersion: kafka.strimzi.io/v1",
	"kind: Kafka",
	"spec:",
	"  kafka:",
	"    listeners:",
	"      - {name: tls, port: 9093, type: internal, tls: true, authentication: {type: tls}}",
	"```",
	"The client then says `security.protocol=SSL`, and trusts the certificate in the Secret `CLUSTER-cluster-ca-cert`.",
]) if {
	input.way in {"publish", "consume"}
} else := concat("\n", [
	"Put both ends into the mesh and ask for mTLS:",
	"```yaml",
	"apiVersion: security.istio.io/v1",
	"kind: PeerAuthentication",
	"metadata:",
	"  name: default",
	sprintf("  namespace: %s", [_namespace]),
	"spec:",
	"  mtls:",
	"    mode: STRICT",
	"```",
	"For a database, turn on TLS at the client: `sslmode=verify-full`.",
])

# `Deployment/shop/orders`
_namespace := parts[1] if {
	parts := split(input.to, "/")
	count(parts) == 3
} else := "NAMESPACE"

not_assessed contains result if {
	input.way != "store"
	_is_sensitive
	input.transport == "unknown"
	result := {
		"msg": sprintf("%s goes from `%s` to `%s`, and whether it is encrypted is not in the input", [_what, input.from, input.to]),
		"path": ["transport"],
		"missing": sprintf("the transport from %s to %s", [input.from, input.to]),
	}
}
