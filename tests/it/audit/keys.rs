//! Keys: where they come from, and what a log says with and without one.

use super::*;

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
