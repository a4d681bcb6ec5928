package main

deny contains msg if {
	input.kind == "Pod"
	input.spec.hostNetwork
	msg := sprintf("pod `%s` uses the host network", [input.metadata.name])
}
