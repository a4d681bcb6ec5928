# METADATA
# title: Secrets are not committed in readable form
# description: >-
#   The values of a Secret are encoded, not encrypted: whoever reads the repository, a clone or a backup of it reads
#   them. They stay in the history, are the same in every place that the manifest is deployed to, and do not rotate.
# scope: package
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/configuration/secret/
#   - ref: https://external-secrets.io/latest/api/externalsecret/
# custom:
#   severity: HIGH
#   recommended_action: |-
#     Change the values, since they are known, and keep the new ones in a vault. Replace the Secret by an order to fetch
#     them; Pods need no change:
#     ```yaml
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
#     To keep them beside the code, encrypt them: `kubeseal` makes a SealedSecret, `sops --encrypt` encrypts the values.
#   controls:
#     soc2: {CC6.1: partial}
#     hipaa: {"164.312(a)(2)(iv)": partial, "164.312(d)": supporting}
#     nist: {IA-5: partial, IA-5(7): partial, SC-28: supporting}
#     pci: {"8.6.2": partial, "8.3.2": supporting}
#     cis: {5.4.2: supporting}
#     gdpr: {"32(1)(a)": supporting}
#     iso27001: {A.5.17: partial}
#   input:
#     selector:
#       - {type: secret, kinds: [Secret]}
package probity.secrets.committed_secret

import rego.v1

# Tokens and releases that the cluster writes by itself.
_generated if input.type in {"kubernetes.io/service-account-token", "helm.sh/release.v1"}

# Another object fills it in from values kept elsewhere.
_generated if input.owner != null

# A repository or cluster of Argo CD: an address, and only in these keys something to keep secret.
_argo_keys := {
	"bearerToken",
	"config",
	"gcpServiceAccountKey",
	"githubAppPrivateKey",
	"password",
	"sshPrivateKey",
	"tlsClientCertKey",
}

_is_argo if input.labels["argocd.argoproj.io/secret-type"]

_is_setting(value) if {
	_is_argo
	not value.key in _argo_keys
}

# What has no class is a value of the Secret, also in what `kubectl apply` keeps of it. A value that everybody knows is `weak-credential`, a private key has a rule of its own.
_values(shape) := [at |
	not _generated
	some at, value in input.values
	value.shape == shape
	value.class == null
	not _is_setting(value)
]

# Beside a weak credential, the names of its user and host alone need no finding of their own.
_only_public(readable) if {
	some value in input.values
	value.class == "weak"
	every at in readable {
		input.values[at].public
	}
}

# What has to be kept comes before names of users and hosts: a finding is shown at its first value.
_ordered(values) := array.concat(
	[at | some at in values; not input.values[at].public],
	[at | some at in values; input.values[at].public],
)

deny contains result if {
	readable := _ordered(_values("text"))
	not _only_public(readable)
	some first in array.slice(readable, 0, 1)
	result := {
		"msg": sprintf("secret `%s` is committed with readable values: %s", [input.name, _keys(readable)]),
		"path": ["values", first],
		"related": [{"msg": "this value is readable too", "path": ["values", at]} |
			some at in array.slice(readable, 1, count(readable))
		],
	}
}

not_assessed contains result if {
	unknown := _values("unknown")
	some first in array.slice(unknown, 0, 1)
	result := {
		"msg": sprintf("secret `%s` has values that cannot be read here: %s", [input.name, _keys(unknown)]),
		"path": ["values", first],
		"missing": concat(", ", [sprintf("the text of %s", [at]) | some at in unknown]),
	}
}

_keys(values) := concat(", ", [sprintf("`%s`", [input.values[at].key]) | some at in values])
