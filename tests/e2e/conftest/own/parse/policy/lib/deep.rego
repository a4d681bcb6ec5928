package lib.deep

import rego.v1

config := parse_config_file("../../other/config.yaml")

combined := parse_combined_config_files(["../../other/b.json", "../../other/config.yaml"])
