# METADATA
# title: Connection strings carry no credential
# description: >-
#   A password inside of a URL or a connection string is readable to whoever reads the manifest, and gets into logs,
#   error messages and process lists together with the address that it opens.
# scope: package
# related_resources:
#   - ref: https://cwe.mitre.org/data/definitions/522.html
#   - ref: https://kubernetes.io/docs/tasks/inject-data-application/define-interdependent-environment-variables/
# custom:
#   severity: CRITICAL
#   recommended_action: |-
#     Change the password, since it is known, keep the new one in a Secret that is filled in from a vault, and put the
#     string together when the container starts:
#     ```yaml
#     env:
#       - name: DB_PASSWORD
#         valueFrom:
#           secretKeyRef: {name: orders-db, key: password}
#       - name: DATABASE_URL
#         value: postgresql://orders:$(DB_PASSWORD)@orders-db:5432/orders
#     ```
#   controls:
#     soc2: {CC6.1: partial}
#     hipaa: {"164.312(a)(1)": supporting, "164.312(d)": supporting}
#     nist: {IA-5: partial, IA-5(7): partial, SC-28: supporting}
#     pci: {"8.6.2": partial, "8.3.2": supporting}
#     cis: {5.4.2: supporting}
#     gdpr: {"32(1)(a)": supporting}
#     iso27001: {A.5.17: partial}
#   input:
#     selector:
#       - {type: secret}
package probity.secrets.credential_in_url

import rego.v1

import data.probity.lib.secrets

deny contains result if {
	some at, value in input.values
	value.class == "connection-string"
	result := {
		"msg": sprintf("%s has a credential in the connection string in `%s`", [secrets.titled(input), at]),
		"path": ["values", at],
	}
}

not_assessed contains result if {
	some at, value in input.values
	value.class == "unknown"
	result := {
		"msg": sprintf("%s has a value in `%s` that could not be read", [secrets.titled(input), at]),
		"path": ["values", at],
		"missing": sprintf("the text of %s", [at]),
	}
}
