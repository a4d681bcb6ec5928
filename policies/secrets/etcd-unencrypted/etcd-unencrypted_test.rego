package probity.secrets.etcd_unencrypted_test

import rego.v1

import data.probity.secrets.etcd_unencrypted as rule

test_a_provider_that_encrypts_first_passes if {
	every resource in {"secrets", "*.", "*.*"} {
		count(rule.deny) == 0 with input as _configuration([[[resource], ["aescbc", "identity"]]])
		count(rule.not_assessed) == 0 with input as _configuration([[[resource], ["aescbc", "identity"]]])
	}
}

test_identity_first_is_reported_whatever_follows if {
	results := rule.deny with input as _configuration([[["configmaps"], ["aescbc"]], [["secrets"], ["identity", "aescbc"]]])
	{result.path | some result in results} == {["resources", 1, "providers", 0, "identity"]}
}

test_the_first_entry_that_matches_applies if {
	count(rule.deny) == 1 with input as _configuration([[["secrets"], ["identity"]], [["*.*"], ["aescbc"]]])
	count(rule.deny) == 0 with input as _configuration([[["secrets"], ["kms"]], [["*.*"], ["identity"]]])
}

test_no_entry_for_secrets_is_reported if {
	results := rule.deny with input as _configuration([[["configmaps"], ["aescbc"]]])
	{result.path | some result in results} == {["resources"]}
}

test_what_is_not_readable_is_not_assessed if {
	every resources in ["unknown", [{"resources": "unknown", "providers": []}], [{"resources": ["secrets"], "providers": "unknown"}]] {
		configuration := {"apiVersion": "apiserver.config.k8s.io/v1", "kind": "EncryptionConfiguration", "resources": resources}
		count(rule.deny) == 0 with input as configuration
		count(rule.not_assessed) == 1 with input as configuration
	}
}

test_an_api_server_without_the_option_is_reported if {
	count(rule.deny) == 1 with input as _pod(["kube-apiserver", "--secure-port=6443"])
	count(rule.deny) == 0 with input as _pod(["kube-apiserver", "--encryption-provider-config=/etc/kubernetes/enc.yaml"])
	count(rule.deny) == 0 with input as _pod(["nginx"])
	count(rule.deny) == 0 with input as {"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [{"name": "a"}]}}
}

test_old_clusters_of_eks_need_a_key if {
	count(rule.deny) == 1 with input as _eks({"version": "1.27", "encryption_config": []}, {})
	count(rule.deny) == 0 with input as _eks({"version": "1.27", "encryption_config": [{}]}, {})
	count(rule.deny) == 0 with input as _eks({"version": "1.28"}, {})
	count(rule.deny) == 0 with input as _eks({}, {})
	count(rule.not_assessed) == 0 with input as _eks({"version": "1.27"}, {})
}

test_a_key_that_is_known_after_apply_is_not_assessed if {
	count(rule.deny) == 0 with input as _eks({"version": "1.27"}, {"encryption_config": true})
	count(rule.not_assessed) == 1 with input as _eks({"version": "1.27"}, {"encryption_config": true})
}

test_other_objects_with_the_same_fields_pass if {
	every entries in [[[["secrets"], ["identity"]]], [[["configmaps"], ["aescbc"]]]] {
		count(rule.deny) == 0 with input as object.union(_configuration(entries), {"kind": "Pod"})
	}
	count(rule.not_assessed) == 0 with input as _pod(["nginx"])
	configuration := object.union(_configuration([[["secrets"], ["kms"]]]), {"spec": _pod(["kube-apiserver"]).spec})
	count(rule.deny) == 0 with input as configuration
	count(rule.deny) == 0 with input as object.union(_eks({"version": "1.27"}, {}), {"type": "aws_eks_addon"})
	unknown := _eks({"version": "1.27"}, {"encryption_config": true})
	count(rule.not_assessed) == 0 with input as object.union(unknown, {"type": "aws_eks_addon"})
}

test_fields_of_another_type_are_not_judged if {
	count(rule.deny) == 1 with input as _eks({"version": "1.27", "encryption_config": 7}, {})
	containers := {"a": {"command": ["kube-apiserver"]}}
	count(rule.deny) == 0 with input as {"apiVersion": "v1", "kind": "Pod", "spec": {"containers": containers}}
	count(rule.deny) == 0 with input as _eks({"version": 1.27}, {})
}

_configuration(entries) := {
	"apiVersion": "apiserver.config.k8s.io/v1",
	"kind": "EncryptionConfiguration",
	"resources": [{"resources": resources, "providers": [{provider: {}} | some provider in providers]} |
		some [resources, providers] in entries
	],
}

_pod(command) := {"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [{"command": command}]}}

_eks(values, unknown) := {"address": "aws_eks_cluster.a", "type": "aws_eks_cluster", "values": values, "unknown": unknown}
