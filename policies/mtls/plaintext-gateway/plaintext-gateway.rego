# METADATA
# title: Gateways accept encrypted connections only
# description: >-
#   A gateway is where requests enter the mesh. If it accepts HTTP without redirecting to HTTPS, credentials and
#   personal data cross networks that nobody controls in clear text.
# scope: package
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/services-networking/ingress/#tls
#   - ref: https://istio.io/latest/docs/reference/config/networking/gateway/
#   - ref: https://gateway-api.sigs.k8s.io/guides/tls/
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
#     For a listener of the Gateway API or of a load balancer, serve HTTPS and answer HTTP with a redirect only.
#   controls:
#     soc2: {CC6.6: partial, CC6.7: partial}
#     hipaa: {"164.312(e)(1)": partial, "164.312(e)(2)(ii)": partial}
#     nist: {SC-8: partial, SC-8(1): partial}
#     pci: {"4.2.1": partial}
#     gdpr: {"32(1)(a)": supporting}
#     iso27001: {A.8.24: supporting}
#   input:
#     selector:
#       - {type: gateway}
package probity.mtls.plaintext_gateway

import rego.v1

deny contains result if {
	_is_gateway
	some index, listener in input.listeners
	listener.encrypted == false
	listener.redirects == false
	result := object.union(
		{
			"msg": sprintf("%s `%s` accepts plaintext %s%s", [_what, input.name, listener.protocol, _detail(listener)]),
			"path": ["listeners", index, "encrypted"],
		},
		_remedy(listener),
	)
}

not_assessed contains result if {
	_is_gateway
	some index, listener in input.listeners
	_is_open(listener)
	result := {
		"msg": sprintf("whether %s `%s` accepts plaintext is not known: %s is not in the input", [
			_what, input.name, listener.missing,
		]),
		"path": ["listeners", index, "encrypted"],
		"missing": listener.missing,
	}
}

# A node of App Mesh is a service, which `plaintext-accepted` judges.
_is_gateway if input.kind != "aws_appmesh_virtual_node"

_what := "ingress" if input.kind == "Ingress"

else := "gateway"

_is_open(listener) if listener.encrypted == "unknown"

_is_open(listener) if {
	listener.encrypted == false
	listener.redirects == "unknown"
}

_detail(listener) := sprintf(": %s", [listener.note]) if listener.note != null

else := sprintf("%s for %s", [_port(listener), _hosts(listener)])

_port(listener) := sprintf(" on port %v", [listener.port]) if listener.port != null

else := ""

_hosts(listener) := concat(", ", [sprintf("`%s`", [host]) | some host in listener.hosts]) if count(listener.hosts) > 0

else := "every host"

_remedy(listener) := {"remedy": listener.remedy} if listener.remedy != null

else := {}
