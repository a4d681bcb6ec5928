# METADATA
# title: House rules
# description: For all
# custom:
#   owner: platform
# authors:
# - Ada <ada@example.com>
package main

import rego.v1

# METADATA
# title: Names are short
# custom:
#   severity: violation
#   limit: 3
# related_resources:
# - https://example.com/names
deny contains result if {
	meta := rego.metadata.rule()
	count(input.name) > meta.custom.limit
	result := {"msg": sprintf("%s (%v)", [meta.title, meta]), "severity": meta.custom.severity}
}

# METADATA
# description: Not every rule has a title.
warn contains sprintf("%v", [rego.metadata.chain()])

warn_bare contains sprintf("%v %v", [rego.metadata.rule(), [entry.path | some entry in rego.metadata.chain()]])

warn_helper contains title(rego.metadata.chain())

title(chain) := chain[count(chain) - 1].annotations.title
