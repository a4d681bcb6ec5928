//! The shared set of findings: every format is shown the same reports.

use std::{collections::BTreeMap, sync::Arc};

use crate::{
    document::Path,
    finding::{Edit, Finding, NotAssessed, Related, Severity},
    policy::metadata::{Control, Extent, Rule},
    report::{
        AuditReference, Evaluated, Judged, NotApplicable, Outcome, Override, PolicyError, Report, Status,
        Waiver,
    },
    source::{Mask, Place, Problem, Source, SourceId, Sources, Status as SourceStatus},
};

/// What must never be seen: it stands in the cart's manifest and in the plan.
pub(crate) const SECRET: &str = "hunter2-QXZJ";
/// A name that tries to leave its place in every format.
pub(crate) const HOSTILE: &str =
    "evil\u{1b}[31m\n::error::pwned%0A,`|<b>\"&@team \u{202e}[x](y) =1+1]]>.yaml";

/// A report with its sources.
pub(crate) struct Set {
    pub(crate) report: Report,
    pub(crate) sources: Sources,
}

/// Nothing found, nothing missing, no audit log.
pub(crate) fn none() -> Set {
    let sources = Sources::new(vec![read("k8s/web.yaml", "kind: Service\n", 1)]);
    let mut report = report(Vec::new());
    report.evaluated = vec![evaluated("storage/public-bucket", [2, 2, 0, 0])];
    Set { report, sources }
}

/// As many findings of one rule as asked, on a line each, in all severities.
pub(crate) fn many(count: usize) -> Set {
    let lines: Vec<String> = (0..count).map(|index| format!("name: item-{index}\n")).collect();
    let sources = Sources::new(vec![read("k8s/many.yaml", &lines.concat(), 1)]);
    let findings = (0..count)
        .map(|index| {
            let severity = Severity::ALL.into_iter().nth(index % 5).unwrap();
            let place = place(&sources, "k8s/many.yaml", &format!("item-{index}\n"));
            let place = Place::new(place.source, place.start..place.end - 1);
            let mut finding =
                finding("storage/public-bucket", severity, &format!("ConfigMap/default/item-{index}"));
            finding.message = format!("item {index} is public");
            finding.place = Some(place);
            judged(finding, Status::Open)
        })
        .collect();
    Set { report: Report { outcome: Outcome::Fail, ..report(findings) }, sources }
}

/// One of everything: several files, no place, Unicode, CRLF, hostile text, masked values, a plan on one line.
pub(crate) fn rich() -> Set {
    let sources = sources();
    let at = |file: &str, part: &str| Some(place(&sources, file, part));
    let found = vec![
        Finding {
            message: "container `cart` holds the credential `DB_PASSWORD` as plain text".into(),
            place: at("k8s/cart.yaml", SECRET),
            related: vec![Related {
                via: None,
                is_context: false,
                label: "this name says what it is".into(),
                resource: None,
                place: at("k8s/cart.yaml", "DB_PASSWORD"),
            }],
            sets: vec!["overlays/dev".into(), "overlays/prod".into()],
            ..finding("secrets/plaintext-credential", Severity::Critical, "Deployment/shop/cart")
        },
        Finding {
            message: "`Deployment/shop/cart` accepts plaintext on port 8080".into(),
            place: at("k8s/cart.yaml", "8080"),
            related: vec![
                Related {
                    via: None,
                    is_context: false,
                    label: "this policy decides".into(),
                    resource: Some("PeerAuthentication/shop/default".into()),
                    place: at("k8s/mesh.yaml", "PERMISSIVE"),
                },
                Related {
                    via: None,
                    is_context: false,
                    label: "called by".into(),
                    resource: Some("Deployment/shop/web".into()),
                    place: None,
                },
            ],
            fix: at("k8s/mesh.yaml", "PERMISSIVE").map(|place| Edit {
                place,
                replacement: "STRICT".into(),
                value: "STRICT".into(),
            }),
            remedy: Some("set `spec.mtls.mode` of `PeerAuthentication/shop/default` to `STRICT`".into()),
            sets: vec!["overlays/prod".into()],
            ..finding("mtls/plaintext-accepted", Severity::High, "Deployment/shop/cart")
        },
        Finding {
            message: "block of two lines\nwith a message of two lines".into(),
            place: at("k8s/crlf.yaml", "one\r\n    two"),
            ..finding("lineage/unknown-classification", Severity::Medium, "ConfigMap/shop/crlf")
        },
        Finding {
            message: "namespace `お店` says nothing of its data 🛒".into(),
            place: at("k8s/ünicode 日本.yaml", "お店"),
            ..finding("lineage/unknown-classification", Severity::Low, "Namespace/お店")
        },
        Finding {
            message: "bucket `logs` can be read by anybody".into(),
            place: at("tfplan.json", "public-read"),
            ..finding("storage/public-bucket", Severity::Critical, "aws_s3_bucket.logs")
        },
        Finding {
            message: "bucket `backup` can be read by anybody".into(),
            place: at("tfplan.json", "public-read-write"),
            ..finding("storage/public-bucket", Severity::Critical, "aws_s3_bucket.backup")
        },
        Finding {
            message: format!("conftest says {HOSTILE}"),
            place: at(HOSTILE, "\u{1b}]0;owned\u{7}"),
            related: vec![Related {
                via: None,
                is_context: false,
                label: HOSTILE.into(),
                resource: Some(HOSTILE.into()),
                place: at(HOSTILE, "::warning::x"),
            }],
            ..finding("conftest/main.deny", Severity::Medium, HOSTILE)
        },
        Finding {
            message: "live workload `Deployment/shop/live` is not in the mesh".into(),
            related: vec![Related {
                via: None,
                is_context: false,
                label: "its namespace".into(),
                resource: Some("Namespace/shop".into()),
                place: at("k8s/mesh.yaml", "shop"),
            }],
            ..finding("mtls/plaintext-accepted", Severity::High, "Deployment/shop/live")
        },
    ];
    let mut findings: Vec<Judged> = found.into_iter().map(|finding| judged(finding, Status::Open)).collect();
    let waiver = Waiver {
        id: "W-1".into(),
        owner: "team-shop".into(),
        reason: "moves to Vault, \"soon\" <b>".into(),
        until: "2027-01-31".into(),
        source: "probity.yaml:12".into(),
        rule: "mtls/plaintext-accepted".into(),
        ticket: Some("SHOP-1".into()),
        in_source: false,
    };
    let other = |id: &str| Waiver { id: id.into(), until: "2020-01-31".into(), ..waiver.clone() };
    let (expired, unused) = (other("W-2"), other("W-3 [x](y) <b>"));
    for (part, status) in [("STRICT", Status::Waived(waiver)), ("UNSET", Status::Baseline)] {
        let mut finding = finding("mtls/plaintext-accepted", Severity::High, "PeerAuthentication/shop/db");
        finding.message = format!("mode `{part}` was decided about");
        finding.place = at("k8s/mesh.yaml", part);
        findings.push(judged(finding, status));
    }
    let broken = place(&sources, "k8s/broken.yaml", ": :");
    let mut report = report(findings);
    report.outcome = Outcome::Incomplete;
    report.incomplete = vec!["2 sources failed".into()];
    report.not_assessed = vec![
        not_assessed(
            "Secret/shop/db is not in the input",
            at("k8s/cart.yaml", "8080"),
            &["Deployment/shop/cart"],
        ),
        not_assessed("`region` is known only after apply", None, &["a.a", "a.b", "a.c", "a.d", "a.e"]),
    ];
    report.not_applicable = vec![NotApplicable {
        rule: "mtls/workload-not-in-mesh".into(),
        reason: "mesh.flavour is none".into(),
    }];
    report.expired_waivers = vec![expired];
    report.unused_waivers = vec![unused];
    report.overrides = vec![Override {
        rule: "storage/no-customer-key".into(),
        setting: "severity",
        from: "medium".into(),
        to: "low".into(),
        source: "probity.yaml:3".into(),
    }];
    report.evaluated = vec![
        evaluated("lineage/unknown-classification", [4, 2, 2, 0]),
        evaluated("mtls/plaintext-accepted", [5, 1, 4, 0]),
        evaluated("storage/no-customer-key", [3, 3, 0, 0]),
        evaluated("storage/public-bucket", [0, 0, 0, 0]),
    ];
    report.errors = vec![PolicyError {
        policy: "acme/no-latest".into(),
        message: "line 3: unknown function `glob.foo`".into(),
    }];
    report.audit = Some(AuditReference {
        origin: "probity/shop".into(),
        run: "01J00000000000000000000000".into(),
        size: 12,
        root: "00".repeat(32),
        signed: false,
    });
    if let SourceStatus::Failed(problems) = &sources.get(broken.source).status {
        assert_eq!(problems.len(), 1, "the broken file is part of the set");
    }
    Set { report, sources }
}

/// The sources of [`rich`], masked as the stages before the output do it.
fn sources() -> Sources {
    let cart = format!(
        "apiVersion: apps/v1\nkind: Deployment\nspec:\n  containers:\n    - name: cart\n      env:\n        - name: DB_PASSWORD\n          value: {SECRET}\n      ports:\n        - containerPort: 8080\n"
    );
    let plan = format!(
        r#"{{"format_version":"1.2","padding":"{}","resource_changes":[{{"address":"aws_s3_bucket.logs","acl":"public-read","password":"{SECRET}"}},{{"address":"aws_s3_bucket.backup","acl":"public-read-write"}}]}}"#,
        "x".repeat(3000)
    );
    let broken = "a: 1\n---\nb: : c\n";
    let mut all = vec![
        read("k8s/cart.yaml", &cart, 1),
        read(
            "k8s/crlf.yaml",
            "kind: ConfigMap\r\ndata:\r\n  block: |\r\n    one\r\n    two\r\nend: 1\r\n",
            1,
        ),
        read("k8s/mesh.yaml", "namespace: shop\nmode: PERMISSIVE\n---\nmode: STRICT\n---\nmode: UNSET\n", 3),
        read("k8s/ünicode 日本.yaml", "# 🛒 Läden\nname: お店 # ここ\n", 1),
        read("tfplan.json", &plan, 1),
        read(HOSTILE, "a: \"\u{1b}]0;owned\u{7}\" # \u{202e}\n::warning::x: |<b>\n", 1),
        Source::new("k8s/broken.yaml", broken, Some([7; 32]), SourceStatus::Read),
        Source::new(
            "k8s/secret.yaml",
            "",
            None,
            SourceStatus::Failed(vec![Problem {
                place: None,
                message: "permission denied; make the file readable or exclude it".into(),
            }]),
        ),
        Source::new("compose.yaml", "", None, SourceStatus::Ignored("a compose file".into())),
    ];
    for index in 0..5 {
        all.push(Source::new(
            format!("charts/shop/templates/part-{index}.yaml"),
            "",
            None,
            SourceStatus::Skipped(
                "an unrendered Helm template: pipe it in with `helm template charts/shop | probity scan -`"
                    .into(),
            ),
        ));
    }
    let mut sources = Sources::new(all);
    let repeated = place(&sources, "k8s/mesh.yaml", "mode");
    sources.get_mut(repeated.source).notices = vec![Problem {
        place: Some(repeated.clone()),
        message: "this key is given twice; the later value counts".into(),
    }];
    let secret = place(&sources, "k8s/cart.yaml", SECRET);
    sources.get_mut(secret.source).add_mask([secret.span()]);
    let plan = place(&sources, "tfplan.json", "format_version").source;
    sources.get_mut(plan).mask = Mask::WHOLE;
    let broken = place(&sources, "k8s/broken.yaml", ": :");
    sources.get_mut(broken.source).status = SourceStatus::Failed(vec![Problem {
        place: Some(Place::new(broken.source, broken.start + 2..broken.start + 3)),
        message: "a mapping value is not allowed here; the documents around it were judged".into(),
    }]);
    sources
}

pub(crate) fn read(file: &str, text: &str, documents: usize) -> Source {
    let mut source = Source::new(file, text, Some([1; 32]), SourceStatus::Read);
    source.documents = documents;
    source
}

/// Where a text first stands in a file.
pub(crate) fn place(sources: &Sources, file: &str, part: &str) -> Place {
    let id: SourceId = sources.by_file(file).expect("a file of the set");
    let start = sources.get(id).text.find(part).expect("a part of the file");
    Place::new(id, start..start + part.len())
}

pub(crate) fn finding(rule: &str, severity: Severity, resource: &str) -> Finding {
    Finding {
        via: None,
        rule: rule.into(),
        severity,
        message: String::new(),
        sets: vec![".".into()],
        resource: resource.into(),
        place: None,
        related: Vec::new(),
        path: Path(vec!["spec".into(), 0.into()]),
        peer: None,
        remedy: None,
        fix: None,
        metadata: serde_json::Map::new(),
    }
}

pub(crate) fn judged(finding: Finding, status: Status) -> Judged {
    Judged { fingerprint: finding.fingerprint(), finding, status }
}

pub(crate) fn report(findings: Vec<Judged>) -> Report {
    Report {
        passed: std::collections::BTreeMap::new(),
        outcome: Outcome::Pass,
        findings,
        not_assessed: Vec::new(),
        not_applicable: Vec::new(),
        overrides: Vec::new(),
        expired_waivers: Vec::new(),
        unused_waivers: Vec::new(),
        unmet_baseline: 0,
        notices: Vec::new(),
        change: None,
        drift: None,
        time: jiff::Timestamp::UNIX_EPOCH,
        graphs: Vec::new(),
        facts: None,
        evaluated: Vec::new(),
        errors: Vec::new(),
        incomplete: Vec::new(),
        rules: rules(),
        audit: None,
        fail_on: Some(Severity::Low),
    }
}

fn not_assessed(reason: &str, place: Option<Place>, resources: &[&str]) -> NotAssessed {
    NotAssessed {
        rule: "secrets/not-externally-managed".into(),
        reason: reason.into(),
        missing: reason.starts_with("Secret").then(|| "Secret/shop/db".into()),
        resources: resources.iter().map(|resource| (*resource).to_owned()).collect(),
        sets: vec![".".into()],
        place,
    }
}

fn evaluated(rule: &str, [subjects, passed, failed, not_assessed]: [usize; 4]) -> Evaluated {
    Evaluated { rule: rule.into(), subjects, passed, failed, not_assessed }
}

fn rules() -> Vec<Arc<Rule>> {
    let block = "Block public access and drop the ACL:\n\n```hcl\nresource \"aws_s3_bucket_public_access_block\" \"logs\" {\n  bucket            = aws_s3_bucket.logs.id\n  block_public_acls = true\n}\n```\n\nSee **Blocking public access** in [the guide](https://docs.example/s3).";
    [
        ("lineage/unknown-classification", Severity::Low, "Label it, for example `data-classification: internal`."),
        ("mtls/plaintext-accepted", Severity::High, "Set the mode to `STRICT`."),
        ("secrets/plaintext-credential", Severity::Critical, "Keep the value in Vault and refer to it:\n\n```yaml\nvalueFrom:\n  secretKeyRef: {name: db, key: password}\n```"),
        ("storage/no-customer-key", Severity::Low, ""),
        ("storage/public-bucket", Severity::Critical, block),
    ]
    .into_iter()
    .map(|(id, severity, action)| {
        Arc::new(Rule {
            id: id.into(),
            package: format!("data.probity.{}", id.replace('/', ".").replace('-', "_")),
            file: format!("policies/{id}.rego").into(),
            title: format!("Title of {id}"),
            description: format!("Why {id} matters."),
            severity,
            recommended_action: action.into(),
            controls: controls(id),
            selectors: Vec::new(),
            points_at_names: false,
            related_resources: vec!["https://docs.example/why".into()],
        })
    })
    .collect()
}

fn controls(id: &str) -> BTreeMap<String, Vec<Control>> {
    let control = |id: &str| Control { id: id.into(), extent: Extent::Partial };
    match id {
        "mtls/plaintext-accepted" => BTreeMap::from([
            ("soc2".into(), vec![control("CC6.7")]),
            ("hipaa".into(), vec![control("164.312(e)(1)")]),
            ("nist".into(), ["SC-8(1)", "SC-8", "SC-13", "AC-4", "IA-3", "IA-9"].map(control).into()),
            ("pci".into(), ["4.2.1", "4.2.1.1"].map(control).into()),
            ("acme".into(), vec![control("A-1")]),
        ]),
        "storage/public-bucket" => BTreeMap::from([("soc2".into(), vec![control("CC6.1")])]),
        _ => BTreeMap::new(),
    }
}
