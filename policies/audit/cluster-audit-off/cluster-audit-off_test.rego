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

_cluster(types, unknown) := {
	"address": "aws_eks_cluster.a",
	"type": "aws_eks_cluster",
	"mode": "managed",
	"actions": ["create"],
	"values": {"enabled_cluster_log_types": types},
	"unknown": unknown,
}

test_a_managed_cluster_without_audit_is_reported if {
	every types in [null, [], ["api"]] {
		results := rule.deny with input as _cluster(types, {})
		{result.path | some result in results} == {["values", "enabled_cluster_log_types"]}
		every result in results {
			contains(result.remedy, "enabled_cluster_log_types = [")
		}
	}
}

test_a_managed_cluster_with_audit_passes if {
	count(rule.deny) == 0 with input as _cluster(["api", "audit"], {})
	count(rule.not_assessed) == 0 with input as _cluster(["api", "audit"], {})
}

test_what_is_deleted_or_only_read_is_not_judged if {
	count(rule.deny) == 0 with input as object.union(_cluster([], {}), {"actions": ["delete"]})
	count(rule.deny) == 0 with input as object.union(_cluster([], {}), {"mode": "data"})
	unknown := object.union(_cluster(null, {"enabled_cluster_log_types": true}), {"mode": "data"})
	count(rule.not_assessed) == 0 with input as unknown
}

test_unknown_log_types_are_not_assessed if {
	every mask in [true, [true]] {
		unknown := _cluster(null, {"enabled_cluster_log_types": mask})
		count(rule.deny) == 0 with input as unknown
		results := rule.not_assessed with input as unknown
		{result.missing | some result in results} == {"aws_eks_cluster.a.enabled_cluster_log_types"}
	}
}
