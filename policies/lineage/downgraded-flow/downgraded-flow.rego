# METADATA
# title: Who receives sensitive data is tagged for it
# description: >-
#   Tags are worth something only if they follow the data. A service, topic or bucket that receives personal, health or card
#   data and is tagged lower, or not at all, is left out of every control that starts from tags.
# scope: package
# related_resources:
#   - ref: https://ethyca.github.io/fideslang/taxonomy/overview/
# custom:
#   severity: HIGH
#   recommended_action: |-
#     Tag the receiver with what it receives:
#     ```yaml
#     metadata:
#       labels:
#         data-classification: restricted
#       annotations:
#         probity.dev/data-categories: PII,PHI
#     ```
#     (of a planned resource as `tags` or `labels`), or, where it keeps nothing that points to a person, say so:
#     `probity.dev/sanitizes: tokenized`.
#   controls:
#     soc2: {C1.1: partial, CC6.1: supporting}
#     hipaa: {"164.312(a)(1)": supporting}
#     nist: {AC-16: partial, CM-12: partial, CM-13: partial}
#     pci: {"1.2.4": supporting, "12.5.2": supporting}
#     gdpr: {"30(1)": supporting}
#     iso27001: {A.5.12: supporting, A.5.13: partial}
#   input:
#     selector: [{type: flow}]
package probity.lineage.downgraded_flow

import rego.v1

_ranks := {"public": 0, "internal": 1, "confidential": 2, "restricted": 3}

_is_sensitive if count(input.carries.categories) > 0

_is_sensitive if _ranks[input.carries.level] >= _ranks.confidential

_missing := [category |
	some category in input.carries.categories
	not category in input.sink.categories
]

_judged if {
	input.way in {"read", "consume", "answer", "publish"}
	input.sink.kind in {"service", "topic", "bucket"}
	input.sink.sanitizes == false
	_is_sensitive
}

_what := concat(", ", input.carries.categories) if count(input.carries.categories) > 0

_what := sprintf("%s data", [input.carries.level]) if count(input.carries.categories) == 0

deny contains result if {
	_judged
	input.sink.declared == false
	result := _result(sprintf("`%s` receives %s from `%s` and is not tagged", [input.to, _what, input.from]))
}

deny contains result if {
	_judged
	input.sink.declared == true
	count(_missing) > 0
	result := _result(sprintf("`%s` receives %s from `%s` and is not tagged with %s", [
		input.to, _what, input.from, concat(", ", _missing),
	]))
}

deny contains result if {
	_judged
	input.sink.declared == true
	count(_missing) == 0
	_ranks[input.sink.level] < _ranks[input.carries.level]
	result := _result(sprintf("`%s` is tagged %s and receives %s from `%s`, which is %s", [
		input.to, input.sink.level, _what, input.from, input.carries.level,
	]))
}

not_assessed contains result if {
	input.sink.declared == "unknown"
	result := {
		"msg": sprintf("what `%s` is tagged with is not in the input", [input.to]),
		"missing": sprintf("classification of %s", [input.to]),
	}
}

_result(message) := {
	"msg": sprintf("%s (%s)", [message, concat(" -> ", input.path)]),
	"path": ["sink"],
	"peer": input.from,
	"related": [{"msg": "this is how the data gets there", "path": ["transport"], "resource": input.from}],
}
