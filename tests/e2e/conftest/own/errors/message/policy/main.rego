package main

import rego.v1

deny contains {"message": "no msg"}
