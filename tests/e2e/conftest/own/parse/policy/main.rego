package main

import rego.v1

deny contains sprintf("inline %v", [parse_config("yaml", "a: 0o17\nb: yes\nc: [1, 1.0, 1e3, ~]\n")])

deny contains sprintf("json %v", [parse_config("json", "{\"a\": [1.5, null]}")])

deny contains sprintf("documents %v", [parse_config("yaml", "a: 1\n---\nb: 2\n")])

deny contains sprintf("file %v", [data.lib.deep.config])

deny contains sprintf("combined %v", [count(data.lib.deep.combined)])

deny contains "an unreadable file is undefined" if not parse_config_file("nowhere.yaml")

deny contains "a broken text is undefined" if not parse_config("json", "{")
