package main

import rego.v1

import data.limits
import data.team.owners

deny contains sprintf("%d replicas are more than %d", [input.replicas, limits.replicas]) if input.replicas > limits.replicas

deny contains sprintf("%s is no owner, only %v", [input.owner, owners.names]) if not input.owner in owners.names

warn contains sprintf("zone %s", [data.zones[_]]) if input.zoned

warn contains sprintf("prefixed %v", [data.a.b.deep]) if input.zoned
