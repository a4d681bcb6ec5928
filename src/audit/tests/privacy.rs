//! P1: canaries that look like credentials, in every field of every event.

use super::*;
use crate::audit::event::{
    Actor, Ci, DecisionBatch, Digest, Git, Input, Limit, List, Manifest, Override, PolicyDigest,
    ReportDigest, ScanInputs, WaiverChange, WaiverUse,
};

/// 200 values that must not be found again.
fn canaries() -> Vec<String> {
    (0..200)
        .map(|number| {
            let tail = format!("{number:04}CANARYcanary0123456789abcdefXYZ");
            match number % 8 {
                0 => format!("https://user:{tail}@git.example.com/shop"),
                1 => format!("AKIA{number:016}"),
                2 => format!("ghp_{tail}"),
                3 => format!("eyJ{tail}.eyJ{tail}.{tail}"),
                4 => format!("-----BEGIN RSA PRIVATE KEY-----\n{tail}"),
                5 => format!("PRIVATE+KEY+name+00000000+{tail}"),
                6 => format!("glpat-{tail}"),
                _ => format!("xoxb-{tail}"),
            }
        })
        .collect()
}

/// What is secret about a canary.
fn secret(canary: &str) -> &str {
    let canary = canary.strip_prefix("https://user:").unwrap_or(canary);
    let canary = canary.strip_prefix("-----BEGIN RSA PRIVATE KEY-----\n").unwrap_or(canary);
    canary.split('@').next().unwrap()
}

fn events(text: &dyn Fn() -> String) -> Vec<Event> {
    let some = || Some(text());
    let input = |digest| Input {
        digest,
        name: text(),
        objects: None,
        resource_version: None,
        size: Some(1),
        status: text(),
    };
    let Event::ScanStart(start) = start() else { unreachable!() };
    vec![
        Event::ScanStart(Box::new(ScanStart {
            actors: vec![Actor { id: text(), source: text() }],
            arguments: vec![text(), text()],
            ci: Some(Ci { attempt: some(), provider: text(), run: some(), workflow: some() }),
            git: Some(Git { commit: some(), dirty: None, reference: some(), repository: some() }),
            manifest: Some(Manifest { count: 1, hmac: text() }),
            policies: vec![PolicyDigest { name: text(), sha256: text() }],
            mode: text(),
            ..*start
        })),
        Event::ScanInputs(ScanInputs {
            inputs: List::new((0..90).map(|_| input(Some(Digest::Keyed(text()))))),
        }),
        Event::Decision(Decision {
            error: some(),
            evidence: some(),
            fingerprint: some(),
            input: Some(Digest::Sha256(text())),
            outcome: text(),
            path: some(),
            resource: text(),
            rule: text(),
            rule_sha256: some(),
            severity: some(),
            waiver: some(),
        }),
        Event::DecisionBatch(DecisionBatch {
            outcome: text(),
            resources: List::new((0..300).map(|_| text())),
            rule: text(),
        }),
        Event::WaiverGrant(WaiverChange {
            approver: text(),
            id: text(),
            reason_hmac: some(),
            resource: some(),
            rule: text(),
            source: some(),
            ticket: some(),
            until: text(),
        }),
        Event::WaiverUse(WaiverUse {
            fingerprint: some(),
            id: text(),
            resource: text(),
            rule: text(),
            until: text(),
        }),
        Event::Override(Override { from: text(), rule: text(), setting: text(), source: some(), to: text() }),
        Event::ScanEnd(ScanEnd {
            limits: vec![Limit { name: text(), value: 1 }],
            outcome: text(),
            reports: vec![ReportDigest { format: text(), sha256: text(), size: 1 }],
            ..ScanEnd::default()
        }),
    ]
}

#[test]
fn p1_no_canary_gets_into_the_log_or_beside_it() {
    let system = Memory::default();
    let mut writer = open(&system, options()).unwrap();
    for (number, canary) in canaries().into_iter().enumerate() {
        let text = || if number % 16 < 8 { canary.clone() } else { format!("name {canary} more") };
        writer.append(&events(&text)).unwrap();
    }
    assert_eq!(verified(&system, &pinned()).exit_code(), 0);
    let files: Vec<(String, String)> = system
        .files()
        .into_iter()
        .map(|file| {
            let bytes = system.read(&file).unwrap();
            (file.display().to_string(), String::from_utf8(bytes).unwrap())
        })
        .collect();
    assert!(files.iter().any(|(file, _)| file.contains("blobs")), "long lists lie beside the log");
    for canary in canaries() {
        for (file, text) in &files {
            assert!(!text.contains(secret(&canary)), "{canary} in {file}");
        }
    }
}

#[test]
fn p2_neither_key_nor_seed_gets_into_the_log_or_into_messages() {
    let (system, _) = log_of(options(), &[3]);
    let key = key(1).encode();
    let seed = key.rsplit('+').next().unwrap();
    for file in system.files() {
        let text = String::from_utf8_lossy(&system.read(&file).unwrap()).into_owned();
        assert!(!text.contains(seed), "{}", file.display());
    }
    let error =
        open(&system, Options { signer: Some(Signer::Key(self::key(2))), ..options() }).err().unwrap();
    let other = self::key(2).encode();
    assert!(!format!("{error} {error:?}").contains(other.rsplit('+').next().unwrap()));
    assert!(!format!("{:?}", Signer::Key(self::key(2))).contains("AgIC"));
}
