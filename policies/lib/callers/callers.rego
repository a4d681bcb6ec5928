# METADATA
# title: Policies that let in the callers that there are
# scope: package
package probity.lib.callers

import rego.v1

# What to write for a workload, in the words of its mesh; a sentence where a policy would cut off who may call, or where
# the mesh would refuse it.
remedy(workload) := "First let it take mTLS: without that nobody has an identity that a policy could name." if {
	_takes_plaintext_alone(workload)
} else := sprintf(_intentions, [_quoted(workload.intentions)]) if {
	workload.mesh == "consul"
	workload.service_name != null
	count(workload.intentions) > 0
} else := sprintf(_existing, [_quoted(_servers(workload))]) if {
	workload.mesh == "linkerd"
	count(_servers(workload)) > 0
} else := sprintf(_anonymous, [_quoted(workload.others)]) if {
	count(workload.callers) == 0
	count(workload.others) > 0
} else := concat("\n", array.concat(
	array.concat([_intro(workload)], array.concat(_warnings(workload), ["```yaml"])),
	array.concat(_policies(workload), array.concat(["```"], _notes(workload))),
)) if {
	_can_be_written(workload)
} else := "Name its callers, and nobody else, in the policies of the mesh."

_intentions := "Edit %s: name its callers as `sources` with `action: allow`, and all others as `{name: \"*\", action: deny}`."

_existing := "Let an AuthorizationPolicy with %s as `targetRef` name its callers, then set `accessPolicy: deny` there."

_anonymous := "Let %s call it by mTLS, as somebody whom a policy can name; then allow its callers, and nobody else."

_takes_plaintext_alone(workload) if {
	{port.mtls | some port in workload.ports; port.judged} == {"disabled"}
}

# Beside a Server, Linkerd takes no second one about the same port.
_servers(workload) := {step.resource |
	some port in workload.ports
	port.judged
	some step in port.because
	step.resource != null
	startswith(step.resource, "Server/")
}

# Consul knows it by one name.
_can_be_written(workload) if {
	workload.mesh == "consul"
	workload.service_name != null
}

_can_be_written(workload) if {
	startswith(workload.mesh, "istio-")
	workload.waypoint == false
	count(workload.labels) > 0
}

_can_be_written(workload) if {
	startswith(workload.mesh, "istio-")
	workload.waypoint == true
	count(_services(workload)) > 0
}

_can_be_written(workload) if {
	workload.mesh == "kuma"
	count(_own_tags(workload)) > 0
	some caller in _callers(workload)
	count(_own_tags(caller)) > 0
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
	sprintf("metadata: {name: %s-callers, namespace: %s}", [_name(workload), json.marshal(workload.namespace)]),
	"spec:",
	_selection(workload),
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
		# Those of all namespaces lie in one.
		sprintf("  name: %s-%s-callers", [workload.namespace, _name(workload)]),
		sprintf("  namespace: %s", [json.marshal(mesh_namespace(workload))]),
		sprintf("  labels: {kuma.io/mesh: %s}", [json.marshal(workload.mesh_name)]),
		"spec:",
		sprintf("  targetRef: {kind: MeshSubset, tags: %s}", [_tags(workload)]),
		"  from:",
		"    - {targetRef: {kind: Mesh}, default: {action: Deny}}",
	],
	[sprintf("    - {targetRef: {kind: MeshSubset, tags: %s}, default: {action: Allow}}", [_tags(caller)]) |
		some caller in _callers(workload)
		count(_own_tags(caller)) > 0
	],
) if {
	workload.mesh == "kuma"
} else := array.concat(
	[
		"apiVersion: consul.hashicorp.com/v1alpha1",
		"kind: ServiceIntentions",
		sprintf("metadata: {name: %s, namespace: %s}", [
			json.marshal(workload.service_name),
			json.marshal(workload.namespace),
		]),
		"spec:",
		sprintf("  destination: {name: %s}", [json.marshal(workload.service_name)]),
		"  sources:",
	],
	array.concat(
		[sprintf("    - {name: %s, action: allow}", [json.marshal(name)]) |
			some name in sort({caller.service_name | some caller in _callers(workload)})
		],
		["    - {name: \"*\", action: deny}"],
	),
)

# Behind a waypoint its own proxy sees that of the waypoint, and not who calls.
_selection(workload) := sprintf("  targetRefs: %s", [json.marshal([{
	"group": "",
	"kind": "Service",
	"name": name,
} |
	some name in sort(_services(workload))
])]) if {
	workload.waypoint == true
} else := sprintf("  selector: {matchLabels: %s}", [json.marshal(workload.labels)])

_services(workload) := {split(id, "/")[2] |
	some port in workload.ports
	some id in port.services
}

# Kinds may share a name.
_name(workload) := sprintf("%s-%s", [lower(workload.kind), workload.name])

# Where policies for a whole Mesh of Kuma belong.
mesh_namespace(workload) := workload.mesh_namespace if {
	workload.mesh_namespace != null
} else := "kuma-system"

_authentication(workload) := [
	"apiVersion: policy.linkerd.io/v1alpha1",
	"kind: MeshTLSAuthentication",
	sprintf("metadata: {name: %s-callers, namespace: %s}", [_name(workload), json.marshal(workload.namespace)]),
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
	sprintf("metadata: {name: %s-%v, namespace: %s}", [_name(workload), port, json.marshal(workload.namespace)]),
	"spec:",
	sprintf("  podSelector: {matchLabels: %s}", [json.marshal(workload.labels)]),
	sprintf("  port: %v", [port]),
	"---",
	"apiVersion: policy.linkerd.io/v1alpha1",
	"kind: AuthorizationPolicy",
	sprintf("metadata: {name: %s-%v, namespace: %s}", [_name(workload), port, json.marshal(workload.namespace)]),
	"spec:",
	sprintf("  targetRef: {group: policy.linkerd.io, kind: Server, name: %s-%v}", [_name(workload), port]),
	"  requiredAuthenticationRefs:",
	sprintf("    - {group: policy.linkerd.io, kind: MeshTLSAuthentication, name: %s-callers}", [_name(workload)]),
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

_tags(workload) := json.marshal(object.union(_own_tags(workload), {"k8s.kuma.io/namespace": workload.namespace}))

# Kuma makes tags of labels that are not its own and say something.
_own_tags(workload) := {key: value |
	some key, value in workload.labels
	not contains(key, "kuma.io/")
	value != ""
}

_warnings(workload) := array.concat(
	[sprintf("It cuts off %s: let those call by mTLS first, as somebody whom a policy can name.", [_quoted(workload.others)]) |
		count(workload.others) > 0
	],
	[sprintf("It cuts off callers in %s whose Pods have no labels: give them some first.", [_quoted(unnamed)]) |
		workload.mesh == "kuma"
		unnamed := {caller.namespace |
			some caller in workload.callers
			count(_own_tags(caller)) == 0
		}
		count(unnamed) > 0
	],
)

_notes(workload) := array.concat(
	["`cluster.local` is the trust domain of the mesh, unless it was given another one." |
		startswith(workload.mesh, "istio-")
		workload.trust_domain == null
	],
	array.concat(
		["`kuma-system` is the namespace of the control plane, unless it was given another one." |
			workload.mesh == "kuma"
			workload.mesh_namespace == null
		],
		["Kuma 3.0 refuses `from`: it takes `rules`, with SPIFFE ids." |
			workload.mesh == "kuma"
		],
	),
)

_quoted(ids) := concat(", ", [sprintf("`%s`", [id]) | some id in ids])
