# METADATA
# title: Not everyone may read a topic with sensitive data
# description: >-
#   The broker, or a policy of SNS, SQS or Pub/Sub, lets everyone read the topic, and the topic carries personal, health or card data: each service in the
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
#     and give each reader a `KafkaUser` with an ACL for its topics. In a cloud, name who may receive in the policy of the
#     topic or queue instead of `*` or `allUsers`.
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
		"remedy": _remedy,
	}
}

# Topics of a plan have no broker of their own.
_is_planned if input.cluster in {"pubsub", "sns", "sqs"}

_remedy := concat("\n", [
	"Let only those receive who have to, each by its name:",
	"```hcl",
	"principals {",
	"  type        = \"AWS\"",
	"  identifiers = [aws_iam_role.READER.arn]",
	"}",
	"```",
	"On Google Cloud give `roles/pubsub.subscriber` to a service account instead of `allUsers`.",
]) if {
	_is_planned
} else := concat("\n", [
	"Authenticate clients and authorize them by name:",
	"```yaml",
	"apiVersion: kafka.strimzi.io/v1",
	"kind: Kafka",
	"spec:",
	"  kafka:",
	"    listeners:",
	"      - {name: tls, port: 9093, type: internal, tls: true, authentication: {type: tls}}",
	"    authorization:",
	"      type: simple",
	"```",
	"and give each reader a `KafkaUser` with an ACL for its topics.",
])

not_assessed contains result if {
	_is_sensitive
	input.open == "unknown"
	result := {
		"msg": sprintf("who may read topic `%s`, which carries %s, is not in the input", [input.id, _what]),
		"path": ["open"],
		"missing": sprintf("the %s of %s", [_guard, input.id]),
	}
}

_guard := "policy" if {
	_is_planned
} else := "broker"
