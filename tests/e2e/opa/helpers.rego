package helpers

import rego.v1

double(x) := x * 2

constants.one := 1

constants.two := 2
