//! What is recorded, and how it is shown.

use super::*;

#[test]
fn inputs_with_a_credential_have_a_keyed_digest_and_their_values_are_nowhere() {
    let shop = Shop::new();
    // Only the policy knows that this is a credential.
    let policy = "# METADATA\n# title: t\n# custom:\n#   severity: LOW\n#   input:\n#     selector: [{type: kubernetes}]\n\
        package secrets.word\nimport rego.v1\ndeny contains {\"msg\": \"m\", \"path\": [\"data\", \"word\"]} if input.data.word\n";
    shop.write("policies/word.rego", policy);
    let judged = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\ndata:\n  word: sesame\n";
    shop.write("estate/judged.yaml", judged);
    shop.scan(&["-p", "policies", "-f", "sarif", "-o", "r.sarif"]);
    let recorded = shop.all("log");
    assert!(
        recorded.contains(&format!(r#"{{"digest":{{"sha256":"{}"}},"name":"estate/web.yaml""#, sha256(BAD)))
    );
    for (name, text) in [("db", SECRET), ("judged", judged)] {
        assert!(!recorded.contains(&sha256(text)), "{name}");
        assert!(recorded.contains(&format!(r#""}},"name":"estate/{name}.yaml""#)), "{name}");
    }
    for secret in ["corr3ct-h0rse", "sesame", &sha256("corr3ct-h0rse"), &sha256("sesame")] {
        assert!(!recorded.contains(secret), "{secret}");
    }
    let digest = |run: &Shop| {
        let text = run.all("log");
        text.split(r#"{"digest":{"hmac":""#).nth(1).unwrap().split('"').next().unwrap().to_owned()
    };
    let other = Shop::new();
    other.scan(&[]);
    assert_ne!(digest(&shop), digest(&other), "another key, another digest");
}

#[test]
fn a_run_records_who_what_and_with_which_policies() {
    let shop = Shop::new();
    shop.write(".git/HEAD", "0123456789abcdef0123456789abcdef01234567\n");
    let github =
        [("GITHUB_ACTIONS", "true"), ("GITHUB_ACTOR", "ann"), ("GITHUB_RUN_ID", "7"), ("TOKEN", "s3cret-x")];
    let answer =
        shop.run_with(&["scan", "estate", "--audit", "log", "--rule", "secrets/*", "--strict"], &github);
    assert_eq!(answer.code, 1, "{}", answer.errors);
    let shown = shop.run(&["audit", "show", "log"]).out;
    for text in [
        " UTC  fail, exit 1\n  by ann (env-claimed)",
        " (os-user); on github run 7; commit 0123456789abcdef0123456789abcdef01234567\n",
        "  scan begins    scan by probity ",
        ", 2 inputs; policies built-in ",
        "; --rule=secrets/* --strict PATH=estate",
    ] {
        assert!(shown.contains(text) || !cfg!(unix), "{text}: {shown}");
    }
    assert!(!shop.all("log").contains("s3cret-x"));
    assert!(shown.contains("  pass  ") && shown.contains("  scan ends  "), "{shown}");
}

#[test]
fn records_are_shown_by_run_rule_and_resource() {
    let shop = Shop::new();
    shop.scan(&[]);
    shop.scan(&[]);
    let lines = |arguments: &[&str]| {
        let answer = shop.run(&[&["audit", "show", "log", "-f", "json"], arguments].concat());
        assert_eq!(answer.code, 0, "{}", answer.errors);
        answer.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect::<Vec<serde_json::Value>>()
    };
    let all = lines(&[]);
    let run = all.last().unwrap()["run"].as_str().unwrap().to_owned();
    let of_run = lines(&["--run", &run]);
    assert!(
        of_run.len() > 2 && of_run.len() < all.len() && of_run.iter().all(|record| record["run"] == *run)
    );
    let rule = lines(&["--rule", "secrets/committed-secret", "--run", &run]);
    assert!(
        !rule.is_empty() && rule.iter().all(|record| record["body"]["rule"] == "secrets/committed-secret")
    );
    let of_domain = lines(&["--rule", "secrets/*", "--run", &run]);
    assert!(of_domain.len() > rule.len());
    let about = |record: &serde_json::Value, id: &str| {
        let listed = |list: &Vec<serde_json::Value>| list.iter().any(|resource| resource == id);
        record["body"]["resource"] == id || record["body"]["resources"]["list"].as_array().is_some_and(listed)
    };
    let all_about = all.iter().filter(|record| about(record, "Secret/default/db")).count();
    for wanted in ["Secret/default/db", "Secret/*/db", "db"] {
        let resource = lines(&["--resource", wanted]);
        assert_eq!(resource.len(), all_about, "{wanted}");
        assert!(resource.iter().all(|record| about(record, "Secret/default/db")), "{wanted}");
        let kinds: std::collections::BTreeSet<_> =
            resource.iter().filter_map(|record| record["type"].as_str()).collect();
        assert_eq!(kinds.into_iter().collect::<Vec<_>>(), ["decision", "decision.batch"], "{wanted}");
    }
    let answer = shop.run(&["audit", "show", "log", "--rule", "no/such"]);
    assert_eq!((answer.code, &*answer.out), (0, ""));
    assert!(answer.errors.contains("no record of the log matches"), "{}", answer.errors);
}

#[test]
fn passes_in_a_list_beside_the_log_are_found_and_a_lost_list_is_said_to_be_one() {
    use std::fmt::Write as _;
    let shop = Shop::new();
    let many = (0..600).fold(String::new(), |mut text, number| {
        write!(text, "---\napiVersion: v1\nkind: Secret\nmetadata:\n  name: empty-{number:03}\n").unwrap();
        text
    });
    shop.write("estate/many.yaml", &many);
    shop.scan(&[]);
    let show = ["audit", "show", "log", "--resource", "Secret/default/empty-077"];
    let found = shop.run(&show).out;
    assert!(found.contains(" Secret/default/empty-077 and 59") && found.contains("blob=true"), "{found}");
    assert_eq!(shop.run(&["audit", "show", "log", "--resource", "Secret/default/empty-777"]).out, "");
    fs::remove_dir_all(shop.path("log/blobs")).unwrap();
    assert!(shop.run(&show).out.contains("the list is gone"));
}

#[test]
fn evidence_is_dated_by_the_clock() {
    let shop = Shop::new();
    let scan = ["scan", "estate", "--audit", "log"];
    assert_eq!(shop.run_with(&scan, &[("SOURCE_DATE_EPOCH", "86400")]).code, 1);
    let shown = shop.run(&["audit", "show", "log"]).out;
    assert!(!shown.contains("1970-"), "{shown}");
    assert!(shown.contains("SOURCE_DATE_EPOCH=86400"), "{shown}");
    for unusable in ["yesterday", "2026-10-01", "1.5", "99999999999999999999", "s3cret"] {
        let answer = shop.run_with(&scan, &[("SOURCE_DATE_EPOCH", unusable)]);
        assert_eq!((answer.code, &*answer.out), (2, ""), "{unusable}: {}", answer.errors);
        assert!(answer.errors.contains("`SOURCE_DATE_EPOCH`") && !answer.errors.contains(unusable));
    }
    assert!(!shop.all("log").contains("s3cret"));
    assert_eq!(shop.run_with(&scan, &[("SOURCE_DATE_EPOCH", "")]).code, 1, "an empty one is none");
}

#[test]
fn data_for_policies_is_digested() {
    let digest = |data: &str| {
        let shop = Shop::new();
        shop.write("extra/allowed.yaml", data);
        shop.scan(&["-d", "extra"]);
        let recorded = shop.all("log");
        let bundle = recorded.split(r#"{"name":"data","sha256":""#).nth(1).expect("a bundle of data");
        bundle.split('"').next().unwrap().to_owned()
    };
    let expected = sha256(&format!("{}  extra/allowed.yaml\n", sha256("names: [a]\n")));
    assert_eq!(digest("names: [a]\n"), expected);
    assert_ne!(digest("names: [b]\n"), expected);
}

#[test]
fn waivers_are_recorded_as_long_as_they_hold_and_when_they_are_used() {
    let shop = Shop::new();
    shop.write(
        "probity.yaml",
        "waivers:\n\
         - {id: W1, rule: secrets/committed-secret, resource: Secret/default/db, owner: ann, reason: legacy, until: 2999-12-31}\n\
         - {id: W2, rule: mtls/plaintext-gateway, resource: Ingress/none/web, owner: ann, reason: r, until: 2999-12-31}\n\
         - {id: W3, rule: mtls/plaintext-gateway, resource: Ingress/default/web, owner: ann, reason: r, until: 2001-01-01}\n",
    );
    shop.scan(&[]);
    let shown = shop.run(&["audit", "show", "log"]).out;
    let records = |kind: &str| {
        let records = shown.lines().filter_map(|line| line.split_once(&format!("  {kind} ")));
        records.map(|(_, rest)| rest.split_whitespace().next().unwrap().to_owned()).collect::<Vec<String>>()
    };
    assert_eq!(records("waiver holds"), ["W1", "W2"]);
    assert_eq!(records("waiver used"), ["W1"]);
    assert_eq!(records("waiver ended"), ["W3"]);
    assert!(shown.contains("  waived  ") && shown.contains("configuration="));
    let recorded = shop.all("log");
    let hidden = ["legacy", &sha256("legacy"), "reason_sha256"];
    assert!(hidden.iter().all(|text| !recorded.contains(text)), "reasons cannot be read, nor guessed back");
    let reasons: Vec<&str> =
        recorded.split(r#""reason_hmac":""#).skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert!(reasons.len() == 3 && reasons[0] != reasons[1] && reasons[1] == reasons[2], "{reasons:?}");
}

#[test]
fn a_hook_commits_once_and_a_scan_twice() {
    for (environment, heads, mode) in
        [(&[("PRE_COMMIT", "1")][..], "1 heads", "  hook by probity"), (&[], "2 heads", "  scan by probity")]
    {
        let shop = Shop::new();
        let scan = ["scan", "estate", "--audit", "log", "-f", "json", "-o", "r.json"];
        assert_eq!(shop.run_with(&scan, environment).code, 1);
        let verified = shop.run(&["audit", "verify", "log"]);
        assert!(verified.code == 5 && verified.out.contains(heads), "{}", verified.out);
        assert!(shop.run(&["audit", "show", "log"]).out.contains(mode));
    }
}
