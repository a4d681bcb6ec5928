package probity.secrets.terraform_output_leak_test

import rego.v1

import data.probity.secrets.terraform_output_leak as rule

test_an_open_output_of_a_credential_is_reported if {
	results := rule.deny with input as _output(false, "random_password.a.result")
	{result.msg | some result in results} == {"output `a` hands out a credential (random_password.a.result) without being sensitive"}
}

test_sensitive_and_harmless_outputs_pass if {
	count(rule.deny) == 0 with input as _output(true, "random_password.a.result")
	count(rule.deny) == 0 with input as _output(false, null)
	count(rule.not_assessed) == 0 with input as _output("unknown", null)
}

test_an_output_of_which_the_plan_does_not_say_is_not_assessed if {
	count(rule.deny) == 0 with input as _output("unknown", "value")
	count(rule.not_assessed) == 1 with input as _output("unknown", "value")
}

test_what_an_output_hands_out_has_to_be_known if {
	count(rule.deny) == 0 with input as _output(false, "unknown")
}

test_a_known_sensitivity_is_assessed if {
	count(rule.not_assessed) == 0 with input as _output(false, "value")
}

_output(sensitive, leaks) := {"name": "a", "sensitive": sensitive, "leaks": leaks}
