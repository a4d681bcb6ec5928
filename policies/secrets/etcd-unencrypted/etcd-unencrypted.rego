# METADATA
# title: Secrets are encrypted in etcd
# description: >-
#   Without encryption, whoever gets a copy of etcd's disk or a backup has all Secrets. The first entry that matches
#   `secrets` applies, and its first provider writes: `identity` in front means plain text, whatever comes after it.
# scope: package
# related_resources:
#   - ref: https://kubernetes.io/docs/tasks/administer-cluster/encrypt-data/
# custom:
#   severity: HIGH
#   points_at: names
#   recommended_action: |-
#     Put a provider that encrypts first, and `identity` last, so that old values can still be read:
#     ```yaml
#     apiVersion: apiserver.config.k8s.io/v1
#     kind: EncryptionConfiguration
#     resources:
#       - resources: [secrets]
#         providers:
#           - kms: {apiVersion: v2, name: vault, endpoint: unix:///var/run/kms.sock}
#           - identity: {}
#     ```
#     Pass the file to the API server with `--encryption-provider-config`, and write all Secrets again:
#     `kubectl get secrets -A -o json | kubectl replace -f -`.
#   controls:
#     soc2: {CC6.1: partial}
#     hipaa: {"164.312(a)(2)(iv)": partial}
#     nist: {SC-28: partial, SC-28(1): partial}
#     pci: {"3.5.1": supporting, "8.3.2": supporting}
#     cis: {1.2.27: full, 1.2.28: full}
#     gdpr: {"32(1)(a)": supporting}
#     iso27001: {A.8.24: supporting}
#   input:
#     selector:
#       - type: kubernetes
#         kinds: [EncryptionConfiguration, EncryptionConfig, Pod]
#       - type: terraform-resource
#         kinds: [aws_eks_cluster]
package probity.secrets.etcd_unencrypted

import rego.v1

_is_configuration if input.kind in {"EncryptionConfiguration", "EncryptionConfig"}

_covers := {"secrets", "*.", "*.*"}

_is_readable if {
	is_array(input.resources)
	count([entry | some entry in input.resources; not _is_entry(entry)]) == 0
}

_is_entry(entry) if {
	is_array(entry.resources)
	is_array(entry.providers)
	is_object(entry.providers[0])
}

# The first entry that is about Secrets applies.
_about := [index |
	_is_readable
	some index, entry in input.resources
	count({resource | some resource in entry.resources} & _covers) > 0
]

deny contains result if {
	_is_configuration
	some applies in array.slice(_about, 0, 1)
	"identity" in object.keys(input.resources[applies].providers[0])
	result := {
		"msg": "Secrets are written to etcd in plain text: `identity` is the first provider of the entry that applies to them",
		"path": ["resources", applies, "providers", 0, "identity"],
	}
}

deny contains result if {
	_is_configuration
	_is_readable
	count(_about) == 0
	result := {
		"msg": "Secrets are written to etcd in plain text: no entry is about them",
		"path": ["resources"],
	}
}

not_assessed contains result if {
	_is_configuration
	not _is_readable
	result := {
		"msg": "what encrypts Secrets in etcd is not readable",
		"path": ["resources"],
		"missing": "resources[].providers",
	}
}

# The API server itself, where its manifest is in the input.
deny contains result if {
	input.kind == "Pod"
	is_array(input.spec.containers)
	some index, container in input.spec.containers
	words := array.concat(_words(container, "command"), _words(container, "args"))
	some program in array.slice(words, 0, 1)
	endswith(program, "kube-apiserver")
	every word in words {
		not startswith(word, "--encryption-provider-config")
	}
	result := {
		"msg": "the API server gets no `--encryption-provider-config`, so Secrets are written to etcd in plain text",
		"path": ["spec", "containers", index, "command", 0],
	}
}

default _words(_, _) := []

_words(container, field) := [word | some word in container[field]; is_string(word)] if is_array(container[field])

# EKS encrypts everything by itself from Kubernetes 1.28 on.
deny contains result if {
	input.type == "aws_eks_cluster"
	not _has_key
	not input.unknown.encryption_config
	is_string(input.values.version)
	regex.match(`^1\.(1?[0-9]|2[0-7])$`, input.values.version)
	result := {
		"msg": sprintf("`%s` runs Kubernetes %s without `encryption_config`, so Secrets are not encrypted with a key of their own", [input.address, input.values.version]),
		"path": ["values", "encryption_config"],
	}
}

_has_key if {
	is_array(input.values.encryption_config)
	count(input.values.encryption_config) > 0
}

not_assessed contains result if {
	input.type == "aws_eks_cluster"
	input.unknown.encryption_config == true
	result := {
		"msg": sprintf("how `%s` encrypts Secrets is known only after apply", [input.address]),
		"path": ["values", "encryption_config"],
		"missing": sprintf("%s.encryption_config", [input.address]),
	}
}
