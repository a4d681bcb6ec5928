package k8s.deployments

import rego.v1

import data.lib.names

deny contains sprintf("k8s %s", [names.of(input)])

violation_x contains "k8s x"
