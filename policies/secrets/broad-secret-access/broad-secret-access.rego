# METADATA
# title: Nobody may read all Secrets
# description: >-
#   Who may get, list or watch Secrets has every credential of the namespace, and with a ClusterRoleBinding of the
#   cluster; `list` and `watch` return the values too. Who may run Pods, act as others or widen roles gets them in one
#   more step.
# scope: package
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/security/rbac-good-practices/
# custom:
#   severity: HIGH
#   points_at: names
#   recommended_action: |-
#     Name the Secrets that are needed, and nothing else:
#     ```yaml
#     apiVersion: rbac.authorization.k8s.io/v1
#     kind: Role
#     metadata:
#       name: orders-db-reader
#       namespace: shop
#     rules:
#       - apiGroups: [""]
#         resources: [secrets]
#         resourceNames: [orders-db]
#         verbs: [get]
#     ```
#   controls:
#     soc2: {CC6.1: partial, CC6.3: partial}
#     hipaa: {"164.312(a)(1)": partial}
#     nist: {AC-6: partial, AC-3: supporting}
#     pci: {"7.2.2": partial, "7.2.5": partial}
#     cis: {5.1.2: full, 5.1.1: supporting}
#     iso27001: {A.8.2: partial}
#   input:
#     selector:
#       - {type: grant}
package probity.secrets.broad_secret_access

import rego.v1

# Components of the cluster, and its administrators, are what the cluster trusts anyway.
_outsiders := [_name(subject) | some subject in input.subjects; not _is_own(subject)]

_name(subject) := sprintf("%s/%s/%s", [subject.kind, subject.namespace, subject.name]) if {
	subject.namespace != null
} else := sprintf("%s/%s", [subject.kind, subject.name])

_is_own(subject) if {
	subject.kind in {"User", "Group"}
	is_string(subject.name)
	startswith(subject.name, "system:")
	not subject.name in {"system:authenticated", "system:unauthenticated", "system:anonymous"}
	not startswith(subject.name, "system:serviceaccounts")
	not startswith(subject.name, "system:serviceaccount:")
}

_is_own(subject) if {
	subject.kind == "ServiceAccount"
	subject.namespace == "kube-system"
	startswith(input.role, "ClusterRole/system:")
}

_of(how) := [index | some index, access in input.access; access.how == how]

_reach := sprintf("in namespace `%s`", [input.namespace]) if input.namespace != null

_reach := "in every namespace" if input.namespace == null

deny contains result if {
	count(_outsiders) > 0
	direct := _of("direct")
	some first in array.slice(direct, 0, 1)
	result := {
		"msg": sprintf("%s may %s %s", [_who, input.access[first].what, _reach]),
		"path": ["access", first],
		"related": [{"msg": "this binding grants it", "path": ["role"]}],
	}
}

deny contains result if {
	count(_outsiders) > 0
	count(_of("direct")) == 0
	indirect := _of("indirect")
	some first in array.slice(indirect, 0, 1)
	ways := concat(", ", [input.access[index].what | some index in indirect])
	result := {
		"msg": sprintf("%s may %s %s, and so read Secrets there", [_who, ways, _reach]),
		"path": ["access", first],
		"related": [{"msg": "this binding grants it", "path": ["role"]}],
	}
}

# Aggregation: everybody who is bound to the role of the cluster has it.
deny contains result if {
	input.kind == "ClusterRole"
	ways := array.concat(_of("direct"), _of("indirect"))
	some first in array.slice(ways, 0, 1)
	result := {
		"msg": sprintf("whoever is bound to `%s` may %s, since `%s` is added to it", [
			trim_prefix(input.role, "ClusterRole/"),
			input.access[first].what,
			input.binding,
		]),
		"path": ["access", first],
		"related": [{"msg": "this label adds it", "path": ["role"]}],
	}
}

not_assessed contains result if {
	count(_outsiders) > 0
	input.role_known == false
	result := {
		"msg": sprintf("what %s may do is not known: %s is not in the input", [_who, input.role]),
		"path": ["role"],
		"missing": input.role,
	}
}

_who := concat(", ", [sprintf("`%s`", [name]) | some name in _outsiders])
