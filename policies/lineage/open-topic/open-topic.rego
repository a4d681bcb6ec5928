# METADATA
# title: Not everyone may read a topic with sensitive data
# description: >-
#   The broker lets every client read the topic, and the topic carries personal, health or card data: each service in the
#   cluster receives it, whatever the tags say.
# scope: package
# related_resources:
#   - ref: https://ethyca.github.io/fideslang/taxonomy/overview/
# custom:
#   severity: HIGH
#   recommended_action: |-
#     Authenticate clients and authorize them by name:
#     ```yaml
#     apiVersion: kafka.strimzi.io/v1
#     kind: Kafka
#     spec:
#       kafka:
#         listeners:
#           - {name: tls, port: 9093, type: internal, tls: true, authentication: {type: tls}}
#         authorization:
#           type: simple
#     ```
#     and give each reader a `KafkaUser` with an ACL for its topics.
#   controls:
#     soc2: {CC6.1: partial, C1.1: partial}
#     hipaa: {"164.312(a)(1)": partial}
#     nist: {AC-3: partial, AC-4: partial, AC-6: supporting}
#     pci: {"7.2.1": partial}
#     gdpr: {"32(1)(b)": partial}
#     iso27001: {A.8.3: partial}
#   input:
#     selector: [{type: topic}]
package probity.lineage.open_topic

import rego.v1

_is_sensitive if count(input.carries.categories) > 0

_is_sensitive if input.carries.level in {"confidential", "restricted"}

_what := concat(", ", input.carries.categories) if count(input.carries.categories) > 0

_what := sprintf("%s data", [input.carries.level]) if count(input.carries.categories) == 0

deny contains result if {
	_is_sensitive
	input.open == true
	result := {
		"msg": sprintf("everyone may read topic `%s`, which carries %s: %s", [input.id, _what, input.open_because]),
		"path": ["open"],
	}
}

not_assessed contains result if {
	_is_sensitive
	input.open == "unknown"
	result := {
		"msg": sprintf("who may read topic `%s`, which carries %s, is not in the input", [input.id, _what]),
		"path": ["open"],
		"missing": sprintf("the broker of %s", [input.id]),
	}
}
