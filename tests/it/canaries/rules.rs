//! Rules that say whatever they are given, and what comes of it.

/// Rules that say everything that they are given.
pub(super) const TALKATIVE: &str = r#"# METADATA
# title: Says everything
# custom:
#   severity: LOW
#   input:
#     selector: [{type: kubernetes}, {type: terraform-resource}, {type: terraform-plan}, {type: secret}, {type: credential}, {type: planned-secret}, {type: workload}, {type: access}]
package company.leaks.everything

import rego.v1

deny contains {"msg": sprintf("%v", [input]), "remedy": sprintf("%v", [input]), "all": input}

not_assessed contains {"msg": sprintf("%v", [input]), "missing": sprintf("%v", [input])}
"#;

/// And what the functions of Rego make of each value, and cut out of it.
pub(super) const ENCODING: &str = r#"# METADATA
# title: Says everything in other words
# custom:
#   severity: LOW
#   input:
#     selector: [{type: kubernetes}, {type: terraform-resource}]
package company.leaks.encoded

import rego.v1

values contains value if {
	[_, value] := walk(input)
	is_string(value)
}

deny contains {"msg": concat(" ", array.concat(encoded, [substring(form, 0, 12) | some form in encoded]))} if {
	some value in values
	encoded := [
		value,
		upper(value),
		lower(value),
		strings.reverse(value),
		json.marshal([value]),
		urlquery.encode(value),
		base64.encode(value),
		base64url.encode(value),
		hex.encode(value),
		crypto.md5(value),
		crypto.sha1(value),
		crypto.sha256(value),
	]
}
"#;

/// Rules whose functions fail on a value: the reason is part of the report.
pub(super) const FAILING: &str = r#"# METADATA
# title: Fails
# custom:
#   severity: LOW
#   input:
#     selector: [{type: kubernetes, kinds: [Secret]}]
package company.leaks.NAME

import rego.v1

deny contains "never" if {
	[_, value] := walk(input.stringData)
	is_string(value)
	CALL
}
"#;

/// Calls that fail, each of a rule of its own.
pub(super) const CALLS: [(&str, &str); 7] = [
    ("difference", "value - 1 > 0"),
    ("number", "to_number(value) > 0"),
    ("json", "json.unmarshal(value)"),
    ("time", "time.parse_rfc3339_ns(value) > 0"),
    ("pattern", "regex.match(concat(\"\", [\"(\", value]), \"x\")"),
    ("network", "net.cidr_contains(value, \"10.0.0.1\")"),
    ("version", "semver.compare(value, \"1.0.0\") > 0"),
];

/// By the convention of Conftest, on documents of whatever kind.
pub(super) const CONFTEST: &str = r#"package main

import rego.v1

deny contains msg if msg := sprintf("%v", [input])

warn contains msg if {
	[_, value] := walk(input)
	is_string(value)
	msg := sprintf("%s %s %s", [value, base64.encode(value), crypto.sha256(value)])
}
"#;
