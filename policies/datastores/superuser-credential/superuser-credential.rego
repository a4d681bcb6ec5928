# METADATA
# title: Services do not log in to databases as superusers
# description: >-
#   A service needs the rights of its own tables. One that logs in as a superuser hands everything on the server to
#   whoever finds an injection in it: other databases, password hashes, often the file system and a shell.
# scope: package
# related_resources:
#   - ref: https://www.postgresql.org/docs/current/role-attributes.html
#   - ref: https://cheatsheetseries.owasp.org/cheatsheets/Database_Security_Cheat_Sheet.html
# custom:
#   severity: MEDIUM
#   recommended_action: |-
#     Make a principal for the service, and let it log in as that one:
#     ```sql
#     CREATE ROLE orders LOGIN PASSWORD '…' NOSUPERUSER NOCREATEROLE NOCREATEDB;
#     GRANT CONNECT ON DATABASE orders TO orders;
#     GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO orders;
#     ```
#     Exporters get a role for monitoring (`GRANT pg_monitor TO exporter`). What `POSTGRES_USER` of the image names is a
#     superuser: leave that to administrators.
#   controls:
#     soc2: {CC6.1: partial, CC6.3: partial}
#     hipaa: {"164.308(a)(4)": partial, "164.312(a)(1)": supporting}
#     nist: {AC-6: partial, "AC-6(5)": partial}
#     pci: {"2.2.2": supporting, "7.2.5": partial}
#     gdpr: {"32(1)(b)": supporting}
#     iso27001: {A.8.2: partial}
#   input:
#     selector: [{type: database-server}]
package probity.datastores.superuser_credential

import rego.v1

# Who prepares or saves a database needs more than who works with it.
_exempt := {"migration", "backup", "server"}

deny contains result if {
	some id, user in input.users
	not user.role in _exempt
	some index, principal in user.principals
	principal.superuser
	result := {
		"msg": sprintf("`%s` logs in to %s server `%s` as `%s`, a superuser: %s", [
			id, input.engine, input.server, principal.name, principal.why,
		]),
		"path": ["users", id, "principals", index],
		"peer": id,
		"related": [{"msg": "it is told to use the server here", "path": ["users", id], "resource": id}],
	}
}

not_assessed contains result if {
	some id, user in input.users
	not user.role in _exempt
	some index, principal in user.principals
	principal.name == "unknown"
	not input.engine in {"redis", "memcached"}
	result := {
		"msg": sprintf("whom `%s` logs in to %s server `%s` as is not known", [id, input.engine, input.server]),
		"path": ["users", id, "principals", index],
		"missing": _missing(id, principal),
	}
}

_missing(_, principal) := principal.missing if is_string(principal.missing)

_missing(id, principal) := sprintf("the principal of `%s`", [id]) if not is_string(principal.missing)
