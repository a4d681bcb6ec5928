# METADATA
# title: Policies that let in the callers that there are
# scope: package
package probity.lib.callers

import rego.v1

# What to write for a workload, in the words of its mesh.
remedy(workload) := concat("\n", array.concat(
	[_intro(workload), "```yaml"],
	array.concat(_policies(workload), array.concat(["```"], _notes(workload))),
)) if {
	_can_be_written(workload)
} else := "Name its callers, and nobody else, in the policies of the mesh."

_can_be_written(workload) if workload.mesh == "consul"

_can_be_written(workload) if {
	workload.mesh in {"istio-sidecar", "istio-ambient", "kuma"}
	count(workload.labels) > 0
}

_can_be_written(workload) if {
	workload.mesh == "linkerd"
	count(workload.labels) > 0
	count(_ports(workload)) > 0
}

_intro(workload) := "Allow the callers that there are:" if {
	count(workload.callers) > 0
} else := "Nobody is known to call it: put in those that do for `NAME-OF-A-CALLER`."

_policies(workload) := [
	"apiVersion: security.istio.io/v1",
	"kind: AuthorizationPolicy",
	sprintf("metadata: {name: %s-callers, namespace: %s}", [workload.name, workload.namespace]),
	"spec:",
	sprintf("  selector: {matchLabels: %s}", [json.marshal(workload.labels)]),
	"  rules:",
	sprintf("    - from: [{source: {principals: %s}}]", [json.marshal(_principals(workload))]),
] if {
	startswith(workload.mesh, "istio-")
} else := array.concat(_authentication(workload), [line |
	some port in sort(_ports(workload))
	some line in _server(workload, port)
]) if {
	workload.mesh == "linkerd"
} else := array.concat(
	[
		"apiVersion: kuma.io/v1alpha1",
		"kind: MeshTrafficPermission",
		"metadata:",
		sprintf("  name: %s-callers", [workload.name]),
		"  namespace: kuma-system",
		sprintf("  labels: {kuma.io/mesh: %s}", [workload.mesh_name]),
		"spec:",
		sprintf("  targetRef: {kind: MeshSubset, tags: %s}", [_tags(workload)]),
		"  from:",
		"    - {targetRef: {kind: Mesh}, default: {action: Deny}}",
	],
	[sprintf("    - {targetRef: {kind: MeshSubset, tags: %s}, default: {action: Allow}}", [_tags(caller)]) |
		some caller in _callers(workload)
	],
) if {
	workload.mesh == "kuma"
} else := array.concat(
	[
		"apiVersion: consul.hashicorp.com/v1alpha1",
		"kind: ServiceIntentions",
		sprintf("metadata: {name: %s, namespace: %s}", [workload.service_name, workload.namespace]),
		"spec:",
		sprintf("  destination: {name: %s}", [workload.service_name]),
		"  sources:",
	],
	array.concat(
		[sprintf("    - {name: %s, action: allow}", [name]) |
			some name in sort({caller.service_name | some caller in _callers(workload)})
		],
		["    - {name: \"*\", action: deny}"],
	),
)

_authentication(workload) := [
	"apiVersion: policy.linkerd.io/v1alpha1",
	"kind: MeshTLSAuthentication",
	sprintf("metadata: {name: %s-callers, namespace: %s}", [workload.name, workload.namespace]),
	"spec:",
	sprintf("  identityRefs: %s", [json.marshal([{
		"kind": "ServiceAccount",
		"name": account[1],
		"namespace": account[0],
	} |
		some account in sort({[caller.namespace, caller.service_account] | some caller in _callers(workload)})
	])]),
]

_server(workload, port) := [
	"---",
	"apiVersion: policy.linkerd.io/v1beta3",
	"kind: Server",
	sprintf("metadata: {name: %s-%v, namespace: %s}", [workload.name, port, workload.namespace]),
	"spec:",
	sprintf("  podSelector: {matchLabels: %s}", [json.marshal(workload.labels)]),
	sprintf("  port: %v", [port]),
	"---",
	"apiVersion: policy.linkerd.io/v1alpha1",
	"kind: AuthorizationPolicy",
	sprintf("metadata: {name: %s-%v, namespace: %s}", [workload.name, port, workload.namespace]),
	"spec:",
	sprintf("  targetRef: {group: policy.linkerd.io, kind: Server, name: %s-%v}", [workload.name, port]),
	"  requiredAuthenticationRefs:",
	sprintf("    - {group: policy.linkerd.io, kind: MeshTLSAuthentication, name: %s-callers}", [workload.name]),
]

_ports(workload) := {port.port |
	some port in workload.ports
	port.judged
	port.port != null
}

_callers(workload) := workload.callers if {
	count(workload.callers) > 0
} else := [{
	"namespace": workload.namespace,
	"service_account": "NAME-OF-A-CALLER",
	"service_name": "NAME-OF-A-CALLER",
	"labels": {"app": "NAME-OF-A-CALLER"},
}]

_principals(workload) := {sprintf("%s/ns/%s/sa/%s", [_trust_domain(workload), caller.namespace, caller.service_account]) |
	some caller in _callers(workload)
}

_trust_domain(workload) := workload.trust_domain if {
	workload.trust_domain != null
} else := "cluster.local"

_tags(workload) := json.marshal(object.union(workload.labels, {"k8s.kuma.io/namespace": workload.namespace}))

_notes(workload) := array.concat(
	["`cluster.local` is the trust domain of the mesh, unless it was given another one." |
		startswith(workload.mesh, "istio-")
		workload.trust_domain == null
	],
	[sprintf("It cuts off %s: bring into the mesh what is in none, and name as whom a gateway runs.", [concat(", ", [sprintf("`%s`", [id]) |
		some id in workload.others
	])]) |
		count(workload.others) > 0
	],
)
