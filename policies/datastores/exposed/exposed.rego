# METADATA
# title: Databases are not reachable from outside the cluster
# description: >-
#   A database belongs behind the service that owns it. One with a port on every node or on a public load balancer is
#   open to password guessing, to every new vulnerability of its engine, and to whoever has a leaked credential.
# scope: package
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/services-networking/service/#publishing-services-service-types
# custom:
#   severity: CRITICAL
#   recommended_action: |-
#     Serve the database inside the cluster only:
#     ```yaml
#     apiVersion: v1
#     kind: Service
#     spec:
#       type: ClusterIP
#     ```
#     and remove `nodePort`, `externalIPs`, `hostPort` and `hostNetwork`, and what leads to it from an Ingress, a gateway
#     or the TCP services of ingress-nginx. People reach it through
#     `kubectl port-forward`. Clients in the same private network reach it through an internal load balancer:
#     ```yaml
#     metadata:
#       annotations:
#         service.beta.kubernetes.io/aws-load-balancer-scheme: internal
#         networking.gke.io/load-balancer-type: Internal
#         service.beta.kubernetes.io/azure-load-balancer-internal: "true"
#     spec:
#       loadBalancerSourceRanges: [10.0.0.0/8]
#     ```
#   controls:
#     soc2: {CC6.1: partial, CC6.6: partial}
#     hipaa: {"164.312(a)(1)": partial}
#     nist: {SC-7: partial, AC-4: partial, AC-3: supporting}
#     pci: {"1.4.4": partial}
#     gdpr: {"32(1)(b)": supporting}
#     iso27001: {A.8.20: partial, A.8.22: partial}
#   input:
#     selector:
#       - {type: database-server}
package probity.datastores.exposed

import rego.v1

import data.probity.lib.network

_open_kinds := {
	"NodePort", "LoadBalancer", "ExternalIP", "hostPort", "hostNetwork", "PublicAddress", "Ingress", "Gateway", "ConfigMap",
}

# They lead from outside to a Service that is itself inside.
_entrances := {"Ingress", "Gateway", "ConfigMap"}

deny contains result if {
	some index, exposure in input.exposures
	exposure.kind in _open_kinds
	exposure.port != "unknown"
	not _is_limited(exposure)
	not _has_unknown_range(exposure)
	result := {
		"msg": sprintf("%s database `%s` is reachable from outside%s %s", [
			input.engine, input.name, _cluster(exposure), _way(exposure),
		]),
		"path": ["exposures", index],
		"related": [{"msg": "this port leads to the database", "path": ["exposures", index, "port"]}],
		"remedy": _remedy(exposure),
		"fixes": _fixes,
	}
}

# What has an address of its own in a cloud is in no cluster.
_cluster(exposure) := "" if {
	exposure.kind == "PublicAddress"
} else := " the cluster"

# The API server refuses these keys in a Service of the type ClusterIP, and external addresses stay open in one. What is
# reached by nodes may be a load balancer's backend, so no fix is offered for that.
_beyond_cluster := [
	"allocateLoadBalancerNodePorts", "externalIPs", "externalTrafficPolicy", "healthCheckNodePort", "loadBalancerClass",
	"loadBalancerIP", "loadBalancerSourceRanges", "nodePort",
]

_fixes := array.concat(
	[{"kind": "Service", "key": "type", "from": "LoadBalancer", "to": "ClusterIP", "without": _beyond_cluster}],
	[{"kind": type, "key": "publicly_accessible", "from": true, "to": false} |
		some type in [
			"aws_db_instance", "aws_docdb_cluster_instance", "aws_neptune_cluster_instance", "aws_rds_cluster_instance",
			"aws_redshift_cluster",
		]
	],
)

not_assessed contains result if {
	some index, exposure in input.exposures
	exposure.kind == "unknown"
	result := {
		"msg": sprintf("how `%s` serves %s database `%s` is not known", [exposure.service, input.engine, input.name]),
		"path": ["exposures", index],
		"missing": sprintf("spec.type of %s", [exposure.service]),
	}
}

not_assessed contains result if {
	some index, exposure in input.exposures
	exposure.kind in _open_kinds
	exposure.port == "unknown"
	not _is_limited(exposure)
	result := {
		"msg": sprintf("where a port leads that exposes %s database `%s` is not known", [input.engine, input.name]),
		"path": ["exposures", index, "port"],
		"missing": "the number of the port",
	}
}

not_assessed contains result if {
	some index, exposure in input.exposures
	not exposure.internal
	_has_unknown_range(exposure)
	result := {
		"msg": sprintf("from where `%s` admits callers of %s database `%s` is not known", [
			_admits(exposure), input.engine, input.name,
		]),
		"path": ["exposures", index],
		"missing": sprintf("the source ranges of %s", [_admits(exposure)]),
	}
}

# Ports of nodes and the network of the host stand in what serves, whatever the Service says.
not_assessed contains result if {
	count(input.exposures) == 0
	input.workload == "unknown"
	result := {
		"msg": "what serves the database is not in the input, so what else leads to it is not known",
		"path": [],
		"missing": sprintf("what serves `%s`", [input.server]),
	}
}

_admits(exposure) := exposure.service if exposure.service != null

_admits(exposure) := input.server if exposure.service == null

_is_limited(exposure) if exposure.internal

_is_limited(exposure) if {
	count(exposure.source_ranges) > 0
	every range in exposure.source_ranges {
		network.is_private(range)
	}
}

# A public range decides, whatever the others are.
_has_unknown_range(exposure) if {
	some range in exposure.source_ranges
	not net.cidr_is_valid(range)
	every other in exposure.source_ranges {
		network.is_private_or_unknown(other)
	}
}

_way(exposure) := sprintf("through `%s` (%s, port %d), from %s", [
	exposure.service, exposure.kind, exposure.port, concat(", ", _admitted(exposure)),
]) if {
	exposure.kind == "LoadBalancer"
} else := sprintf("through `%s` (%s, port %d)", [exposure.service, exposure.kind, exposure.port]) if {
	exposure.service != null
} else := sprintf("through a public address, port %v, from %s", [exposure.port, concat(", ", _sources(exposure))]) if {
	exposure.kind == "PublicAddress"
} else := sprintf("through `%s` of its Pod, port %d", [exposure.kind, exposure.port])

# core/v1 `ServiceSpec.loadBalancerSourceRanges`: without any, everybody is admitted.
_admitted(exposure) := exposure.source_ranges if count(exposure.source_ranges) > 0

_admitted(exposure) := ["0.0.0.0/0"] if count(exposure.source_ranges) == 0

# Azure documentation, "Firewall rules": that range stands for whatever anybody runs in Azure.
_sources(exposure) := [source |
	some range in exposure.source_ranges
	source := object.get({"0.0.0.0/32": "the services of every customer of Azure"}, range, range)
]

# What to write, in the object that opens the way.
_remedy(exposure) := sprintf(
	"Remove what leads to `%s` from `%s` (here): clients reach it inside the cluster, people through `kubectl port-forward`.",
	[input.server, exposure.service],
) if {
	exposure.kind in _entrances
} else := sprintf("Let `%s` ask for a Service of type `ClusterIP` here, or for an internal load balancer by annotations of its Service.", [
	exposure.service,
]) if {
	exposure.service != null
	not startswith(exposure.service, "Service/")
} else := concat("\n", array.concat(
	[sprintf("Serve the database inside the cluster only, and remove %s from `%s`:", [
		_key(exposure), exposure.service,
	])],
	array.concat(_service(split(exposure.service, "/")), _inside(exposure)),
)) if {
	exposure.service != null
} else := concat("\n", array.concat(
	["Give it no public address; clients reach it through the private network:"],
	_private_address,
)) if {
	exposure.kind == "PublicAddress"
} else := sprintf("Remove `%s` from the Pod template of `%s`: clients reach it through a Service of type `ClusterIP`.", [
	_in_pod(exposure), input.workload,
])

_key(exposure) := "`externalIPs`" if exposure.kind == "ExternalIP"

_key(exposure) := "`nodePort`" if exposure.kind != "ExternalIP"

_in_pod(exposure) := "hostNetwork: true" if {
	exposure.kind == "hostNetwork"
} else := sprintf("hostPort: %v", [exposure.port])

_service(parts) := [
	"```yaml",
	"apiVersion: v1",
	"kind: Service",
	"metadata:",
	sprintf("  name: %s", [parts[2]]),
	sprintf("  namespace: %s", [parts[1]]),
	"spec:",
	"  type: ClusterIP",
	"```",
] if {
	count(parts) == 3
} else := []

_inside(exposure) := [
	"Clients in the same private network reach it through an internal load balancer:",
	"```yaml",
	"metadata:",
	"  annotations:",
	"    service.beta.kubernetes.io/aws-load-balancer-scheme: internal",
	"    networking.gke.io/load-balancer-type: Internal",
	"    service.beta.kubernetes.io/azure-load-balancer-internal: \"true\"",
	"```",
] if {
	exposure.kind == "LoadBalancer"
} else := ["People reach it through `kubectl port-forward`."]

_private_address := [
	"```hcl",
	sprintf("resource \"%s\" \"%s\" {", [_type, _block]),
	"  settings {",
	"    ip_configuration {",
	"      ipv4_enabled    = false",
	"      private_network = google_compute_network.NAME.id",
	"    }",
	"  }",
	"}",
	"```",
] if {
	_type == "google_sql_database_instance"
} else := [
	"```hcl",
	sprintf("resource \"%s\" \"%s\" {", [_type, _block]),
	"  vpc_options {",
	"    subnet_ids         = [aws_subnet.NAME.id]",
	"    security_group_ids = [aws_security_group.NAME.id]",
	"  }",
	"}",
	"```",
] if {
	_type in {"aws_opensearch_domain", "aws_elasticsearch_domain"}
} else := [
	"```hcl",
	sprintf("resource \"%s\" \"%s\" {", [_type, _block]),
	"  publicly_accessible = false",
	"}",
	"```",
] if {
	startswith(_type, "aws_")
} else := [
	"```hcl",
	sprintf("resource \"%s\" \"%s\" {", [_type, _block]),
	"  public_network_access_enabled = false",
	"}",
	"```",
] if {
	startswith(_type, "azurerm_")
} else := []

# `module.shop.aws_db_instance.orders[0]`
_address := split(regex.replace(input.workload, `\[[^\]]*\]`, ""), ".")

_type := _address[count(_address) - 2] if {
	count(_address) > 1
} else := ""

_block := _address[count(_address) - 1]
