# METADATA
# title: Databases ask who is there
# description: >-
#   A database without accounts gives everything to whoever can open a connection: every Pod that was breached, and
#   everybody on the internet on the day on which somebody exposes its port.
# scope: package
# related_resources:
#   - ref: https://www.mongodb.com/docs/manual/administration/security-checklist/
#   - ref: https://redis.io/docs/latest/operate/oss_and_stack/management/security/
# custom:
#   severity: MEDIUM
#   recommended_action: |-
#     Ask for credentials, from a Secret:
#     ```yaml
#     # mongo
#     env:
#       - name: MONGO_INITDB_ROOT_USERNAME
#         valueFrom: {secretKeyRef: {name: orders-db, key: username}}
#       - name: MONGO_INITDB_ROOT_PASSWORD
#         valueFrom: {secretKeyRef: {name: orders-db, key: password}}
#     # redis
#     args: [--requirepass, $(REDIS_PASSWORD)]
#     ```
#   controls:
#     soc2: {CC6.1: partial}
#     hipaa: {"164.312(d)": partial, "164.312(a)(1)": supporting}
#     nist: {IA-2: partial, AC-3: partial}
#     pci: {"8.2.1": supporting, "2.2.2": supporting}
#     gdpr: {"32(1)(b)": supporting}
#     iso27001: {A.8.5: partial}
#   input:
#     selector: [{type: database-server}]
package probity.datastores.no_authentication

import rego.v1

deny contains result if {
	input.authentication == false
	result := {
		"msg": sprintf("%s server `%s` lets everybody in without a credential", [input.engine, input.server]),
		"path": ["authentication"],
		"related": [related |
			some id, _ in input.users
			related := {"msg": sprintf("`%s` uses it", [id]), "path": ["users", id], "resource": id}
		],
	}
}

not_assessed contains result if {
	input.authentication == "unknown"
	result := {
		"msg": "whether it asks for credentials is not known",
		"path": ["authentication"],
		"missing": sprintf("the configuration of `%s`", [input.server]),
	}
}
