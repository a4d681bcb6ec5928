//! The audit log as its users meet it: keys, scans, verification, what an auditor can check.

#![expect(clippy::disallowed_methods, reason = "tests look at the files that the binary wrote")]
#![expect(clippy::unwrap_used, reason = "in tests it is an assertion")]

use std::{
    fs,
    path::Path,
    process::{Command, Output, Stdio},
};

use sha2::{Digest as _, Sha256};

const ORIGIN: &str = "audit.example.com/shop";
const BAD: &str =
    "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata:\n  name: web\nspec:\n  rules: []\n";
const SECRET: &str =
    "apiVersion: v1\nkind: Secret\nmetadata:\n  name: db\nstringData:\n  password: corr3ct-h0rse\n";

/// A folder with an estate, a key and a log.
struct Shop {
    folder: tempfile::TempDir,
    vkey: String,
}

struct Answer {
    code: i32,
    out: String,
    errors: String,
}

impl Shop {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut shop = Self { folder, vkey: String::new() };
        shop.write("estate/web.yaml", BAD);
        shop.write("estate/db.yaml", SECRET);
        shop.vkey = shop.run(&["audit", "keygen", ORIGIN, "-o", "key"]).out.trim().to_owned();
        shop
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    fn run(&self, arguments: &[&str]) -> Answer {
        self.run_with(arguments, &[])
    }

    fn run_with(&self, arguments: &[&str], environment: &[(&str, &str)]) -> Answer {
        let mut command = Command::new(env!("CARGO_BIN_EXE_probity"));
        command.current_dir(self.folder.path()).args(arguments).stdin(Stdio::null()).env_clear();
        command.env("HOME", self.folder.path()).env("XDG_STATE_HOME", self.path("state"));
        let Output { status, stdout, stderr } =
            command.envs(environment.iter().copied()).output().expect("the binary runs");
        let text = |bytes| String::from_utf8(bytes).expect("output is text");
        Answer { code: status.code().unwrap_or(-1), out: text(stdout), errors: text(stderr) }
    }

    /// A signed scan of the estate, which has findings.
    fn scan(&self, more: &[&str]) -> Answer {
        let answer = self.run(&[&["scan", "estate", "--audit", "log", "--audit-key", "key"], more].concat());
        assert_eq!(answer.code, 1, "{}", answer.errors);
        answer
    }

    fn fingerprint(&self) -> String {
        let report: serde_json::Value = serde_json::from_str(&self.read("r.json")).unwrap();
        report["findings"][0]["fingerprint"].as_str().unwrap().to_owned()
    }

    /// Everything that lies in a folder, as one text.
    fn all(&self, folder: &str) -> String {
        let mut text = String::new();
        let mut folders = vec![self.path(folder)];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap().flatten() {
                match entry.path() {
                    path if path.is_dir() => folders.push(path),
                    path => text += &String::from_utf8_lossy(&fs::read(path).unwrap()),
                }
            }
        }
        text
    }
}

fn sha256(text: &str) -> String {
    use std::fmt::Write as _;
    Sha256::digest(text).iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").expect("a string takes text");
        hex
    })
}

#[test]
fn a_signed_log_verifies_against_its_key_and_says_what_it_cannot_know() {
    let shop = Shop::new();
    shop.scan(&[]);
    let other = shop.run(&["audit", "keygen", ORIGIN, "-o", "other"]).out;
    for (arguments, code, text) in [
        (&["--vkey", &shop.vkey][..], 0, "intact, signed by the pinned key"),
        (&[], 5, "intact, key not pinned"),
        (&["--vkey", other.trim()], 1, "NOT INTACT"),
        (&["--vkey", "key"], 2, ""),
        (&["--vkey", "nothing"], 2, ""),
    ] {
        let answer = shop.run(&[&["audit", "verify", "log"], arguments].concat());
        assert_eq!(answer.code, code, "{arguments:?}: {}{}", answer.out, answer.errors);
        assert!(answer.out.starts_with(text), "{arguments:?}: {}", answer.out);
    }
    let errors = shop.run(&["audit", "verify", "log", "--vkey", "key"]).errors;
    assert!(!errors.contains(shop.read("key").trim()), "a private key is not printed: {errors}");
}

#[test]
fn a_key_file_is_private_and_never_overwritten() {
    let shop = Shop::new();
    assert!(shop.vkey.starts_with(ORIGIN));
    assert_eq!(shop.run(&["audit", "keygen", ORIGIN, "-o", "key"]).code, 2);
    let printed = shop.run(&["audit", "keygen", ORIGIN]);
    assert!(printed.out.starts_with("PRIVATE+KEY+") && printed.errors.contains(ORIGIN));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(fs::metadata(shop.path("key")).unwrap().permissions().mode() & 0o777, 0o600);
        fs::set_permissions(shop.path("key"), fs::Permissions::from_mode(0o640)).unwrap();
        let answer = shop.run(&["scan", "estate", "--audit", "log", "--audit-key", "key"]);
        assert_eq!((answer.code, &*answer.out), (2, ""), "{}", answer.errors);
        assert!(answer.errors.contains("chmod 600"), "{}", answer.errors);
    }
}

#[test]
fn the_key_may_come_in_the_environment() {
    let shop = Shop::new();
    let (scan, key) = (["scan", "estate", "--audit", "log"], shop.read("key"));
    for (value, code) in [("not a key", 2), (&key, 1)] {
        let answer = shop.run_with(&scan, &[("PROBITY_AUDIT_KEY", value)]);
        assert_eq!(answer.code, code, "{}", answer.errors);
        assert!(!answer.errors.contains(value), "{}", answer.errors);
    }
    assert_eq!(shop.run(&["audit", "verify", "log", "--vkey", &shop.vkey]).code, 0);
    let unsigned = shop.run(&scan);
    assert_eq!((unsigned.code, &*unsigned.out), (2, ""), "a signed log takes nothing unsigned");
    assert_eq!(shop.run_with(&scan, &[("PROBITY_AUDIT_KEY", "")]).code, 2);
}

#[test]
fn without_a_key_everything_says_unsigned() {
    let shop = Shop::new();
    let answer = shop.run(&["scan", "estate", "--audit", "log", "-f", "json", "-o", "r.json"]);
    assert!(answer.code == 1 && answer.errors.contains("UNSIGNED"), "{}", answer.errors);
    assert!(shop.read("r.json").contains("\"signed\": false"));
    let answer = shop.run(&["audit", "verify", "log"]);
    assert!(answer.code == 5 && answer.out.starts_with("intact, UNSIGNED"), "{}", answer.out);
    assert!(shop.run(&["audit", "show", "log"]).errors.contains("UNSIGNED"));
    let answer = shop.run(&["audit", "prove", "log", "--index", "1", "-o", "proof"]);
    assert!(answer.code == 0 && answer.errors.contains("UNSIGNED"), "{}", answer.errors);
    let answer = shop.run(&["audit", "check", "proof"]);
    assert!(answer.code == 0 && answer.out.starts_with("holds, UNSIGNED"), "{}", answer.out);
    assert_eq!(shop.run(&["audit", "check", "proof", "--vkey", &shop.vkey]).code, 1);
}

#[test]
fn a_finding_is_proved_to_somebody_without_the_log() {
    let shop = Shop::new();
    shop.scan(&["-f", "json", "-o", "r.json"]);
    let fingerprint = shop.fingerprint();
    let prove = ["audit", "prove", "log", "--finding", &fingerprint, "-o", "proof"];
    assert_eq!(shop.run(&prove).code, 0);
    fs::rename(shop.path("log"), shop.path("elsewhere")).unwrap();
    let answer = shop.run(&["audit", "check", "proof", "--vkey", &shop.vkey]);
    assert_eq!(answer.code, 0, "{}", answer.out);
    assert!(answer.out.starts_with("holds, signed by the pinned key") && answer.out.contains(&fingerprint));
    let proof = shop.read("proof");
    let beginning = shop.run(&["audit", "prove", "elsewhere", "--finding", &fingerprint[..8]]);
    assert_eq!((beginning.code, &*beginning.out), (0, &*proof), "{}", beginning.errors);
    let lines: Vec<&str> = proof.lines().collect();
    for (name, text) in [
        ("another index", proof.replace("\nindex ", "\nindex 1")),
        ("another record", proof.replacen("extra ey", "extra fy", 1)),
        ("a hash less", proof.replacen(&format!("{}\n", lines[3]), "", 1)),
        ("no signature", proof.replace("\u{2014} ", "- ")),
        ("nothing", String::new()),
    ] {
        assert_ne!(text, proof, "{name}");
        shop.write("bad", &text);
        assert_eq!(shop.run(&["audit", "check", "bad", "--vkey", &shop.vkey]).code, 1, "{name}");
    }
    for wrong in ["00", &fingerprint[..7], "00000000"] {
        assert_eq!(shop.run(&["audit", "prove", "elsewhere", "--finding", wrong]).code, 2, "{wrong}");
    }
    assert_eq!(shop.run(&["audit", "prove", "elsewhere"]).code, 2);
    assert_eq!(shop.run(&["audit", "prove", "log", "--index", "1"]).code, 2, "there is no log");
}

#[test]
fn a_sarif_file_has_its_proof_beside_it_which_is_a_head_to_keep() {
    let shop = Shop::new();
    shop.scan(&["-f", "sarif", "-o", "r.sarif", "-f", "json", "-o", "r.json"]);
    assert!(!shop.path("r.json.tlog-proof").exists());
    let check = ["audit", "check", "r.sarif.tlog-proof", "--vkey", &shop.vkey, "--report", "r.sarif"];
    assert_eq!(shop.run(&check).code, 0);
    // Nothing proves what another run put in its place.
    shop.write("other.tlog-proof", "a file of somebody");
    fs::rename(shop.path("r.sarif"), shop.path("kept.sarif")).unwrap();
    fs::rename(shop.path("r.sarif.tlog-proof"), shop.path("kept.sarif.tlog-proof")).unwrap();
    fs::copy(shop.path("kept.sarif.tlog-proof"), shop.path("r.sarif.tlog-proof")).unwrap();
    shop.run(&[
        "scan", "estate", "--audit", "off", "-f", "sarif", "-o", "r.sarif", "-f", "json", "-o", "other",
    ]);
    assert!(!shop.path("r.sarif.tlog-proof").exists() && shop.path("other.tlog-proof").exists());
    fs::rename(shop.path("kept.sarif"), shop.path("r.sarif")).unwrap();
    fs::rename(shop.path("kept.sarif.tlog-proof"), shop.path("r.sarif.tlog-proof")).unwrap();
    shop.scan(&[]);
    let prove = ["audit", "prove", "log", "--report", "r.sarif", "-o", "again"];
    assert_eq!(shop.run(&prove).code, 0);
    assert_eq!(shop.run(&["audit", "check", "again", "--report", "r.sarif"]).code, 0);
    let trusted = ["audit", "verify", "log", "--vkey", &shop.vkey, "--trusted", "r.sarif.tlog-proof"];
    assert_eq!(shop.run(&trusted).code, 0);
    // Another log of the same key, as after restoring a backup of the key alone.
    fs::rename(shop.path("log"), shop.path("lost")).unwrap();
    fs::remove_dir_all(shop.path("state")).unwrap();
    shop.scan(&[]);
    let answer = shop.run(&trusted);
    assert_eq!(answer.code, 3, "{}", answer.out);
    assert!(answer.out.contains("remembered head:") && answer.out.contains("head of this log:"));
    let text = shop.read("r.sarif");
    shop.write("r.sarif", &text.replace("high", "low"));
    let answer = shop.run(&check);
    assert!(answer.code == 1 && answer.out.contains("does not name this report"), "{}", answer.out);
}

#[test]
fn a_log_that_was_cut_back_takes_no_run() {
    let shop = Shop::new();
    shop.scan(&[]);
    let copy = |from: &str, to: &str| {
        assert!(
            Command::new("cp").arg("-r").args([shop.path(from), shop.path(to)]).status().unwrap().success()
        );
    };
    copy("log", "backup");
    shop.scan(&[]);
    fs::remove_dir_all(shop.path("log")).unwrap();
    copy("backup", "log");
    let scan = ["scan", "estate", "--audit", "log", "--audit-key", "key"];
    let answer = shop.run(&scan);
    assert_eq!((answer.code, &*answer.out), (4, ""), "nothing is judged");
    assert!(answer.errors.contains("rolled back") && answer.errors.contains("remembered:"));
    assert_eq!(shop.run(&["audit", "verify", "log", "--vkey", &shop.vkey]).code, 3);
    let checkpoint = shop.read("backup/checkpoint");
    fs::remove_dir_all(shop.path("log")).unwrap();
    let answer = shop.run(&["audit", "verify", "log", "--vkey", &shop.vkey]);
    assert_eq!(answer.code, 3, "{}{}", answer.out, answer.errors);
    assert!(answer.out.starts_with("ROLLED BACK: no record of the log is left"), "{}", answer.out);
    assert_eq!(shop.run(&["audit", "verify", "log"]).code, 2, "nobody says which log it was");
    shop.write("head", &checkpoint);
    assert_eq!(shop.run(&["audit", "verify", "log", "--trusted", "head"]).code, 3);
    assert_eq!(shop.run(&scan).code, 4, "a log that is gone is remembered too");
    assert_eq!(shop.run(&[&scan[..], &["--audit-init-new"]].concat()).code, 1);
    assert!(shop.run(&["audit", "show", "log"]).out.contains("goes on from audit.example.com/shop of "));
}

#[test]
fn one_head_extends_another_or_does_not() {
    let shop = Shop::new();
    shop.scan(&[]);
    fs::copy(shop.path("log/checkpoint"), shop.path("old")).unwrap();
    shop.scan(&[]);
    fs::copy(shop.path("log/checkpoint"), shop.path("new")).unwrap();
    shop.scan(&[]);
    let vkey = ["--vkey", &shop.vkey];
    for arguments in [&["old", "log"][..], &["log", "old"], &["old", "new", "log"], &["new", "new", "log"]] {
        let answer = shop.run(&[&["audit", "consistency"], arguments, &vkey].concat());
        assert_eq!(answer.code, 0, "{arguments:?}: {}{}", answer.out, answer.errors);
        shop.write("proof", &answer.out);
        let check =
            ["audit", "check", "proof", "--old", arguments.iter().find(|name| **name != "log").unwrap()];
        assert_eq!(shop.run(&[&check[..], &vkey].concat()).code, 0, "{arguments:?}");
    }
    assert_eq!(shop.run(&["audit", "consistency", "new", "old", "log"]).code, 1, "swapped");
    assert_eq!(shop.run(&["audit", "check", "proof", "--old", "old"]).code, 1, "of another head");
    let old = shop.read("old");
    let size = old.lines().nth(1).unwrap();
    shop.write("forged", &old.replacen(&format!("\n{size}\n"), "\n3\n", 1));
    assert_eq!(shop.run(&[&["audit", "consistency", "forged", "log"], &vkey[..]].concat()).code, 1);
    let from = shop.run(&[&["audit", "verify", "log", "--from", "old"], &vkey[..]].concat());
    assert!(from.code == 0 && from.out.contains(&format!("verified from index {size}")), "{}", from.out);
    assert_eq!(shop.run(&["audit", "consistency"]).code, 2);
}

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
fn no_proof_is_put_beside_what_is_no_file() {
    let shop = Shop::new();
    for output in ["/dev/null", "/dev/stdout", "/dev/fd/1"] {
        shop.scan(&["-f", "sarif", "-o", output]);
    }
    assert!(!Path::new("/dev/null.tlog-proof").exists());
    #[cfg(unix)]
    {
        let pipe = shop.path("pipe");
        assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let reader = Command::new("cat").arg(&pipe).stdout(Stdio::null()).spawn().unwrap();
        shop.scan(&["-f", "sarif", "-o", "pipe"]);
        assert!(reader.wait_with_output().unwrap().status.success());
        assert!(!shop.path("pipe.tlog-proof").exists());
    }
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

#[cfg(unix)]
#[test]
fn a_signer_does_not_get_the_key_of_the_environment() {
    let shop = Shop::new();
    let script = shop.path("sign.sh");
    fs::write(&script, "env > \"$(dirname \"$0\")/environment\"").unwrap();
    let signer = format!("exec:/bin/sh {}", script.display());
    let scan = ["scan", "estate", "--audit", "log", "--audit-vkey", &shop.vkey, "--audit-signer", &signer];
    let answer = shop.run_with(&scan, &[("PROBITY_AUDIT_KEY", &shop.read("key")), ("PATH", "/usr/bin:/bin")]);
    assert_eq!(answer.code, 4, "{}", answer.errors);
    let environment = shop.read("environment");
    assert!(environment.contains("PATH=") && !environment.contains("PRIVATE"), "{environment}");
}

#[test]
fn a_log_in_use_names_the_limit_that_can_be_raised() {
    let shop = Shop::new();
    shop.scan(&[]);
    let lock = fs::OpenOptions::new().append(true).open(shop.path("log/lock")).unwrap();
    lock.lock().unwrap();
    let scan = ["scan", "estate", "--audit", "log", "--audit-key", "key", "--audit-lock-timeout", "0"];
    for environment in [&[][..], &[("PRE_COMMIT", "1")]] {
        let answer = shop.run_with(&scan, environment);
        assert_eq!((answer.code, &*answer.out), (4, ""), "nothing is judged: {}", answer.errors);
        assert!(answer.errors.contains("--audit-lock-timeout"), "{}", answer.errors);
    }
}

#[cfg(unix)]
#[test]
fn a_hook_judges_nothing_that_it_cannot_record() {
    use std::os::unix::fs::PermissionsExt as _;
    let shop = Shop::new();
    shop.scan(&[]);
    let hook = |arguments: &[&str]| {
        let scan = ["scan", "estate", "--audit", "log"];
        shop.run_with(&[&scan[..], arguments].concat(), &[("PRE_COMMIT", "1"), ("PATH", "/usr/bin:/bin")])
    };
    let signer = ["--audit-signer", "exec:false", "--audit-vkey", &shop.vkey];
    let answer = hook(&signer);
    assert_eq!((answer.code, &*answer.out), (4, ""), "{}", answer.errors);
    let segment = shop.path("log/seg/00000000000000000000-00.jsonl");
    fs::hard_link(&segment, shop.path("another")).unwrap();
    let answer = hook(&["--audit-key", "key"]);
    assert_eq!((answer.code, &*answer.out), (4, ""), "{}", answer.errors);
    fs::remove_file(shop.path("another")).unwrap();
    fs::set_permissions(&segment, fs::Permissions::from_mode(0o400)).unwrap();
    // Whoever may do everything may write to it all the same.
    if fs::OpenOptions::new().append(true).open(&segment).is_err() {
        let answer = hook(&["--audit-key", "key"]);
        assert_eq!((answer.code, &*answer.out), (4, ""), "{}", answer.errors);
    }
    fs::set_permissions(&segment, fs::Permissions::from_mode(0o600)).unwrap();
    assert_eq!(hook(&["--audit-key", "key"]).code, 1);
    assert_eq!(shop.run(&["audit", "verify", "log", "--vkey", &shop.vkey]).code, 0);
}

#[test]
fn a_key_hands_over_to_another() {
    let shop = Shop::new();
    shop.scan(&[]);
    let new = shop.run(&["audit", "keygen", ORIGIN, "-o", "new"]).out.trim().to_owned();
    let rotate = ["audit", "rotate", "log", "--audit-key", "key", "--to", "new"];
    let answer = shop.run(&rotate);
    assert_eq!((answer.code, answer.out.trim()), (0, &*new), "{}", answer.errors);
    assert_eq!(shop.run(&rotate).code, 2, "the old key does not sign any more");
    assert_eq!(shop.run(&["scan", "estate", "--audit", "log", "--audit-key", "key"]).code, 2);
    assert_eq!(shop.run(&["scan", "estate", "--audit", "log", "--audit-key", "new"]).code, 1);
    for key in [&shop.vkey, &new] {
        assert_eq!(shop.run(&["audit", "verify", "log", "--vkey", key]).code, 0);
    }
    assert_eq!(shop.run(&["audit", "rotate", "nowhere", "--to", "new"]).code, 2);
    assert!(!shop.path("nowhere").exists());
}

#[test]
fn a_folder_with_other_things_does_not_become_a_log() {
    let shop = Shop::new();
    for folder in [".", "estate"] {
        let answer = shop.run(&["scan", "estate", "--audit", folder]);
        assert_eq!((answer.code, &*answer.out), (2, ""), "{}", answer.errors);
        assert!(answer.errors.contains("no audit log"), "{}", answer.errors);
        assert!(!shop.path(folder).join(".gitignore").exists() && !shop.path(folder).join("lock").exists());
    }
    fs::create_dir(shop.path("empty")).unwrap();
    assert_eq!(shop.run(&["scan", "estate", "--audit", "empty"]).code, 1);
}

#[test]
fn another_place_for_the_log_is_named_even_to_those_who_want_to_hear_little() {
    let shop = Shop::new();
    shop.write(".probity", "no folder");
    for more in [&[][..], &["-q"]] {
        let answer = shop.run(&[&["scan", "estate"], more].concat());
        assert_eq!(answer.code, 1, "{}", answer.errors);
        assert!(answer.errors.contains("the audit log is kept in"), "{}", answer.errors);
    }
}

#[test]
fn without_a_name_the_log_is_read_that_was_written_last_and_another_is_told_of() {
    let shop = Shop::new();
    assert_eq!(shop.run(&["audit", "verify"]).code, 2, "there is none yet");
    shop.write(".probity", "no folder");
    shop.run(&["scan", "estate", "-f", "json", "-o", "r.json"]);
    let fallback = fs::read_dir(shop.path("state/probity/audit")).unwrap().next().unwrap().unwrap().path();
    let commands = [&["audit", "verify"][..], &["audit", "show"], &["audit", "prove", "--index", "1"]];
    for command in commands {
        let answer = shop.run(command);
        assert!(matches!(answer.code, 0 | 5), "{command:?}: {}", answer.errors);
        let said = format!("this is the audit log in {}", fallback.display());
        assert!(answer.errors.contains(&said), "{command:?}: {}", answer.errors);
    }
    // From here on the log lies at the base, beside the older one.
    fs::remove_file(shop.path(".probity")).unwrap();
    shop.run(&["scan", "estate"]);
    let base = shop.path(".probity/audit");
    let newest = |wanted: &Path, other: &Path| {
        for command in commands {
            let errors = shop.run(&[command, &["-q"]].concat()).errors;
            let (read, rest) = errors.split_once(", and not ").unwrap_or_default();
            assert!(read.contains("there are 2 audit logs: this is "), "{command:?}: {errors}");
            assert!(read.contains(&*wanted.to_string_lossy()), "{command:?}: {errors}");
            assert!(rest.contains(&*other.to_string_lossy()), "{command:?}: {errors}");
        }
        let head = fs::read_to_string(wanted.join("checkpoint")).unwrap();
        let root = head.lines().nth(2).unwrap().to_owned();
        assert!(shop.run(&["audit", "verify"]).out.contains(&root));
    };
    newest(&base, &fallback);
    shop.run(&["scan", "estate", "--audit", fallback.to_str().unwrap()]);
    newest(&fallback, &base);
}

#[test]
fn the_log_that_the_configuration_names_is_the_one_that_is_read() {
    let shop = Shop::new();
    shop.write("probity.yaml", "audit: {log: evidence}\n");
    assert_eq!(shop.run(&["scan", "estate"]).code, 1);
    assert!(shop.path("evidence/log.json").exists());
    let answer = shop.run(&["audit", "verify"]);
    assert_eq!(answer.code, 5, "{}{}", answer.out, answer.errors);
    assert!(answer.out.starts_with("intact, UNSIGNED"), "{}", answer.out);
    shop.write("probity.yaml", "audit: {lag: evidence}\n");
    let answer = shop.run(&["audit", "verify"]);
    assert!(answer.code == 2 && answer.errors.contains("name the folder of the log"), "{}", answer.errors);
    assert_eq!(shop.run(&["audit", "verify", "evidence"]).code, 5);
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

#[test]
fn a_log_that_cannot_be_written_ends_the_scan_before_it_judges() {
    let shop = Shop::new();
    shop.write("file", "");
    for environment in [&[][..], &[("PRE_COMMIT", "1")]] {
        let answer = shop.run_with(&["scan", "estate", "--audit", "file/log"], environment);
        assert_eq!((answer.code, &*answer.out), (4, ""), "{}", answer.errors);
    }
    let key = ["scan", "estate", "--audit", "log", "--audit-vkey", &shop.vkey, "--audit-signer"];
    for (signer, code) in [("exec:/nonexistent/signer", 4), ("exec:false", 4), ("exec:", 2), ("/bin/sign", 2)]
    {
        let answer = shop.run(&[&key[..], &[signer]].concat());
        assert_eq!((answer.code, &*answer.out), (code, ""), "{signer}: {}", answer.errors);
    }
    let answer = shop.run(&["scan", "estate", "--audit", "new", "--audit-signer", "exec:false"]);
    assert!(answer.code == 2 && answer.errors.contains("--audit-vkey"), "{}", answer.errors);
}

#[test]
fn a_report_that_cannot_be_written_still_ends_the_run() {
    let shop = Shop::new();
    let answer = shop.run(&["scan", "estate", "--audit", "log", "-f", "json", "-o", "no/such/r.json"]);
    assert_eq!(answer.code, 2, "{}", answer.errors);
    let verified = shop.run(&["audit", "verify", "log"]).out;
    assert!(!verified.contains("incomplete scan"), "{verified}");
    assert!(shop.run(&["audit", "show", "log"]).out.contains("exit 2"));
}

#[test]
fn damage_is_named_by_its_record() {
    let shop = Shop::new();
    shop.scan(&[]);
    let segment = "log/seg/00000000000000000000-00.jsonl";
    let text = shop.read(segment);
    shop.write(segment, &text.replacen(r#""outcome":"fail""#, r#""outcome":"pass""#, 1));
    let answer = shop.run(&["audit", "verify", "log", "--vkey", &shop.vkey]);
    assert_eq!(answer.code, 1, "{}", answer.out);
    assert!(answer.out.starts_with("NOT INTACT: record ") && answer.out.contains("byte"), "{}", answer.out);
    assert!(Path::new(&shop.path(segment)).exists());
    assert_eq!(shop.run(&["audit", "verify", "nowhere"]).code, 2);
}
