package main

is_deployment { input.kind == "Deployment" }

images[image] { image := input.spec.containers[_].image }

deny[msg] {
	is_deployment
	image := images[_]
	re_match(":latest$", image)
	msg := sprintf("%v is latest", [image])
}

deny[{"msg": msg}] {
	any([c.privileged == true | c := input.spec.containers[_]])
	msg := "privileged"
}

violation[msg] {
	not all([startswith(i, "registry/") | i := images[_]])
	sprintf("unknown registry in %v", [input.metadata.name], msg)
}

warn[msg] {
	some i
	cast_array(images)[i] == "registry/app:latest"
	msg = sprintf("app at %d", [i])
}
