# METADATA
# title: Logs are kept where nobody can rewrite them
# description: >-
#   Whoever breaks in deletes the traces first, and a log that can be rewritten proves nothing afterwards. The store that
#   receives logs has to keep what was written: by Object Lock, or a retention policy, which nobody can lift before its
#   time in compliance mode, or at least by versioning, which keeps what is overwritten or deleted until somebody removes
#   the versions too. Object Lock is the stronger of the two; it locks nothing without a default retention. A retention
#   policy that is not locked is lifted by whoever may change the bucket, and one that ends within 90 days keeps nothing
#   for the time in which most intrusions are found.
# scope: package
# related_resources:
#   - ref: https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock.html
#   - ref: https://cloud.google.com/storage/docs/bucket-lock
#   - ref: https://learn.microsoft.com/azure/storage/blobs/immutable-storage-overview
# custom:
#   severity: HIGH
#   recommended_action: |-
#     Lock what is written for as long as the logs have to be kept:
#     ```hcl
#     resource "aws_s3_bucket_versioning" "logs" {
#       bucket = aws_s3_bucket.logs.id
#       versioning_configuration {
#         status = "Enabled"
#       }
#     }
#
#     resource "aws_s3_bucket_object_lock_configuration" "logs" {
#       bucket = aws_s3_bucket.logs.id
#       rule {
#         default_retention {
#           mode = "COMPLIANCE"
#           days = 365
#         }
#       }
#     }
#     ```
#     On Google Cloud set `retention_policy { retention_period = "31536000", is_locked = true }` on the bucket, on Azure
#     an `immutability_policy` with `state = "Locked"` on the storage account.
#   controls:
#     soc2: {CC7.2: supporting, CC7.3: supporting}
#     hipaa: {"164.312(b)": supporting, "164.312(c)(1)": partial}
#     nist: {AU-9: partial, AU-11: supporting}
#     pci: {"10.3.2": partial, "10.5.1": supporting}
#     cis: {"GCP 2.3": partial}
#     iso27001: {A.8.15: partial}
#   input:
#     selector: [{type: log-store, kinds: [aws_s3_bucket, azurerm_storage_account, google_storage_bucket]}]
package probity.audit.mutable_log_store

import rego.v1

deny contains result if {
	input.immutable == false
	result := {
		"msg": sprintf("`%s` receives logs, and %s", [input.address, _lack]),
		"path": _decides,
		"related": _writers,
	}
}

# What is locked for a while may be rewritten afterwards, where no versions are kept.
deny contains result if {
	input.versioned == false
	_is_locked
	is_number(input.object_lock.days)
	input.object_lock.days < _shortest
	result := {
		"msg": sprintf("`%s` receives logs, and keeps them from changes for %d days only", [
			input.address, input.object_lock.days,
		]),
		"path": ["object_lock", "days"],
		"related": _writers,
	}
}

# What somebody deletes is a version for a while, and gone then.
deny contains result if {
	input.versioned == true
	input.object_lock.enabled == false
	is_number(input.version_days)
	input.version_days < _shortest
	result := {
		"msg": sprintf("`%s` receives logs, and keeps what is deleted or overwritten for %d days only", [
			input.address, input.version_days,
		]),
		"path": ["version_days"],
		"related": _writers,
		"remedy": sprintf("Keep versions for as long as logs are needed, or lock them:\n```hcl\n%s\n```", [_kept]),
	}
}

_kept := "condition {\n  days_since_noncurrent_time = 365\n}" if {
	input.type == "google_storage_bucket"
} else := "noncurrent_version_expiration {\n  noncurrent_days = 365\n}"

# Three months are at hand, the least of PCI DSS 10.5.1.
_shortest := 90

_is_locked if {
	input.object_lock.enabled == true
	input.immutable == true
}

_is_revocable if input.object_lock.enabled == true

_lack := "its retention is not locked: whoever may change the store lifts it" if {
	_is_revocable
} else := "keeps neither versions nor a lock on them"

_decides := ["object_lock", "final"] if {
	_is_revocable
} else := ["versioned"]

_writers := [{"msg": "this writes logs there", "path": ["receives", index], "resource": source.resource, "context": true} |
	some index, source in input.receives
]

not_assessed contains result if {
	input.immutable == "unknown"
	result := {
		"msg": sprintf("whether `%s` keeps the logs that it receives as they were is not in the plan", [input.address]),
		"path": ["immutable"],
		"missing": concat(", ", input.missing),
	}
}
