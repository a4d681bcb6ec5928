//! The audit log as its users meet it: keys, scans, verification, what an auditor can check.

#![expect(clippy::disallowed_methods, reason = "tests look at the files that the binary wrote")]
#![expect(clippy::unwrap_used, reason = "in tests it is an assertion")]

mod keys;
mod places;
mod proofs;
mod records;

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
