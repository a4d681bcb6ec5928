# METADATA
# title: The audit trail of the cloud account is whole
# description: >-
#   A trail that is off, covers one region, leaves out global services or cannot be validated has holes that an intruder
#   fits through, and is no evidence. `is_multi_region_trail` and `enable_log_file_validation` are false unless set.
#   A trail records all management events until selectors say which events it records; then they have to name these, too.
# scope: package
# related_resources:
#   - ref: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/best-practices-security.html
#   - ref: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/logging-management-events-with-cloudtrail.html
#   - ref: https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/cloudtrail
# custom:
#   severity: HIGH
#   recommended_action: |-
#     ```hcl
#     resource "aws_cloudtrail" "this" {
#       enable_logging                = true
#       is_multi_region_trail         = true
#       include_global_service_events = true
#       enable_log_file_validation    = true
#     }
#     ```
#   controls:
#     soc2: {CC7.2: partial, CC7.3: supporting}
#     hipaa: {"164.312(b)": partial, "164.312(c)(2)": supporting}
#     nist: {AU-2: partial, AU-9: supporting, AU-10: supporting, AU-12: partial}
#     pci: {"10.2.1": partial, "10.3.4": supporting}
#     cis: {"AWS 3.1": full, "AWS 3.2": full}
#     iso27001: {A.8.15: partial}
#   input:
#     selector: [{type: terraform-resource, kinds: [aws_cloudtrail]}]
package probity.audit.trail_incomplete

import rego.v1

_is_planned if {
	input.mode == "managed"
	not input.actions == ["delete"]
}

# What has to be true, with the provider's default and what its absence means.
_settings := {
	"enable_logging": {"default": true, "lack": "records nothing"},
	"is_multi_region_trail": {"default": false, "lack": "covers one region only"},
	"include_global_service_events": {"default": true, "lack": "leaves out global services such as IAM"},
	"enable_log_file_validation": {"default": false, "lack": "cannot show that its files were not changed"},
}

_is_unknown(attribute) if input.unknown[attribute] == true

_value(attribute) := input.values[attribute] if input.values[attribute] != null

else := _settings[attribute]["default"]

deny contains result if {
	_is_planned
	some attribute, setting in _settings
	not _is_unknown(attribute)
	_value(attribute) == false
	result := {
		"msg": sprintf("trail `%s` %s: `%s` is false", [input.address, setting.lack, attribute]),
		"path": ["values", attribute],
		"fixes": [{"kind": "aws_cloudtrail", "key": attribute, "from": false, "to": true}],
	}
}

not_assessed contains result if {
	_is_planned
	some attribute, _ in _settings
	_is_unknown(attribute)
	result := {
		"msg": sprintf("`%s` of trail `%s` is known only after apply", [attribute, input.address]),
		"path": ["unknown", attribute],
		"missing": sprintf("%s.%s", [input.address, attribute]),
	}
}

deny contains result if {
	_is_planned
	some attribute in _selectors
	count(_chosen(attribute)) > 0
	not _may_be_more(attribute)
	lacking := {"read", "write"} - _recorded(attribute)
	count(lacking) > 0
	result := {
		"msg": sprintf("trail `%s` leaves out management events that %s: `%s` does not select them", [
			input.address, concat(" and ", lacking), attribute,
		]),
		"path": ["values", attribute],
		"remedy": _select[attribute],
	}
}

not_assessed contains result if {
	_is_planned
	some attribute in _selectors
	_may_be_more(attribute)
	count({"read", "write"} - _recorded(attribute)) > 0
	result := {
		"msg": sprintf("which events trail `%s` records is known only after apply", [input.address]),
		"path": ["unknown", attribute],
		"missing": sprintf("%s.%s", [input.address, attribute]),
	}
}

# A trail has selectors of one of both kinds.
_selectors := {"event_selector", "advanced_event_selector"}

_chosen(attribute) := [selector | some selector in input.values[attribute]]

_may_be_more(attribute) if {
	walk(object.get(input.unknown, attribute, false), [_, true])
}

# Management events that are recorded: those that read, those that write.
_recorded("event_selector") := {kind |
	some selector in _chosen("event_selector")
	object.get(selector, "include_management_events", null) != false
	some kind in _kinds[_or_all(object.get(selector, "read_write_type", null))]
}

_recorded("advanced_event_selector") := {kind |
	some selector in _chosen("advanced_event_selector")
	"Management" in _equal(selector, "eventCategory")
	some kind, read_only in {"read": "true", "write": "false"}
	_admits(selector, read_only)
}

_kinds := {"All": {"read", "write"}, "ReadOnly": {"read"}, "WriteOnly": {"write"}}

_or_all(null) := "All"

_or_all(type) := type if type != null

_equal(selector, name) := {value |
	some field in selector.field_selector
	field.field == name
	some value in field.equals
}

_admits(selector, read_only) if read_only in _equal(selector, "readOnly")

_admits(selector, _) if count(_equal(selector, "readOnly")) == 0

_select := {
	"event_selector": concat("\n", [
		"Record management events, too:",
		"```hcl",
		"event_selector {",
		"  include_management_events = true",
		"  read_write_type           = \"All\"",
		"}",
		"```",
	]),
	"advanced_event_selector": concat("\n", [
		"Record management events, too:",
		"```hcl",
		"advanced_event_selector {",
		"  name = \"Management events\"",
		"  field_selector {",
		"    field  = \"eventCategory\"",
		"    equals = [\"Management\"]",
		"  }",
		"}",
		"```",
	]),
}
