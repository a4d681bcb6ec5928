# METADATA
# title: Buckets, brokers, caches and databases refuse what comes without TLS
# description: >-
#   S3 answers plain HTTP as readily as HTTPS: whoever is on the way can read objects, and take over signed requests.
#   Only a statement of the bucket's policy that denies everyone where `aws:SecureTransport` is false ends that, and it
#   has to cover the bucket and its objects. An Azure storage account refuses plain HTTP unless that is switched off.
#   Google Cloud Storage has no such setting. Brokers of MSK speak plaintext only where they are told to, ElastiCache
#   unless it is told not to; domains of OpenSearch, Memorystore and Cloud SQL take plaintext until they are told to
#   refuse it. A website endpoint of S3 speaks plain HTTP alone; put a CDN before it.
# scope: package
# related_resources:
#   - ref: https://docs.aws.amazon.com/AmazonS3/latest/userguide/security-best-practices.html
#   - ref: https://learn.microsoft.com/azure/storage/common/storage-require-secure-transfer
# custom:
#   severity: MEDIUM
#   recommended_action: |-
#     Deny what comes without TLS. A bucket has one policy, so add the statement to the one that there is:
#     ```hcl
#     data "aws_iam_policy_document" "tls_only" {
#       statement {
#         effect    = "Deny"
#         actions   = ["s3:*"]
#         resources = [aws_s3_bucket.this.arn, "${aws_s3_bucket.this.arn}/*"]
#         principals {
#           type        = "*"
#           identifiers = ["*"]
#         }
#         condition {
#           test     = "Bool"
#           variable = "aws:SecureTransport"
#           values   = ["false"]
#         }
#       }
#     }
#
#     resource "aws_s3_bucket_policy" "tls_only" {
#       bucket = aws_s3_bucket.this.id
#       policy = data.aws_iam_policy_document.tls_only.json
#     }
#     ```
#     On Azure set `https_traffic_only_enabled = true` on the storage account.
#   controls:
#     soc2: {CC6.7: partial, C1.1: supporting}
#     hipaa: {"164.312(e)(1)": partial, "164.312(e)(2)(ii)": partial}
#     nist: {SC-8: partial, SC-8(1): partial}
#     pci: {"4.2.1": supporting}
#     gdpr: {"32(1)(a)": supporting}
#     iso27001: {A.8.24: supporting}
#   input:
#     selector:
#       - {type: bucket, kinds: [aws_s3_bucket, azurerm_storage_account]}
#       - {type: store}
package probity.storage.plaintext_transport

import rego.v1

deny contains result if {
	input.secure_transport == false
	result := {
		"msg": sprintf("`%s` takes requests without TLS: %s", [input.address, _lack]),
		"path": ["secure_transport"],
		"remedy": _remedy,
		"fixes": [{"kind": "azurerm_storage_account", "key": key, "from": false, "to": true} |
			some key in ["https_traffic_only_enabled", "enable_https_traffic_only"]
		],
	}
}

not_assessed contains result if {
	input.secure_transport == "unknown"
	result := {
		"msg": sprintf("whether `%s` refuses requests without TLS is not in the plan", [input.address]),
		"path": ["secure_transport"],
		"missing": concat(", ", input.secure_transport_missing),
	}
}

_lack := "plain HTTP is switched on" if {
	object.get(input, "provider", "") == "azure"
} else := sprintf("`%s` let%s them in", [concat("` and `", input.plaintext_by), _s]) if {
	count(input.plaintext_by) > 0
} else := "no policy denies them for the bucket and its objects"

_s := "s" if count(input.plaintext_by) == 1

_s := "" if count(input.plaintext_by) > 1

# `module.shop.aws_msk_cluster.events[0]`
_address := split(regex.replace(input.address, `\[[^\]]*\]`, ""), ".")

_block := _address[count(_address) - 1]

_search := concat("\n  ", [
	"domain_endpoint_options {",
	"  enforce_https       = true",
	"  tls_security_policy = \"Policy-Min-TLS-1-2-2019-07\"",
	"}",
	"node_to_node_encryption {",
	"  enabled = true",
	"}",
])

_settings := {
	"aws_elasticache_cluster": "transit_encryption_enabled = true",
	"aws_elasticsearch_domain": _search,
	"aws_memorydb_cluster": "tls_enabled = true",
	"aws_opensearch_domain": _search,
	"azurerm_mariadb_server": "ssl_enforcement_enabled = true",
	"azurerm_mysql_server": "ssl_enforcement_enabled = true",
	"azurerm_postgresql_server": "ssl_enforcement_enabled = true",
	"azurerm_managed_redis": "default_database {\n    client_protocol = \"Encrypted\"\n  }",
	"azurerm_redis_cache": "non_ssl_port_enabled = false",
	"google_memorystore_instance": "transit_encryption_mode = \"SERVER_AUTHENTICATION\"",
	"google_redis_cluster": "transit_encryption_mode = \"TRANSIT_ENCRYPTION_MODE_SERVER_AUTHENTICATION\"",
	"google_redis_instance": "transit_encryption_mode = \"SERVER_AUTHENTICATION\"",
	"google_sql_database_instance": "settings {\n    ip_configuration {\n      ssl_mode = \"ENCRYPTED_ONLY\"\n    }\n  }",
	"aws_elasticache_replication_group": "transit_encryption_enabled = true\n  transit_encryption_mode    = \"required\"",
	"aws_msk_cluster": "encryption_info {\n    encryption_in_transit {\n      client_broker = \"TLS\"\n    }\n  }",
	"azurerm_storage_account": "https_traffic_only_enabled = true",
}

# How a parameter of a server names it.
_servers := {
	"azurerm_mysql_flexible_server": sprintf("server_name         = %s.name\n  resource_group_name = %s.resource_group_name", [
		input.address, input.address,
	]),
	"azurerm_postgresql_flexible_server": sprintf("server_id = %s.id", [input.address]),
}

_remedy := sprintf("Let clients in over TLS alone, once all of them speak it:\n```hcl\nresource \"%s\" \"%s\" {\n  %s\n}\n```", [
	input.type, _block, _settings[input.type],
]) if {
	_settings[input.type]
} else := concat("\n", [
	"Let clients in over TLS alone, once all of them speak it:",
	"```hcl",
	sprintf("resource \"%s_configuration\" \"%s_tls\" {", [input.type, _block]),
	sprintf("  %s", [_servers[input.type]]),
	"  name  = \"require_secure_transport\"",
	"  value = \"on\"",
	"}",
	"```",
]) if {
	_servers[input.type]
} else := concat("\n", [
	"Deny what comes without TLS. A bucket has one policy, so add the statement to the one that there is:",
	"```hcl",
	sprintf("data \"aws_iam_policy_document\" \"%s_tls_only\" {", [_block]),
	"  statement {",
	"    effect    = \"Deny\"",
	"    actions   = [\"s3:*\"]",
	sprintf("    resources = [%s.arn, \"${%s.arn}/*\"]", [input.address, input.address]),
	"    principals {",
	"      type        = \"*\"",
	"      identifiers = [\"*\"]",
	"    }",
	"    condition {",
	"      test     = \"Bool\"",
	"      variable = \"aws:SecureTransport\"",
	"      values   = [\"false\"]",
	"    }",
	"  }",
	"}",
	sprintf("resource \"aws_s3_bucket_policy\" \"%s\" {", [_block]),
	sprintf("  bucket = %s.id", [input.address]),
	sprintf("  policy = data.aws_iam_policy_document.%s_tls_only.json", [_block]),
	"}",
	"```",
])
