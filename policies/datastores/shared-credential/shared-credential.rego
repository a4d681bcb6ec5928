# METADATA
# title: Each service logs in to its database with a credential of its own
# description: >-
#   Where several services log in with one credential, nobody can tell afterwards which of them did something, the
#   rights of all are those of the most privileged, and to change the password is to stop all of them at once.
# scope: package
# related_resources:
#   - ref: https://cheatsheetseries.owasp.org/cheatsheets/Secrets_Management_Cheat_Sheet.html
# custom:
#   severity: HIGH
#   recommended_action: |-
#     Make a principal for each service, with rights on what it needs only, and keep each credential in a Secret that one
#     service can read:
#     ```sql
#     CREATE ROLE carts LOGIN PASSWORD '…';
#     GRANT CONNECT ON DATABASE carts TO carts;
#     ```
#   controls:
#     soc2: {CC6.1: partial, CC6.3: partial}
#     hipaa: {"164.312(a)(2)(i)": partial, "164.312(d)": supporting}
#     nist: {IA-2: supporting, IA-5: supporting, AC-6: supporting, AU-10: supporting}
#     pci: {"8.2.2": partial, "8.6.1": supporting}
#     gdpr: {"32(1)(b)": supporting}
#     iso27001: {A.5.16: partial, A.5.17: supporting}
#   input:
#     selector: [{type: database-server}]
package probity.datastores.shared_credential

import rego.v1

deny contains result if {
	some credential, shared in input.shared_credentials
	result := {
		"msg": sprintf("several services log in to %s server `%s` with one credential (`%s`): %s", [
			input.engine, input.server, credential, concat(", ", shared.users),
		]),
		"path": ["shared_credentials", credential],
		"related": [related |
			some id in shared.users
			related := {"msg": sprintf("`%s` logs in with it", [id]), "path": ["users", id], "resource": id}
		],
	}
}

not_assessed contains result if {
	count(input.unknown_principals) > 0
	result := {
		"msg": sprintf("whom services log in to `%s` as is not known: %s", [
			input.server, concat(", ", input.unknown_principals),
		]),
		"path": ["unknown_principals"],
		"missing": sprintf("the principals of %s", [concat(", ", input.unknown_principals)]),
	}
}

not_assessed contains result if {
	count(input.users) == 0
	result := {
		"msg": "nobody is known to use it, so who shares it is not known",
		"path": [],
		"missing": sprintf("the clients of `%s`", [input.server]),
	}
}
