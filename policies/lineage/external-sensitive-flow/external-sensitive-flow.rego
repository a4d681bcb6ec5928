# METADATA
# title: Sensitive data leaves only to declared parties
# description: >-
#   A service that holds personal, health or card data calls a party outside the cluster that nobody declared. This asks for
#   evidence, such as an agreement with a processor; it does not prove that data is sent.
# scope: package
# related_resources:
#   - ref: https://ethyca.github.io/fideslang/taxonomy/overview/
# custom:
#   severity: HIGH
#   recommended_action: |-
#     Declare the party, and what it may be sent, where its host is declared:
#     ```yaml
#     apiVersion: networking.istio.io/v1
#     kind: ServiceEntry
#     metadata:
#       name: payments-provider
#       annotations:
#         probity.dev/data-categories: PCI
#     spec:
#       hosts: [api.payments.example.com]
#     ```
#     or, where what leaves the service points to nobody: `probity.dev/sanitizes: tokenized` on its workload.
#   controls:
#     soc2: {C1.1: partial, CC9.2: supporting}
#     hipaa: {"164.308(b)(1)": supporting, "164.312(e)(1)": supporting}
#     nist: {SA-9: supporting, CM-13: partial}
#     pci: {"1.2.4": supporting, "12.8.1": supporting}
#     gdpr: {"28(1)": supporting, "44": supporting}
#     iso27001: {A.5.14: supporting, A.5.19: supporting}
#   input:
#     selector: [{type: flow}]
package probity.lineage.external_sensitive_flow

import rego.v1

_undeclared := [category |
	some category in input.carries.categories
	not category in input.sink.categories
]

deny contains result if {
	input.way == "leave"
	input.sink.declared != "unknown"
	count(_undeclared) > 0
	result := {
		"msg": sprintf("`%s` holds %s and calls `%s`, which is not declared to receive it (%s)", [
			input.from, concat(", ", _undeclared), input.to, concat(" -> ", input.path),
		]),
		"path": ["transport"],
		"peer": input.to,
	}
}

not_assessed contains result if {
	input.way == "leave"
	input.sink.declared == "unknown"
	count(input.carries.categories) > 0
	result := {
		"msg": sprintf("what `%s` may receive is not in the input", [input.to]),
		"path": ["transport"],
		"missing": sprintf("classification of %s", [input.to]),
	}
}
