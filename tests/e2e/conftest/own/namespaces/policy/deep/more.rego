package k8s.deployments

import rego.v1

deny contains "more"

warn contains "k8s warned"
