# METADATA
# title: No private key stands in a manifest
# description: >-
#   Whoever reads the repository, a clone or a backup of it can impersonate the holder of the key, decrypt its traffic
#   and sign in its name. Removing the file later does not help: the history keeps it.
# scope: package
# related_resources:
#   - ref: https://cert-manager.io/docs/usage/certificate/
#   - ref: https://external-secrets.io/latest/api/externalsecret/
# custom:
#   severity: CRITICAL
#   recommended_action: |-
#     Treat the key as compromised: issue a new one, revoke what was issued for the old one. Let the new key be made in
#     the cluster, so that it is never in a file:
#     ```yaml
#     apiVersion: cert-manager.io/v1
#     kind: Certificate
#     metadata:
#       name: shop-tls
#     spec:
#       secretName: shop-tls
#       dnsNames: [shop.example.com]
#       privateKey: {rotationPolicy: Always}
#       issuerRef: {name: letsencrypt, kind: ClusterIssuer}
#     ```
#     A key that must come from elsewhere is fetched from a vault:
#     ```yaml
#     apiVersion: external-secrets.io/v1
#     kind: ExternalSecret
#     metadata:
#       name: deploy-key
#     spec:
#       secretStoreRef: {name: vault, kind: ClusterSecretStore}
#       target: {name: deploy-key}
#       data:
#         - secretKey: id_ed25519
#           remoteRef: {key: shop/deploy-key, property: id_ed25519}
#     ```
#   controls:
#     soc2: {CC6.1: partial}
#     hipaa: {"164.312(a)(2)(iv)": partial, "164.312(d)": supporting}
#     nist: {SC-12: partial, IA-5(7): partial}
#     pci: {"3.6.1": partial, "8.6.2": supporting}
#     gdpr: {"32(1)(a)": supporting}
#     iso27001: {A.8.24: partial, A.5.17: supporting}
#   input:
#     selector:
#       - {type: secret}
package probity.secrets.private_key

import rego.v1

import data.probity.lib.secrets

deny contains result if {
	some at, value in input.values
	value.class == "private-key"
	result := {
		"msg": sprintf("%s holds a private key in `%s`", [secrets.titled(input), at]),
		"path": ["values", at],
	}
}

not_assessed contains result if {
	some at, value in input.values
	value.shape == "unknown"
	result := {
		"msg": sprintf("%s has a value in `%s` that cannot be read here", [secrets.titled(input), at]),
		"path": ["values", at],
		"missing": sprintf("the text of %s", [at]),
	}
}
