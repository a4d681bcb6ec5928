package probity.audit.trail_incomplete_test

import rego.v1

import data.probity.audit.trail_incomplete as rule

_whole := {
	"enable_logging": true,
	"is_multi_region_trail": true,
	"include_global_service_events": true,
	"enable_log_file_validation": true,
}

_trail(values, unknown) := {
	"address": "aws_cloudtrail.a",
	"type": "aws_cloudtrail",
	"mode": "managed",
	"actions": ["create"],
	"values": values,
	"unknown": unknown,
}

test_each_hole_is_reported_at_its_argument if {
	every attribute, _ in _whole {
		results := rule.deny with input as _trail(object.union(_whole, {attribute: false}), {})
		{result.path | some result in results} == {["values", attribute]}
	}
}

test_the_fix_turns_the_argument_on if {
	results := rule.deny with input as _trail(object.union(_whole, {"enable_logging": false}), {})
	{fix | some result in results; some fix in result.fixes} == {{
		"kind": "aws_cloudtrail", "key": "enable_logging", "from": false, "to": true,
	}}
}

test_what_is_left_out_has_the_default_of_the_provider if {
	results := rule.deny with input as _trail({}, {})
	{result.path[1] | some result in results} == {"is_multi_region_trail", "enable_log_file_validation"}
	nulls := {attribute: null | some attribute, _ in _whole}
	results == rule.deny with input as _trail(nulls, {})
}

test_a_whole_trail_passes if {
	count(rule.deny) == 0 with input as _trail(_whole, {})
	count(rule.not_assessed) == 0 with input as _trail(_whole, {})
}

test_what_is_deleted_or_only_read_is_not_judged if {
	count(rule.deny) == 0 with input as object.union(_trail({}, {}), {"actions": ["delete"]})
	count(rule.deny) == 0 with input as object.union(_trail({}, {}), {"mode": "data"})
	unknown := object.union(_trail({}, {"enable_logging": true}), {"mode": "data"})
	count(rule.not_assessed) == 0 with input as unknown
}

test_what_is_unknown_is_not_assessed if {
	unknown := _trail(object.remove(_whole, ["is_multi_region_trail"]), {"is_multi_region_trail": true})
	count(rule.deny) == 0 with input as unknown
	results := rule.not_assessed with input as unknown
	{result.missing | some result in results} == {"aws_cloudtrail.a.is_multi_region_trail"}
}

_with(values) := _trail(object.union(_whole, values), {})

_field(name, values) := {"field": name, "equals": values}

test_selectors_have_to_name_management_events if {
	every values in [
		{"event_selector": [{"include_management_events": false, "read_write_type": "All"}]},
		{"event_selector": [{"include_management_events": true, "read_write_type": "WriteOnly"}]},
		{"advanced_event_selector": [{"field_selector": [_field("eventCategory", ["Data"])]}]},
		{"advanced_event_selector": [{"field_selector": [
			_field("eventCategory", ["Management"]),
			_field("readOnly", ["true"]),
		]}]},
	] {
		results := rule.deny with input as _with(values)
		{result.path[1] | some result in results} == {attribute | some attribute, _ in values}
	}
}

test_selectors_that_name_management_events_pass if {
	every values in [
		{"event_selector": []},
		{"event_selector": [{"include_management_events": null, "read_write_type": null}]},
		{"event_selector": [{"read_write_type": "ReadOnly"}, {"read_write_type": "WriteOnly"}]},
		{"advanced_event_selector": [{"field_selector": [_field("eventCategory", ["Management"])]}]},
		{"advanced_event_selector": [
			{"field_selector": [_field("eventCategory", ["Management"]), _field("readOnly", ["true"])]},
			{"field_selector": [_field("eventCategory", ["Management"]), _field("readOnly", ["false"])]},
		]},
	] {
		count(rule.deny) == 0 with input as _with(values)
		count(rule.not_assessed) == 0 with input as _with(values)
	}
}

test_selectors_that_are_unknown_are_not_assessed if {
	unknown := _trail(
		object.union(_whole, {"event_selector": [{"include_management_events": false}]}),
		{"event_selector": [{"read_write_type": true}]},
	)
	count(rule.deny) == 0 with input as unknown
	count(rule.not_assessed) == 1 with input as unknown
}

test_selectors_of_what_is_deleted_are_not_judged if {
	leaving_out := {"event_selector": [{"include_management_events": false}]}
	deleted := object.union(_with(leaving_out), {"actions": ["delete"]})
	count(rule.deny) == 0 with input as deleted
	unknown := object.union(deleted, {"unknown": {"event_selector": [{"read_write_type": true}]}})
	count(rule.not_assessed) == 0 with input as unknown
}

test_what_is_unknown_beside_a_selector_of_everything_leaves_nothing_open if {
	unknown := _trail(
		object.union(_whole, {"event_selector": [{"read_write_type": "All"}, {}]}),
		{"event_selector": [{}, {"include_management_events": true}]},
	)
	count(rule.deny) == 0 with input as unknown
	count(rule.not_assessed) == 0 with input as unknown
}
