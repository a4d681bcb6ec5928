# METADATA
# title: Each service has credentials of its own
# description: >-
#   When several services log in with the same credential, nobody can tell which of them did something, a leak of one is
#   a leak of all, and it cannot be changed or revoked for one alone.
# scope: package
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/security/secrets-good-practices/
# custom:
#   severity: MEDIUM
#   points_at: names
#   recommended_action: |-
#     Give each service its own account and its own Secret:
#     ```yaml
#     apiVersion: external-secrets.io/v1
#     kind: ExternalSecret
#     metadata:
#       name: cart-payment-api
#     spec:
#       secretStoreRef: {name: vault, kind: ClusterSecretStore}
#       target: {name: cart-payment-api}
#       data:
#         - secretKey: token
#           remoteRef: {key: shop/cart/payment-api, property: token}
#     ```
#   controls:
#     soc2: {CC6.1: supporting, CC6.3: partial}
#     hipaa: {"164.312(a)(2)(i)": partial, "164.312(d)": supporting}
#     nist: {AC-6: partial, IA-5: supporting, IA-2: supporting}
#     pci: {"8.2.2": partial, "7.2.5": supporting}
#     iso27001: {A.5.16: partial}
#   input:
#     selector:
#       - {type: secret-use}
package probity.secrets.shared_secret

import rego.v1

deny contains result if {
	is_object(input.shared)
	count(input.shared) > 0
	services := {service | some users in input.shared; some service in users}
	some first in array.slice(_uses, 0, 1)
	result := {
		"msg": sprintf("%d services use the same credential of `%s`: %s", [count(services), input.secret, concat(", ", sort(services))]),
		"path": ["uses", first],
		"related": [{
			"msg": "this service uses it too",
			"path": ["uses", index],
			"resource": input.uses[index].consumer,
		} |
			some index in array.slice(_uses, 1, count(_uses))
		],
	}
}

not_assessed contains result if {
	input.shared == "unknown"
	result := {
		"msg": sprintf("which services use `%s` is not in the input", [input.secret]),
		"path": ["uses"],
		"missing": sprintf("the users of %s", [input.secret]),
	}
}

# The first use of a shared key by each consumer.
_uses := [index |
	some index, use in input.uses
	_is_shared(use)
	not _is_repeated(index, use)
]

_is_shared(use) if input.shared[use.secret_key]

_is_shared(use) if use.secret_key == null

_is_repeated(index, use) if {
	some earlier, other in array.slice(input.uses, 0, index)
	other.consumer == use.consumer
	_is_shared(other)
}
