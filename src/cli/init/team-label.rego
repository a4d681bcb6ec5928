# METADATA
# title: Workloads name the team that answers for them
# description: >-
#   Whoever finds a problem in the night has to know whom to wake. A label on the workload says it where everybody
#   looks.
# custom:
#   severity: LOW
#   recommended_action: |-
#     Name the team:
#     ```yaml
#     metadata:
#       labels:
#         team: shop
#     ```
#   input:
#     selector: [{type: kubernetes, kinds: [Deployment, StatefulSet, DaemonSet]}]
package example.workloads.team_label

import rego.v1

deny contains result if {
	not input.metadata.labels.team
	result := {
		"msg": sprintf("%s `%s` has no label `team`", [lower(input.kind), input.metadata.name]),
		"path": ["metadata", "labels", "team"],
	}
}
