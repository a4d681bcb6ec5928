//! The shipped policies: their tests pass, and reach every line.

use probity::policy::{
    Policies, built_in,
    test::{TestOutcome, loose_conditions, run},
};

#[test]
fn all_policy_tests_pass_and_reach_every_line() {
    let run = run(&built_in(), &serde_json::Map::new());
    assert_eq!(run.errors, [], "all files load");
    let failed: Vec<_> = run.tests.iter().filter(|test| test.outcome != TestOutcome::Passed).collect();
    assert!(failed.is_empty(), "{failed:#?}");
    let gaps: Vec<_> = run.coverage.iter().filter(|file| !file.not_covered.is_empty()).collect();
    assert!(gaps.is_empty(), "lines that no test reaches: {gaps:#?}");
}

#[test]
fn every_rule_loads_and_has_tests_with_its_deciding_field_unknown_and_fixtures() {
    let files = built_in();
    let policies = Policies::new(&files, |_| true);
    assert_eq!(policies.errors, []);
    assert!(!policies.rules.is_empty());
    for rule in &policies.rules {
        let tests = rule.file.replace(".rego", "_test.rego");
        let tests = files
            .iter()
            .find(|file| *file.name == *tests)
            .unwrap_or_else(|| panic!("{} has no tests", rule.id));
        assert!(tests.text.contains("not_assessed"), "{}: no test has the deciding field unknown", rule.id);
        assert!(!rule.recommended_action.is_empty() && !rule.description.is_empty(), "{}", rule.id);
        assert!(!rule.controls.is_empty(), "{} maps to no control", rule.id);
        for verdict in ["pass", "fail"] {
            let folder =
                std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/rules").join(&*rule.id);
            let fixtures = folder.read_dir().unwrap_or_else(|_| panic!("{} has no fixtures", rule.id));
            let found =
                fixtures.flatten().any(|entry| entry.file_name().to_string_lossy().starts_with(verdict));
            assert!(found, "{} has no fixture that must {verdict}", rule.id);
        }
    }
}

#[test]
fn every_condition_of_a_verdict_has_a_test_that_fails_without_it() {
    let loose = loose_conditions(&built_in());
    let loose: Vec<String> =
        loose.iter().map(|one| format!("{}:{}: {}", one.file, one.line, one.text)).collect();
    assert!(loose.is_empty(), "conditions that no test holds the rule to:\n{loose:#?}");
}
