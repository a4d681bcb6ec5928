//! What an auditor can check: proofs, heads, damage.

use super::*;

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
