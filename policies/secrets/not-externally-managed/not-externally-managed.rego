# METADATA
# title: Workloads take their Secrets from a vault
# description: >-
#   A Secret that is filled in from a vault can be rotated, revoked and audited in one place. One that is applied with
#   the manifests is known to everybody who can read them, and stays as it is.
# scope: package
# related_resources:
#   - ref: https://external-secrets.io/latest/introduction/overview/
#   - ref: https://kubernetes.io/docs/concepts/security/secrets-good-practices/
# custom:
#   severity: MEDIUM
#   points_at: names
#   recommended_action: |-
#     Keep the values in a vault, delete the manifest of the Secret, and order it to be fetched under the same name; Pods
#     need no change:
#     ```yaml
#     apiVersion: external-secrets.io/v1
#     kind: ExternalSecret
#     metadata:
#       name: orders-db
#     spec:
#       refreshInterval: 1h
#       secretStoreRef: {name: vault, kind: ClusterSecretStore}
#       target: {name: orders-db}
#       dataFrom:
#         - extract: {key: shop/orders-db}
#     ```
#     If the Secret is managed already, by something that is not in the scanned folder: scan that too (`--root`).
#   controls:
#     soc2: {CC6.1: partial}
#     hipaa: {"164.312(a)(2)(iv)": supporting, "164.312(d)": supporting}
#     nist: {IA-5: partial, SC-12: supporting, SC-28: supporting}
#     pci: {"8.6.2": supporting, "8.6.3": supporting}
#     cis: {5.4.2: partial}
#     iso27001: {A.5.17: supporting}
#   input:
#     selector:
#       - {type: credential}
package probity.secrets.not_externally_managed

import rego.v1

# A literal outside of a Secret is `plaintext-credential`.
deny contains result if {
	input.source == "committed-secret"
	result := {
		"msg": sprintf("`%s` takes %s from `%s`, whose values are applied with the manifests", [input.consumer, _keys, input.secret]),
		"path": ["keys", 0],
		"peer": input.secret,
		"related": _because,
	}
}

not_assessed contains result if {
	input.source == "unknown"
	input.secret != null
	result := {
		"msg": _reason,
		"path": ["keys", 0],
		"missing": input.secret,
	}
}

not_assessed contains result if {
	input.source == "unknown"
	input.secret == null
	result := {
		"msg": sprintf("where %s comes from is not in the input: %s", [_keys, _reason]),
		"path": ["keys", 0],
		"missing": sprintf("the source of %s", [_keys]),
	}
}

default _reason := "the input does not say"

_reason := concat("; ", [step.text | some step in input.because]) if count(input.because) > 0

_because := [{"msg": step.text, "path": ["because", index]} | some index, step in input.because]

_keys := concat(", ", [sprintf("`%s`", [entry.key]) | some entry in input.keys])
