package main

import rego.v1

deny contains "x" if value

value := 1 if input.a

value := 2 if input.a
