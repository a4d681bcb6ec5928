package main

import rego.v1

deny contains {"msg": "here", "_loc": {"file": "input.yaml", "line": 2}}

deny contains {"msg": "no such file", "_loc": {"file": "elsewhere.txt", "line": 123}}

deny contains {"msg": "odd", "_loc": "text", "path": "text", "related": 1}
