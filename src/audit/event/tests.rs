//! Every body, with every field, is canonical; lists are inline where they are short.

use std::collections::BTreeMap;

use super::*;
use crate::audit::canonical::Cursor;

/// One event of every kind with all its fields.
pub(in crate::audit) fn every_event() -> Vec<Event> {
    let text = |text: &str| text.to_owned();
    let some = |content: &str| Some(content.to_owned());
    let sha256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    let change = WaiverChange {
        approver: text("ann"),
        id: text("w1"),
        reason_hmac: some("00ff"),
        resource: some("Deployment/shop/*"),
        rule: text("mtls/plaintext-accepted"),
        source: some("probity.yaml:12"),
        ticket: some("SEC-1"),
        until: text("2027-01-31"),
    };
    vec![
        Event::Genesis(Genesis {
            log_sha256: text(sha256),
            nonce: text(sha256),
            origin: text("audit.example.com/shop"),
            predecessor: Some(Predecessor { origin: text("old"), root: text("cm9vdA=="), size: 7 }),
            vkeys: vec![text("k")],
        }),
        Event::ScanStart(Box::new(ScanStart {
            actors: vec![Actor { id: text("ann"), source: text("env-claimed") }],
            arguments: vec![text("--strict")],
            baseline: some(sha256),
            ci: Some(Ci {
                attempt: some("1"),
                provider: text("github"),
                run: some("2"),
                workflow: some("w"),
            }),
            clock_back_ms: Some(3_600_000),
            cluster_version: None,
            configuration: some(sha256),
            git: Some(Git {
                commit: some("abc"),
                dirty: Some(true),
                reference: some("main"),
                repository: some("https://example.com/shop"),
            }),
            manifest: Some(Manifest { count: 3, hmac: text("00ff") }),
            mode: text("scan"),
            policies: vec![PolicyDigest { name: text("built-in"), sha256: text(sha256) }],
            tool: Tool { executable: some(sha256), name: text("probity"), version: text("0.1.0") },
            waivers: some(sha256),
        })),
        Event::ScanInputs(ScanInputs {
            inputs: List::new([
                Input {
                    digest: Some(Digest::Sha256(text(sha256))),
                    name: text("b.yaml"),
                    objects: None,
                    resource_version: None,
                    size: Some(12),
                    status: text("read"),
                },
                Input {
                    digest: Some(Digest::Keyed(text("00ff"))),
                    name: text("a.yaml"),
                    objects: None,
                    resource_version: None,
                    size: None,
                    status: text("read"),
                },
                Input {
                    digest: None,
                    name: text("c.yaml"),
                    objects: None,
                    resource_version: None,
                    size: None,
                    status: text("failed"),
                },
            ]),
        }),
        Event::Decision(Decision {
            error: some("time limit"),
            evidence: some("00ff"),
            fingerprint: some(sha256),
            input: Some(Digest::Sha256(text(sha256))),
            outcome: text("fail"),
            path: some("spec.template"),
            resource: text("Deployment/shop/cart\n— forged\u{202e}"),
            rule: text("mtls/plaintext-accepted"),
            rule_sha256: some(sha256),
            severity: some("high"),
            waiver: some("w1"),
        }),
        Event::DecisionBatch(DecisionBatch {
            outcome: text("pass"),
            resources: List::new([text("Deployment/shop/web")]),
            rule: text("mtls/plaintext-accepted"),
        }),
        Event::WaiverGrant(change.clone()),
        Event::WaiverUse(WaiverUse {
            fingerprint: some(sha256),
            id: text("w1"),
            resource: text("Deployment/shop/cart"),
            rule: text("mtls/plaintext-accepted"),
            until: text("2027-01-31"),
        }),
        Event::WaiverExpire(change.clone()),
        Event::WaiverRevoke(change),
        Event::Override(Override {
            from: text("high"),
            rule: text("mtls/plaintext-accepted"),
            setting: text("severity"),
            source: some("probity.yaml:3"),
            to: text("low"),
        }),
        Event::ScanEnd(ScanEnd {
            clock_back_ms: Some(1),
            counts: Outcomes(BTreeMap::from([("fail", 1), ("pass", 12)])),
            duration_ms: Some(12),
            exit: 1,
            limits: vec![Limit { name: text("file size"), value: 1 }],
            outcome: text("fail"),
            reports: vec![ReportDigest { format: text("sarif"), sha256: text(sha256), size: 1234 }],
        }),
        Event::Recovered(Recovered {
            committed_len: text("1"),
            reason: text("uncommitted"),
            segment: text("00000000000000000000-00.jsonl"),
            tail_len: text("2"),
            tail_sha256: text(sha256),
        }),
        Event::KeyRotated(KeyRotated { from: some("a"), to: text("b") }),
        Event::KeyRevoked(KeyRevoked { key: text("a"), reason: text("compromised") }),
        Event::Closed(Closed { reason: text("full"), successor: some("next") }),
    ]
}

#[test]
fn every_kind_has_a_name_and_is_in_the_sample() {
    let kinds: Vec<Kind> = every_event().iter().map(Event::kind).collect();
    assert_eq!(kinds, Kind::ALL);
    for kind in Kind::ALL {
        assert_eq!(Kind::from_name(kind.name()), Some(*kind));
    }
    assert_eq!(Kind::from_name("decisions"), None);
}

#[test]
fn bodies_are_canonical() {
    for event in every_event() {
        let body = event.body();
        let mut cursor = Cursor::new(&body);
        let read = cursor.object().and_then(|_| cursor.end());
        assert_eq!(read, Ok(()), "{body}");
        let value: serde_json::Value = serde_json::from_str(&body).unwrap();
        assert_eq!(serde_json_canonicalizer::to_string(&value).unwrap(), body);
    }
}

#[test]
fn a_long_list_lies_beside_the_log() {
    let names = |count: usize| (0..count).map(|number| format!("Deployment/shop/service-{number:05}"));
    let short = List::new(names(3));
    assert_eq!(short.beside(), None);
    let long = List::new(names(1000));
    let (sha256, bytes) = long.beside().unwrap();
    assert_eq!(sha256, crate::audit::tree::Hash::plain(bytes).hex());
    let body = serde_json::to_string(&long).unwrap();
    assert_eq!(body, format!(r#"{{"blob":true,"count":"1000","sha256":"{sha256}"}}"#));
}

#[test]
fn the_order_of_a_list_does_not_count() {
    let list = |names: [&str; 2]| List::new(names.map(str::to_owned));
    assert_eq!(list(["a", "b"]), list(["b", "a"]));
}
