package lib.names_test

import rego.v1

import data.lib.names

test_of if names.of({"metadata": {"name": "x"}}) == "x"
