package main

import rego.v1

deny contains sprintf("%s: %v", [type_name(input), input])

type_name(value) := "object" if is_object(value)

type_name(value) := "array" if is_array(value)

type_name(value) := "string" if is_string(value)

type_name(value) := "number" if is_number(value)

type_name(value) := "boolean" if is_boolean(value)

type_name(null) := "null"

warn contains "no name" if not input.metadata.name
