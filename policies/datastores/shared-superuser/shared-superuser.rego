# METADATA
# title: No principal opens the databases of several services
# description: >-
#   Databases of their own keep services apart only as long as each logs in as somebody who can open no other. Where one
#   principal, or a superuser, serves several of them, each service can read and change the data of all others.
# scope: package
# related_resources:
#   - ref: https://microservices.io/patterns/data/database-per-service.html
# custom:
#   severity: HIGH
#   recommended_action: |-
#     Give each service a principal that can open its own database only:
#     ```sql
#     CREATE ROLE orders LOGIN PASSWORD '…' NOSUPERUSER;
#     ALTER DATABASE orders OWNER TO orders;
#     REVOKE CONNECT ON DATABASE orders FROM PUBLIC;
#     ```
#   controls:
#     soc2: {CC6.1: partial, CC6.3: partial}
#     hipaa: {"164.312(a)(1)": partial, "164.308(a)(4)": supporting}
#     nist: {AC-3: partial, AC-6: partial}
#     pci: {"7.2.2": partial, "7.2.5": partial}
#     gdpr: {"32(1)(b)": supporting}
#     iso27001: {A.8.2: partial, A.8.3: partial}
#   input:
#     selector: [{type: database-server}]
package probity.datastores.shared_superuser

import rego.v1

deny contains result if {
	count(input.shared_principal) > 0
	result := {
		"msg": sprintf("one principal opens the databases of several services on %s server `%s`: %s", [
			input.engine, input.server, concat(", ", input.shared_principal),
		]),
		"path": ["shared_principal"],
		"related": [related | some id in input.shared_principal; related := _user(id)],
	}
}

not_assessed contains result if {
	count(input.shared_server) > 0
	input.passes_on
	result := {
		"msg": sprintf("%s meet on `%s`, but which %s servers stand behind it is not known", [
			concat(", ", input.shared_server), input.server, input.engine,
		]),
		"path": ["shared_server"],
		"missing": sprintf("the servers behind `%s`", [input.server]),
	}
}

not_assessed contains result if {
	not input.passes_on
	some id in input.shared_server
	some principal in input.users[id].principals
	principal.name == "unknown"
	result := {
		"msg": sprintf("`%s` has a database of its own on `%s`, but whom it logs in as is not known", [id, input.server]),
		"path": ["users", id],
		"missing": sprintf("the principal of `%s`", [id]),
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

_user(id) := {
	"msg": sprintf("`%s` opens %s as %s", [
		id,
		concat(", ", [sprintf("`%s`", [database]) | some database in user.databases]),
		concat(", ", {_called(principal) | some principal in user.principals}),
	]),
	"path": ["users", id],
	"resource": id,
} if {
	user := input.users[id]
}

_called(principal) := sprintf("`%s`, a superuser", [principal.name]) if principal.superuser

_called(principal) := sprintf("`%v`", [principal.name]) if not principal.superuser
