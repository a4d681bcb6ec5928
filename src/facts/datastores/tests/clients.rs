use super::super::*;
use crate::{
    document::yaml,
    estate::Estate,
    facts::{Fact, Value, environment::Evidence},
    source::{Source, Sources, Status},
};

fn estate(text: &str) -> Estate {
    let sources = Sources::new(vec![Source::new("a.yaml", text, None, Status::Read)]);
    let documents = sources.iter().flat_map(|(id, source)| yaml::parse(id, &source.text).documents).collect();
    Estate::new(sources, documents, Vec::new(), "shop")
}

/// `service datastore principal role` of each access.
fn accesses(text: &str) -> Vec<String> {
    let estate = estate(text);
    let set = Set::new(estate.view(0));
    let field = |fact: &Fact, key: &str| match fact.get(key).map(|field| &field.value) {
        Some(Value::String(text)) => text.to_string(),
        other => panic!("`{key}` is {other:?}"),
    };
    let words =
        |fact: &Fact| ["service", "datastore", "principal", "role"].map(|key| field(fact, key)).join(" ");
    access_list(&set).iter().map(words).collect()
}

fn app(name: &str, environment: &str) -> String {
    format!(
        "{{apiVersion: apps/v1, kind: Deployment, metadata: {{name: {name}, labels: {{tier: web}}}}, spec: {{template: {{metadata: {{labels: {{app: {name}}}}}, spec: {{containers: [{{name: a, image: {name}, {environment}}}]}}}}}}}}\n---\n"
    )
}

fn from_secret(name: &str, secret: &str, key: &str) -> String {
    format!("{{name: {name}, valueFrom: {{secretKeyRef: {{name: {secret}, key: {key}}}}}}}")
}

const CLUSTER: &str = "{apiVersion: postgresql.cnpg.io/v1, kind: Cluster, metadata: {name: orders}, spec: {bootstrap: {initdb: {database: sales, owner: seller}}}}\n---\n";

#[test]
fn secrets_of_operators_tell_server_database_and_principal() {
    for (name, environment, expected) in [
        (
            "the whole way",
            format!("env: [{}]", from_secret("DATABASE_URL", "orders-app", "uri")),
            &["Deployment/shop/web postgresql:Service/shop/orders-rw/sales seller service"][..],
        ),
        (
            "a superuser",
            format!("env: [{}]", from_secret("DATABASE_URL", "orders-superuser", "uri")),
            &["Deployment/shop/web postgresql:Service/shop/orders-rw/unknown postgres service"],
        ),
        (
            "in parts",
            format!(
                "env: [{{name: DB_HOST, value: orders-ro}}, {}, {}]",
                from_secret("DB_NAME", "orders-app", "dbname"),
                from_secret("DB_USER", "orders-app", "username")
            ),
            &["Deployment/shop/web postgresql:Service/shop/orders-rw/sales seller service"],
        ),
        (
            "a Secret of somebody else",
            format!("env: [{}]", from_secret("DATABASE_URL", "other", "uri")),
            &["Deployment/shop/web unknown:Secret/shop/other#uri/unknown unknown service"],
        ),
    ] {
        assert_eq!(accesses(&format!("{CLUSTER}{}", app("web", &environment))), expected, "{name}");
    }
}

#[test]
fn a_binding_is_an_access_where_nothing_says_more() {
    let binding = |workload: &str| {
        format!(
            "{{apiVersion: servicebinding.io/v1, kind: ServiceBinding, metadata: {{name: b}}, spec: {{service: {{apiVersion: postgresql.cnpg.io/v1, kind: Cluster, name: orders}}, workload: {{apiVersion: apps/v1, kind: Deployment, {workload}}}}}}}\n---\n"
        )
    };
    let bound = "Deployment/shop/web postgresql:Service/shop/orders-rw/unknown unknown service";
    for workload in ["name: web", "selector: {matchLabels: {tier: web}}"] {
        let text = format!("{CLUSTER}{}{}", app("web", "env: []"), binding(workload));
        assert_eq!(accesses(&text), [bound], "{workload}");
    }
    let told = format!("env: [{}]", from_secret("DATABASE_URL", "orders-app", "uri"));
    let text = format!("{CLUSTER}{}{}", app("web", &told), binding("name: web"));
    assert_eq!(accesses(&text).len(), 1);
}

#[test]
fn who_only_looks_in_is_told_by_what_it_is_called() {
    let url = "env: [{name: DATABASE_URL, value: 'postgres://u@db.example.com/o'}]";
    for (name, role) in [
        ("orders", "service"),
        ("postgres-exporter", "monitor"),
        ("pgadmin", "console"),
        ("init-service", "service"),
        ("debezium", "replication"),
    ] {
        let expected = format!("Deployment/shop/{name} postgresql:db.example.com/o u {role}");
        assert_eq!(accesses(&app(name, url)), [expected]);
    }
    let job = app("orders-migrate", url).replace("apps/v1, kind: Deployment", "batch/v1, kind: Job");
    assert_eq!(accesses(&job), ["Job/shop/orders-migrate postgresql:db.example.com/o u migration"]);
}

#[test]
fn a_job_with_the_image_of_a_database_is_a_client_of_what_its_proxy_opens() {
    let job = "{apiVersion: batch/v1, kind: Job, metadata: {name: fill}, spec: {template: {spec: {containers: [{name: a, image: 'postgres:16', command: [bash, -c, '. /scripts/fill.sh 127.0.0.1 5432 orders'], env: [{name: PGHOSTADDR, value: 127.0.0.1}, {name: PGUSER, value: admin}, {name: PGDATABASE, value: orders}]}, {name: p, image: gce-proxy, command: [/cloud_sql_proxy, '-instances=p:eu-1:sql=tcp:5432']}]}}}}";
    assert_eq!(accesses(job), ["Job/shop/fill postgresql:p:eu-1:sql/orders admin migration"]);
    let alone = job.replace("gce-proxy", "bash");
    assert_eq!(accesses(&alone), ["Job/shop/fill postgresql:Job/shop/fill:5432/orders admin migration"]);
    let estate = estate(&alone);
    assert_eq!(
        server_subjects(&Set::new(estate.view(0))).len(),
        1,
        "its own loopback, and no server of its image"
    );
}

#[test]
fn an_object_that_tells_several_services_of_several_servers_is_no_proof() {
    let map = "{apiVersion: v1, kind: ConfigMap, metadata: {name: all}, data: {A_DB_URL: 'postgres://u@a.example.com/a', B_DB_URL: 'postgres://u@b.example.com/b'}}\n---\n";
    let environment = "envFrom: [{configMapRef: {name: all}}]";
    let text = format!("{map}{}{}", app("one", environment), app("two", environment));
    let estate = estate(&text);
    let set = Set::new(estate.view(0));
    let evidence = set.datastores().accesses().iter().map(|access| access.evidence);
    assert!(evidence.clone().count() == 4 && evidence.max() == Some(Evidence::SharedFile));
    let shared = |fact: &Fact| fact.get("shared").map(|field| field.value.clone());
    let subjects = datastore_subjects(&set);
    assert!(subjects.iter().all(|subject| shared(&subject.fact) == Some(Value::String("unknown".into()))));
}

#[test]
fn what_a_mesh_makes_of_a_server_outside_the_input_is_not_known() {
    let mesh = "{apiVersion: v1, kind: Namespace, metadata: {name: front, labels: {istio-injection: enabled}}}\n---\n";
    for (name, host, expected) in [
        ("a Service of the cluster", "db", "unknown"),
        ("a Service whose Pods are not there", "alone", "unknown"),
        ("a server outside the cluster", "db.example.com", "none"),
    ] {
        let service = "{apiVersion: v1, kind: Service, metadata: {name: alone}, spec: {selector: {app: a}, ports: [{port: 5432}]}}\n---\n";
        let client = app(
            "web",
            &format!("env: [{{name: DATABASE_URL, value: 'postgres://u@{host}/o?sslmode=disable'}}]"),
        );
        let with_mesh = estate(&format!("{mesh}{service}{client}"));
        let carried = |estate: &Estate| {
            let subjects = access_subjects(&Set::new(estate.view(0)));
            match subjects.first().and_then(|subject| subject.fact.get("mesh")).map(|field| &field.value) {
                Some(Value::String(text)) => text.to_string(),
                other => panic!("`mesh` is {other:?}"),
            }
        };
        assert_eq!(carried(&with_mesh), expected, "{name}");
        assert_eq!(carried(&estate(&format!("{service}{client}"))), "none", "{name}, no mesh anywhere");
    }
}

#[test]
fn a_service_alone_does_not_say_what_its_pods_hold() {
    let service = "{apiVersion: v1, kind: Service, metadata: {name: db}, spec: {selector: {app: db}, ports: [{port: 5432}]}}\n---\n";
    let pods = "{apiVersion: apps/v1, kind: Deployment, metadata: {name: db}, spec: {template: {metadata: {labels: {app: db}}, spec: {containers: [{name: a, image: postgres}]}}}}\n---\n";
    let tagged = service.replace("name: db}", "name: db, labels: {data-classification: internal}}");
    for (text, expected) in [
        (service.to_owned(), Value::String("unknown".into())),
        (format!("{service}{pods}"), Value::Bool(false)),
        (tagged, Value::Bool(true)),
    ] {
        let estate = estate(&text);
        let subjects = server_subjects(&Set::new(estate.view(0)));
        let declared = subjects[0].fact.get("classification").and_then(|fact| fact.get("declared"));
        assert_eq!(declared.map(|fact| &fact.value), Some(&expected), "{text}");
    }
}

/// `DB_HOST` names a database, whatever its engine; whoever says more says it for all.
#[test]
fn a_database_of_an_engine_that_nobody_names_is_one_too() {
    let host =
        |more: &str| format!("env: [{{name: DB_HOST, value: pg}}, {{name: DB_NAME, value: shop}}{more}]");
    for (case, more, expected) in [
        ("nobody says", "", "unknown:Service/shop/pg/shop unknown"),
        ("by its client", ", {name: DB_CLIENT, value: pg}", "postgresql:Service/shop/pg/shop unknown"),
        ("by its port", ", {name: DB_PORT, value: '5432'}", "postgresql:Service/shop/pg/shop unknown"),
        ("by Laravel", ", {name: DB_CONNECTION, value: pgsql}", "postgresql:Service/shop/pg/shop unknown"),
        (
            "by Django",
            ", {name: DB_ENGINE, value: django.db.backends.postgresql}",
            "postgresql:Service/shop/pg/shop unknown",
        ),
    ] {
        let found = accesses(&(app("a", &host("")) + &app("b", &host(more))));
        let each = |name: &str| format!("Deployment/shop/{name} {expected} service");
        assert_eq!(found, [each("a"), each("b")], "{case}");
    }
    for (case, other) in [
        (
            "a port of no database",
            "{name: DATABASE_HOST, value: catalogue}, {name: DATABASE_PORT, value: '8080'}",
        ),
        ("HTTP", "{name: SQL_ENDPOINT, value: 'https://query.example.com/sql'}"),
        ("an API", "{name: DATABASE_API_HOST, value: catalogue}"),
        ("no host", "{name: DB_HOST, value: 'true'}"),
        ("to be filled in", "{name: DB_HOST, value: CHANGE_ME}"),
        ("a client of something else", "{name: APP_CLIENT, value: oracle}, {name: APP_HOST, value: web}"),
    ] {
        assert!(accesses(&app("web", &format!("env: [{other}]"))).is_empty(), "{case}");
    }
}

#[test]
fn connectors_read_databases_and_own_none() {
    let connector = |class: &str, config: &str| {
        format!(
            "{{apiVersion: kafka.strimzi.io/v1beta2, kind: KafkaConnector, metadata: {{name: cdc, labels: {{strimzi.io/cluster: connect}}}}, spec: {{class: {class}, config: {config}}}}}\n"
        )
    };
    let debezium = |engine: &str| format!("io.debezium.connector.{engine}");
    for (case, text, expected) in [
        (
            "PostgreSQL",
            connector(
                &debezium("postgresql.PostgresConnector"),
                "{database.hostname: pg, database.port: 5432, database.user: cdc, database.dbname: shop}",
            ),
            "postgresql:Service/shop/pg/shop cdc",
        ),
        (
            "MySQL",
            connector(&debezium("mysql.MySqlConnector"), "{database.hostname: db, database.user: cdc}"),
            "mysql:Service/shop/db/unknown cdc",
        ),
        (
            "JDBC",
            connector(
                "io.confluent.connect.jdbc.JdbcSourceConnector",
                "{connection.url: 'jdbc:postgresql://pg:5432/shop', connection.user: reader}",
            ),
            "postgresql:Service/shop/pg/shop reader",
        ),
    ] {
        assert_eq!(accesses(&text), [format!("KafkaConnector/shop/cdc {expected} replication")], "{case}");
    }
    let server = app("cdc", "env: [{name: DEBEZIUM_SOURCE_DATABASE_HOSTNAME, value: pg}]");
    let server = server.replace("image: cdc", "image: 'quay.io/debezium/server:3.0'");
    assert_eq!(
        accesses(&server),
        ["Deployment/shop/cdc unknown:Service/shop/pg/unknown unknown replication"]
    );
}

/// Of `database.yml` of Rails the section counts that the program runs in.
#[test]
fn sections_of_other_environments_do_not_count() {
    let map = "{apiVersion: v1, kind: ConfigMap, metadata: {name: c}, data: {database.yml: \"default: &default\\n  adapter: postgresql\\n  host: pg\\n  username: web\\ndevelopment:\\n  <<: *default\\n  database: dev\\nproduction:\\n  <<: *default\\n  database: shop\\n\"}}\n---\n";
    let web = |environment: &str| {
        format!(
            "{{apiVersion: apps/v1, kind: Deployment, metadata: {{name: web}}, spec: {{template: {{metadata: {{labels: {{app: web}}}}, spec: {{containers: [{{name: a, image: web, {environment}volumeMounts: [{{name: c, mountPath: /app/config}}]}}], volumes: [{{name: c, configMap: {{name: c}}}}]}}}}}}}}\n"
        )
    };
    for (case, environment, expected) in
        [("production", "", "shop"), ("as chosen", "env: [{name: RAILS_ENV, value: development}], ", "dev")]
    {
        let found = accesses(&(map.to_owned() + &web(environment)));
        let one = format!("Deployment/shop/web postgresql:Service/shop/pg/{expected} web service");
        assert_eq!(found, [one], "{case}");
    }
}
