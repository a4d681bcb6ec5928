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
	result := {
		"msg": sprintf("which of the services that can reach %s server `%s` owns it is not known: %s", [
			input.engine, input.server, concat(", ", services),
		]),
		"path": ["reach", "others"],
		"missing": sprintf("who uses `%s`", [input.server]),
	}
}

_is_owned if input.reach.users > 0

_owners := sprintf(", not only %s", [concat(", ", {user.service | some user in input.users})]) if count(input.users) > 0

_owners := "" if count(input.users) == 0

_users contains {"msg": sprintf("`%s` uses it", [id]), "path": ["users", id], "resource": id} if {
	some id, _ in input.users
}

_others contains related if {
	some index, other in input.reach.others
	other.surely == true
	related := {
		"msg": sprintf("`%s` is admitted here", [other.id]),
		"path": ["reach", "others", index],
		"resource": other.id,
	}
}

_missing := concat(", ", [step.text | some step in input.reach.because]) if count(input.reach.because) > 0

_missing := "what the policies around it leave open" if count(input.reach.because) == 0
