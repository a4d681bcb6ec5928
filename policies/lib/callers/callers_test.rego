package probity.lib.callers_test

import rego.v1

import data.probity.lib.callers

test_istio_names_principals_of_its_trust_domain if {
	text := callers.remedy(_workload({"mesh": "istio-ambient", "trust_domain": "corp.example"}))
	contains(text, `selector: {matchLabels: {"app":"cart"}}`)
	contains(text, `["corp.example/ns/front/sa/web"]`)
	not contains(text, "cluster.local")
	not contains(text, "cuts off")
	open := callers.remedy(_workload({"mesh": "istio-sidecar", "trust_domain": null}))
	contains(open, `["cluster.local/ns/front/sa/web"]`)
	endswith(open, "another one.")
}

test_linkerd_has_a_server_for_each_port if {
	text := callers.remedy(_workload({"mesh": "linkerd"}))
	contains(text, `identityRefs: [{"kind":"ServiceAccount","name":"web","namespace":"front"}]`)
	contains(text, "kind: Server\nmetadata: {name: cart-8080, namespace: shop}")
	contains(text, "targetRef: {group: policy.linkerd.io, kind: Server, name: cart-8080}")
	not contains(text, "9090")
	not contains(text, "null")
	callers.remedy(_workload({"mesh": "linkerd", "ports": []})) == _sentence
	callers.remedy(_workload({"mesh": "linkerd", "labels": {}})) == _sentence
}

test_kuma_denies_all_others if {
	text := callers.remedy(_workload({"mesh": "kuma"}))
	contains(text, "kuma.io/mesh: inner")
	contains(text, `{kind: MeshSubset, tags: {"app":"cart","k8s.kuma.io/namespace":"shop"}}`)
	contains(text, "{targetRef: {kind: Mesh}, default: {action: Deny}}")
	contains(text, `tags: {"app":"web","k8s.kuma.io/namespace":"front"}}, default: {action: Allow}}`)
	callers.remedy(_workload({"mesh": "kuma", "labels": {}})) == _sentence
}

test_consul_denies_all_others if {
	text := callers.remedy(_workload({"mesh": "consul", "labels": {}}))
	contains(text, "destination: {name: basket}")
	contains(text, "- {name: web-front, action: allow}")
	contains(text, `- {name: "*", action: deny}`)
}

test_nobody_who_calls_is_invented if {
	text := callers.remedy(_workload({"mesh": "consul", "callers": []}))
	startswith(text, "Nobody is known to call it")
	contains(text, "{name: NAME-OF-A-CALLER, action: allow}")
	startswith(callers.remedy(_workload({"mesh": "consul"})), "Allow the callers")
}

test_those_whom_it_cuts_off_are_named if {
	text := callers.remedy(_workload({"mesh": "kuma", "others": ["Ingress/shop/edge", "Deployment/old/web"]}))
	contains(text, "It cuts off `Ingress/shop/edge`, `Deployment/old/web`:")
}

test_other_meshes_have_no_such_policy if {
	callers.remedy(_workload({"mesh": "cilium"})) == _sentence
}

_sentence := "Name its callers, and nobody else, in the policies of the mesh."

_workload(fields) := object.union(object.remove(_base, object.keys(fields)), fields)

_base := {
	"namespace": "shop",
	"name": "cart",
	"labels": {"app": "cart"},
	"service_name": "basket",
	"mesh_name": "inner",
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
