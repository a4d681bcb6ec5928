# METADATA
# title: What rules about shared databases share
# scope: package
package probity.lib.datastores

import rego.v1

# What is shared on purpose is no finding, and neither is a cache that nobody claims.
is_judged(store) if {
	store.by_design == null
	not _is_common(store)
}

_is_common(store) if {
	store.cache
	store.owner == null
}

# Services that are known to use it.
services(store) := {user.service |
	some user in store.users
	user.role == "service"
	user.evidence != "shared-file"
}

# Each of its users, as related places.
related(store) := {{"msg": sprintf("`%s` uses it%s", [id, _as(user)]), "path": ["users", id], "resource": id} |
	some id, user in store.users
	user.role == "service"
}

_as(user) := sprintf(" as `%s`", [user.principals[0].name]) if {
	is_string(user.principals[0].name)
	user.principals[0].name != "unknown"
} else := ""
