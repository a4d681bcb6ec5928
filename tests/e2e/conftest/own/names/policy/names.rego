package main

import rego.v1

deny contains "unsuffixed" if input.kind == "Deployment"

deny_a contains "suffixed" if input.kind == "Deployment"

violation_two_parts contains {"msg": sprintf("%s is %d", [input.metadata.name, count(input.spec)]), "details": {"x": 1}} if {
	input.kind == "Deployment"
}

warn contains "warned" if input.kind == "Deployment"

warn_b contains {"msg": "warned b"} if input.kind == "Deployment"

deny_array := ["one", "two", 3, "", {"msg": "three"}, {"msg": ""}, true, null]

# Rules with other names do not judge.
denying contains "never"

deny_é contains "never"

deny_ contains "never"

# Nor do values that are no collections.
warn_boolean if input.kind == "Deployment"

warn_text := "never"
