package lib.names

import rego.v1

of(object) := object.metadata.name

# Helpers may have whatever names they like.
denied := true
