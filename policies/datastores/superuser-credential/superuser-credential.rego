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
#     superuser: leave that to administrators. MySQL: `CREATE USER`, and `GRANT SELECT, INSERT, UPDATE, DELETE` on its
#     database.
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
		"remedy": _remedy(id, user),
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

_remedy(id, user) := concat("\n", array.concat(
	[sprintf("Make a principal for `%s`, keep its password in a Secret, and let it log in as that one:", [id])],
	array.concat(_statements(_name(id), _database(id, user)), [_note]),
))

_name(id) := replace(replace(_last(id), "-", "_"), ".", "_")

_last(id) := parts[count(parts) - 1] if parts := split(replace(id, "[", "."), "/")

_database(_, user) := user.databases[0] if {
	user.databases[0] != "unknown"
} else := "DATABASE"

_postgresql := {"postgresql", "cockroachdb"}

_mysql := {"mysql", "mariadb"}

_statements(name, database) := [
	"```sql",
	sprintf("CREATE ROLE \"%s\" LOGIN PASSWORD '…' NOSUPERUSER NOCREATEROLE NOCREATEDB;", [name]),
	sprintf("GRANT CONNECT ON DATABASE \"%s\" TO \"%s\";", [database, name]),
	sprintf("-- in database %s", [database]),
	sprintf("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO \"%s\";", [name]),
	"```",
] if {
	input.engine in _postgresql
}

_statements(name, database) := [
	"```sql",
	sprintf("CREATE USER '%s'@'%%' IDENTIFIED BY '…';", [name]),
	sprintf("GRANT SELECT, INSERT, UPDATE, DELETE ON `%s`.* TO '%s'@'%%';", [database, name]),
	"```",
] if {
	input.engine in _mysql
}

_statements(name, database) := [
	"```javascript",
	sprintf("db.getSiblingDB(\"%s\").createUser({user: \"%s\", pwd: passwordPrompt(), roles: [\"readWrite\"]})", [
		database, name,
	]),
	"```",
] if {
	input.engine == "mongodb"
}

_statements(name, database) := [
	sprintf("one called `%s`, with rights on `%s` and nothing else.", [name, database]),
] if {
	not input.engine in (_postgresql | _mysql) | {"mongodb"}
}

_note := "What `POSTGRES_USER` of the image names is a superuser: leave that to administrators. An exporter gets `pg_monitor`." if {
	input.engine == "postgresql"
} else := "An exporter gets `PROCESS` and `REPLICATION CLIENT` only." if {
	input.engine in _mysql
} else := "Leave the superuser to administrators."
