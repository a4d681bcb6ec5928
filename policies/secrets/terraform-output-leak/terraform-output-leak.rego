# METADATA
# title: Outputs with credentials are sensitive
# description: >-
#   Terraform prints an output that is not marked as sensitive into logs of pipelines and hands it to everybody who may
#   read the state of the stack.
# scope: package
# related_resources:
#   - ref: https://developer.hashicorp.com/terraform/language/values/outputs
# custom:
#   severity: HIGH
#   recommended_action: |-
#     Hand out where the credential is kept, not the credential:
#     ```hcl
#     output "orders_db_secret_arn" {
#       value = aws_db_instance.orders.master_user_secret[0].secret_arn
#     }
#     ```
#     If the value itself has to be an output, mark it `sensitive = true`; it stays readable in the state.
#   controls:
#     soc2: {CC6.1: partial}
#     hipaa: {"164.312(a)(1)": supporting}
#     nist: {IA-5: supporting, SC-28: supporting, SI-11: partial}
#     pci: {"8.3.2": supporting, "8.6.2": supporting}
#     iso27001: {A.5.17: supporting}
#   input:
#     selector:
#       - {type: planned-output}
package probity.secrets.terraform_output_leak

import rego.v1

deny contains result if {
	input.leaks != null
	input.leaks != "unknown"
	input.sensitive == false
	result := {"msg": sprintf("output `%s` hands out a credential (%s) without being sensitive", [input.name, input.leaks])}
}

not_assessed contains result if {
	input.leaks != null
	input.sensitive == "unknown"
	result := {
		"msg": sprintf("whether output `%s`, a credential, is sensitive is not in the plan", [input.name]),
		"missing": sprintf("output.%s.sensitive", [input.name]),
	}
}
