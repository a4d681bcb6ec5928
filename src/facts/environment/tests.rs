mod overview;
mod spring;

use super::*;
use crate::{
    document::yaml,
    estate::Estate,
    facts::Set,
    source::{Source, Sources, Status},
};

/// Each setting of the only workload as `channel container name = text`, `?` for a text that is not in the input.
fn told(text: &str) -> Vec<String> {
    settings(text, |setting, _| {
        let text = setting.text.as_deref().unwrap_or("?");
        format!("{:?} {} {} = {text}", setting.channel, setting.container, setting.name)
    })
}

fn settings<T>(text: &str, show: impl Fn(&Setting<'_>, &str) -> T) -> Vec<T> {
    let estate = estate(text);
    let set = Set::new(estate.view(0));
    let workloads = set.workloads().iter();
    let all =
        workloads.flat_map(|(id, _)| set.environments().of(id).iter().map(|setting| show(setting, text)));
    all.collect()
}

fn estate(text: &str) -> Estate {
    let sources = Sources::new(vec![Source::new("a.yaml", text, None, Status::Read)]);
    let documents = sources.iter().flat_map(|(id, source)| yaml::parse(id, &source.text).documents).collect();
    Estate::new(sources, documents, Vec::new(), "default")
}

fn pod(container: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Pod\nmetadata: {{name: p}}\nspec:\n  containers:\n  - name: c\n{}\n",
        indent(container, 4)
    )
}

fn pod_with_volumes(container: &str, volumes: &str) -> String {
    format!("{}  volumes:\n{}\n", pod(container), indent(volumes, 2))
}

fn indent(text: &str, by: usize) -> String {
    let start = " ".repeat(by);
    text.trim_matches('\n').lines().flat_map(|line| [start.as_str(), line, "\n"]).collect()
}

const KEPT: &str = "---
apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
data: {HOST: db, PORT: '5432'}
binaryData: {logo: AAEC}
---
apiVersion: v1
kind: Secret
metadata: {name: login}
data: {USER: cm9vdA==, PASSWORD: b2xk}
stringData: {PASSWORD: new}
---
apiVersion: v1
kind: Service
metadata: {name: orders-db}
spec: {ports: [{port: 5432}, {name: my-web, port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: headless}
spec: {clusterIP: None, ports: [{port: 5432}]}
";

#[test]
fn variables_are_those_of_all_sources_and_the_later_wins() {
    for (name, container, expected) in [
        (
            "literals, of which the last of equal names wins",
            "env: [{name: A, value: '1'}, {name: B, value: '2'}, {name: A, value: '3'}, {name: C, value: 5}]",
            &["Variable c A = 3", "Variable c B = 2", "Variable c C = 5"][..],
        ),
        (
            "everything of a ConfigMap with a prefix, without its bytes",
            "envFrom: [{prefix: DB_, configMapRef: {name: settings}}]",
            &["Variable c DB_HOST = db", "Variable c DB_PORT = 5432"],
        ),
        (
            "env over envFrom, and stringData over data",
            "envFrom: [{configMapRef: {name: settings}}, {secretRef: {name: login}}]\nenv: [{name: HOST, value: other}]",
            &[
                "Variable c HOST = other",
                "Variable c PORT = 5432",
                "Variable c PASSWORD = new",
                "Variable c USER = root",
            ],
        ),
        (
            "single keys",
            "env:\n- {name: A, valueFrom: {configMapKeyRef: {name: settings, key: HOST}}}\n- {name: B, valueFrom: {secretKeyRef: {name: login, key: USER}}}\n- {name: D, valueFrom: {fieldRef: {fieldPath: metadata.name}}}",
            &["Variable c A = db", "Variable c B = root", "Variable c D = ?"],
        ),
        (
            "what is not in the input",
            "envFrom: [{prefix: X_, secretRef: {name: gone}}]\nenv:\n- {name: A, valueFrom: {secretKeyRef: {name: gone, key: a}}}\n- {name: B, valueFrom: {configMapKeyRef: {name: settings, key: none}}}",
            &["Variable c X_* = ?", "Variable c A = ?", "Variable c B = ?"],
        ),
        (
            "an optional reference to a key that is not there leaves what was, and one to an object that may be is unknown",
            "envFrom: [{configMapRef: {name: settings}}]\nenv: [{name: HOST, valueFrom: {configMapKeyRef: {name: settings, key: a, optional: true}}}, {name: PORT, valueFrom: {secretKeyRef: {name: gone, key: a, optional: true}}}]",
            &["Variable c HOST = db", "Variable c PORT = ?"],
        ),
        (
            "one without a value is empty, and wins",
            "envFrom: [{configMapRef: {name: settings}}]\nenv: [{name: HOST}, {name: A, value: 'x$(HOST)$(PORT)'}]",
            &["Variable c HOST = ", "Variable c PORT = 5432", "Variable c A = x5432"],
        ),
        (
            "addresses of Services are their names",
            "env: [{name: A, value: '$(ORDERS_DB_SERVICE_HOST):$(ORDERS_DB_SERVICE_PORT)'}, {name: B, value: '$(NO_SERVICE_HOST)$(HEADLESS_SERVICE_HOST)'}]",
            &["Variable c A = orders-db:5432", "Variable c B = $(NO_SERVICE_HOST)$(HEADLESS_SERVICE_HOST)"],
        ),
        (
            "ports of Services by name, and what Docker's links would say",
            "env: [{name: A, value: '$(ORDERS_DB_SERVICE_PORT_MY_WEB)'}, {name: B, value: '$(ORDERS_DB_PORT) $(ORDERS_DB_PORT_80_TCP)'}, {name: C, value: '$(ORDERS_DB_PORT_80_TCP_ADDR):$(ORDERS_DB_PORT_80_TCP_PORT)/$(ORDERS_DB_PORT_80_TCP_PROTO)'}, {name: D, value: '$(ORDERS_DB_PORT_81_TCP)$(ORDERS_DB_PORTS)$(ORDERS_DB_SERVICE_PORT_NO)'}]",
            &[
                "Variable c A = 80",
                "Variable c B = tcp://orders-db:5432 tcp://orders-db:80",
                "Variable c C = orders-db:80/tcp",
                "Variable c D = $(ORDERS_DB_PORT_81_TCP)$(ORDERS_DB_PORTS)$(ORDERS_DB_SERVICE_PORT_NO)",
            ],
        ),
        (
            "references to earlier variables",
            "envFrom: [{configMapRef: {name: settings}}]\nenv: [{name: URL, value: 'http://$(HOST):$(PORT)/$(LATER)/$$(HOST)'}, {name: LATER, value: x}]",
            &[
                "Variable c HOST = db",
                "Variable c PORT = 5432",
                "Variable c URL = http://db:5432/$(LATER)/$(HOST)",
                "Variable c LATER = x",
            ],
        ),
    ] {
        assert_eq!(told(&format!("{}{KEPT}", pod(container))), expected, "{name}");
    }
}

#[test]
fn variables_that_double_at_each_step_are_unknown_once_no_program_could_be_told_them() {
    let first = "{name: A0, value: '0123456789'}".to_owned();
    let others = (1..40).map(|step| {
        let earlier = step - 1;
        format!("{{name: A{step}, value: '$(A{earlier})$(A{earlier})'}}")
    });
    let all: Vec<String> = [first].into_iter().chain(others).collect();
    let lengths = settings(&pod(&format!("env: [{}]", all.join(", "))), |setting, _| {
        setting.text.as_ref().map(|text| text.len())
    });
    let expected: Vec<Option<usize>> =
        (0..40).map(|step| Some(10_usize << step).filter(|length| *length <= 128 * 1024)).collect();
    assert_eq!(lengths.get(..14), expected.get(..14));
    // What refers to an unknown variable says so, as it is written.
    assert_eq!(lengths.get(14..16), Some(&[None, Some(12)][..]));
}

#[test]
fn arguments_are_flags_properties_and_words() {
    for (name, container, expected) in [
        (
            "flags",
            "command: [/bin/server]\nargs: [--db-host=db, --user, root, -Dspring.datasource.url=jdbc:x, -db.password=p, --verbose, --last]",
            &[
                "Argument c --db-host = db",
                "Argument c --user = root",
                "Argument c spring.datasource.url = jdbc:x",
                "Argument c -db.password = p",
                "Argument c args[6] = --verbose",
                "Argument c args[7] = --last",
            ][..],
        ),
        (
            "a script",
            "command: [sh, -ec]\nargs: ['PGPASSWORD=\"x y\" psql --host db; exec java -Da=b -jar app.jar']",
            &[
                "Argument c PGPASSWORD = x y",
                "Argument c args[2] = psql",
                "Argument c --host = db",
                "Argument c args[5] = exec",
                "Argument c args[6] = java",
                "Argument c a = b",
                "Argument c -jar = app.jar",
                "Argument c psql --host = db",
            ],
        ),
        (
            "references to variables",
            "env: [{name: P, value: p}]\ncommand: [server]\nargs: [--password=$(P)]",
            &["Variable c P = p", "Argument c --password = p"],
        ),
        (
            "addresses of Services",
            "args: ['--db=$(ORDERS_DB_SERVICE_HOST):$(ORDERS_DB_SERVICE_PORT)']",
            &["Argument c --db = orders-db:5432"],
        ),
        (
            "variables that hold arguments",
            "env: [{name: JAVA_OPTS, value: '-Xmx1g -Durl=jdbc:x'}]",
            &["Variable c JAVA_OPTS = -Xmx1g -Durl=jdbc:x", "Argument c url = jdbc:x"],
        ),
    ] {
        assert_eq!(told(&format!("{}{KEPT}", pod(container))), expected, "{name}");
    }
}

#[test]
fn files_of_one_name_and_documents_of_one_file_are_kept_apart() {
    let map = |name: &str, keys: &str| {
        format!("---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\ndata: {keys}\n")
    };
    let text = [
        pod_with_volumes(
            "volumeMounts: [{name: a, mountPath: /a/}, {name: b, mountPath: /b}, {name: b, mountPath: /c/d.yml, subPath: x.yml}]",
            "- {name: a, configMap: {name: a}}\n- {name: b, configMap: {name: b}}",
        ),
        map("a", r#"{x.yml: "url: 1\n---\nurl: 2\n", user: me}"#),
        map("b", r#"{x.yml: "url: 3\n", .env: "A=1\nA=2\n"}"#),
    ];
    let found = settings(&text.concat(), |setting, _| {
        let (file, text) = (setting.file.as_deref(), setting.text.as_deref());
        format!("{} {} = {}", file.unwrap_or_default(), setting.name, text.unwrap_or_default())
    });
    let expected = [
        "/a/x.yml url = 1",
        "/a/x.yml#1 url = 2",
        "/a user = me",
        "/b/x.yml url = 3",
        "/b/.env A = 2",
        "/c/d.yml url = 3",
    ];
    assert_eq!(found, expected);
}

#[test]
fn files_that_are_mounted_are_read_by_key() {
    let kept = "---
apiVersion: v1
kind: ConfigMap
metadata: {name: files}
data:
  application.yml: |
    spring:
      datasource:
        url: jdbc:postgresql://${DB_HOST:localhost}/${spring.name}
      name: orders
    ---
    spring.config.activate.on-profile: test
    spring.name: tests
  application-prod.yml: |
    spring.name: production
  db.properties: |
    url=jdbc:x
  run.sh: |
    exit 0
---
apiVersion: v1
kind: Secret
metadata: {name: keys}
data: {token: aHVudGVyMg==, app.json: eyJhIjogMX0=}
";
    for (name, container, volumes, expected) in [
        (
            "a whole ConfigMap, with the default of a placeholder",
            "volumeMounts: [{name: v, mountPath: /config}]",
            "- {name: v, configMap: {name: files}}",
            &[
                "File c spring.datasource.url = jdbc:postgresql://localhost/orders",
                "File c spring.name = orders",
                "File c url = jdbc:x",
                "File c run.sh = exit 0\n",
            ][..],
        ),
        (
            "an active profile, and a variable in a placeholder",
            "env: [{name: SPRING_PROFILES_ACTIVE, value: 'prod'}, {name: DB_HOST, value: db}]\nvolumeMounts: [{name: v, mountPath: /config}]",
            "- name: v\n  configMap:\n    name: files\n    items: [{key: application.yml, path: application.yml}, {key: application-prod.yml, path: application-prod.yml}]",
            &[
                "Variable c SPRING_PROFILES_ACTIVE = prod",
                "Variable c DB_HOST = db",
                "File c spring.datasource.url = jdbc:postgresql://db/production",
                "File c spring.name = production",
            ],
        ),
        (
            "one file of a projected volume, called as it is mounted",
            "volumeMounts: [{name: v, mountPath: /app/.env, subPath: a/settings}]",
            "- name: v\n  projected: {sources: [{configMap: {name: files, items: [{key: db.properties, path: a/settings}, {key: run.sh, path: run.sh}]}}]}",
            &["File c url = jdbc:x"],
        ),
        (
            "a Secret",
            "volumeMounts: [{name: v, mountPath: /keys}]",
            "- {name: v, secret: {secretName: keys}}",
            &["File c token = hunter2", "File c a = 1"],
        ),
        (
            "what is not in the input",
            "volumeMounts: [{name: v, mountPath: /keys}, {name: w, mountPath: /w}]",
            "- {name: v, secret: {secretName: gone, items: [{key: a, path: b}]}}\n- {name: w, configMap: {name: gone}}",
            &["File c b = ?", "File c * = ?"],
        ),
        ("what no container mounts", "image: a", "- {name: v, configMap: {name: files}}", &[]),
    ] {
        let text = format!("{}{kept}", pod_with_volumes(container, volumes));
        assert_eq!(told(&text), expected, "{name}");
    }
}

#[test]
fn a_setting_stands_where_its_text_is_written() {
    let text = format!(
        "{}---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: files}}\ndata:\n  a.yml: |\n    # a comment\n    db:\n      password: hunter2\n  b: \"x: 1\\ny: 2\\n\"\n",
        pod_with_volumes(
            "args: [--x, --password=p4ss]\nenv: [{name: A, value: 'v'}, {name: B, valueFrom: {secretKeyRef: {name: s, key: k}}}]\nvolumeMounts: [{name: v, mountPath: /v}]",
            "- {name: v, configMap: {name: files}}"
        )
    );
    let places = settings(&text, |setting, text| text[setting.place.span()].to_owned());
    assert_eq!(places, ["'v'", "k", "--x", "p4ss", "hunter2", "\"x: 1\\ny: 2\\n\""]);
}

#[test]
fn a_file_of_several_services_is_weaker_evidence_than_one_of_its_own() {
    let workload = |name: &str, app: &str, volume: &str| {
        format!(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {name}}}\nspec:\n  template:\n    metadata: {{labels: {{app: {app}}}}}\n    spec:\n      containers: [{{name: c, volumeMounts: [{{name: v, mountPath: /v}}], env: [{{name: A, value: b}}]}}]\n      volumes: [{{name: v, configMap: {{name: {volume}}}}}]\n---\n"
        )
    };
    let map = |name: &str| {
        format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\ndata: {{f: x}}\n---\n")
    };
    let text = [
        workload("a-1", "a", "own"),
        workload("a-2", "a", "own"),
        workload("b", "b", "shared"),
        workload("c", "c", "shared"),
        map("own"),
        map("shared"),
    ]
    .concat();
    let evidence = settings(&text, |setting, _| setting.evidence);
    let expected = [Evidence::OwnFile, Evidence::OwnFile, Evidence::SharedFile, Evidence::SharedFile];
    assert_eq!(evidence, expected.map(|file| [Evidence::Explicit, file]).concat());
}

#[test]
fn initial_containers_are_told_things_too() {
    let text = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  initContainers: [{name: i, env: [{name: A, value: b}]}]\n  containers: [{name: c}]\n";
    assert_eq!(told(text), ["Variable i A = b"]);
}

#[test]
fn half_written_manifests_are_read_as_far_as_they_go() {
    for container in [
        "env: [{}, {name: A}, {name: B, valueFrom: {}}, {name: C, valueFrom: {secretKeyRef: {}}}]",
        "env: {a: b}\nenvFrom: [{}, {configMapRef: {}}, x]",
        "args: {}\ncommand: x\nvolumeMounts: [{}, {name: v, subPath: 5}]",
    ] {
        let text = pod_with_volumes(
            container,
            "- {}\n- {name: v, secret: {}}\n- {name: w, projected: {sources: {}}}",
        );
        let _ = told(&text);
    }
}
