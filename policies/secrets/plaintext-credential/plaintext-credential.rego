# METADATA
# title: Credentials are not written into manifests
# description: >-
#   Whoever reads the repository, a clone or a backup of it can log in with the credential, as can whoever may list the
#   Pods or ConfigMaps of the cluster. It is the same wherever the manifest is deployed to, and does not rotate.
# scope: package
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/security/secrets-good-practices/
#   - ref: https://external-secrets.io/latest/api/externalsecret/
# custom:
#   severity: CRITICAL
#   recommended_action: |-
#     Change the credential, since it is known, keep the new one in a vault, and refer to it:
#     ```yaml
#     env:
#       - name: DB_PASSWORD
#         valueFrom:
#           secretKeyRef: {name: orders-db, key: password}
#     ---
#     apiVersion: external-secrets.io/v1
#     kind: ExternalSecret
#     metadata:
#       name: orders-db
#     spec:
#       refreshInterval: 1h
#       secretStoreRef: {name: vault, kind: ClusterSecretStore}
#       target: {name: orders-db}
#       data:
#         - secretKey: password
#           remoteRef: {key: shop/orders-db, property: password}
#     ```
#     In values of a chart, name the Secret in the place of the value, as `existingSecret: orders-db` in most charts.
#   controls:
#     soc2: {CC6.1: partial}
#     hipaa: {"164.312(a)(1)": supporting, "164.312(d)": supporting}
#     nist: {IA-5: partial, IA-5(7): partial, SC-28: supporting}
#     pci: {"8.6.2": partial, "8.3.2": supporting}
#     cis: {5.4.1: supporting, 5.4.2: supporting}
#     gdpr: {"32(1)(a)": supporting}
#     iso27001: {A.5.17: partial}
#   input:
#     selector:
#       - {type: secret}
package probity.secrets.plaintext_credential

import rego.v1

import data.probity.lib.secrets

deny contains result if {
	some at, value in input.values
	what := _what(value)
	result := {
		"msg": sprintf("%s has %s in readable form in `%s`", [secrets.titled(input), what, at]),
		"path": ["values", at],
	}
}

not_assessed contains result if {
	some at, value in input.values
	value.class == "unknown"
	result := {
		"msg": sprintf("%s has a value in `%s` that could not be read", [secrets.titled(input), at]),
		"path": ["values", at],
		"missing": sprintf("the text of %s", [at]),
	}
}

_what(value) := sprintf("the credential `%s`", [value.key]) if value.class == "named"

_what(value) := sprintf("a credential (%s)", [value.issuer]) if value.class == "token"

_what(value) := "what looks like a credential" if value.class == "random"
