# METADATA
# title: Terraform configuration holds no credential
# description: >-
#   A credential that is written into the configuration, or as the default of a variable, is readable to whoever reads
#   the repository; Terraform copies it into every plan and state as well.
# scope: package
# related_resources:
#   - ref: https://developer.hashicorp.com/terraform/language/manage-sensitive-data
# custom:
#   severity: CRITICAL
#   recommended_action: |-
#     Change the credential, since it is known. Let the provider keep the new one, or take it from a vault in a way that
#     writes it nowhere:
#     ```hcl
#     resource "aws_db_instance" "orders" {
#       manage_master_user_password = true
#     }
#     ephemeral "aws_secretsmanager_secret_version" "cache" {
#       secret_id = "shop/cache"
#     }
#     resource "aws_elasticache_replication_group" "cache" {
#       auth_token_wo         = ephemeral.aws_secretsmanager_secret_version.cache.secret_string
#       auth_token_wo_version = 1
#     }
#     ```
#   controls:
#     soc2: {CC6.1: partial}
#     hipaa: {"164.312(a)(1)": supporting, "164.312(d)": supporting}
#     nist: {IA-5: partial, IA-5(7): partial, SC-28: supporting}
#     pci: {"8.6.2": partial, "8.3.2": supporting}
#     gdpr: {"32(1)(a)": supporting}
#     iso27001: {A.5.17: partial}
#   input:
#     selector:
#       - {type: planned-secret}
package probity.secrets.terraform_literal

import rego.v1

deny contains result if {
	some at, value in input.values
	where := _where(value)
	result := {
		"msg": sprintf("`%s` has a credential in `%s`, %s", [input.address, at, where]),
		"path": ["values", at],
	}
}

not_assessed contains result if {
	some at, value in input.values
	value.origin == "unknown"
	result := {
		"msg": sprintf("where `%s` takes `%s` from is not in the plan", [input.address, at]),
		"path": ["values", at],
		"missing": sprintf("the expression of %s.%s", [input.address, at]),
	}
}

_where(value) := "which the configuration writes out" if value.origin == "constant"

_where(value) := sprintf("which is the default of the variable `%s`", [value.variable]) if value.origin == "default"
