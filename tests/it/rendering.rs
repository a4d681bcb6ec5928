//! `--render` and `render` in `probity.yaml`, with a helm that writes down what it is told: who may ask for it, which
//! values files it gets, and where its findings lie.

#![cfg(unix)]
#![expect(clippy::disallowed_methods, reason = "tests look at the files that the binary and its helm wrote")]

use std::{
    os::unix::fs::{PermissionsExt as _, symlink},
    process::{Command, Output, Stdio},
};

use crate::command::Folder;

const TEMPLATE: &str = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  template:\n    spec:\n      containers:\n        - name: web\n          env:\n            - name: DB_PASSWORD\n              value: {{ .Values.database.password }}\n";

/// Prints the template with a password in it, and keeps what it is told.
fn helm() -> String {
    let output = TEMPLATE.replace("{{ .Values.database.password }}", "corr3ct-h0rse");
    format!(
        "#!/bin/sh\necho \"$@\" >>\"$HOME/told\"\ncat <<'END'\n---\n# Source: shop/templates/web.yaml\n{output}END\n"
    )
}

/// A repository with one commit, in which a chart lies.
fn repository(configuration: &str) -> Folder {
    let folder = Folder::new(&[
        ("bin/helm", &helm()),
        (".gitignore", "/bin\n/told\n/state\n"),
        ("probity.yaml", configuration),
        ("deploy/chart/Chart.yaml", "apiVersion: v2\nname: shop\nversion: 1.0.0\n"),
        ("deploy/chart/values.yaml", "database: {password: ''}\n"),
        ("deploy/prod.yaml", "database:\n  password: corr3ct-h0rse\n"),
        ("deploy/chart/templates/web.yaml", TEMPLATE),
        ("deploy/chart/charts/cache/Chart.yaml", "apiVersion: v2\nname: cache\nversion: 1.0.0\n"),
        ("a.yaml", crate::command::GOOD),
    ]);
    let helm = folder.path().join("bin/helm");
    std::fs::set_permissions(helm, std::fs::Permissions::from_mode(0o755)).expect("it may be run");
    for arguments in [
        &["init", "--quiet", "--initial-branch", "main"][..],
        &["add", "--all"],
        &["-c", "user.name=t", "-c", "user.email=t@example.com", "commit", "--quiet", "--message", "before"],
    ] {
        let status = Command::new("git").args(arguments).current_dir(folder.path()).status();
        assert!(status.expect("git runs").success());
    }
    folder
}

fn run(folder: &Folder, arguments: &[&str]) -> Output {
    let path = std::env::var("PATH").unwrap_or_default();
    let mut command = Command::new(env!("CARGO_BIN_EXE_probity"));
    command.current_dir(folder.path()).args(arguments).stdin(Stdio::null()).env_clear();
    command.env("HOME", folder.path()).env("XDG_STATE_HOME", folder.path().join("state"));
    command.env("PATH", format!("{}:{path}", folder.path().join("bin").display()));
    command.output().expect("the binary runs")
}

/// The report, and what was said beside it.
fn report(folder: &Folder, arguments: &[&str]) -> (serde_json::Value, String) {
    let output = run(folder, &[&["scan", "--audit", "off", "-f", "json"], arguments].concat());
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let report = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{said}"));
    (report, said)
}

/// What helm was told, a line for each run; nothing where it was not run.
fn told(folder: &Folder) -> Vec<String> {
    let told = std::fs::read_to_string(folder.path().join("told")).unwrap_or_default();
    drop(std::fs::remove_file(folder.path().join("told")));
    told.lines().map(ToOwned::to_owned).collect()
}

fn reason(report: &serde_json::Value, file: &str) -> String {
    let sources = report["sources"].as_array().expect("sources");
    let source = sources.iter().find(|source| source["file"] == file).expect("the source is listed");
    source["reason"].as_str().unwrap_or_default().to_owned()
}

/// Rule and place of each finding.
fn located(report: &serde_json::Value) -> Vec<String> {
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let findings = report["findings"].as_array().expect("findings").iter();
    let told = findings.map(|finding| {
        let place = &finding["place"];
        format!("{} {}:{}", text(&finding["rule"]), text(&place["file"]), place["line"])
    });
    told.collect()
}

const ASKS: &str = "render:\n  enabled: true\n";
const VALUES: &str = "render:\n  charts:\n    deploy/chart: {values: [deploy/prod.yaml]}\n";

#[test]
fn only_the_command_line_and_the_tree_before_a_change_start_programs() {
    let folder = repository(ASKS);
    let (shown, said) = report(&folder, &[]);
    assert_eq!(told(&folder), Vec::<String>::new());
    assert!(said.contains("probity.yaml:2: nothing is rendered"), "{said}");
    assert!(reason(&shown, "deploy/chart/templates/web.yaml").contains("unrendered Helm template"));
    for command in ["facts", "graph"] {
        assert!(String::from_utf8_lossy(&run(&folder, &[command]).stderr).contains("nothing is rendered"));
    }
    assert_eq!(told(&folder), Vec::<String>::new());

    // The old tree and the new one.
    let (_, said) = report(&folder, &["--since", "HEAD"]);
    assert_eq!(told(&folder).len(), 2, "{said}");
    assert!(!said.contains("nothing is rendered"), "{said}");
    report(&folder, &["--render"]);
    assert_eq!(told(&folder).len(), 1);

    // What the change says about itself does not count, wherever the file is said to lie.
    let folder = repository("render: {enabled: false}\n");
    std::fs::write(folder.path().join("probity.yaml"), ASKS).expect("a file");
    let own = folder.path().join("probity.yaml");
    for arguments in [&[][..], &["--config", own.to_str().expect("text")]] {
        let (shown, _) = report(&folder, &[&["--since", "HEAD"], arguments].concat());
        assert_eq!(shown["change"]["not_used"][0]["file"], "probity.yaml", "{shown:#}");
    }
    report(&folder, &["--since", "HEAD", "--no-config"]);
    assert_eq!(told(&folder), Vec::<String>::new());
}

#[test]
fn values_files_reach_helm_and_findings_lie_in_them() {
    let folder = repository(VALUES);
    let (shown, _) = report(&folder, &["--render", "--rule", "secrets/plaintext-credential"]);
    let root = folder.path().canonicalize().expect("it is there");
    let values = format!("--values {}", root.join("deploy/prod.yaml").display());
    let [told] = &told(&folder)[..] else { panic!("helm ran once") };
    assert!(told.starts_with("template shop . ") && told.ends_with(&values), "{told}");
    let finding = &shown["findings"][0];
    assert_eq!(shown["findings"].as_array().map(Vec::len), Some(1), "{shown:#}");
    assert_eq!(finding["place"]["file"], "deploy/prod.yaml", "{shown:#}");
    assert_eq!(finding["place"]["line"], 2);
    let takes = finding["related"].as_array().expect("related").iter();
    let takes = takes.filter(|related| related["label"] == "a template takes it here");
    let takes: Vec<_> = takes.map(|related| &related["place"]).collect();
    assert_eq!(
        (&takes[0]["file"], &takes[0]["line"]),
        (&"deploy/chart/templates/web.yaml".into(), &11.into())
    );
    assert!(!shown.to_string().contains("corr3ct"), "{shown:#}");
    assert_eq!(finding["sets"][0], "deploy/chart");
    // Without a renderer the file itself is searched, since the configuration says what it is.
    let (shown, _) = report(&folder, &["--rule", "secrets/plaintext-credential"]);
    let finding = &shown["findings"][0];
    assert_eq!((&finding["resource"], &finding["place"]["line"]), (&"deploy/prod.yaml".into(), &2.into()));
    assert!(!shown.to_string().contains("corr3ct"), "{shown:#}");
}

#[test]
fn a_values_file_outside_of_the_paths_is_still_shown_and_masked() {
    let folder = repository(VALUES);
    let (shown, _) = report(&folder, &["--render", "deploy/chart"]);
    let text = shown.to_string();
    assert!(text.contains("deploy/prod.yaml") && !text.contains("corr3ct"), "{shown:#}");
}

#[test]
fn what_is_not_there_or_leads_out_is_not_rendered() {
    let missing = "render: {charts: {deploy/chart: {values: [deploy/gone.yaml]}}}\n";
    let folder = repository(missing);
    let refused = |arguments: &[&str]| {
        let output = run(&folder, arguments);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(
            said.contains("probity.yaml:1:43: the values file `deploy/gone.yaml` is not there"),
            "{said}"
        );
    };
    for arguments in [&["scan"][..], &["scan", "--render"], &["facts"], &["graph"], &["baseline"]] {
        refused(arguments);
    }
    symlink("/etc/hostname", folder.path().join("deploy/gone.yaml")).expect("a link");
    refused(&["scan", "--render"]);
    // What a change takes away is no fault of the configuration before it.
    let (shown, _) = report(&folder, &["--render", "--since", "HEAD"]);
    let why = reason(&shown, "deploy/chart/Chart.yaml");
    assert!(why.contains("the values file `deploy/gone.yaml` is not there"), "{why}");
    assert!(why.contains("helm template deploy/chart --values deploy/gone.yaml"), "{why}");
    std::fs::write(folder.path().join("probity.yaml"), "").expect("a file");
    symlink("/etc/hostname", folder.path().join("deploy/chart/templates/host.yaml")).expect("a link");
    let (shown, _) = report(&folder, &["--render"]);
    let why = reason(&shown, "deploy/chart/Chart.yaml");
    assert!(why.contains("`deploy/chart/templates/host.yaml` leads out of the base"), "{why}");
    assert_eq!(told(&folder), Vec::<String>::new());
}

#[test]
fn what_helm_cannot_render_is_skipped_with_the_cause() {
    let folder = repository("");
    let chart = "apiVersion: v2\nname: shop\nversion: 1.0.0\ndependencies:\n  - {name: cache}\n  - {name: redis, repository: 'oci://example.com/charts', version: 1.0.0}\n";
    std::fs::write(folder.path().join("bin/helm"), "#!/bin/sh\necho secret >&2\nexit 1\n").expect("a file");
    let (shown, _) = report(&folder, &["--render"]);
    assert!(reason(&shown, "deploy/chart/Chart.yaml").contains("since `helm` failed"));
    std::fs::write(folder.path().join("deploy/chart/Chart.yaml"), chart).expect("a file");
    let (shown, _) = report(&folder, &["--render"]);
    let why = reason(&shown, "deploy/chart/Chart.yaml");
    assert!(why.contains("it depends on the chart `redis`, which is not in its `charts`"), "{why}");
    assert!(!shown.to_string().contains("secret >"), "{shown:#}");
}

#[test]
fn facts_about_what_was_rendered_lie_in_its_templates() {
    let folder = repository(VALUES);
    let output = run(&folder, &["facts", "--render"]);
    let facts: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let setting = &facts["workloads"][0]["environment"][0];
    assert_eq!((&setting["name"], &setting["value"]), (&"DB_PASSWORD".into(), &"********".into()));
    assert_eq!(setting["place"]["file"], "deploy/chart/templates/web.yaml", "{facts:#}");
    assert_eq!(setting["place"]["line"], 11);
    assert!(!String::from_utf8_lossy(&output.stdout).contains("corr3ct"));
}

#[test]
fn settings_about_charts_that_are_none_are_told() {
    let folder = repository("render: {charts: {deploy/cart: {}, deploy/chart/charts/cache: {}}}\n");
    let (_, said) = report(&folder, &["--render"]);
    assert!(said.contains("probity.yaml:1: `deploy/cart` holds no `Chart.yaml`"), "{said}");
    assert!(said.contains("`deploy/chart/charts/cache` is rendered as a part of `deploy/chart`"), "{said}");
    let (_, said) = report(&folder, &[]);
    assert!(!said.contains("deploy/cart"), "{said}");
}

#[test]
fn what_a_chart_makes_anew_each_time_is_not_committed() {
    let secret = |password: &str| {
        format!(
            "apiVersion: v1\nkind: Secret\nmetadata: {{name: db}}\nstringData:\n  user: orders\n  password: {password}\n"
        )
    };
    let folder = repository("");
    let template = secret("{{ randAlphaNum 16 | quote }}");
    let output = secret("$(od -An -N8 -tx1 /dev/urandom | tr -d ' ')");
    let helm = format!(
        "#!/bin/sh\necho \"$@\" >>\"$HOME/told\"\ncat <<END\n---\n# Source: shop/templates/db.yaml\n{output}END\n"
    );
    std::fs::write(folder.path().join("bin/helm"), helm).expect("a file");
    std::fs::write(folder.path().join("deploy/chart/templates/db.yaml"), template).expect("a file");
    let (shown, _) = report(&folder, &["--render", "--rule", "secrets/committed-secret"]);
    assert_eq!(told(&folder).len(), 2, "only a second output tells");
    let message = shown["findings"][0]["message"].as_str().unwrap_or_default();
    assert_eq!(message, "secret `db` is committed with readable values: `user`", "{shown:#}");
}

#[test]
fn what_generators_read_is_judged_where_it_is_written_built_or_not() {
    let built = "apiVersion: v1\nkind: Secret\nmetadata: {name: db-admin-2fk9}\ndata: {password: YmF0dGVyeS1zdGFwbGU=}\n---\napiVersion: v1\nkind: Secret\nmetadata: {name: db-7hm2}\ndata: {password: Y29ycjNjdC1oMHJzZQ==}\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings-9d}\ndata:\n  application.properties: |\n    a=b\n    spring.datasource.password=st4ple-gun\n";
    let folder = Folder::new(&[
        ("bin/kustomize", &format!("#!/bin/sh\ncat <<'END'\n{built}END\n")),
        (
            "k8s/kustomization.yaml",
            "secretGenerator:\n- name: db\n  envs: [db.env]\n- name: db-admin\n  files: [password=admin.txt]\nconfigMapGenerator:\n- name: settings\n  files: [application.properties]\n",
        ),
        ("k8s/db.env", "# of the database\npassword=corr3ct-h0rse\n"),
        ("k8s/admin.txt", "battery-staple\n"),
        ("k8s/application.properties", "a=b\nspring.datasource.password=st4ple-gun\n"),
        ("a.yaml", crate::command::GOOD),
    ]);
    let program = folder.path().join("bin/kustomize");
    std::fs::set_permissions(program, std::fs::Permissions::from_mode(0o755)).expect("it may be run");
    for arguments in [&[][..], &["--render"]] {
        let (shown, said) = report(&folder, arguments);
        let findings = shown["findings"].as_array().expect("findings").iter();
        let places: Vec<String> = findings
            .map(|finding| {
                let place = &finding["place"];
                let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
                format!("{}:{} {}", text(&place["file"]), place["line"], text(&place["excerpt"]))
            })
            .collect();
        let expected = [
            "k8s/admin.txt:1 ********",
            "k8s/application.properties:2 spring.datasource.password=********",
            "k8s/db.env:2 password=********",
        ];
        assert_eq!(places, expected, "{arguments:?}: {said}");
    }
}

/// Patches look like objects: judged as such, they would be workloads that nothing is known of, in variants of their own.
#[test]
fn patches_that_a_kustomization_names_are_no_objects_and_their_credentials_are_found() {
    let folder = Folder::new(&[
        ("base/kustomization.yaml", "resources: [web.yaml]\n"),
        ("base/web.yaml", crate::command::GOOD),
        (
            "prod/kustomization.yaml",
            "resources: [../base]\npatches: [{path: web.yaml}, {path: db.yaml}]\npatchesStrategicMerge: [more.yaml]\n",
        ),
        (
            "prod/web.yaml",
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  template:\n    spec:\n      containers: [{name: web, env: [{name: DB_PASSWORD, value: corr3ct-h0rse}]}]\n",
        ),
        (
            "prod/db.yaml",
            "apiVersion: v1\nkind: Secret\nmetadata: {name: db}\nstringData: {a: corr3ct-h0rse}\n",
        ),
        (
            "prod/more.yaml",
            "apiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: {name: default}\n$patch: delete\n",
        ),
    ]);
    let (shown, said) = report(&folder, &[]);
    let mut found = located(&shown);
    found.retain(|found| found.contains(" prod/"));
    assert_eq!(
        found,
        ["secrets/committed-secret prod/db.yaml:4", "secrets/plaintext-credential prod/web.yaml:7"],
        "{said}"
    );
    let sources = shown["sources"].as_array().expect("sources").iter();
    let skipped: Vec<String> = sources
        .filter(|source| source["status"] == "skipped")
        .map(|source| source["reason"].as_str().unwrap_or_default().to_owned())
        .collect();
    let patch = "patch of a kustomization that was not built: scan with `--render`, or run `kubectl kustomize prod | probity scan -`";
    assert_eq!(skipped.iter().filter(|reason| *reason == patch).count(), 3, "{skipped:?}");
    assert!(!shown.to_string().contains("corr3ct-h0rse"), "{shown}");
}

/// A hook and a scan without `helm` see templates as they lie there.
#[test]
fn credentials_that_stand_in_templates_are_found_without_rendering() {
    let template = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: {{ include \"web.name\" . }}\nspec:\n  template:\n    spec:\n      containers:\n        - name: web\n          {{- with .Values.env }}\n          env:\n            - {name: DB_PASSWORD, value: corr3ct-h0rse}\n            - {name: API_TOKEN, value: \"{{ .token }}\"}\n            - {name: JWT_SECRET, value: \"aa{{ .jwt }}zz\"}\n          {{- end }}\n";
    let secret = "{{ if .Values.on }}\napiVersion: v1\nkind: Secret\nmetadata: {name: db}\nstringData:\n  user: shop\n  host: {{ .Release.Name }}-db\n  port: {{ .Values.port | default \"st4ple-gun\" }}\n  password: st4ple-gun\n{{ end }}\n";
    let folder = Folder::new(&[
        ("chart/Chart.yaml", "apiVersion: v2\nname: shop\nversion: 1.0.0\n"),
        ("chart/templates/web.yaml", template),
        ("chart/templates/db.yaml", secret),
        ("a.yaml", crate::command::GOOD),
    ]);
    let (shown, said) =
        report(&folder, &["--rule", "secrets/plaintext-credential", "--rule", "secrets/committed-secret"]);
    assert_eq!(
        located(&shown),
        [
            "secrets/committed-secret chart/templates/db.yaml:9",
            "secrets/plaintext-credential chart/templates/web.yaml:12"
        ],
        "{said}"
    );
    assert!(!shown.to_string().contains("corr3ct-h0rse"), "{shown}");
    let skipped =
        shown["sources"].as_array().expect("sources").iter().filter(|source| source["status"] == "skipped");
    assert_eq!(skipped.count(), 2, "they are no objects: {shown:#}");
}

#[test]
fn comments_waive_what_was_rendered_where_it_is_written() {
    let waiver = "# probity: ignore[secrets/plaintext-credential] moves to Vault until=2999-12-31 owner=shop";
    let template =
        TEMPLATE.replace("              value:", &format!("              {waiver}\n              value:"));
    let output = template.replace("{{ .Values.database.password }}", "corr3ct-h0rse");
    let folder = Folder::new(&[
        (
            "bin/helm",
            &format!("#!/bin/sh\ncat <<'END'\n---\n# Source: shop/templates/web.yaml\n{output}END\n"),
        ),
        ("chart/Chart.yaml", "apiVersion: v2\nname: shop\nversion: 1.0.0\n"),
        ("chart/templates/web.yaml", &output),
    ]);
    let helm = folder.path().join("bin/helm");
    std::fs::set_permissions(helm, std::fs::Permissions::from_mode(0o755)).expect("it may be run");
    let (shown, said) = report(&folder, &["--render", "--rule", "secrets/plaintext-credential"]);
    let finding = &shown["findings"][0];
    assert_eq!(
        (&finding["status"], &finding["place"]["line"]),
        (&"waived".into(), &12.into()),
        "{said} {shown:#}"
    );
    assert_eq!(finding["waiver"]["source"], "chart/templates/web.yaml:11");
}

/// A pull request that breaks a chart must not look like one that mends it.
#[test]
fn what_cannot_be_rendered_any_more_is_not_repaired() {
    let folder = repository("render: {enabled: true}\n");
    let program = folder.path().join("bin/helm");
    let failing = helm().replace("#!/bin/sh\n", "#!/bin/sh\ngrep -q nosuch templates/web.yaml && exit 1\n");
    std::fs::write(&program, failing).expect("the program is written");
    let (before, said) = report(&folder, &["--render", "--rule", "secrets/plaintext-credential"]);
    assert_ne!(before["findings"].as_array().map(Vec::len), Some(0), "{said}");
    let template = folder.path().join("deploy/chart/templates/web.yaml");
    std::fs::write(template, TEMPLATE.replace(".Values.database", ".Values.nosuch"))
        .expect("the template is written");
    let (shown, said) = report(&folder, &["--since", "HEAD", "--rule", "secrets/plaintext-credential"]);
    assert_eq!(shown["change"]["repaired"].as_array().map(Vec::len), Some(0), "{said} {shown:#}");
    assert!(reason(&shown, "deploy/chart/Chart.yaml").contains("not rendered"), "{shown:#}");
    std::fs::remove_dir_all(folder.path().join("deploy/chart")).expect("the chart is removed");
    let (shown, said) = report(&folder, &["--since", "HEAD", "--rule", "secrets/plaintext-credential"]);
    assert_ne!(shown["change"]["repaired"].as_array().map(Vec::len), Some(0), "{said} {shown:#}");
}
