//! What a configuration may say, and how it is refused.

use super::*;

fn parse(text: &str) -> Result<Config, String> {
    Config::parse(FILE, &text.into()).map_err(|error| error.to_string())
}

const FULL: &str = r#"
exclude: [vendor/**, "*.bak.yaml"]
fail-on: high
rules:
  storage/no-customer-key: {enabled: false}
  secrets/committed-secret:
    severity: critical
policies: [policies]
data: [data.json]
sets:
  prod: [base, overlays/prod]
render:
  enabled: true
  charts:
    ./deploy/chart/: {values: [deploy/values.yaml, ./deploy/prod.yaml]}
mesh: {flavour: none, root-namespace: istio-system, default-mode: permissive}
services:
  orders: {workloads: [Deployment/shop/orders*], datastores: [postgresql:Service/shop/orders-db/orders]}
datastores:
  postgresql:Service/shop/orders-db/orders: {owner: orders, shared-by-design: reporting reads it}
classification:
  keys: [acme.io/data]
  category-keys: ["*data-kind"]
  levels: {secret: restricted}
  categories: {patients: [PII, PHI]}
secrets:
  allow: [{key: EXAMPLE_*, reason: of the manual}]
  tokens: [{id: acme-token, pattern: "acme_[a-z]{8}"}]
waivers:
  - id: W-1
    rule: mtls/plaintext-gateway
    resource: Ingress/shop/web
    owner: team-shop
    reason: moves next quarter
    until: 2027-01-31
    ticket: SHOP-1
audit:
  log: off
"#;

#[test]
fn every_key_of_the_contract_is_read() {
    let config = parse(FULL).unwrap();
    assert_eq!(config.fail_on.and_then(FailOn::severity), Some(Severity::High));
    let settings = &config.rules["secrets/committed-secret"];
    let severity = settings.severity.unwrap();
    assert_eq!((severity.value, config.source(severity.line)), (Severity::Critical, "probity.yaml:7".into()));
    assert_eq!(config.rules["storage/no-customer-key"].enabled.map(|enabled| enabled.value), Some(false));
    assert!(config.sets["prod"][1].matches("overlays/prod/a.yaml"));
    assert_eq!(config.render.asked(), Some(13));
    let values: Vec<&str> = config.render.values_of("deploy/chart").collect();
    assert_eq!(values, ["deploy/values.yaml", "deploy/prod.yaml"]);
    assert_eq!(config.mesh.flavour, Some(Flavour::None));
    assert_eq!(config.mesh.default_mode, Some(MtlsMode::Permissive));
    assert!(config.services["orders"].workloads[0].value.matches("Deployment/shop/orders-api"));
    assert_eq!(config.classification.levels["secret"].value, DataLevel::Restricted);
    assert_eq!(config.classification.categories["patients"].value, [DataCategory::Pii, DataCategory::Phi]);
    assert!(config.classification.category_keys[0].value.matches("acme.io/data-kind"));
    assert_eq!(config.secrets.name_of(0), Some("acme-token"));
    assert_eq!(config.secrets.allows("a.yaml", "EXAMPLE_TOKEN", &[]), Some(0));
    assert_eq!((config.waivers[0].line, &*config.waivers[0].value.owner), (30, "team-shop"));
    assert_eq!(config.audit.log.as_deref(), Some("off"));
}

#[test]
fn a_file_that_says_nothing_is_the_default() {
    for text in ["", "# only a comment\n", "exclude:\nrules:\nmesh:\nwaivers:\n", "{}"] {
        let config = parse(text).unwrap();
        assert!(
            config.exclude.is_empty() && config.rules.is_empty() && config.waivers.is_empty(),
            "{text:?}"
        );
    }
}

#[test]
fn errors_say_where_and_what_to_write() {
    let mut wrong = Vec::new();
    let waiver = "waivers:\n  - id: W\n    rule: a/b\n    resource: x\n    owner: o\n    reason: r\n";
    for (text, expected) in [
        ("a: [\n", "1:4: this bracket is not closed"),
        ("exclude: []\nfail_on: low\n", "2:1: unknown key `fail_on`; did you mean `fail-on`?"),
        ("colour: red\n", "1:1: unknown key `colour`; use exclude, fail-on, rules"),
        ("fail-on: hihg\n", "1:10: unknown value `hihg`; did you mean `high`?"),
        ("rules:\n  a/b: {severty: low}\n", "2:9: unknown key `severty`; did you mean `severity`?"),
        ("rules:\n  a/b: {enabled: maybe}\n", "2:18: expected a boolean, found string \"maybe\""),
        ("rules: [a/b]\n", "1:9: expected a map, found sequence"),
        ("audit: 3\n", "1:8: expected a map, found integer `3`"),
        ("classification: [a]\n", "1:18: expected a map, found sequence"),
        ("waivers: [a]\n", "1:11: expected a map, found string"),
        (
            "classification: {levels: {c3: restrictd}}\n",
            "1:31: unknown value `restrictd`; did you mean `restricted`?",
        ),
        ("classification: {levels: {5: xyz}}\n", "1:30: unknown value `xyz`; use public, internal"),
        (
            "classification:\n  levels:\n    C-3: internal\n    c3: restricted\n",
            "4:9: `c3` is the same word as `C-3` in line 3",
        ),
        ("classification: {levels: {Restricted: public}}\n", "1:39: `restricted` is a level itself"),
        ("classification: {levels: {'-': public}}\n", "1:32: this word is empty"),
        (
            "classification: {categories: {patient: [PHY]}}\n",
            "1:41: unknown value `PHY`; did you mean `PHI`?",
        ),
        ("classification: {categories: {phi: [PII]}}\n", "1:37: `PHI` is a category itself"),
        ("classification: {keys: ['data-*']}\n", "1:25: `data-*` has a `*` where none can stand"),
        ("classification: {keys: [a/b], category-keys: [a/b]}\n", "1:47: `a/b` is one of `keys` already"),
        (
            "classification: {keys: [probity.dev/sanitizes]}\n",
            "1:25: `probity.dev/sanitizes` has a meaning of its own",
        ),
        ("exclude: [1]\n", "1:11: expected a string, found integer `1`; put it in quotes"),
        ("exclude: ['']\n", "1:11: this is empty"),
        ("mesh: {flavour: isto}\n", "1:17: unknown value `isto`; did you mean `istio`?"),
        ("mesh: {flavour: [istio]}\n", "1:18: expected one word"),
        ("render: {enabled: yes please}\n", "1:19: expected a boolean, found string"),
        ("render: {helm: {}}\n", "1:10: unknown key `helm`; use enabled, charts"),
        ("render: {charts: {../a: {}}}\n", "1:25: `../a` leads out of the base"),
        ("render: {charts: {a: {values: [https://a.b/c]}}}\n", "1:32: `https://a.b/c` is not fetched"),
        ("render: {charts: {a: {values: ['']}}}\n", "1:32: this is empty"),
        (
            "render:\n  charts:\n    a: {values: [b]}\n    a/: {values: [c]}\n",
            "4:10: `a/` is the chart in line 3 already",
        ),
        ("sets: {prod: [../other]}\n", "1:15: `../other` leads out of the base"),
        (
            "secrets: {tokens: [{id: a, pattern: '('}]}\n",
            "1:37: this is no regular expression: unclosed group",
        ),
        ("secrets: {allow: [EXAMPLE_*]}\n", "1:19: expected a map with a `reason`, found string"),
        ("secrets: {allow: [{key: A}]}\n", "1:20: `reason` is missing"),
        ("secrets: {allow: [{reason: r}]}\n", "1:20: this allows every value"),
        ("secrets: {allow: [{value: hunter2, reason: r}]}\n", "1:20: `value` is a value itself"),
        ("secrets: {allow: [{value: '.*', reason: r}]}\n", "1:20: `value` matches anything"),
        ("secrets: {tokens: [{id: a, pattern: 'a*'}]}\n", "1:21: the pattern of `a` matches the empty text"),
        (
            "secrets: {tokens: [{id: a, pattern: s3cret-value}]}\n",
            "1:21: the pattern of `a` is a value itself",
        ),
        (
            "secrets: {tokens: [{id: a, pattern: '(a{999}){999}'}]}\n",
            "1:37: this regular expression is too large",
        ),
        (
            "secrets: {tokens: [{id: a, pattern: 'a+'}, {id: a, pattern: 'b+'}]}\n",
            "1:45: `a` is already given in line 1",
        ),
        ("secrets: {tokens: [{pattern: a}]}\n", "1:21: `id` is missing"),
        ("audit: {log: /var/log/probity}\n", "1:14: this folder lies outside of the base"),
        ("audit: {signer: exec:x}\n", "1:9: unknown key `signer`"),
        ("exclude: []\nexclude: []\n", "2:1: this key is given twice"),
        ("exclude: []\n---\nrules: {}\n", "3:1: a second document"),
        ("- exclude\n", "1:3: expected"),
        (waiver, "2:5: `until` is missing"),
        (&format!("{waiver}    until: 2027-02-30\n"), "7:12: `2027-02-30` is no day"),
        (&format!("{waiver}    until: soon\n"), "7:12: `soon` is no day; write it as YYYY-MM-DD"),
        (
            &format!("{waiver}    until: 2027-01-01\n").replace("    resource: x\n", ""),
            "2:5: waiver `W` names neither `resource` nor `path`",
        ),
        (
            &format!(
                "{waiver}    until: 2027-01-01\n{}    until: 2027-01-01\n",
                waiver.replace("waivers:\n", "")
            ),
            "8:5: waiver `W` is already given in line 2",
        ),
    ] {
        let error = parse(text).expect_err(text);
        if !error.starts_with(&format!("probity.yaml:{expected}")) {
            wrong.push(format!("{text}: {error}, not {expected}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_published_schema_is_that_of_the_types() {
    let generator = schemars::generate::SchemaSettings::draft07().into_generator();
    let mut schema = generator.into_root_schema_for::<Config>();
    schema.insert("title".into(), "probity.yaml".into());
    let text = format!("{}\n", serde_json::to_string_pretty(&schema).unwrap());
    crate::published::check("schemas/probity-config.json", &text);
}

proptest::proptest! {
    #[test]
    fn arbitrary_text_is_read_or_refused(text in "[a-z:\\-\\[\\]{} \n#'\"&*0-9]{0,80}") {
        if let Err(error) = Config::parse(FILE, &text.as_str().into()) {
            proptest::prop_assert!(error.line >= 1 && error.column >= 1);
        }
    }
}
