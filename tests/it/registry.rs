//! Policies from an OCI registry: a small one answers within the test.
#![cfg(feature = "registry")]

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader, Write},
    net::{TcpListener, TcpStream},
    sync::Arc,
    thread,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use probity::finding::hex;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::command::Folder;

const RULE: &str = "package main\nimport rego.v1\n\
                    deny contains \"it is forbidden\" if input.kind in data.forbidden\n";
const DATA: &str = "forbidden: [ConfigMap]\n";
const MANIFEST: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n";

/// What a registry answers, by path: status and body.
type Answers = BTreeMap<String, (u16, Vec<u8>)>;

/// The key of [`Answers`] under which stands what a request must be authorized by.
const AUTHORIZATION: &str = "authorization";

/// Serves until the test's process ends; gives the address.
fn serve(answers: Answers) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let address = listener.local_addr().expect("it has an address").to_string();
    let answers = Arc::new(answers);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let answers = Arc::clone(&answers);
            thread::spawn(move || drop(answer(stream, &answers)));
        }
    });
    address
}

fn answer(mut stream: TcpStream, answers: &Answers) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    let request = lines.next().transpose()?.unwrap_or_default();
    let path = request.split(' ').nth(1).unwrap_or_default().to_owned();
    let mut authorization = Vec::new();
    while let Some(line) = lines.next().transpose()?.filter(|line| !line.is_empty()) {
        if let Some((name, value)) = line.split_once(": ")
            && name.eq_ignore_ascii_case(AUTHORIZATION)
        {
            authorization = value.as_bytes().to_vec();
        }
    }
    let may = answers.get(AUTHORIZATION).is_none_or(|(_, wanted)| *wanted == authorization);
    let (status, body) = match (path.as_str(), answers.get(&path).filter(|_| may)) {
        _ if !may => (401, &b"{}"[..]),
        (_, Some((status, body))) => (*status, body.as_slice()),
        ("/v2/", None) => (200, &b"{}"[..]),
        _ => (404, &br#"{"errors":[{"code":"MANIFEST_UNKNOWN","message":"no","detail":null}]}"#[..]),
    };
    let kind = if path.contains("/manifests/") {
        "application/vnd.oci.image.manifest.v1+json"
    } else {
        "application/octet-stream"
    };
    write!(
        stream,
        "HTTP/1.1 {status} X\r\nContent-Type: {kind}\r\nWWW-Authenticate: Basic realm=\"r\"\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    )?;
    stream.write_all(body)
}

fn digest(bytes: &[u8]) -> String {
    format!("sha256:{}", hex(&Sha256::digest(bytes)))
}

const POLICY_LAYER: &str = "application/vnd.cncf.openpolicyagent.policy.layer.v1+rego";
const DATA_LAYER: &str = "application/vnd.cncf.openpolicyagent.data.layer.v1+json";

/// An artifact `rules:1`, of layers with their media types and titles, and the digest of its manifest.
fn artifact(layers: &[(&str, Option<&str>, &[u8])]) -> (Answers, String) {
    let mut answers = Answers::new();
    let mut listed = Vec::new();
    for (kind, title, bytes) in layers {
        let annotations = title.map(|title| json!({"org.opencontainers.image.title": title}));
        let mut layer = json!({"mediaType": kind, "digest": digest(bytes), "size": bytes.len()});
        if let Some(annotations) = annotations {
            layer["annotations"] = annotations;
        }
        listed.push(layer);
        answers.insert(format!("/v2/rules/blobs/{}", digest(bytes)), (200, bytes.to_vec()));
    }
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": {"mediaType": "application/vnd.unknown.config.v1+json", "digest": digest(b"{}"), "size": 2},
        "layers": listed,
    });
    let manifest = manifest.to_string().into_bytes();
    let named = digest(&manifest);
    answers.insert("/v2/rules/manifests/1".to_owned(), (200, manifest.clone()));
    answers.insert(format!("/v2/rules/manifests/{named}"), (200, manifest));
    (answers, named)
}

fn refused(folder: &Folder, answers: Answers) -> String {
    let address = serve(answers);
    let reference = format!("oci://{address}/rules:1");
    let output = folder.run(&["scan", "--audit", "off", "--no-builtin-policies", "-p", &reference]);
    assert_eq!(output.status.code(), Some(2));
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn what_conftest_pushes_judges_and_is_named_by_its_digest() {
    let folder = Folder::new(&[("a.yaml", MANIFEST)]);
    let (answers, digest) = artifact(&[
        (POLICY_LAYER, Some("policy/a.rego"), RULE.as_bytes()),
        (DATA_LAYER, Some("policy/data.yaml"), DATA.as_bytes()),
    ]);
    let address = serve(answers);
    for reference in [format!("oci://{address}/rules:1"), format!("oci://{address}/rules@{digest}")] {
        let report = folder.report(&["--no-builtin-policies", "-p", &reference]);
        assert_eq!(report["findings"][0]["message"], "it is forbidden", "{report:#}");
    }
    let reference = format!("oci://{address}/rules:1");
    let output = folder.run(&["scan", "--audit", "log", "--no-builtin-policies", "-p", &reference]);
    assert_eq!(output.status.code(), Some(1));
    let shown = folder.run(&["audit", "show", "log", "-f", "json"]);
    let shown = String::from_utf8_lossy(&shown.stdout).into_owned();
    assert!(shown.contains(&format!("oci://{address}/rules@{digest}")), "{shown}");
}

#[test]
fn a_bundle_in_a_layer_judges() {
    let folder = Folder::new(&[("a.yaml", MANIFEST)]);
    let mut archive =
        tar::Builder::new(flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast()));
    for (name, text) in [("a.rego", RULE), ("data.json", r#"{"forbidden": ["ConfigMap"]}"#)] {
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        archive.append_data(&mut header, name, text.as_bytes()).expect("an archive in memory");
    }
    let bytes =
        archive.into_inner().and_then(flate2::write::GzEncoder::finish).expect("an archive in memory");
    let (answers, _) = artifact(&[("application/vnd.oci.image.layer.v1.tar+gzip", None, &bytes)]);
    let reference = format!("oci://{}/rules:1", serve(answers));
    let report: Value = folder.report(&["--no-builtin-policies", "-p", &reference]);
    assert_eq!(report["findings"][0]["message"], "it is forbidden", "{report:#}");
}

#[test]
fn the_credentials_of_docker_are_used_and_never_shown() {
    let login = |password: &str| STANDARD.encode(format!("robot:{password}"));
    let (mut answers, _) = artifact(&[
        (POLICY_LAYER, Some("a.rego"), RULE.as_bytes()),
        (DATA_LAYER, Some("a.json"), br#"{"forbidden": ["ConfigMap"]}"#),
    ]);
    answers.insert(AUTHORIZATION.to_owned(), (0, format!("Basic {}", login("s3cr3t-right")).into_bytes()));
    let address = serve(answers);
    let reference = format!("oci://{address}/rules:1");
    for (password, code) in [("s3cr3t-right", 1), ("s3cr3t-wrong", 2)] {
        let config = json!({"auths": {&address: {"auth": login(password)}}}).to_string();
        let folder = Folder::new(&[("a.yaml", MANIFEST), (".docker/config.json", &config)]);
        let output = folder.run(&["scan", "--audit", "off", "--no-builtin-policies", "-p", &reference]);
        let shown =
            format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert_eq!(output.status.code(), Some(code), "{shown}");
        assert!(!shown.contains("s3cr3t") && !shown.contains(&login(password)), "{shown}");
        assert!(code == 1 || shown.contains("log in"), "{shown}");
    }
}

#[test]
fn what_cannot_be_pulled_says_why() {
    let folder = Folder::new(&[("a.yaml", MANIFEST)]);
    let rule = (POLICY_LAYER, Some("a.rego"), RULE.as_bytes());
    let changed = |name: &str, status: u16, body: &[u8]| {
        let (mut answers, _) = artifact(&[rule]);
        let key = answers.keys().find(|key| key.contains(name)).cloned().expect("there is one");
        answers.insert(key, (status, body.to_vec()));
        answers
    };
    let of = |layer| artifact(&[layer]).0;
    for (case, answers, expected) in [
        ("no such artifact", Answers::new(), "refuses (ManifestUnknown)"),
        (
            "another content",
            changed("/blobs/", 200, &RULE.replace("forbidden", "forgotten").into_bytes()),
            "digest",
        ),
        (
            "longer content",
            changed("/blobs/", 200, &RULE.repeat(2).into_bytes()),
            "larger than its manifest says",
        ),
        ("a broken registry", changed("/manifests/1", 500, b"secret-detail"), "status 500"),
        ("not JSON", changed("/manifests/1", 200, b"<html>"), "OCI distribution specification"),
        ("an image", of(("application/vnd.example", None, b"x")), "but `application/vnd.example`"),
        ("no title", of((POLICY_LAYER, None, b"package a")), "without a title"),
        ("leads out", of((POLICY_LAYER, Some("../a.rego"), b"package a")), "leads out of the bundle"),
        ("no object", of((DATA_LAYER, Some("a.json"), b"[1]")), "no object"),
    ] {
        let shown = refused(&folder, answers);
        assert!(shown.contains(expected), "{case}: {shown}");
        assert!(!shown.contains("secret-detail"), "{case}: {shown}");
    }
    let shown = folder.run(&["scan", "--audit", "off", "-p", "oci://not a reference"]);
    assert!(String::from_utf8_lossy(&shown.stderr).contains("is no reference"));
}

#[test]
fn the_configuration_cannot_name_a_registry() {
    let folder = Folder::new(&[
        ("a.yaml", MANIFEST),
        ("probity.yaml", "fail-on: high\npolicies: ['oci://registry.example/rules:1']\n"),
    ]);
    let output = folder.run(&["scan", "--audit", "off"]);
    let shown = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{shown}");
    assert!(shown.contains("probity.yaml:2") && shown.contains("is not fetched"), "{shown}");
}
