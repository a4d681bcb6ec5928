# METADATA
# title: Each database is used by one service
# description: >-
#   A database that several services use is an interface that nobody designed: each can read and change what belongs to
#   the other, a change of the schema breaks both, and a breach of one is a breach of all. Each service gets a database
#   that it, and only it, can access; others ask the service.
# scope: package
# related_resources:
#   - ref: https://microservices.io/patterns/data/database-per-service.html
# custom:
#   severity: HIGH
#   recommended_action: |-
#     Let one service own the database, and let the others ask it. Give each of the others a database and a principal of
#     its own:
#     ```sql
#     CREATE ROLE orders LOGIN PASSWORD '…';
#     CREATE DATABASE orders OWNER orders;
#     REVOKE CONNECT ON DATABASE orders FROM PUBLIC;
#     ```
#   controls:
#     soc2: {CC6.1: partial, CC6.3: partial, C1.1: supporting}
#     hipaa: {"164.312(a)(1)": partial, "164.308(a)(4)": supporting}
#     nist: {AC-3: partial, AC-4: partial, AC-6: partial, SC-4: supporting}
#     pci: {"7.2.1": partial, "7.2.5": supporting}
#     gdpr: {"25(2)": supporting, "32(1)(b)": supporting}
#     iso27001: {A.8.3: partial}
#   input:
#     selector: [{type: datastore}]
package probity.datastores.shared_database

import rego.v1

import data.probity.lib.datastores

deny contains result if {
	input.shared == true
	_is_judged
	input.owner == null
	result := {
		"msg": sprintf("%d services use %s database `%s` of `%s`%s: %s", [
			count(_services), input.engine, input.database, input.server, _how, concat(", ", _services),
		]),
		"path": ["shared"],
		"related": [user | some user in datastores.related(input)],
	}
}

deny contains result if {
	input.shared == true
	_is_judged
	input.owner != null
	others := _services - {input.owner}
	result := {
		"msg": sprintf("%s database `%s` of `%s` belongs to `%s`, and others use it: %s", [
			input.engine, input.database, input.server, input.owner, concat(", ", others),
		]),
		"path": _intrusion,
		"related": [user | some user in datastores.related(input)],
	}
}

not_assessed contains result if {
	input.shared == "unknown"
	input.passes_on
	_is_judged
	result := {
		"msg": sprintf("which %s server stands behind `%s` is not known, and so is who else uses database `%s` there", [
			input.engine, input.server, input.database,
		]),
		"path": ["shared"],
		"missing": sprintf("the server behind `%s`", [input.server]),
	}
}

not_assessed contains result if {
	input.shared == "unknown"
	not input.passes_on
	_is_judged
	result := {
		"msg": sprintf("whether several services use %s database `%s` of `%s` is not known: %s may", [
			input.engine, input.database, input.server, concat(", ", _may),
		]),
		"path": ["shared"],
		"missing": sprintf("which database of `%s` each of them uses", [input.server]),
	}
}

not_assessed contains result if {
	count(input.users) == 0
	input.shared == false
	_is_judged
	result := {
		"msg": "nobody is known to use it, so who shares it is not known",
		"path": [],
		"missing": sprintf("the clients of `%s`", [input.server]),
	}
}

# Where the first of those stands that the owner has to keep out.
_intrusion := ["users", min(_intruders)] if {
	count(_intruders) > 0
} else := ["shared"]

_intruders := {id |
	some id, user in input.users
	user.role == "service"
	user.service != input.owner
}

_is_judged if datastores.is_judged(input)

_services := datastores.services(input)

_may contains user.service if {
	some user in input.users
	user.role == "service"
}

_how := ", as one principal" if input.same_principal == true

_how := "" if input.same_principal != true
