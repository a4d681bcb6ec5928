# METADATA
# title: What rules about meshes share
# scope: package
package probity.lib.mtls

import rego.v1

# The chain behind a fact as related places; `path` leads to it.
chain(steps, path) := [_step(step, array.concat(path, [index])) | some index, step in steps]

# The chain without the step that the finding is about.
rest(steps, path, text) := [_step(step, array.concat(path, [index])) |
	some index, step in steps
	step.text != text
]

_step(step, path) := {"msg": step.text, "path": path} if step.resource == null

_step(step, path) := {
	"msg": trim_prefix(step.text, sprintf("%s ", [step.resource])),
	"resource": step.resource,
	"path": path,
} if {
	step.resource != null
}

# What to write where a Sidecar keeps a server from its proxy.
told(steps, server) := {"remedy": sprintf("Add `%s/*` to `hosts` of `egress` in `%s`.", [namespace, sidecars[0]])} if {
	sidecars := [step.resource |
		some step in steps
		step.resource != null
		startswith(step.resource, "Sidecar/")
	]
	count(sidecars) > 0
	[_, namespace, _] := split(server, "/")
}

else := {}

# Services that lead to a port, and who calls it.
concerned(port, index) := array.concat(
	[{"msg": "leads to this port", "path": ["ports", index, "services", at], "resource": service, "context": true} |
		some at, service in port.services
	],
	[{"msg": "calls this port", "path": ["ports", index, "clients", at], "resource": client, "context": true} |
		some at, client in port.clients
	],
)

# Ports that are judged, with their positions.
judged[index] := port if {
	some index, port in input.ports
	port.judged
	not input.platform
}

in_mesh if not input.mesh in {"none", "unknown"}

# Result of a rule that needs to know the mesh.
unknown_mesh := {
	"msg": sprintf("whether it is in a mesh is not known: %s is not in the input", [input.missing]),
	"path": ["mesh"],
	"missing": input.missing,
} if {
	input.mesh == "unknown"
	input.serves
	not input.platform
}

# A port in words.
port_name(port) := sprintf("port %v", [port.port]) if port.port != null

else := "its port"

