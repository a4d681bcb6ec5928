# METADATA
# title: What rules about credentials share
# scope: package
package probity.lib.secrets

import rego.v1

# What holds a credential; a configuration of the API server has no name.
titled(subject) := sprintf("%s `%s`", [subject.kind, subject.name]) if subject.name != ""

titled(subject) := subject.kind if subject.name == ""
