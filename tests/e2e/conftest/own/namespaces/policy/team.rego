package team

import rego.v1

deny contains "team"
