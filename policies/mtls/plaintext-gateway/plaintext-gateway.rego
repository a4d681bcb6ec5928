# METADATA
# title: Gateways accept encrypted connections only
# description: >-
#   A gateway is where requests enter the mesh. If it accepts HTTP without redirecting to HTTPS, credentials and
#   personal data cross networks that nobody controls in clear text.
# scope: package
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/services-networking/ingress/#tls
#   - ref: https://istio.io/latest/docs/reference/config/networking/gateway/
# custom:
#   severity: HIGH
#   recommended_action: |-
#     Terminate TLS at the gateway. For an Ingress:
#     ```yaml
#     spec:
#       tls:
#         - hosts: [shop.example.com]
#           secretName: shop-example-com-tls
#     ```
#     For a server of an Istio Gateway, serve HTTPS and let port 80 redirect:
#     ```yaml
#     - port: {number: 80, name: http, protocol: HTTP}
#       hosts: [shop.example.com]
#       tls: {httpsRedirect: true}
#     - port: {number: 443, name: https, protocol: HTTPS}
#       hosts: [shop.example.com]
#       tls: {mode: SIMPLE, credentialName: shop-example-com-tls}
#     ```
#   controls:
#     soc2: {CC6.6: partial, CC6.7: partial}
#     hipaa: {"164.312(e)(1)": partial, "164.312(e)(2)(ii)": partial}
#     nist: {SC-8: partial, SC-8(1): partial}
#     pci: {"4.2.1": partial}
#     gdpr: {"32(1)(a)": supporting}
#     iso27001: {A.8.24: supporting}
#   input:
#     selector:
#       - {type: kubernetes, kinds: [Ingress, Gateway]}
package probity.mtls.plaintext_gateway

import rego.v1

_is_ingress if {
	input.kind == "Ingress"
	regex.match(`^(networking\.k8s\.io|extensions)/`, input.apiVersion)
}

_is_istio_gateway if {
	input.kind == "Gateway"
	startswith(input.apiVersion, "networking.istio.io/")
}

# Controllers whose certificate or redirect is set by annotation, not by `spec.tls`.
_tls_annotations := {
	"alb.ingress.kubernetes.io/certificate-arn",
	"appgw.ingress.kubernetes.io/appgw-ssl-certificate",
	"ingress.gcp.kubernetes.io/pre-shared-cert",
	"networking.gke.io/managed-certificates",
}

_encrypted_by_annotation if {
	some name in _tls_annotations
	object.get(input.metadata, "annotations", {})[name] != ""
}

_no_tls if not input.spec.tls

_no_tls if input.spec.tls == []

_no_tls if input.spec.tls == null

# An Ingress without TLS is served over HTTP by every controller.
deny contains result if {
	_is_ingress
	_no_tls
	not _encrypted_by_annotation
	result := {
		"msg": sprintf("ingress `%s` accepts plaintext HTTP: it has no `tls`", [input.metadata.name]),
		"path": ["spec", "tls"],
	}
}

# Google's controller serves HTTP beside HTTPS unless told not to.
deny contains result if {
	_is_ingress
	not _no_tls
	input.metadata.annotations["kubernetes.io/ingress.class"] == "gce"
	object.get(input.metadata.annotations, "kubernetes.io/ingress.allow-http", "true") != "false"
	result := {
		"msg": sprintf("ingress `%s` accepts plaintext HTTP beside HTTPS: class `gce` allows both", [input.metadata.name]),
		"path": ["metadata", "annotations", "kubernetes.io/ingress.class"],
		"remedy": "Add the annotation `kubernetes.io/ingress.allow-http: \"false\"`.",
	}
}

deny contains result if {
	_is_istio_gateway
	some index, server in input.spec.servers
	upper(server.port.protocol) in {"HTTP", "HTTP2", "GRPC", "GRPC-WEB", "TCP", "MONGO", "MYSQL", "REDIS"}
	not _redirects(server)
	not _terminates_tls(server)
	result := {
		"msg": sprintf("gateway `%s` accepts plaintext %s on port %v for %s", [
			input.metadata.name, upper(server.port.protocol), server.port.number, _hosts(server),
		]),
		"path": ["spec", "servers", index, "port", "protocol"],
	}
}

not_assessed contains result if {
	_is_istio_gateway
	some index, server in input.spec.servers
	not server.port.protocol
	result := {
		"msg": sprintf("gateway `%s` has a server without a protocol", [input.metadata.name]),
		"path": ["spec", "servers", index, "port"],
		"missing": sprintf("spec.servers[%d].port.protocol", [index]),
	}
}

_redirects(server) if server.tls.httpsRedirect == true

# TLS settings turn a TCP server into a TLS one.
_terminates_tls(server) if server.tls.mode in {"SIMPLE", "MUTUAL", "ISTIO_MUTUAL", "OPTIONAL_MUTUAL", "PASSTHROUGH"}

_hosts(server) := concat(", ", [sprintf("`%s`", [host]) | some host in server.hosts]) if count(server.hosts) > 0

else := "no host"
