# METADATA
# title: Only its owner can reach a database
# description: >-
#   What keeps a service out of a database of another must not be its good manners. Where every Pod of the cluster can
#   open a connection, one breached Pod is enough to try every leaked password and every vulnerability of the server.
# scope: package
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/services-networking/network-policies/
#   - ref: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Overview.RDSSecurityGroups.html
# custom:
#   severity: MEDIUM
#   recommended_action: |-
#     Admit the owner and nobody else:
#     ```yaml
#     apiVersion: networking.k8s.io/v1
#     kind: NetworkPolicy
#     metadata:
#       name: orders-db
#     spec:
#       podSelector:
#         matchLabels: {app: orders-db}
#       policyTypes: [Ingress]
#       ingress:
#         - from:
#             - podSelector:
#                 matchLabels: {app: orders}
#           ports:
#             - port: 5432
#     ```
#     On AWS admit the security group of the owner only (`referenced_security_group_id`).
#   controls:
#     soc2: {CC6.1: partial, CC6.6: supporting}
#     hipaa: {"164.312(a)(1)": partial}
#     nist: {AC-4: partial, SC-7: partial, AC-3: supporting}
#     pci: {"1.3.1": supporting, "1.4.4": supporting, "7.2.1": supporting}
#     gdpr: {"32(1)(b)": supporting}
#     iso27001: {A.8.22: partial}
#   input:
#     selector: [{type: database-server}]
package probity.datastores.open_to_other_services

import rego.v1

deny contains result if {
	input.reach.everyone == true
	result := {
		"msg": sprintf("%s can reach %s server `%s`%s", [input.reach.whom, input.engine, input.server, _owners]),
		"path": ["reach", "everyone"],
		"related": [user | some user in _users],
		"remedy": _remedy,
	}
}

deny contains result if {
	input.reach.everyone != true
	_is_owned
	ids := {other.id | some other in input.reach.others; other.surely == true}
	count(ids) > 0
	result := {
		"msg": sprintf("others than its users can reach %s server `%s`: %s", [
			input.engine, input.server, concat(", ", ids),
		]),
		"path": ["reach", "others"],
		"related": array.concat([other | some other in _others], [user | some user in _users]),
		"remedy": "Narrow the rule that admits them until it names the users of the database alone. Policies add up: one more takes nothing away.",
	}
}

# Nobody is known to use it; whoever owns it, of two that can reach it one is another.
deny contains result if {
	input.reach.everyone == false
	not _is_owned
	not _is_common
	services := {other.service | some other in input.reach.others; other.surely == true}
	count(services) > 1
	result := {
		"msg": sprintf("%d services can reach %s server `%s`, and at most one can own it: %s", [
			count(services), input.engine, input.server, concat(", ", services),
		]),
		"path": ["reach", "others"],
		"related": [other | some other in _others],
		"remedy": "Remove the rules that admit those that do not own it. Policies add up: one more takes nothing away.",
	}
}

not_assessed contains result if {
	input.reach.everyone == "unknown"
	result := {
		"msg": sprintf("who can reach %s server `%s` is not known", [input.engine, input.server]),
		"path": ["reach", "everyone"],
		"missing": _missing,
	}
}

not_assessed contains result if {
	input.reach.everyone == false
	_is_owned
	some index, other in input.reach.others
	other.surely == "unknown"
	result := {
		"msg": sprintf("whether `%s` can reach %s server `%s` is not known", [other.id, input.engine, input.server]),
		"path": ["reach", "others", index],
		"missing": _missing,
	}
}

not_assessed contains result if {
	input.reach.everyone == false
	not _is_owned
	services := {other.service | some other in input.reach.others}
	count(services) > 1
	some other in input.reach.others
	other.surely == "unknown"
	result := {
		"msg": sprintf("which of the services that can reach %s server `%s` owns it is not known: %s", [
			input.engine, input.server, concat(", ", services),
		]),
		"path": ["reach", "others"],
		"missing": sprintf("who uses `%s`", [input.server]),
	}
}

_is_owned if input.reach.users > 0

# What is shared on purpose, or a cache.
_is_common if is_string(input.by_design)

_is_common if input.cache

_owners := sprintf(", not only %s", [concat(", ", {user.service | some user in input.users})]) if count(input.users) > 0

_owners := "" if count(input.users) == 0

_users contains {"msg": sprintf("`%s` uses it", [id]), "path": ["users", id], "resource": id, "context": true} if {
	some id, _ in input.users
}

_others contains related if {
	some index, other in input.reach.others
	other.surely == true
	related := {
		"msg": sprintf("%s `%s` here", [_admits(other), other.id]),
		"path": ["reach", "others", index],
		"resource": other.id,
	}
}

_admits(other) := sprintf("`%s` admits", [other.because[0].resource]) if {
	is_string(other.because[0].resource)
} else := "the network admits"

_missing := concat(", ", [step.text | some step in input.reach.because]) if count(input.reach.because) > 0

_missing := "what the policies around it leave open" if count(input.reach.because) == 0

# What to write, as far as the facts tell it.
_remedy := concat("\n", [_intro, _policy]) if {
	_is_selectable
} else := concat("\n", [
	"Name in its access policy who may use it, or give it `vpc_options`:",
	"```hcl",
	"principals {",
	"  type        = \"AWS\"",
	"  identifiers = [aws_iam_role.owner.arn]",
	"}",
	"```",
]) if {
	regex.match(`(^|\.)aws_(opensearch|elasticsearch)_domain\.`, input.workload)
} else := concat("\n", [
	"Admit the security group of its owner, and remove the rule that admits others:",
	"```hcl",
	"resource \"aws_vpc_security_group_ingress_rule\" \"owner\" {",
	"  security_group_id            = aws_security_group.database.id",
	"  referenced_security_group_id = aws_security_group.owner.id",
	"  ip_protocol                  = \"tcp\"",
	"  from_port                    = PORT",
	"  to_port                      = PORT",
	"}",
	"```",
]) if {
	regex.match(`(^|\.)aws_`, input.workload)
} else := "Admit its owner, and nobody else, where the rules stand that guard it."

_is_selectable if count(input.pods.labels) > 0

_intro := sprintf("`%s` admits everybody, and policies add up: let it say this, or remove it when this is there.%s", [
	input.reach.because[0].resource, _unknown_owner,
]) if {
	is_string(input.reach.because[0].resource)
} else := sprintf("Admit those that use it, and nobody else.%s", [_unknown_owner])

_unknown_owner := " Nobody is known to use it: put in the labels of the service that owns it." if {
	count(_peers) == 0
} else := ""

_policy := concat("\n", [
	"```yaml",
	"apiVersion: networking.k8s.io/v1",
	"kind: NetworkPolicy",
	"metadata:",
	sprintf("  name: %s-clients", [input.name]),
	sprintf("  namespace: %s", [input.pods.namespace]),
	"spec:",
	sprintf("  podSelector: {matchLabels: %s}", [json.marshal(input.pods.labels)]),
	"  policyTypes: [Ingress]",
	"  ingress:",
	"    - from:",
	_from,
	_ports,
	"```",
])

_ports := sprintf("      ports: [{port: %d}]", [input.pods.port]) if {
	is_number(input.pods.port)
} else := "      # every port"

_from := concat("\n", [_peer(peer) | some peer in _peers]) if {
	count(_peers) > 0
} else := "        - podSelector: {matchLabels: {app: NAME-OF-ITS-OWNER}}"

_peers contains {"namespace": user.pods.namespace, "labels": user.pods.labels} if {
	some user in input.users
	count(user.pods.labels) > 0
}

_peer(peer) := sprintf("        - podSelector: {matchLabels: %s}", [json.marshal(peer.labels)]) if {
	peer.namespace == input.pods.namespace
} else := concat("\n", [
	sprintf("        - namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: %s}}", [peer.namespace]),
	sprintf("          podSelector: {matchLabels: %s}", [json.marshal(peer.labels)]),
])
