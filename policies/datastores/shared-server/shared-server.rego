# METADATA
# title: Services do not meet on one database server
# description: >-
#   Databases and principals of their own keep services apart, but on one server they share its memory, its connections,
#   its outages and its vulnerabilities. That may be a fair price; it should be paid knowingly.
# scope: package
# related_resources:
#   - ref: https://microservices.io/patterns/data/database-per-service.html
# custom:
#   severity: LOW
#   recommended_action: |-
#     Give services with data of different value servers of their own, or record that they share one by design.
#   controls:
#     soc2: {CC6.1: supporting, A1.1: supporting}
#     hipaa: {"164.308(a)(4)": supporting}
#     nist: {SC-4: supporting, AC-4: supporting, SC-5: supporting}
#     pci: {"2.2.3": supporting}
#     iso27001: {A.8.22: supporting}
#   input:
#     selector: [{type: database-server}]
package probity.datastores.shared_server

import rego.v1

deny contains result if {
	_meet
	input.databases_known
	result := {
		"msg": sprintf("%d services share %s server `%s`%s: %s", [
			count(input.shared_server), input.engine, input.server, _what, concat(", ", input.shared_server),
		]),
		"path": ["shared_server"],
		"related": [related |
			some id in input.shared_server
			related := {"msg": sprintf("`%s` uses it", [id]), "path": ["users", id], "resource": id}
		],
	}
}

not_assessed contains result if {
	_meet
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
	_meet
	not input.databases_known
	not input.passes_on
	result := {
		"msg": sprintf("%s meet on %s server `%s`, but in which databases is not known", [
			concat(", ", input.shared_server), input.engine, input.server,
		]),
		"path": ["shared_server"],
		"missing": sprintf("which database of `%s` each of them uses", [input.server]),
	}
}

not_assessed contains result if {
	count(input.users) == 0
	input.by_design == null
	result := {
		"msg": "nobody is known to use it, so who shares it is not known",
		"path": [],
		"missing": sprintf("the clients of `%s`", [input.server]),
	}
}

_meet if {
	count(input.shared_server) > 0
	input.by_design == null
}

_what := ", a cache" if input.cache

_what := ", each with a database of its own" if not input.cache
