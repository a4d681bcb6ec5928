use super::*;

/// What a container is told that mounts these files of Spring, by its files.
fn told_by_files(container: &str, files: &[(&str, &str)]) -> Vec<String> {
    let keys: Vec<String> =
        files.iter().map(|(file, text)| format!("  {file}: |\n{}", indent(text, 4))).collect();
    let keys = keys.concat();
    let container = format!("{container}\nvolumeMounts: [{{name: v, mountPath: /config}}]");
    let pod = pod_with_volumes(&container, "- {name: v, configMap: {name: files}}");
    let map = format!("---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: files}}\ndata:\n{keys}");
    let all = told(&format!("{pod}{map}{KEPT}"));
    all.into_iter().filter_map(|line| line.strip_prefix("File c ").map(ToOwned::to_owned)).collect()
}

#[test]
fn placeholders_are_looked_up_in_all_files_and_in_what_else_the_program_is_told() {
    let files = [
        ("application.yml", "db.host: pg\ndeep: ${db.host}\n---\na: ${db.host:localhost}\n"),
        (
            "application-prod.yml",
            "b: ${deep:x}/${arg.host:x}/${sys:x}/${DB_USER:x}/${ORDERS_DB_SERVICE_HOST:x}\n",
        ),
        ("bootstrap.yml", "c: ${db.host}\nloop: ${loop}\n"),
        ("other.yml", "d: ${db.host}\n"),
    ];
    let container = "args: [--arg.host=argument, -Dsys=property, --spring.profiles.active=prod]\nenv: [{name: DB_USER, valueFrom: {secretKeyRef: {name: gone, key: user}}}]";
    assert_eq!(
        told_by_files(container, &files),
        [
            "db.host = pg",
            "deep = pg",
            "a = pg",
            "c = pg",
            "loop = ${loop}",
            "d = ${db.host}",
            "b = pg/argument/property/${DB_USER}/orders-db",
        ]
    );
}

#[test]
fn profiles_of_groups_apply_in_their_order_and_properties_win_over_yaml() {
    let files = [
        ("application-a.yml", "x: a\n"),
        ("application-db.yml", "x: db\nv: db\n"),
        ("application-prod.yml", "x: prod\nz: prod\n"),
        ("application-test.yml", "x: test\n"),
        ("application.properties", "spring.profiles.group.prod=db\nw=properties\n"),
        ("application.yml", "spring.profiles.include: a\nw: yaml\n"),
    ];
    let container = "env: [{name: SPRING_PROFILES_ACTIVE, value: prod}]";
    assert_eq!(
        told_by_files(container, &files),
        [
            "spring.profiles.include = a",
            "w = properties",
            "spring.profiles.group.prod = db",
            "x = db",
            "z = prod",
            "v = db",
        ]
    );
}

#[test]
fn settings_in_a_variable_of_json_are_read() {
    let json = r#"env: [{name: SPRING_APPLICATION_JSON, value: '{"spring": {"profiles": {"active": "prod"}, "datasource": {"url": "jdbc:x"}}}'}]"#;
    let all = told(&pod(json));
    let settings = ["Variable c spring.profiles.active = prod", "Variable c spring.datasource.url = jdbc:x"];
    assert_eq!(all.get(1..), Some(settings.map(ToOwned::to_owned).as_slice()));
    let files = [("application-prod.yml", "a: ${spring.datasource.url}\n")];
    assert_eq!(told_by_files(json, &files), ["a = jdbc:x"]);
}
