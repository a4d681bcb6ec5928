use super::*;
use crate::{
    document::yaml,
    estate::Estate,
    facts::Set,
    source::{Source, Sources, Status},
};

/// What a container with these variables is told, in words.
fn told(environment: &str) -> Vec<String> {
    told_with_files(environment, &[])
}

/// The same of one that mounts these files: name of the `ConfigMap`, name of the file, text on one line.
fn told_with_files(environment: &str, files: &[(&str, &str, &str)]) -> Vec<String> {
    let mounts: Vec<String> =
        files.iter().map(|(name, _, _)| format!("{{name: {name}, mountPath: /{name}}}")).collect();
    let volumes: Vec<String> =
        files.iter().map(|(name, _, _)| format!("{{name: {name}, configMap: {{name: {name}}}}}")).collect();
    let mut text = format!(
        "{{apiVersion: apps/v1, kind: Deployment, metadata: {{name: me}}, spec: {{template: {{spec: {{containers: [{{name: a, volumeMounts: [{}], {environment}}}], volumes: [{}]}}}}}}}}\n",
        mounts.join(", "),
        volumes.join(", ")
    );
    for (name, file, content) in files {
        let map = format!(
            "---\n{{apiVersion: v1, kind: ConfigMap, metadata: {{name: {name}}}, data: {{{file}: {content:?}}}}}\n"
        );
        text += &map;
    }
    let sources = Sources::new(vec![Source::new("a.yaml", text, None, Status::Read)]);
    let documents = sources.iter().flat_map(|(id, source)| yaml::parse(id, &source.text).documents).collect();
    let estate = Estate::new(sources, documents, Vec::new(), "shop");
    let set = Set::new(estate.view(0));
    let me = set.workloads().by_id("Deployment/shop/me").expect("declared above");
    let words = |part: &Part<'_>| match part {
        Part::Absent => "-".to_owned(),
        Part::Unknown => "?".to_owned(),
        Part::Text(text) => text.to_string(),
        Part::Referred(what) => format!("[{what}]"),
    };
    let claims = claims(set.environments().of(me), "shop");
    let mut found: Vec<String> = claims
        .iter()
        .map(|claim| {
            format!(
                "{} {}{}/{} {} {:?} by {}{}",
                claim.engine.unwrap_or("-"),
                words(&claim.host),
                claim.port.map(|port| format!(":{port}")).unwrap_or_default(),
                words(&claim.database),
                words(&claim.principal),
                claim.password,
                claim.by.name,
                if claim.is_database { "" } else { ", maybe" },
            )
        })
        .collect();
    found.sort();
    found
}

fn variables(pairs: &[(&str, &str)]) -> String {
    let all: Vec<String> =
        pairs.iter().map(|(name, value)| format!("{{name: {name}, value: '{value}'}}")).collect();
    format!("env: [{}]", all.join(", "))
}

#[test]
fn variables_that_belong_together_make_one_claim() {
    for (pairs, expected) in [
        (
            &[
                ("DB_HOST", "db"),
                ("DB_PORT", "5432"),
                ("DB_NAME", "o"),
                ("DB_USER", "u"),
                ("DB_PASSWORD", "p"),
            ][..],
            &["- db:5432/o u Some(Given) by DB_HOST"][..],
        ),
        (
            &[("DATA_SOURCE_NAME", "postgres://u:p@db:5432/o")],
            &["postgresql db:5432/o u Some(Given) by DATA_SOURCE_NAME"],
        ),
        (&[("ORDERS_DB", "postgres://u:p@db/o")], &["postgresql db/o u Some(Given) by ORDERS_DB"]),
        (&[("PGHOST", "db"), ("PGUSER", "u"), ("PGDATABASE", "o")], &["postgresql db/o u None by PGHOST"]),
        (
            &[
                ("SPRING_DATASOURCE_URL", "jdbc:postgresql://ledger-db:5432/postgresdb"),
                ("SPRING_DATASOURCE_USERNAME", "admin"),
                ("SPRING_DATASOURCE_PASSWORD", ""),
            ],
            &["postgresql ledger-db:5432/postgresdb admin Some(Empty) by SPRING_DATASOURCE_URL"],
        ),
        (
            &[("MYSQL_DB_HOST", "db"), ("MYSQL_DB_USER", "root"), ("MYSQL_DATABASE", "x")],
            &["mysql db/x root None by MYSQL_DB_HOST"],
        ),
        (
            &[("ORDERS_DB_URL", "postgres://a@x/o"), ("CARTS_DB_URL", "postgres://b@y/c")],
            &[
                "postgresql x/o a Some(Absent) by ORDERS_DB_URL",
                "postgresql y/c b Some(Absent) by CARTS_DB_URL",
            ],
        ),
        (
            &[("SONAR_JDBC_URL", "jdbc:postgresql://pg:5432/sonar"), ("SONAR_JDBC_USERNAME", "sonar")],
            &["postgresql pg:5432/sonar sonar Some(Absent) by SONAR_JDBC_URL"],
        ),
        (
            &[("POSTGRES_SEEDS", "pg"), ("POSTGRES_USER", "temporal")],
            &["postgresql pg/- temporal None by POSTGRES_SEEDS"],
        ),
        (
            &[("ConnectionStrings__Orders", "Server=sql;Database=o;User Id=sa;Password=p")],
            &["- sql/o sa Some(Given) by ConnectionStrings__Orders"],
        ),
        (&[("REDIS_ADDR", "redis-cart:6379")], &["redis redis-cart:6379/- - None by REDIS_ADDR"]),
        (&[("mongo", "user-db:27017")], &["mongodb user-db:27017/- - None by mongo"]),
        (&[("CART_SERVICE_ADDR", "cart:7070")], &["- cart:7070/- - None by CART_SERVICE_ADDR, maybe"]),
        (&[("ELASTIC_URL", "http://es:9200")], &["elasticsearch es:9200/- - None by ELASTIC_URL"]),
        (&[("RABBITMQ_URL", "amqp://a:b@mq/")], &[]),
        (&[("POSTGRES_DB", "o"), ("POSTGRES_USER", "u"), ("POSTGRES_PASSWORD", "p")], &[]),
        (&[("VERSION", "1.2.3"), ("MODE", "a:b"), ("TEXT", "some words: 1")], &[]),
        (&[("DATABASE_URL", "sqlite:///x.db"), ("DB_URL", "jdbc:h2:mem:x"), ("DB_DSN", "file:x.db")], &[]),
    ] {
        assert_eq!(told(&variables(pairs)), expected, "{pairs:?}");
    }
}

#[test]
fn what_the_input_does_not_hold_is_named_by_what_holds_it() {
    let reference = |name: &str, key: &str| {
        format!("{{name: {name}, valueFrom: {{secretKeyRef: {{name: db, key: {key}}}}}}}")
    };
    let one = format!("env: [{}]", reference("DATABASE_URL", "url"));
    assert_eq!(
        told(&one),
        ["- [Secret/shop/db#url]/[Secret/shop/db#url] [Secret/shop/db#url] None by DATABASE_URL"]
    );
    let split = format!(
        "env: [{}, {}, {{name: DB_HOST, value: orders-db}}]",
        reference("DB_USER", "user"),
        reference("DB_PASSWORD", "password")
    );
    assert_eq!(told(&split), ["- orders-db/- [Secret/shop/db#user] Some(Given) by DB_HOST"]);
    let nested = format!(
        "env: [{}, {{name: DB_URL, value: 'postgres://u:$(PW)@$(HOST):5432/o'}}]",
        reference("HOST", "host")
    );
    assert_eq!(told(&nested), ["postgresql [Secret/shop/db#host]:5432/o u Some(Given) by DB_URL"]);
}

#[test]
fn a_host_may_be_one_of_all_values_of_an_object_that_the_input_does_not_hold() {
    let url = |host: &str| format!("env: [{{name: DB_URL, value: 'postgres://u:$(PW)@$({host}):5432/o'}}]");
    let told_of = |from: &str, host: &str| told(&format!("envFrom: [{from}], {}", url(host)));
    let secret = "{secretRef: {name: db}}";
    let claim = |host: &str| [format!("postgresql {host}:5432/o u Some(Given) by DB_URL")];
    assert_eq!(told_of(secret, "HOST"), claim("[Secret/shop/db#HOST]"));
    let prefixed = "{prefix: DB_, configMapRef: {name: db}}";
    assert_eq!(told_of(prefixed, "DB_HOST"), claim("[ConfigMap/shop/db#HOST]"));
    assert_eq!(told_of(prefixed, "HOST"), claim("$(HOST)"));
    assert_eq!(
        told_of(&format!("{secret}, {prefixed}"), "DB_HOST"),
        claim("[Secret/shop/db#DB_HOST or ConfigMap/shop/db#HOST]")
    );
    // A command of a script, and none that a variable is called like.
    assert_eq!(
        told("envFrom: [{secretRef: {name: db}}], args: ['postgres://u:p@$(hostname)/o']"),
        ["postgresql $(hostname)/o u Some(Given) by args[0]"]
    );
}

#[test]
fn variables_win_over_files_and_files_do_not_mix() {
    let postgres = |host: &str, by: &str| format!("- {host}/- - None by {by}");
    let url = "env: [{name: SPRING_DATASOURCE_URL, value: 'jdbc:postgresql://new/o'}]";
    let spring = (
        "a",
        "application.properties",
        "spring.datasource.url=jdbc:postgresql://old/o\nspring.datasource.username=me",
    );
    assert_eq!(
        told_with_files(url, &[spring]),
        ["postgresql new/o me Some(Absent) by SPRING_DATASOURCE_URL"],
        "the user that only the file names is the variable's"
    );
    assert_eq!(
        told_with_files("image: x", &[spring]),
        ["postgresql old/o me Some(Absent) by spring.datasource.url"]
    );
    let user = "env: [{name: SPRING_DATASOURCE_USERNAME, value: you}]";
    assert_eq!(
        told_with_files(user, &[spring]),
        ["postgresql old/o you Some(Absent) by spring.datasource.url"]
    );
    let file = |name, host| (name, "db.properties", host);
    assert_eq!(
        told_with_files("image: x", &[file("a", "db.host=one\ndb.user=me"), file("b", "db.host=two")]),
        ["- one/- me None by db.host".to_owned(), postgres("two", "db.host")]
    );
    assert_eq!(
        told_with_files("image: x", &[file("a", "db.host=one"), file("b", "db.user=me")]),
        ["- one/- me None by db.host"],
        "credentials in a file of their own"
    );
    let host = "env: [{name: DB_HOST, value: new}]";
    assert_eq!(told_with_files(host, &[file("a", "db.host=one")]), [postgres("new", "DB_HOST")]);
    let alone = "env: [{name: ORDERS_DB, value: 'postgres://u@new/o'}]";
    assert_eq!(
        told_with_files(alone, &[file("a", "orders.db=postgres://u@old/o")]),
        ["postgresql new/o u Some(Absent) by ORDERS_DB"]
    );
}

#[test]
fn arguments_are_read_too() {
    assert_eq!(
        told("args: ['--db-host=db', '--db-name', o, 'postgres://u@x/y']"),
        ["- db/o - None by --db-host", "postgresql x/y u Some(Absent) by args[3]"]
    );
}

#[test]
fn what_clients_of_databases_are_told_is_read() {
    for (container, expected) in [
        (
            "command: [psql, -h, db, -U, me, -d, o, -c, select 2]",
            &["postgresql db/o me None by psql --host"][..],
        ),
        (
            "command: [sh, -c], args: ['set -e; psql -h db -U me o -c \"select 2\" | gzip > x; mysql --host=crm -u you c <a.sql']",
            &["mysql crm/c you None by mysql --host", "postgresql db/o me None by psql --host"],
        ),
        (
            "command: [sh, -c, 'redis-cli -h cache -n 2 flushdb; mongodump --host=rs0/a,b -d people']",
            &["mongodb a/people - None by mongodump --host", "redis cache/2 - None by redis-cli --host"],
        ),
        (
            "command: [sqlcmd, -S, 'tcp:db,1433', -d, crm, -U, sa, -Q, 'select 2']",
            &["sqlserver db:1433/crm sa None by sqlcmd --host"],
        ),
        (
            "env: [{name: TARGET, value: db}, {name: PGUSER, value: me}], command: [sh, -c, 'psql -h ${TARGET} o']",
            &["postgresql db/o me None by psql --host"],
        ),
        ("command: [sh, -c, 'until psql -h db -c \"select 1\"; do sleep 1; done']", &[]),
    ] {
        assert_eq!(told(container), expected, "{container}");
    }
}

proptest::proptest! {
    #[test]
    fn no_name_panics(name in "\\PC{0,40}") {
        let words = Words::of(&name);
        words.role();
        Words::speaks_of(&words.0);
    }
}
