//! Where a log lies, and what happens where it cannot.

use super::*;

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
