package main

import rego.v1

deny contains "plain" if input.n > 0

deny_root contains "root" if input.n > 0

violation_root contains "violated root" if input.n > 0

warn_root contains "warned root" if input.n > 1

deny_other contains "other" if input.n > 0

exception contains rules if {
	input.except == "root"
	rules := ["root", "unknown"]
}

exception contains [""] if input.except == "plain"

exception contains {"other"} if input.except == "set"
