package main

import rego.v1

deny contains "x" if missing.function(1)
