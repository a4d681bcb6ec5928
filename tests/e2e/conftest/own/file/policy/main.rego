package main

import rego.v1

deny contains sprintf("%s in %s", [data.conftest.file.name, name]) if {
	parts := split(data.conftest.file.dir, "/")
	name := parts[count(parts) - 1]
}
