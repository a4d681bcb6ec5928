# METADATA
# title: The cluster records who did what
# description: >-
#   Without audit logs of the API server nobody can tell who read a Secret or changed a policy. The API server records
#   nothing without an audit policy and a place to write to, EKS nothing without the log type `audit`, AKS nothing without
#   a diagnostic setting that collects `kube-audit` or `kube-audit-admin`. GKE records in any case.
# scope: package
# related_resources:
#   - ref: https://kubernetes.io/docs/tasks/debug/debug-cluster/audit/
#   - ref: https://docs.aws.amazon.com/eks/latest/userguide/control-plane-logs.html
#   - ref: https://learn.microsoft.com/azure/aks/monitor-aks
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
#     or, for AKS, an `azurerm_monitor_diagnostic_setting` of the cluster with `enabled_log { category = "kube-audit" }`.
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
#       - {type: cluster}
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

# Managed control planes: EKS by a list of its own, AKS by a diagnostic setting.
deny contains result if {
	input.records_audit == false
	result := {
		"msg": sprintf("cluster `%s` does not record its audit log: %s", [input.address, _lack]),
		"path": ["records_audit"],
		"related": [related |
			some index, source in input.sent_by
			related := {"msg": "this sends other logs", "path": ["sent_by", index], "resource": source.resource, "context": true}
		],
		"remedy": _managed,
	}
}

not_assessed contains result if {
	input.records_audit == "unknown"
	result := {
		"msg": sprintf("whether cluster `%s` records its audit log is not in the plan", [input.address]),
		"path": ["records_audit"],
		"missing": concat(", ", input.missing),
	}
}

_is_azure if input.type == "azurerm_kubernetes_cluster"

_lack := "no diagnostic setting collects `kube-audit`" if {
	_is_azure
	count(input.sent_by) == 0
} else := "its diagnostic settings leave out `kube-audit`" if {
	_is_azure
} else := "`enabled_cluster_log_types` lacks `audit`"

# `module.shop.azurerm_kubernetes_cluster.main[0]`
_stem := regex.replace(input.address, `\[[^\]]*\]`, "")

_block := words[count(words) - 1] if words := split(_stem, ".")

_managed := concat("\n", [
	"Let the control plane record who did what:",
	"```hcl",
	sprintf("resource \"azurerm_monitor_diagnostic_setting\" \"%s_audit\" {", [_block]),
	"  name                       = \"audit\"",
	sprintf("  target_resource_id         = %s.id", [input.address]),
	"  log_analytics_workspace_id = azurerm_log_analytics_workspace.NAME.id",
	"  enabled_log {",
	"    category = \"kube-audit\"",
	"  }",
	"}",
	"```",
]) if {
	_is_azure
} else := concat("\n", [
	"Let the control plane record who did what:",
	"```hcl",
	"enabled_cluster_log_types = [\"api\", \"audit\", \"authenticator\"]",
	"```",
])
