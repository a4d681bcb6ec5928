# METADATA
# title: No default or placeholder is deployed as a credential
# description: >-
#   `changeme`, `root` and `admin` are the first that anybody tries. A placeholder that deploys is a password that the
#   whole world knows.
# scope: package
# related_resources:
#   - ref: https://cwe.mitre.org/data/definitions/1392.html
#   - ref: https://pages.nist.gov/800-63-4/sp800-63b.html
# custom:
#   severity: HIGH
#   recommended_action: |-
#     Let the cluster make a random one, and refer to it:
#     ```yaml
#     apiVersion: generators.external-secrets.io/v1alpha1
#     kind: Password
#     metadata:
#       name: orders-db
#     spec: {length: 32, symbols: 4, noUpper: false, allowRepeat: true}
#     ---
#     apiVersion: external-secrets.io/v1
#     kind: ExternalSecret
#     metadata:
#       name: orders-db
#     spec:
#       refreshPolicy: CreatedOnce
#       target: {name: orders-db}
#       dataFrom:
#         - sourceRef:
#             generatorRef: {apiVersion: generators.external-secrets.io/v1alpha1, kind: Password, name: orders-db}
#     ```
#     In a template that has to be filled in, write `<PASSWORD>`: it cannot be taken for a value.
#   controls:
#     soc2: {CC6.1: partial}
#     hipaa: {"164.312(d)": supporting}
#     nist: {IA-5: partial, IA-5(1): partial}
#     pci: {"2.2.2": partial, "8.3.6": partial, "8.6.2": supporting}
#     cis: {5.4.2: supporting}
#     iso27001: {A.5.17: partial}
#   input:
#     selector:
#       - {type: secret}
package probity.secrets.weak_credential

import rego.v1

import data.probity.lib.secrets

deny contains result if {
	some at, value in input.values
	value.class == "weak"
	result := {
		"msg": sprintf("%s sets the credential `%s` to a value that everybody tries", [secrets.titled(input), value.key]),
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
