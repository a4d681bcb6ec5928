package probity.audit.cluster_audit_off_test

import rego.v1

import data.probity.audit.cluster_audit_off as rule

_pod(words) := {
	"apiVersion": "v1",
	"kind": "Pod",
	"metadata": {"name": "kube-apiserver"},
	"spec": {"containers": [{"name": "kube-apiserver", "command": array.concat(["kube-apiserver"], words)}]},
}

_messages(pod) := {result.msg |
	results := rule.deny with input as pod
	some result in results
}

test_an_api_server_without_a_policy_is_reported if {
	_messages(_pod(["--audit-log-path=/a.log"])) == {"the API server `kube-apiserver` has no `--audit-policy-file`"}
	_messages(_pod(["--audit-policy-file=", "--audit-log-path=/a.log"])) == {"the API server `kube-apiserver` has no `--audit-policy-file`"}
}

test_the_remedy_of_an_api_server_is_its_flags if {
	some result in rule.deny with input as _pod([])
	contains(result.remedy, "--audit-log-path=")
}

test_without_a_policy_it_does_not_matter_where_the_log_goes if {
	count(_messages(_pod([]))) == 1
}

test_an_api_server_that_writes_nowhere_is_reported if {
	count(_messages(_pod(["--audit-policy-file=/p.yaml"]))) == 1
}

test_an_api_server_that_records_passes if {
	_messages(_pod(["--audit-policy-file=/p.yaml", "--audit-log-path=-"])) == set()
	_messages(_pod(["--audit-policy-file", "/p.yaml", "--audit-webhook-config-file", "/w.yaml"])) == set()
}

test_a_list_of_another_type_holds_no_api_server if {
	every containers in [true, null, "a", 7] {
		count(rule.deny) == 0 with input as {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}, "spec": {"containers": containers}}
	}
}

test_other_pods_are_not_judged if {
	other := {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}, "spec": {"containers": [{"name": "a", "args": ["--kube-apiserver"]}]}}
	_messages(other) == set()
}

_cluster(type, recorded) := {
	"address": sprintf("module.shop.%s.main[0]", [type]),
	"type": type,
	"name": "shop",
	"new": true,
	"records_audit": recorded,
	"sent_by": [],
	"missing": ["its settings"],
}

test_a_managed_cluster_without_audit_is_reported_with_what_to_write if {
	cases := {
		"aws_eks_cluster": "enabled_cluster_log_types = [",
		"azurerm_kubernetes_cluster": "target_resource_id         = module.shop.azurerm_kubernetes_cluster.main[0].id",
	}
	every type, write in cases {
		some result in rule.deny with input as _cluster(type, false)
		result.path == ["records_audit"]
		contains(result.remedy, write)
	}
}

test_a_setting_that_collects_other_logs_is_related if {
	sent := {"sent_by": [{"resource": "azurerm_monitor_diagnostic_setting.other", "type": "azurerm_monitor_diagnostic_setting"}]}
	some result in rule.deny with input as object.union(_cluster("azurerm_kubernetes_cluster", false), sent)
	endswith(result.msg, "its diagnostic settings leave out `kube-audit`")
	[related.resource | some related in result.related] == ["azurerm_monitor_diagnostic_setting.other"]
}

test_a_managed_cluster_with_audit_passes if {
	every type in ["aws_eks_cluster", "azurerm_kubernetes_cluster", "google_container_cluster"] {
		count(rule.deny) == 0 with input as _cluster(type, true)
		count(rule.not_assessed) == 0 with input as _cluster(type, true)
	}
}

test_an_undetermined_cluster_is_not_assessed if {
	unknown := _cluster("azurerm_kubernetes_cluster", "unknown")
	count(rule.deny) == 0 with input as unknown
	results := rule.not_assessed with input as unknown
	{result.missing | some result in results} == {"its settings"}
}
