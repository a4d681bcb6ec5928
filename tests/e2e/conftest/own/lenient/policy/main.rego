package main

import rego.v1

deny contains "never" if to_number(input.text) > 0

deny contains "never" if input.number / input.zero > 0

deny contains "never" if startswith(input.number, "a")

deny contains "never" if json.unmarshal(input.text)

deny contains "never" if regex.match("(", input.text)

deny contains "never" if crypto.sha256(input.number)

deny contains "never" if net.cidr_contains(input.text, "10.0.0.1")

deny contains "negated" if not to_number(input.text)

deny contains "negated in a function" if not number(input.text)

number(text) := to_number(text)

warn contains x if x := [value | some text in ["1", "b", "3"]; value := to_number(text)][_]

warn contains sprintf("converted %v", [[value | some text in ["1", "b", "3"]; value := to_number(text)]])
