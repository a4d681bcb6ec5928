# METADATA
# title: Annotations for Vault have an effect
# description: >-
#   Vault's injector looks at a Pod only if the Pod itself says `agent-inject: "true"`. Without that, and on the object
#   around the Pod, the other annotations do nothing: the credential does not come, and people put it elsewhere.
# scope: package
# related_resources:
#   - ref: https://developer.hashicorp.com/vault/docs/platform/k8s/injector/annotations
# custom:
#   severity: MEDIUM
#   points_at: names
#   recommended_action: |-
#     Switch the injector on, in the template of the Pod:
#     ```yaml
#     spec:
#       template:
#         metadata:
#           annotations:
#             vault.hashicorp.com/agent-inject: "true"
#             vault.hashicorp.com/role: orders
#             vault.hashicorp.com/agent-inject-secret-db: secret/data/shop/orders
#     ```
#   controls:
#     soc2: {CC6.1: supporting}
#     nist: {IA-5: supporting, CM-6: supporting}
#     pci: {"8.6.2": supporting}
#     cis: {5.4.2: supporting}
#   input:
#     selector:
#       - {type: vault-agent}
package probity.secrets.inert_vault_annotation

import rego.v1

_asks(key) if startswith(key, "vault.hashicorp.com/agent-inject-secret-")

_asks(key) if startswith(key, "vault.hashicorp.com/agent-inject-template-")

_is_switch(key) if key == "vault.hashicorp.com/agent-inject"

_asking := [key | some key, annotation in input.annotations; _asks(key); not annotation.misplaced]

# Annotations of the object around the Pod never reach it.
_misplaced := [key |
	some key, annotation in input.annotations
	annotation.misplaced
	_is_ours(key)
]

_is_ours(key) if _asks(key)

_is_ours(key) if _is_switch(key)

deny contains result if {
	input.agent == "off"
	some first in array.slice(_asking, 0, 1)
	result := {
		"msg": sprintf("`%s` asks Vault for credentials, but `vault.hashicorp.com/agent-inject` is not \"true\", so none come", [input.workload]),
		"path": ["annotations", first],
	}
}

deny contains result if {
	input.agent == "on"
	input.refused
	some first in array.slice(_asking, 0, 1)
	result := {
		"msg": sprintf("`%s` asks Vault for credentials, but the injector leaves its namespace out", [input.workload]),
		"path": ["annotations", first],
	}
}

deny contains result if {
	count(_asking) == 0
	some first in array.slice(_misplaced, 0, 1)
	result := {
		"msg": sprintf("the annotations for Vault stand on `%s` and not on its Pods, where the injector looks", [input.workload]),
		"path": ["annotations", first],
	}
}

not_assessed contains result if {
	input.agent == "unknown"
	some first in array.slice(_asking, 0, 1)
	result := {
		"msg": sprintf("whether the injector is on for `%s` is filled in later", [input.workload]),
		"path": ["annotations", first],
		"missing": "vault.hashicorp.com/agent-inject",
	}
}
