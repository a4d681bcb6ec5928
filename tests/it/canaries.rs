//! Values that must never come out again: one of its own in every place that a credential can have, searched for in
//! everything that the binary writes.

#![expect(clippy::disallowed_methods, reason = "the test looks at the files that the binary wrote")]

use std::{
    path::Path,
    process::{Command, Stdio},
};

use base64::{Engine as _, prelude::BASE64_STANDARD as BASE64};
use probity::finding::hex;
use sha2::{Digest as _, Sha256, Sha512};

/// Hands out values, each once, that are told from all others.
#[derive(Default)]
struct Canaries(Vec<String>);

impl Canaries {
    fn next(&mut self) -> String {
        let number = self.0.len();
        let digest = hex(&Sha256::digest(number.to_string()));
        let canary = format!("Cn{number}x{}Q", &digest[..12]);
        self.0.push(canary.clone());
        canary
    }

    /// `{}` is a value, `{b64}` one in base64.
    fn fill(&mut self, text: &str) -> String {
        let mut filled = String::new();
        let mut rest = text;
        while let Some(at) = rest.find("{}").into_iter().chain(rest.find("{b64}")).min() {
            filled.push_str(&rest[..at]);
            let canary = self.next();
            if rest[at..].starts_with("{}") {
                filled.push_str(&canary);
                rest = &rest[at + 2..];
            } else {
                filled.push_str(&BASE64.encode(canary));
                rest = &rest[at + 5..];
            }
        }
        filled + rest
    }
}

const MANIFESTS: &str = r#"apiVersion: apps/v1
kind: Deployment
metadata:
  name: cart
  namespace: shop
  annotations:
    kubectl.kubernetes.io/last-applied-configuration: '{"spec":{"password":"{}"}}'
spec:
  selector: {matchLabels: {app: cart}}
  template:
    metadata:
      labels: {app: cart}
      annotations: {vault.hashicorp.com/agent-inject-template-db: "postgres://cart:{}@db/x"}
    spec:
      containers:
        - name: cart
          image: cart
          command: [sh, -c, "PGPASSWORD={} psql --password={} 'postgres://cart:{}@db/x'"]
          args: ["--api-token={}", --secret-key, "{}"]
          env:
            - {name: DB_PASSWORD, value: "{}"}
            - {name: URL, value: "amqp://cart:{}@rabbit"}
            - {name: JAVA_OPTS, value: "-Dspring.datasource.password={} -Xmx1g"}
            - {name: TOGETHER, value: "http://cart:$(DB_PASSWORD)@x"}
            - {name: UNNAMED, value: "q7Zk2Wv9Lx4Tb8Nc{}"}
          envFrom: [{configMapRef: {name: settings}}, {secretRef: {name: db}}]
          volumeMounts: [{name: config, mountPath: /config}, {name: keys, mountPath: /keys}]
          readinessProbe:
            httpGet: {path: /, port: 80, httpHeaders: [{name: Authorization, value: "Bearer {}"}]}
      volumes:
        - {name: config, configMap: {name: settings}}
        - {name: keys, secret: {secretName: db}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: settings, namespace: shop}
data:
  LOGIN_PASSWORD: "{}"
  DSN: "cart:{}@tcp(db:3306)/x"
  ADO: "Server=db;User Id=sa;Password={};"
  JDBC: "jdbc:mysql://db/x?user=u&password={}"
  application.yml: |
    spring:
      datasource: {password: "{}", url: "jdbc:postgresql://db/x?password={}"}
  a.properties: |
    redis.password={}
  .env: |
    export API_TOKEN="{}"
  appsettings.json: |
    {"ConnectionStrings": {"Db": "Server=db;Database=x;Uid=u;Pwd={}"}, "ApiKey": "{}"}
  redis.conf: |
    requirepass {}
  run.sh: |
    export DB_PASSWORD='{}'
    curl -H "Authorization: Basic {}" http://x
  folded: >
    postgres://cart:{}@db/x
  escaped: "\u0070ostgres://cart:{}@db/x\n"
  key.pem: |
    -----BEGIN RSA PRIVATE KEY-----
    {}AAAA
    -----END RSA PRIVATE KEY-----
---
apiVersion: v1
kind: Secret
metadata:
  name: db
  namespace: shop
  annotations:
    kubectl.kubernetes.io/last-applied-configuration: '{"stringData":{"a":"{}"}}'
data: {user: "{b64}", password: "{b64}"}
stringData:
  token: "{}"
  number: 4711{}
  file.yaml: |
    password: {}
---
apiVersion: v1
kind: List
items:
  - {apiVersion: v1, kind: Secret, metadata: {name: listed}, stringData: {a: "{}"}}
---
apiVersion: bitnami.com/v1alpha1
kind: SealedSecret
metadata: {name: sealed}
spec: {template: {data: {password: "{}"}}}
---
apiVersion: external-secrets.io/v1
kind: SecretStore
metadata: {name: fake}
spec: {provider: {fake: {data: [{key: /a, value: "{}"}]}}}
---
apiVersion: apiserver.config.k8s.io/v1
kind: EncryptionConfiguration
resources: [{resources: [secrets], providers: [{identity: {}}, {aescbc: {keys: [{name: k, secret: "{}"}]}}]}]
---
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: chart}
spec: {values: {db: {password: "{}"}, auth: {rootPassword: {value: "{}"}}}}
---
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: app}
spec:
  source:
    helm:
      parameters: [{name: db.password, value: "{}"}]
      values: |
        token: "{}"
---
apiVersion: example.com/v1
kind: Thing
metadata: {name: thing}
spec: {password: "{}", url: "https://u:{}@x"}
"#;

/// `identity: {}` is no place for a value.
const NO_VALUE: (&str, &str) = ("{identity: {}}", "{identity: ~}");

const PLAN: &str = r#"{"format_version":"1.2","terraform_version":"1.13.0",
"variables":{"db_password":{"value":"{}"}},
"planned_values":{"outputs":{"password":{"sensitive":false,"value":"{}"},"hidden":{"sensitive":true,"value":"{}"}},"root_module":{"resources":[]}},
"resource_changes":[
{"address":"aws_db_instance.a","mode":"managed","type":"aws_db_instance","name":"a","change":{"actions":["create"],"after":{"password":"{}","hidden":"{}","url":"postgres://u:{}@x/y"},"after_unknown":{},"after_sensitive":{"hidden":true}}},
{"address":"aws_lambda_function.f","mode":"managed","type":"aws_lambda_function","name":"f","change":{"actions":["create"],"after":{"environment":[{"variables":{"API_TOKEN":"{}"}}]},"after_unknown":{},"after_sensitive":{}}},
{"address":"kubernetes_secret.s","mode":"managed","type":"kubernetes_secret","name":"s","change":{"actions":["create"],"after":{"metadata":[{"name":"s","namespace":"shop"}],"data":{"a":"{}"}},"after_unknown":{},"after_sensitive":{"data":true}}}],
"configuration":{"root_module":{"variables":{"db_password":{"default":"{}"}},"outputs":{"password":{"expression":{"references":["aws_db_instance.a.password"]}}},"resources":[
{"address":"aws_db_instance.a","mode":"managed","type":"aws_db_instance","name":"a","expressions":{"password":{"constant_value":"{}"}}},
{"address":"aws_instance.w","mode":"managed","type":"aws_instance","name":"w","expressions":{"user_data":{"constant_value":"export DB_PASSWORD={}\n"}}}]}}}
"#;

/// Rules that say everything that they are given.
const TALKATIVE: &str = r#"# METADATA
# title: Says everything
# custom:
#   severity: LOW
#   input:
#     selector: [{type: kubernetes}, {type: terraform-resource}, {type: terraform-plan}, {type: secret}, {type: credential}]
package company.leaks.everything

import rego.v1

deny contains {"msg": sprintf("%v", [input]), "remedy": sprintf("%v", [input]), "all": input}

not_assessed contains {"msg": sprintf("%v", [input]), "missing": sprintf("%v", [input])}
"#;

#[test]
fn no_credential_comes_out_in_any_way() {
    let mut canaries = Canaries::default();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let base = folder.path();
    let write = |name: &str, text: String| {
        let path = base.join(name);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        std::fs::write(path, text).expect("a file");
    };
    write("k8s/all.yaml", canaries.fill(&MANIFESTS.replace(NO_VALUE.0, NO_VALUE.1)));
    write("infra/tfplan.json", canaries.fill(PLAN));
    write(
        "broken.yaml",
        canaries.fill("apiVersion: v1\nkind: Secret\nstringData:\n  password: \"{}\n a: [\n"),
    );
    write("broken.json", canaries.fill("{\"kind\": \"Secret\", \"password\": \"{}\", "));
    let kustomization = "secretGenerator:\n- {name: db, literals: ['password={}', 'other=\"{}\"']}\nconfigMapGenerator:\n- {name: a, literals: ['API_TOKEN={}']}\n";
    write("k8s/kustomization.yaml", canaries.fill(kustomization));
    write("policies/everything.rego", TALKATIVE.to_owned());

    let mut written: Vec<(String, String)> = Vec::new();
    let mut run = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_probity"));
        command.current_dir(base).args(arguments).stdin(Stdio::null());
        command.env_clear().env("HOME", base).env("XDG_STATE_HOME", base.join("state"));
        let output = command.output().expect("the binary runs");
        let name = arguments.join(" ");
        written.push((format!("{name}: stdout"), String::from_utf8_lossy(&output.stdout).into_owned()));
        written.push((format!("{name}: stderr"), String::from_utf8_lossy(&output.stderr).into_owned()));
    };
    let formats =
        ["text", "json", "sarif", "github", "junit", "markdown", "csv", "gitlab", "html", "policyreport"];
    let pairs: Vec<String> = formats
        .iter()
        .flat_map(|format| ["-f".to_owned(), (*format).to_owned(), "-o".to_owned(), format!("out/{format}")])
        .collect();
    let mut scan = vec!["scan", "k8s", "infra", "broken.yaml", "broken.json", "-v", "--policy", "policies"];
    scan.extend(pairs.iter().map(String::as_str));
    std::fs::create_dir_all(base.join("out")).expect("a folder");
    run(&scan);
    run(&["facts", "k8s", "infra"]);
    for selector in probity::policy::selector::names() {
        run(&["facts", "--selector", selector, "k8s", "infra"]);
    }
    run(&["audit", "show"]);
    for folder in ["out", ".probity"] {
        files(&base.join(folder), &mut written);
    }

    assert!(
        written.iter().any(|(name, text)| name.ends_with("json") && text.contains("company/leaks")
            || text.contains("leaks/everything")),
        "the talkative rule was evaluated"
    );
    for format in formats {
        let report = written.iter().find(|(name, _)| name.ends_with(&format!("out/{format}")));
        assert!(report.is_some_and(|(_, text)| text.len() > 100), "{format} is empty");
    }
    let mut leaks = Vec::new();
    for canary in &canaries.0 {
        for (spelling, form) in spellings(canary) {
            let hits = written.iter().filter(|(_, text)| text.contains(&form));
            leaks.extend(hits.map(|(name, text)| {
                let at = text.find(&form).unwrap_or_default();
                let before = text.floor_char_boundary(at.saturating_sub(60));
                format!("{name}: {spelling} of {canary} behind {:?}", &text[before..at])
            }));
        }
    }
    assert!(leaks.is_empty(), "{} leaks\n{}", leaks.len(), leaks.join("\n"));
}

/// What a value can look like when it comes out.
fn spellings(canary: &str) -> Vec<(&'static str, String)> {
    let escaped: String = canary.bytes().fold(String::new(), |text, byte| text + &format!("%{byte:02X}"));
    let mut forms = vec![
        ("value", canary.to_owned()),
        ("URL", escaped),
        ("hexadecimal", hex(canary.as_bytes())),
        ("SHA-256", hex(&Sha256::digest(canary))),
        ("SHA-512", hex(&Sha512::digest(canary))),
        ("SHA-256 in base64", BASE64.encode(Sha256::digest(canary))),
    ];
    // At each offset from a group of three bytes, without what its neighbours change.
    for offset in 0..3 {
        let padded = format!("{}{canary}", "x".repeat(offset));
        let whole = BASE64.encode(&padded);
        let start = if offset == 0 { 0 } else { 4 };
        forms.push(("base64", whole[start..padded.len() / 3 * 4].to_owned()));
    }
    forms
}

fn files(folder: &Path, found: &mut Vec<(String, String)>) {
    for entry in folder.read_dir().expect("a folder that the binary wrote").flatten() {
        let path = entry.path();
        if path.is_dir() {
            files(&path, found);
        } else {
            let bytes = std::fs::read(&path).expect("a file that the binary wrote");
            found.push((path.to_string_lossy().into_owned(), String::from_utf8_lossy(&bytes).into_owned()));
        }
    }
}
