# METADATA
# title: Logs leave the cluster for a central store
# description: >-
#   What a container prints stays on the disk of its node until the Pod, or the node, is gone. To find out afterwards what
#   happened, the logs of every workload have to get to a central store, away from those who could change them. Collectors
#   are told by their images, and where they send logs by their configuration; one that writes to its own output, to a
#   file or nowhere centralizes nothing, and a workload that opts out is not collected at all.
# scope: package
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/cluster-administration/logging/
# custom:
#   severity: MEDIUM
#   recommended_action: |-
#     Give the collector an output that leaves the node, here for Fluent Bit, and take off marks such as
#     `fluentbit.io/exclude`:
#     ```yaml
#     pipeline:
#       outputs:
#         - name: es
#           match: "*"
#           host: logs.example.com
#           port: 9200
#           tls: on
#     ```
#   controls:
#     soc2: {CC7.2: partial, CC7.3: supporting}
#     hipaa: {"164.312(b)": partial}
#     nist: {AU-4(1): partial, AU-6(3): supporting, AU-9(2): partial, AU-12: supporting}
#     pci: {"10.2.1": supporting, "10.3.3": partial}
#     iso27001: {A.8.15: partial}
#   input:
#     selector: [{type: log-pipeline, kinds: [Namespace]}]
package probity.audit.logs_not_centralized

import rego.v1

# What every collector that covers the namespace does with its logs.
deny contains result if {
	input.central == false
	some i, collector in input.collectors
	collector.central == false
	some j, output in collector.outputs
	result := {
		"msg": sprintf("what `%s` logs goes to `%s` of %s, and to no central store", [
			input.name,
			output.name,
			collector.product,
		]),
		"path": ["collectors", i, "outputs", j],
		"related": [{"msg": "this collects it", "path": ["collectors", i], "resource": collector.workload, "context": true}],
	}
}

deny contains result if {
	some i, excluded in input.excluded
	result := {
		"msg": sprintf("the logs of %s are not collected: %s", [excluded.workload, excluded.because.text]),
		"path": ["excluded", i],
		"peer": excluded.workload,
	}
}

not_assessed contains result if {
	input.central == "unknown"
	result := {
		"msg": sprintf("whether what `%s` logs gets to a central store is not in the input", [input.name]),
		"path": ["central"],
		"missing": concat(", ", input.missing),
	}
}
