package main

import rego.v1

deny contains "x" if f(1)

f(x) := f(x)
