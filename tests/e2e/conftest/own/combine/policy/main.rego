package main

import rego.v1

deny contains sprintf("%s is declared %d times", [name, count(paths)]) if {
	some entry in input
	name := entry.contents.metadata.name
	paths := [other.path | some other in input; other.contents.metadata.name == name]
	count(paths) > 1
}

warn contains sprintf("%d %s %v", [i, entry.path, entry.contents]) if some i, entry in input

warn contains sprintf("about %v", [data.conftest.file.name])
