package probity.mtls.plaintext_gateway_test

import rego.v1

import data.probity.mtls.plaintext_gateway as rule

test_an_ingress_without_tls_is_reported_at_its_spec if {
	{result.path | some result in rule.deny with input as _ingress({}, {})} == {["spec", "tls"]}
	count(rule.deny) == 1 with input as _ingress({"tls": []}, {})
	count(rule.deny) == 1 with input as _ingress({"tls": null}, {})
}

test_an_ingress_with_tls_passes if {
	count(rule.deny) == 0 with input as _ingress({"tls": [{"secretName": "a"}]}, {})
}

test_a_certificate_set_by_annotation_passes if {
	count(rule.deny) == 0 with input as _ingress({}, {"alb.ingress.kubernetes.io/certificate-arn": "arn:aws:acm:x"})
	count(rule.deny) == 1 with input as _ingress({}, {"alb.ingress.kubernetes.io/certificate-arn": ""})
}

test_class_gce_serves_http_beside_https if {
	class := {"kubernetes.io/ingress.class": "gce"}
	tls := {"tls": [{"secretName": "a"}]}
	count(rule.deny) == 1 with input as _ingress(tls, class)
	count(rule.deny) == 0 with input as _ingress(tls, object.union(class, {"kubernetes.io/ingress.allow-http": "false"}))
	count(rule.deny) == 0 with input as _ingress(tls, {"kubernetes.io/ingress.class": "nginx"})
	count(rule.deny) == 1 with input as _ingress({}, class)
}

test_other_kinds_named_alike_are_not_judged if {
	count(rule.deny) == 0 with input as object.union(_ingress({}, {}), {"apiVersion": "traefik.io/v1"})
	count(rule.deny) == 0 with input as object.union(_gateway(_http), {"apiVersion": "gateway.networking.k8s.io/v1"})
	gce := _ingress({"tls": [{"secretName": "a"}]}, {"kubernetes.io/ingress.class": "gce"})
	count(rule.deny) == 0 with input as object.union(gce, {"apiVersion": "traefik.io/v1"})
	unknown := _gateway({"port": {"number": 80}, "hosts": ["a"]})
	count(rule.not_assessed) == 0 with input as object.union(unknown, {"apiVersion": "gateway.networking.k8s.io/v1"})
}

test_a_plaintext_server_is_reported_at_its_protocol if {
	results := rule.deny with input as _gateway(_http)
	{result.path | some result in results} == {["spec", "servers", 0, "port", "protocol"]}
	{contains(result.msg, "no host") | some result in results} == {false}
	unhosted := rule.deny with input as _gateway(object.union(_http, {"hosts": []}))
	{contains(result.msg, "no host") | some result in unhosted} == {true}
}

test_a_redirecting_server_passes if {
	count(rule.deny) == 0 with input as _gateway(object.union(_http, {"tls": {"httpsRedirect": true}}))
	count(rule.deny) == 1 with input as _gateway(object.union(_http, {"tls": {"httpsRedirect": false}}))
}

test_a_server_that_terminates_tls_passes if {
	https := {"port": {"number": 443, "protocol": "HTTPS"}, "hosts": ["a"], "tls": {"mode": "SIMPLE"}}
	count(rule.deny) == 0 with input as _gateway(https)
	count(rule.deny) == 0 with input as _gateway(object.remove(https, ["tls"]))
	tcp := {"port": {"number": 5432, "protocol": "TCP"}, "hosts": ["a"]}
	count(rule.deny) == 1 with input as _gateway(tcp)
	count(rule.deny) == 0 with input as _gateway(object.union(tcp, {"tls": {"mode": "MUTUAL"}}))
}

test_a_server_without_a_protocol_is_not_assessed if {
	unknown := {"port": {"number": 80}, "hosts": ["a"]}
	count(rule.deny) == 0 with input as _gateway(unknown)
	count(rule.not_assessed) == 1 with input as _gateway(unknown)
	count(rule.not_assessed) == 0 with input as _gateway(_http)
}

_http := {"port": {"number": 80, "protocol": "HTTP"}, "hosts": ["shop.example.com"]}

_ingress(spec, annotations) := {
	"apiVersion": "networking.k8s.io/v1",
	"kind": "Ingress",
	"metadata": {"name": "web", "annotations": annotations},
	"spec": spec,
}

_gateway(server) := {
	"apiVersion": "networking.istio.io/v1",
	"kind": "Gateway",
	"metadata": {"name": "edge"},
	"spec": {"servers": [server]},
}
