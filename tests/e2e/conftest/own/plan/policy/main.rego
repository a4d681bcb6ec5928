package main

import rego.v1

deny contains sprintf("%s is public", [change.address]) if {
	some change in input.resource_changes
	change.type == "aws_s3_bucket"
	change.change.after.acl == "public-read"
}

warn contains sprintf("terraform %s", [input.terraform_version])
