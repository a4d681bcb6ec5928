# METADATA
# title: Services talk to databases in TLS
# description: >-
#   What a service and its database say to each other is the data itself, and often the password. Without TLS everybody
#   on the way can read it; with TLS that the client only prefers, everybody on the way can turn it off, and where it is
#   told to trust every certificate (`TrustServerCertificate=true`, `tlsInsecure`), everybody can answer in its place.
# scope: package
# related_resources:
#   - ref: https://www.postgresql.org/docs/current/libpq-ssl.html
#   - ref: https://dev.mysql.com/doc/refman/8.4/en/connection-options.html
# custom:
#   severity: MEDIUM
#   recommended_action: |-
#     Demand TLS, and check whom you talk to:
#     ```
#     postgresql://…/orders?sslmode=verify-full&sslrootcert=/etc/ssl/ca.crt
#     jdbc:mysql://…/orders?sslMode=VERIFY_IDENTITY
#     mongodb://…/orders?tls=true&tlsCAFile=/etc/ssl/ca.crt
#     rediss://…:6379/0
#     ```
#     or let a mesh encrypt the connection (`PeerAuthentication` with `mode: STRICT`).
#   controls:
#     soc2: {CC6.1: supporting, CC6.7: partial}
#     hipaa: {"164.312(e)(1)": partial, "164.312(e)(2)(ii)": partial}
#     nist: {SC-8: partial, "SC-8(1)": partial, SC-23: supporting}
#     pci: {"4.2.1": supporting}
#     gdpr: {"32(1)(a)": partial}
#     iso27001: {A.8.24: partial}
#   input:
#     selector: [{type: access}]
package probity.datastores.plaintext_client

import rego.v1

_ways := {
	"plain": "without TLS",
	"opportunistic": "with TLS only if the server offers it",
	"unchecked": "in TLS that trusts every certificate, and so whoever answers",
}

_degree := {"unchecked": 1, "opportunistic": 2, "plain": 3}

deny contains result if {
	_is_judged
	input.mesh != "unknown"
	result := {
		"msg": sprintf("`%s` talks to %s server `%s` %s", [
			input.workload, input.engine, input.server, _ways[input.transport],
		]),
		"path": ["transport"],
		"peer": input.datastore,
		"degree": _degree[input.transport],
		"related": [{
			"msg": "this serves the database",
			"path": ["served_by"],
			"resource": input.served_by,
		}],
	}
}

not_assessed contains result if {
	_is_judged
	input.mesh == "unknown"
	result := {
		"msg": sprintf("whether a mesh encrypts what `%s` and %s server `%s` say is not known", [
			input.workload, input.engine, input.server,
		]),
		"path": ["transport"],
		"missing": sprintf("the mesh between `%s` and `%s`", [input.workload, input.server]),
	}
}

not_assessed contains result if {
	not input.local
	not _is_encrypted_by_mesh
	input.transport == "unknown"
	result := {
		"msg": sprintf("whether `%s` talks to %s server `%s` in TLS is not known", [
			input.workload, input.engine, input.server,
		]),
		"path": ["transport"],
		"missing": sprintf("what the driver of `%s` does by default", [input.workload]),
	}
}

_is_judged if {
	not input.local
	not _is_encrypted_by_mesh
	_ways[input.transport]
}

_is_encrypted_by_mesh if input.mesh == "encrypted"
