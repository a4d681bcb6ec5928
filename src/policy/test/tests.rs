use super::*;

const RULE: &str = "# METADATA\n# title: t\n# custom:\n#   severity: LOW\n#   input:\n#     selector: [{type: kubernetes}]\npackage a.b\nimport rego.v1\ndeny contains \"no\" if input.kind == \"Pod\"\n";

fn outcomes(tests: &str) -> Vec<TestOutcome> {
    let file = |name: &str, text: String| PolicyFile::new(name, text);
    let head = "package a.b_test\nimport rego.v1\nimport data.a.b as rule\n";
    let files = [file("b.rego", RULE.to_owned()), file("b_test.rego", format!("{head}{tests}"))];
    let run = run(&files, &Map::new());
    assert_eq!(run.errors, []);
    run.tests.into_iter().map(|test| test.outcome).collect()
}

#[test]
fn a_failed_test_names_the_expression_that_did_not_hold() {
    for (body, line, text) in [
        ("test_x if {\n\tx := 1\n\tx == 2\n\tx == 3\n}\n", 6, "x == 2"),
        ("test_x if 1 == 2\n", 4, "1 == 2"),
        ("test_x if {\n\t\"a\" == \"b\"\n\t1 == 2\n}\n", 5, "\"a\" == \"b\""),
        ("test_x if {\n\tx := \"a\"\n\tx == `b`\n}\n", 6, "x == `b`"),
        (
            "test_x if {\n\tcount(rule.deny) == 0 with input as {\"apiVersion\": \"v1\", \"kind\": \"Pod\"}\n}\n",
            5,
            "count(rule.deny) == 0 with input as {\"apiVersion\": \"v1\", \"kind\": \"Pod\"}",
        ),
        ("test_x if {\n\tsome x in [1, 2]\n\tx > 5\n}\n", 6, "x > 5"),
    ] {
        let expected = Expression { line, text: text.to_owned() };
        assert_eq!(outcomes(body), [TestOutcome::Failed(Some(expected))], "{body}");
    }
}

#[test]
fn what_a_scan_refuses_is_refused_and_other_tests_run() {
    let test = |body: &str| format!("package a.c_test\nimport rego.v1\ntest_x if {{ {body} }}\n");
    for (body, expected) in [
        ("not mising", "variable `mising` is unsafe"),
        ("f(1)", "unknown function `f`"),
        ("crypto.x509.parse_keypair(1, 2)", "unknown function"),
    ] {
        let files =
            [PolicyFile::new("a_test.rego", test("1 == 1")), PolicyFile::new("b_test.rego", test(body))];
        let run = run(&files, &Map::new());
        assert_eq!(run.tests.len(), 1, "{body}");
        let [(file, error)] = run.errors.as_slice() else { panic!("{body}: {:?}", run.errors) };
        assert!(&**file == "b_test.rego" && error.contains(expected), "{body}: {error}");
    }
}

#[test]
fn an_input_that_no_scan_would_make_is_refused() {
    let refused = |mock: &str| {
        let tests = format!(
            "test_x if count(rule.deny) < 2 with input as {mock}\n_pod(kind) := {{\"apiVersion\": \"v1\", \"kind\": kind}}\n"
        );
        match outcomes(&tests).as_slice() {
            [TestOutcome::Refused(reason)] => Some(reason.clone()),
            [TestOutcome::Passed] => None,
            other => panic!("{mock}: {other:?}"),
        }
    };
    assert_eq!(refused("_pod(\"Pod\")"), None);
    assert_eq!(refused("object.union(_pod(\"Pod\"), {\"spec\": {}})"), None);
    let reason = refused("{\"kind\": \"Pod\"}").unwrap();
    assert!(
        reason.starts_with("does not fit selector `kubernetes`: `input` has no `apiVersion`;"),
        "{reason}"
    );
    assert!(refused("_pod(1)").unwrap().contains("`input.kind` is a number"));
}

#[test]
fn each_case_of_a_data_driven_test_is_told() {
    let named = |tests: &str| -> Vec<(String, TestOutcome)> {
        let text = format!("package a.b_test\nimport rego.v1\n{tests}");
        let run = run(&[PolicyFile::new("b_test.rego", text)], &Map::new());
        assert_eq!(run.errors, []);
        run.tests.into_iter().map(|test| (test.name.replace("data.a.b_test.", ""), test.outcome)).collect()
    };
    let failed = |line, text: &str| TestOutcome::Failed(Some(Expression { line, text: text.to_owned() }));
    let cases = "test_sum[note] if {\n\tsome note, tc in {\"a b\": [1, 1], \"c\": [1, 2], \"d\": [2, 2]}\n\ttc[0] > 0\n\ttc[0] == tc[1]\n}\n";
    assert_eq!(
        named(cases),
        [
            ("test_sum/a b".to_owned(), TestOutcome::Passed),
            ("test_sum/c".to_owned(), failed(6, "tc[0] == tc[1]")),
            ("test_sum/d".to_owned(), TestOutcome::Passed),
        ]
    );
    let nested = "test_n[one][two] if {\n\tsome one, inner in {\"x\": {\"1\": true, \"2\": false}}\n\tsome two, ok in inner\n\tok\n}\n";
    assert_eq!(
        named(nested),
        [("test_n/x/1".to_owned(), TestOutcome::Passed), ("test_n/x/2".to_owned(), failed(6, "ok"))]
    );
    // The key is bound by what looks like text elsewhere, or after a bare `some`.
    let late = "test_l[name] if {\n\tsome tc in [{\"name\": \"one\", \"ok\": true}]\n\tname := tc.name\n\ttc.ok\n}\n";
    assert_eq!(named(late), [("test_l/one".to_owned(), TestOutcome::Passed)]);
    let bare = "test_s[name] if {\n\tsome name\n\t{\"a\": true, \"b\": false}[name]\n}\n";
    assert_eq!(named(bare), [("test_s/a".to_owned(), TestOutcome::Passed)]);
    let none = "test_none[note] if {\n\tsome note, tc in {}\n\ttc\n}\n";
    assert_eq!(named(none), [("test_none".to_owned(), failed(4, "some note, tc in {}"))]);
}

#[test]
fn two_tests_of_one_name_are_told() {
    let file =
        |name: &str, body: &str| PolicyFile::new(name, format!("package a.x_test\nimport rego.v1\n{body}\n"));
    let files = [file("a_test.rego", "test_x if 1 == 2"), file("b_test.rego", "test_x if 1 == 1")];
    let errors = run(&files, &Map::new()).errors;
    let [(file, why)] = errors.as_slice() else { panic!("{errors:?}") };
    assert!(&**file == "b_test.rego" && why.contains("a test already (line 3 of a_test.rego)"), "{why}");
}

#[test]
fn a_mock_in_a_comprehension_is_checked_too() {
    let tests = "test_x if {1 | some kind in [\"Pod\"]; rule.deny with input as {\"kind\": kind}} == set()\n";
    assert!(matches!(outcomes(tests).as_slice(), [TestOutcome::Refused(_)]));
}

#[test]
fn a_test_with_another_value_than_true_says_so() {
    for (body, value) in [
        ("test_x := false\n", "false"),
        ("test_x := 1 if 2 == 2\n", "1"),
        ("test_x contains \"a\" if 1 == 1\n", "[\"a\"]"),
    ] {
        assert_eq!(outcomes(body), [TestOutcome::Untrue(value.to_owned())], "{body}");
    }
}

#[test]
fn a_part_of_an_input_that_no_scan_would_make_is_refused() {
    let refused = |modifiers: &str| {
        let tests = format!("test_x if count(rule.deny) < 2 {modifiers}\n");
        match outcomes(&tests).as_slice() {
            [TestOutcome::Refused(reason)] => Some(reason.clone()),
            [TestOutcome::Passed] => None,
            other => panic!("{modifiers}: {other:?}"),
        }
    };
    let pod = "with input as {\"apiVersion\": \"v1\", \"kind\": \"Pod\"}";
    for fitting in [
        "with input.kind as \"Pod\"",
        "with input[\"kind\"] as \"Pod\"",
        "with input.metadata.labels[\"a.b/c\"] as \"d\"",
        "with data.kind as 1",
    ] {
        assert_eq!(refused(fitting), None, "{fitting}");
    }
    for (modifiers, expected) in [
        ("with input.kind as 1".to_owned(), "`input.kind` is a number"),
        (
            "with input[\"kind\"] as lower(\"X\") with input.kind as [1]".to_owned(),
            "`input.kind` is an array",
        ),
        (format!("{pod} with input.apiVersion as {{\"a\": 1}}"), "`input.apiVersion` is an object"),
    ] {
        let reason = refused(&modifiers).unwrap_or_else(|| panic!("{modifiers} is not refused"));
        assert!(reason.contains(expected), "{modifiers}: {reason}");
    }
}

#[test]
fn a_failing_built_in_ends_as_in_the_scan_that_asks_the_rule() {
    let tested = |rule: &str, package: &str| {
        let rule = format!(
            "{rule}package {package}\nimport rego.v1\ndeny contains \"no\" if time.parse_rfc3339_ns(input.day) > 0\n"
        );
        let test = format!(
            "package {package}_test\nimport rego.v1\nimport data.{package} as rule\ntest_x if count(rule.deny) == 0 with input as {{\"apiVersion\": \"v1\", \"kind\": \"Pod\", \"day\": \"never\"}}\n"
        );
        let run = run(&[PolicyFile::new("r.rego", rule), PolicyFile::new("r_test.rego", test)], &Map::new());
        assert_eq!(run.errors, []);
        assert_eq!(run.coverage.len(), 1);
        run.tests.into_iter().map(|test| test.outcome).next().unwrap()
    };
    assert_eq!(tested("", "main"), TestOutcome::Passed);
    let metadata = "# METADATA\n# title: t\n# custom:\n#   severity: LOW\n#   input:\n#     selector: [{type: kubernetes}]\n";
    assert!(matches!(tested(metadata, "a.b"), TestOutcome::Error(_)));
}
