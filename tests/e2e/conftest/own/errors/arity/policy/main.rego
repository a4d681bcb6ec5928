package main

import rego.v1

deny contains "x" if count([1], 2, 3)
