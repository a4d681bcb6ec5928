# METADATA
# title: The cluster records who did what
# description: >-
#   Without audit logs of the API server nobody can tell who read a Secret or changed a policy. The API server records
#   nothing without an audit policy and a place to write to, EKS nothing without the log type `audit`. (GKE and managed
#   control planes that always record are not judged.)
# scope: package
# related_resources:
#   - ref: https://kubernetes.io/docs/tasks/debug/debug-cluster/audit/
#   - ref: https://docs.aws.amazon.com/eks/latest/userguide/control-plane-logs.html
# custom:
#   severity: HIGH
#   recommended_action: |-
#     Start kube-apiserver with a policy and a place to write to:
#     ```yaml
#     - --audit-policy-file=/etc/kubernetes/audit-policy.yaml
#     - --audit-log-path=/var/log/kubernetes/audit.log
#     ```
#     or, for EKS:
#     ```hcl
#     enabled_cluster_log_types = ["api", "audit", "authenticator"]
#     ```
#   controls:
#     soc2: {CC7.2: partial}
#     hipaa: {"164.312(b)": partial}
#     nist: {AU-2: partial, AU-12: partial}
#     pci: {"10.2.1": partial}
#     cis: {"Kubernetes 3.2.1": partial, "EKS 2.1.1": full}
#     iso27001: {A.8.15: partial}
#   input:
#     selector:
#       - {type: kubernetes, kinds: [Pod]}
#       - {type: terraform-resource, kinds: [aws_eks_cluster]}
package probity.audit.cluster_audit_off

import rego.v1

# Control planes that were set up by kubeadm and its like run the API server as a static Pod.
_api_servers contains {"index": index, "container": container} if {
	input.kind == "Pod"
	is_array(input.spec.containers)
	some index, container in input.spec.containers
	some word in _words(container)
	regex.match(`(^|/)kube-apiserver$`, word)
}

# Half-written lists have no words.
_words(container) := [word |
	some key in ["command", "args"]
	is_array(container[key])
	some word in container[key]
	is_string(word)
]

_has_flag(container, flag) if {
	some word in _words(container)
	startswith(word, sprintf("--%s=", [flag]))
	not endswith(word, "=")
}

_has_flag(container, flag) if {
	words := _words(container)
	some index, word in words
	word == sprintf("--%s", [flag])
	words[index + 1] != ""
}

_writes(container) if _has_flag(container, "audit-log-path")

_writes(container) if _has_flag(container, "audit-webhook-config-file")

deny contains result if {
	some server in _api_servers
	not _has_flag(server.container, "audit-policy-file")
	result := _pod(server.index, "has no `--audit-policy-file`")
}

deny contains result if {
	some server in _api_servers
	_has_flag(server.container, "audit-policy-file")
	not _writes(server.container)
	result := _pod(server.index, "writes its audit log nowhere: neither `--audit-log-path` nor a webhook is set")
}

_pod(index, what) := {
	"msg": sprintf("the API server `%s` %s", [input.metadata.name, what]),
	"path": ["spec", "containers", index, "command"],
	"remedy": _own,
}

_own := concat("\n", [
	"Start kube-apiserver with a policy and a place to write to:",
	"```yaml",
	"- --audit-policy-file=/etc/kubernetes/audit-policy.yaml",
	"- --audit-log-path=/var/log/kubernetes/audit.log",
	"```",
])

_managed := concat("\n", [
	"Let the control plane record who did what:",
	"```hcl",
	"enabled_cluster_log_types = [\"api\", \"audit\", \"authenticator\"]",
	"```",
])

_is_planned if {
	input.mode == "managed"
	not input.actions == ["delete"]
}

_log_types_are_unknown if input.unknown.enabled_cluster_log_types == true

_log_types_are_unknown if true in input.unknown.enabled_cluster_log_types

deny contains result if {
	_is_planned
	not _log_types_are_unknown
	not _records_audit
	result := {
		"msg": sprintf("cluster `%s` does not record its audit log: `enabled_cluster_log_types` lacks `audit`", [input.address]),
		"path": ["values", "enabled_cluster_log_types"],
		"remedy": _managed,
	}
}

_records_audit if "audit" in input.values.enabled_cluster_log_types

not_assessed contains result if {
	_is_planned
	_log_types_are_unknown
	result := {
		"msg": sprintf("which logs cluster `%s` records is known only after apply", [input.address]),
		"path": ["unknown", "enabled_cluster_log_types"],
		"missing": sprintf("%s.enabled_cluster_log_types", [input.address]),
	}
}
