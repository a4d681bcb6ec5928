use super::*;
use crate::{
    document::yaml,
    estate::Estate,
    facts::Set,
    source::{Source, Sources, Status},
};

/// What a container with these variables is told, in words.
fn told(environment: &str) -> Vec<String> {
    let text = format!(
        "{{apiVersion: apps/v1, kind: Deployment, metadata: {{name: me}}, spec: {{template: {{spec: {{containers: [{{name: a, {environment}}}]}}}}}}}}"
    );
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
fn arguments_are_read_too() {
    assert_eq!(
        told("args: ['--db-host=db', '--db-name', o, 'postgres://u@x/y']"),
        ["- db/o - None by --db-host", "postgresql x/y u Some(Absent) by args[3]"]
    );
}

proptest::proptest! {
    #[test]
    fn no_name_panics(name in "\\PC{0,40}") {
        let words = Words::of(&name);
        words.role();
        Words::speaks_of(&words.0);
    }
}
