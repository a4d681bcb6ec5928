# METADATA
# title: Each service has an identity of its own
# description: >-
#   Meshes and Kubernetes know workloads by their ServiceAccount. Services that share one cannot be told apart: what
#   one may do, all may, and a policy that names one admits all.
# scope: package
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/security/service-accounts/
#   - ref: https://istio.io/latest/docs/concepts/security/#istio-identity
# custom:
#   severity: MEDIUM
#   recommended_action: |-
#     Make a ServiceAccount for each service, and name it in the Pod:
#     ```yaml
#     apiVersion: v1
#     kind: ServiceAccount
#     metadata:
#       name: cart
#       namespace: shop
#     ---
#     # in the Deployment
#     spec:
#       template:
#         spec:
#           serviceAccountName: cart
#     ```
#   controls:
#     soc2: {CC6.1: partial, CC6.6: partial}
#     nist: {AC-3: partial, AC-6: partial, IA-9: supporting, SC-7: supporting, SC-7(5): supporting}
#     pci: {"1.3.1": supporting, "7.2.1": supporting}
#     cis: {"5.3.2": supporting}
#     iso27001: {A.8.22: supporting}
#   input:
#     selector:
#       - {type: identity}
package probity.mtls.shared_identity

import rego.v1

deny contains result if {
	is_array(input.services)
	count(input.services) > 1
	not input.platform
	result := {
		"msg": sprintf("%d services run as `%s`: %s", [count(input.services), input.id, _named]),
		"path": [],
		"related": [related |
			some index, service in input.services
			some position, workload in service.workloads
			related := {
				"msg": "runs as it",
				"path": ["services", index, "workloads", position],
				"resource": workload,
			}
		],
	}
}

not_assessed contains result if {
	input.services == "unknown"
	not input.platform
	result := {
		"msg": sprintf("which services run as `%s` is not known", [input.id]),
		"path": [],
		"missing": "serviceAccountName",
	}
}

# The first few, so that a message stays one.
_named := sprintf("%s and %d more", [concat(", ", array.slice(_services, 0, 5)), count(_services) - 5]) if {
	count(_services) > 6
}

else := concat(", ", _services)

_services := [sprintf("`%s`", [service.service]) |
	is_array(input.services)
	some service in input.services
]
