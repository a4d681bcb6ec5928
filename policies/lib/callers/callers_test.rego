package probity.lib.callers_test

import rego.v1

import data.probity.lib.callers

test_istio_names_principals_of_its_trust_domain if {
	text := callers.remedy(_workload({"mesh": "istio-ambient", "trust_domain": "corp.example"}))
	contains(text, `selector: {matchLabels: {"app":"cart"}}`)
	contains(text, `["corp.example/ns/front/sa/web"]`)
	not contains(text, "cluster.local")
	not contains(text, "cuts off")
	not contains(text, "uma")
	open := callers.remedy(_workload({"mesh": "istio-sidecar", "trust_domain": null}))
	contains(open, `["cluster.local/ns/front/sa/web"]`)
	endswith(open, "another one.")
	contains(open, `metadata: {name: deployment-cart-callers, namespace: "shop"}`)
	callers.remedy(_workload({"mesh": "istio-sidecar", "labels": {}})) == _sentence
}

test_behind_a_waypoint_it_is_asked_instead if {
	ambient := {"mesh": "istio-ambient", "waypoint": true}
	served := {"ports": [{"port": 8080, "judged": true, "services": ["Service/shop/cart"]}]}
	text := callers.remedy(_workload(object.union(ambient, served)))
	contains(text, `targetRefs: [{"group":"","kind":"Service","name":"cart"}]`)
	not contains(text, "selector")
	callers.remedy(_workload(ambient)) == _sentence
	callers.remedy(_workload(object.union(served, {"mesh": "istio-ambient", "waypoint": "unknown"}))) == _sentence
	callers.remedy(_workload(object.union(served, {"mesh": "cilium", "waypoint": true}))) == _sentence
}

test_without_mtls_there_is_nobody_to_name if {
	disabled := {"port": 8080, "judged": true, "mtls": "disabled"}
	off := _workload({"mesh": "kuma", "ports": [disabled, {"port": 9090, "judged": false, "mtls": "strict"}]})
	startswith(callers.remedy(off), "First let it take mTLS")
	on := _workload({"mesh": "kuma", "ports": [disabled, {"port": 9090, "judged": true, "mtls": "strict"}]})
	startswith(callers.remedy(on), "Allow the callers")
}

test_linkerd_has_a_server_for_each_port if {
	text := callers.remedy(_workload({"mesh": "linkerd"}))
	contains(text, `identityRefs: [{"kind":"ServiceAccount","name":"web","namespace":"front"}]`)
	contains(text, "kind: Server\nmetadata: {name: deployment-cart-8080, namespace: \"shop\"}")
	contains(text, "targetRef: {group: policy.linkerd.io, kind: Server, name: deployment-cart-8080}")
	contains(text, "kind: MeshTLSAuthentication, name: deployment-cart-callers}")
	not contains(text, "9090")
	not contains(text, "null")
	callers.remedy(_workload({"mesh": "linkerd", "ports": []})) == _sentence
	callers.remedy(_workload({"mesh": "linkerd", "labels": {}})) == _sentence
}

test_linkerd_takes_no_second_server_for_a_port if {
	because := [{"text": "a", "resource": null}, {"text": "b", "resource": "Server/shop/cart-http"}]
	served := {"port": 8080, "judged": true, "because": because}
	text := callers.remedy(_workload({"mesh": "linkerd", "ports": [served]}))
	contains(text, "AuthorizationPolicy with `Server/shop/cart-http` as `targetRef`")
	other := object.union(served, {"judged": false})
	contains(callers.remedy(_workload({"mesh": "linkerd", "ports": [{"port": 80, "judged": true}, other]})), "```yaml")
	contains(callers.remedy(_workload({"mesh": "istio-sidecar", "ports": [served]})), "```yaml")
	account := object.union(served, {"because": [{"text": "a", "resource": "Namespace/shop"}]})
	contains(callers.remedy(_workload({"mesh": "linkerd", "ports": [account]})), "```yaml")
}

test_kuma_denies_all_others if {
	text := callers.remedy(_workload({"mesh": "kuma"}))
	contains(text, `kuma.io/mesh: "inner"`)
	contains(text, "name: shop-deployment-cart-callers\n  namespace: \"kuma-system\"")
	contains(text, "unless it was given another one")
	contains(text, "Kuma 3.0 refuses `from`")
	not contains(text, "cuts off")
	there := callers.remedy(_workload({"mesh": "kuma", "mesh_namespace": "kong-mesh-system"}))
	contains(there, `namespace: "kong-mesh-system"`)
	not contains(there, "unless it was given")
	contains(text, `{kind: MeshSubset, tags: {"app":"cart","k8s.kuma.io/namespace":"shop"}}`)
	contains(text, "{targetRef: {kind: Mesh}, default: {action: Deny}}")
	contains(text, `tags: {"app":"web","k8s.kuma.io/namespace":"front"}}, default: {action: Allow}}`)
	callers.remedy(_workload({"mesh": "kuma", "labels": {}})) == _sentence
}

test_kuma_has_no_tags_of_its_own_labels_or_of_empty_ones if {
	unnamed := {"kuma.io/sidecar-injection": "enabled", "canary": ""}
	callers.remedy(_workload({"mesh": "kuma", "labels": unnamed})) == _sentence
	text := callers.remedy(_workload({"mesh": "kuma", "labels": object.union(unnamed, {"app": "cart"})}))
	contains(text, `tags: {"app":"cart","k8s.kuma.io/namespace":"shop"}`)
	caller := object.union(_base.callers[0], {"namespace": "batch"})
	nobody := object.union(object.remove(caller, ["labels"]), {"labels": unnamed})
	callers.remedy(_workload({"mesh": "kuma", "callers": [nobody]})) == _sentence
	both := {"callers": array.concat(_base.callers, [nobody])}
	part := callers.remedy(_workload(object.union(both, {"mesh": "kuma"})))
	contains(part, "cuts off callers in `batch` whose Pods have no labels")
	not contains(part, `"k8s.kuma.io/namespace":"batch"`)
	not contains(callers.remedy(_workload(object.union(both, {"mesh": "consul"}))), "cuts off")
}

test_consul_denies_all_others if {
	text := callers.remedy(_workload({"mesh": "consul", "labels": {}}))
	contains(text, `destination: {name: "basket"}`)
	contains(text, `- {name: "web-front", action: allow}`)
	contains(text, `- {name: "*", action: deny}`)
	callers.remedy(_workload({"mesh": "consul", "service_name": null})) == _sentence
}

test_consul_takes_no_second_intentions_for_a_service if {
	there := {"intentions": ["ServiceIntentions/shop/cart-in"]}
	startswith(callers.remedy(_workload(object.union(there, {"mesh": "consul"}))), "Edit `ServiceIntentions/shop/cart-in`:")
	contains(callers.remedy(_workload(object.union(there, {"mesh": "istio-sidecar"}))), "```yaml")
	several := object.union(there, {"mesh": "consul", "service_name": null})
	callers.remedy(_workload(several)) == _sentence
}

test_nobody_who_calls_is_invented if {
	text := callers.remedy(_workload({"mesh": "consul", "callers": []}))
	startswith(text, "Nobody is known to call it")
	contains(text, `{name: "NAME-OF-A-CALLER", action: allow}`)
	startswith(callers.remedy(_workload({"mesh": "consul"})), "Allow the callers")
}

test_those_whom_it_cuts_off_are_named if {
	text := callers.remedy(_workload({"mesh": "kuma", "others": ["Ingress/shop/edge", "Deployment/old/web"]}))
	contains(text, "It cuts off `Ingress/shop/edge`, `Deployment/old/web`:")
	alone := callers.remedy(_workload({"mesh": "kuma", "callers": [], "others": ["Deployment/old/web"]}))
	startswith(alone, "Let `Deployment/old/web` call it by mTLS")
	not contains(alone, "```")
}

test_other_meshes_have_no_such_policy if {
	callers.remedy(_workload({"mesh": "cilium"})) == _sentence
}

_sentence := "Name its callers, and nobody else, in the policies of the mesh."

_workload(fields) := object.union(object.remove(_base, object.keys(fields)), fields)

_base := {
	"namespace": "shop",
	"kind": "Deployment",
	"name": "cart",
	"labels": {"app": "cart"},
	"service_name": "basket",
	"mesh_name": "inner",
	"mesh_namespace": null,
	"waypoint": false,
	"intentions": [],
	"trust_domain": null,
	"callers": [{
		"namespace": "front",
		"service_account": "web",
		"service_name": "web-front",
		"labels": {"app": "web"},
	}],
	"others": [],
	"ports": [
		{"port": 8080, "judged": true},
		{"port": 9090, "judged": false},
		{"port": null, "judged": true},
	],
}
