# METADATA
# title: Secret stores are reached safely and hand out real secrets
# description: >-
#   Without TLS, or with its verification switched off, whoever sits between reads every secret of the vault. A static
#   token for the vault is one more credential to leak. A fake store hands out what its manifest says. A store that every
#   namespace may use hands all of its secrets to whoever may create an ExternalSecret in any of them.
# scope: package
# related_resources:
#   - ref: https://external-secrets.io/latest/provider/hashicorp-vault/
#   - ref: https://developer.hashicorp.com/vault/docs/platform/k8s/vso/api-reference
# custom:
#   severity: HIGH
#   points_at: names
#   recommended_action: |-
#     Use HTTPS with the CA of the vault, and log in with the identity of the ServiceAccount:
#     ```yaml
#     apiVersion: external-secrets.io/v1
#     kind: SecretStore
#     metadata:
#       name: vault
#     spec:
#       provider:
#         vault:
#           server: https://vault.example.com:8200
#           path: secret
#           caProvider: {type: ConfigMap, name: vault-ca, key: ca.crt}
#           auth:
#             kubernetes: {mountPath: kubernetes, role: shop}
#     ```
#     A client that skips verification needs the CA of the vault first: `caCertSecretRef` of a VaultConnection, the annotation
#     `vault.hashicorp.com/ca-cert` of Vault Agent, `vaultCACertPath` of a SecretProviderClass:
#     ```yaml
#     apiVersion: secrets.hashicorp.com/v1beta1
#     kind: VaultConnection
#     metadata:
#       name: vault
#     spec:
#       address: https://vault.example.com:8200
#       caCertSecretRef: vault-ca
#     ```
#     Say of a ClusterSecretStore which namespaces may use it: `conditions: [{namespaces: [shop]}]`, or give each its own
#     SecretStore. A fake store belongs in a folder of tests.
#   controls:
#     soc2: {CC6.1: partial, CC6.7: partial}
#     hipaa: {"164.312(e)(1)": partial, "164.312(d)": supporting}
#     nist: {SC-8: partial, IA-5: partial, SC-12: supporting}
#     pci: {"8.6.2": partial, "2.2.7": supporting}
#     cis: {5.4.2: supporting}
#     iso27001: {A.8.24: supporting, A.5.17: supporting}
#   input:
#     selector:
#       - type: kubernetes
#         kinds: [SecretStore, ClusterSecretStore, ExternalSecret, SecretProviderClass, VaultConnection]
#       - {type: secret-store}
#       - {type: vault-agent}
package probity.secrets.insecure_secret_store

import rego.v1

_vault := input.spec.provider.vault

deny contains {"msg": sprintf("%s `%s` hands out what its manifest says", [input.fake, input.name]), "path": ["fake"]} if {
	is_string(input.fake)
	input.tests == false
}

deny contains {"msg": sprintf("store `%s` may be used from every namespace", [_name]), "path": ["spec", "conditions"]} if {
	input.kind == "ClusterSecretStore"
	_is_store
	not input.spec.provider.fake
	not _is_restricted
}

# A store for the whole cluster: conditions say from where it may be used, and one of them has to hold.
_is_restricted if {
	is_array(input.spec.conditions)
	count(input.spec.conditions) > 0
	every condition in input.spec.conditions {
		not _admits_all(condition)
	}
}

_admits_all(condition) if condition.namespaceSelector == {}

_admits_all(condition) if {
	some expression in condition.namespaceRegexes
	expression in {".*", "^.*$", ".+", "^.+$"}
}

deny contains {"msg": sprintf("store `%s` reaches Vault without TLS", [_name]), "path": _path} if {
	_is_store
	_is_plain(_vault.server)
	_path := ["spec", "provider", "vault", "server"]
}

# Kubernetes, JWT, cloud identities and certificates need no secret that is kept in the cluster for ever.
_static := {"tokenSecretRef": "a static token", "appRole": "a static AppRole secret", "userPass": "a password"}

deny contains {"msg": sprintf("store `%s` logs in to Vault with %s", [_name, what]), "path": path} if {
	_is_store
	some method, what in _static
	_vault.auth[method]
	path := ["spec", "provider", "vault", "auth", method]
}

deny contains {"msg": sprintf("`%s` writes secrets into a %s, which is not kept as one", [_name, kind]), "path": path} if {
	input.kind == "ExternalSecret"
	kind := input.spec.target.manifest.kind
	is_string(kind)
	kind != "Secret"
	path := ["spec", "target", "manifest", "kind"]
}

# No fix: the client may lack the CA, and then it reaches Vault no more once it verifies.
deny contains {"msg": sprintf("`%s` does not verify the certificate of Vault", [_name]), "path": path} if {
	input.kind == "VaultConnection"
	input.spec.skipTLSVerify == true
	path := ["spec", "skipTLSVerify"]
}

deny contains {"msg": sprintf("`%s` reaches Vault without TLS", [_name]), "path": ["spec", "address"]} if {
	input.kind == "VaultConnection"
	_is_plain(input.spec.address)
}

deny contains {"msg": sprintf("`%s` reaches Vault without TLS", [_name]), "path": path} if {
	input.kind == "SecretProviderClass"
	_is_plain(input.spec.parameters.vaultAddress)
	path := ["spec", "parameters", "vaultAddress"]
}

deny contains {"msg": sprintf("`%s` does not verify the certificate of Vault", [_name]), "path": path} if {
	input.kind == "SecretProviderClass"
	_is_true(input.spec.parameters.vaultSkipTLSVerify)
	path := ["spec", "parameters", "vaultSkipTLSVerify"]
}

deny contains {"msg": sprintf("`%s` %s", [input.workload, what]), "path": ["annotations", key]} if {
	some key, annotation in _annotations
	_has_effect(key, annotation)
	what := _weakness(key, annotation.text)
}

not_assessed contains result if {
	some [path, value] in _addresses
	_is_filled_in(value)
	result := {
		"msg": "how Vault is reached is filled in later",
		"path": path,
		"missing": concat(".", path),
	}
}

_addresses contains [["spec", "provider", "vault", "server"], _vault.server] if _is_store

_addresses contains [["spec", "address"], input.spec.address] if input.kind == "VaultConnection"

_addresses contains [["annotations", key], annotation.text] if {
	some key, annotation in _annotations
	_has_effect(key, annotation)
	key in {"vault.hashicorp.com/service", "vault.security.banzaicloud.io/vault-addr"}
}

# Annotations of Pods, which are objects: a manifest may have a field of this name.
_annotations := input.annotations if is_object(input.annotations)

_weakness(key, text) := "does not verify the certificate of Vault" if {
	key in {"vault.hashicorp.com/tls-skip-verify", "vault.security.banzaicloud.io/vault-skip-verify"}
	_is_true(text)
}

_weakness(key, text) := "reaches Vault without TLS" if {
	key in {"vault.hashicorp.com/service", "vault.security.banzaicloud.io/vault-addr"}
	_is_plain(text)
}

_weakness(key, text) := "gets the token of Vault Agent as a file" if {
	key == "vault.hashicorp.com/agent-inject-token"
	_is_true(text)
}

_has_effect(key, annotation) if {
	not annotation.misplaced
	startswith(key, "vault.hashicorp.com/")
	input.agent != "off"
}

_has_effect(key, annotation) if {
	not annotation.misplaced
	startswith(key, "vault.security.banzaicloud.io/")
}

_is_store if {
	input.kind in {"SecretStore", "ClusterSecretStore"}
	startswith(input.apiVersion, "external-secrets.io/")
}

_is_plain(address) if {
	is_string(address)
	startswith(lower(address), "http://")
}

_is_filled_in(text) if {
	is_string(text)
	contains(text, "${")
}

_is_filled_in(text) if {
	is_string(text)
	contains(text, "{{")
}

_is_filled_in(text) if text == "unknown"

_is_true(text) if lower(sprintf("%v", [text])) in {"true", "1", "t"}

_name := input.metadata.name
