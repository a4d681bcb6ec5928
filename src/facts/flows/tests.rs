//! The table of domains.md section 4: what reaches whom, and what of it is tagged.

mod roles;

use serde_json::{Value as Json, json};

use super::{Way, graph::Flow};
use crate::{
    document::yaml,
    estate::Estate,
    facts::Set,
    resource::{
        classification::{Category, Level},
        terraform::Plan,
    },
    source::{Source, SourceId, Sources, Status},
};

/// Manifests and a plan whose resources are `(address, after, unknown, expressions)`.
fn estate(manifests: &str, planned: &[(&str, Json, Json, Json)]) -> Estate {
    let block = |address: &str| {
        let (kind, name) = address.split_once('.').expect("a type and a name");
        json!({"address": address, "mode": "managed", "type": kind, "name": name})
    };
    let with = |mut block: Json, key: &str, value: Json| {
        block[key] = value;
        block
    };
    let changes: Vec<Json> = planned
        .iter()
        .map(|(address, after, unknown, _)| {
            let change = json!({"actions": ["create"], "after": after, "after_unknown": unknown});
            with(block(address), "change", change)
        })
        .collect();
    let blocks: Vec<Json> = planned
        .iter()
        .map(|(address, _, _, expressions)| with(block(address), "expressions", expressions.clone()))
        .collect();
    let plan = json!({"format_version": "1.2", "resource_changes": changes,
        "configuration": {"root_module": {"resources": blocks}}});
    let text = plan.to_string();
    let sources = Sources::new(vec![
        Source::new("tfplan.json", text.as_str(), None, Status::Read),
        Source::new("a.yaml", manifests, None, Status::Read),
    ]);
    let documents = yaml::parse(SourceId(1), &manifests.into()).documents;
    let plan = Plan::parse(SourceId(0), &text.as_str().into()).expect("a plan");
    Estate::new(sources, documents, vec![plan], "clinic")
}

/// `from -> to: way, what it carries; declared what the receiver is tagged with` of each flow that carries anything.
fn flows(estate: &Estate) -> Vec<String> {
    let set = Set::new(estate.view(0));
    let flows = set.flows();
    let shown = |flow: &Flow| {
        let (from, to) = (flows.point(flow.from), flows.point(flow.to));
        let all = |level: Option<Level>, categories: &mut dyn Iterator<Item = Category>| {
            let words = level.map(Level::name).into_iter().chain(categories.map(Category::name));
            let words: Vec<&str> = words.collect();
            if words.is_empty() { "nothing".to_owned() } else { words.join(" ") }
        };
        let carries = all(flow.carries.effective_level(), &mut flow.carries.categories.iter().copied());
        let declared = all(to.declared.effective_level(), &mut to.declared.categories.iter().copied());
        format!("{} -> {}: {}, {carries}; declared {declared}", from.id, to.id, flow.way.name())
    };
    let carrying =
        flows.all.iter().filter(|flow| !flow.carries.is_empty() && !matches!(flow.way, Way::Store));
    carrying.map(shown).collect()
}

const TOPIC: &str = "{apiVersion: kafka.strimzi.io/v1, kind: KafkaTopic, metadata: {name: patients, labels: {strimzi.io/cluster: events}, annotations: {probity.dev/data-categories: PHI}}}\n---\n";

fn user(acl: &str) -> String {
    format!(
        "{{apiVersion: kafka.strimzi.io/v1, kind: KafkaUser, metadata: {{name: reports, labels: {{strimzi.io/cluster: events}}}}, spec: {{authorization: {{type: simple, acls: [{acl}]}}}}}}\n---\n"
    )
}

fn reports(annotations: &str, environment: &str) -> String {
    format!(
        "{{apiVersion: apps/v1, kind: Deployment, metadata: {{name: reports, annotations: {{{annotations}}}}}, spec: {{template: {{metadata: {{labels: {{app: reports}}}}, spec: {{containers: [{{name: a, image: a, env: [{environment}]}}]}}}}}}}}\n---\n"
    )
}

#[test]
fn what_a_topic_holds_reaches_whoever_may_read_it() {
    let reads = user("{resource: {type: topic, name: pat, patternType: prefix}, operations: [Read]}");
    let denied =
        user("{type: deny, resource: {type: topic, name: pat, patternType: prefix}, operations: [Read]}");
    let out = "{name: API, value: 'https://statistics.example.com'}";
    for (row, text, expected) in [
        (
            "2",
            format!("{TOPIC}{reads}{}", reports("", "")),
            &[
                "topic:events/patients -> Deployment/clinic/reports: consume, restricted PHI; declared nothing",
            ][..],
        ),
        (
            "2, and on from there",
            format!("{TOPIC}{reads}{}", reports("", out)),
            &[
                "topic:events/patients -> Deployment/clinic/reports: consume, restricted PHI; declared nothing",
                "Deployment/clinic/reports -> external:statistics.example.com: leave, restricted PHI; declared nothing",
            ],
        ),
        (
            "3",
            format!("{TOPIC}{reads}{}", reports("probity.dev/sanitizes: tokenized", out)),
            &[
                "topic:events/patients -> Deployment/clinic/reports: consume, restricted PHI; declared nothing",
            ],
        ),
        ("7", format!("{TOPIC}{denied}{}", reports("", "")), &[]),
    ] {
        assert_eq!(flows(&estate(&text, &[])), expected, "row {row}");
    }
}

fn bucket(tags: &Json) -> (&'static str, Json, Json, Json) {
    let after = json!({"bucket": "example-reports", "tags_all": tags});
    ("aws_s3_bucket.reports", after, json!({}), json!({"bucket": {"constant_value": "example-reports"}}))
}

#[test]
fn what_a_model_of_dbt_holds_reaches_the_bucket_that_it_is_kept_in() {
    let model = "models:\n  - name: customers\n    columns: [{name: email, meta: {contains_pii: true}}]\n";
    let exposure = "exposures:\n  - {name: list, url: 's3://example-reports/list', depends_on: [\"ref('customers')\"]}\n";
    let located = model.replace("columns", "config: {location_root: 's3://example-reports/'}\n    columns");
    let elsewhere = exposure.replace("example-reports", "example-other");
    let found = ["dbt:customers -> aws_s3_bucket.reports: publish, confidential PII; declared public"];
    for (row, text, expected) in [
        ("6", format!("{model}{exposure}"), &found[..]),
        ("6, two files", format!("{model}---\n{exposure}"), &found),
        ("6, by the model itself", located, &found),
        ("6, another bucket", format!("{model}{elsewhere}"), &[]),
        ("6, nothing said", format!("models: [{{name: customers}}]\n{exposure}"), &[]),
    ] {
        let estate = estate(&text, &[bucket(&json!({"DataClassification": "Public"}))]);
        assert_eq!(flows(&estate), expected, "row {row}");
    }
}

#[test]
fn backups_hold_what_their_database_holds() {
    let cluster = |path: &str| {
        format!(
            "{{apiVersion: postgresql.cnpg.io/v1, kind: Cluster, metadata: {{name: orders, annotations: {{probity.dev/data-categories: PII}}}}, spec: {{backup: {{barmanObjectStore: {{destinationPath: '{path}'}}}}}}}}\n---\n"
        )
    };
    let found = [
        "postgresql:Service/clinic/orders-rw/unknown -> aws_s3_bucket.reports: publish, confidential PII; declared nothing",
    ];
    for (path, expected) in [("s3://example-reports/pg", &found[..]), ("s3://example-other/", &[])] {
        assert_eq!(flows(&estate(&cluster(path), &[bucket(&json!({}))])), expected, "{path}");
    }
}

/// Buckets by the variables of workloads and functions (T6).
#[test]
fn services_read_and_write_the_buckets_that_they_are_told_of() {
    let pii = || json!({"contains-pii": "true"});
    let tagged = "probity.dev/data-categories: PII";
    let read = "aws_s3_bucket.reports -> Deployment/clinic/reports: read, confidential PII; declared nothing";
    let written =
        "Deployment/clinic/reports -> aws_s3_bucket.reports: publish, confidential PII; declared nothing";
    for (case, annotations, variable, tags, expected) in [
        ("not told which way", "", "{name: DATA_BUCKET, value: example-reports}", pii(), &[read][..]),
        ("to read", "", "{name: INPUT_BUCKET_NAME, value: example-reports}", pii(), &[read]),
        ("to read, by its URL", "", "{name: SOURCE, value: 's3://example-reports/in/'}", pii(), &[read]),
        ("to write", "", "{name: EXPORT_BUCKET, value: example-reports}", pii(), &[]),
        (
            "to write what it holds",
            tagged,
            "{name: EXPORT_BUCKET, value: example-reports}",
            json!({}),
            &[written],
        ),
        ("another", "", "{name: DATA_BUCKET, value: example-other}", pii(), &[]),
        ("no bucket", "", "{name: PREFIX, value: example-reports}", pii(), &[]),
    ] {
        let estate = estate(&reports(annotations, variable), &[bucket(&tags)]);
        assert_eq!(flows(&estate), expected, "{case}");
    }
    let function = |variable: &str, to: &str, tags: Json| {
        let after = json!({"function_name": "f", "tags_all": tags, "environment": [{"variables": {}}]});
        let mask = json!({"environment": [{"variables": {variable: true}}]});
        let refers = json!({"references": [format!("{to}.id"), to]});
        let written = json!({"environment": [{"variables": refers}]});
        ("aws_lambda_function.f", after, mask, written)
    };
    let database = || {
        let after = json!({"engine": "postgres", "db_name": "orders", "tags_all": {"contains-phi": "true"}});
        ("aws_db_instance.orders", after, json!({"address": true}), json!({}))
    };
    for (case, planned, expected) in [
        (
            "a function writes",
            [function("UPLOAD_BUCKET", "aws_s3_bucket.reports", pii()), bucket(&json!({}))],
            "aws_lambda_function.f -> aws_s3_bucket.reports: publish, confidential PII; declared nothing",
        ),
        (
            "a function is told of it",
            [function("TARGET", "aws_s3_bucket.reports", json!({})), bucket(&pii())],
            "aws_s3_bucket.reports -> aws_lambda_function.f: read, confidential PII; declared nothing",
        ),
        (
            "a function reads a database",
            [function("DB_HOST", "aws_db_instance.orders", json!({})), database()],
            "postgresql:aws_db_instance.orders/orders -> aws_lambda_function.f: read, restricted PHI; declared nothing",
        ),
    ] {
        assert_eq!(flows(&estate("", &planned)), [expected], "{case}");
    }
}

fn topic_of(cluster: &str, name: &str, annotations: &str) -> String {
    format!(
        "{{apiVersion: kafka.strimzi.io/v1, kind: KafkaTopic, metadata: {{name: {name}, labels: {{strimzi.io/cluster: {cluster}}}, annotations: {{{annotations}}}}}}}\n---\n"
    )
}

fn connector(class: &str, config: &str) -> String {
    format!(
        "{{apiVersion: kafka.strimzi.io/v1, kind: KafkaConnect, metadata: {{name: connect}}, spec: {{bootstrapServers: 'events-kafka-bootstrap:9093'}}}}\n---\n{{apiVersion: kafka.strimzi.io/v1, kind: KafkaConnector, metadata: {{name: c, labels: {{strimzi.io/cluster: connect}}}}, spec: {{class: {class}, config: {{{config}}}}}}}\n---\n"
    )
}

#[test]
fn connectors_carry_what_databases_hold_into_topics_and_buckets() {
    let database = "{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: db, annotations: {probity.dev/data-categories: PHI}}, spec: {template: {metadata: {labels: {app: db}}, spec: {containers: [{name: a, image: postgres, env: [{name: POSTGRES_DB, value: clinic}]}]}}}}\n---\n{apiVersion: v1, kind: Service, metadata: {name: db}, spec: {selector: {app: db}, ports: [{port: 5432}]}}\n---\n";
    let topics = topic_of("events", "cdc.public.patients", "") + &topic_of("events", "orders", "");
    let source = "io.debezium.connector.postgresql.PostgresConnector";
    let captured = "postgresql:Service/clinic/db/clinic -> KafkaConnector/clinic/c: read, restricted PHI; declared nothing";
    let filled = "KafkaConnector/clinic/c -> topic:events/cdc.public.patients: publish, restricted PHI; declared nothing";
    let other = captured.replace("db/clinic", "db/other");
    let host = "database.hostname: db, database.dbname: clinic, topic.prefix: cdc";
    for (case, config, expected) in [
        ("all tables", host.to_owned(), vec![filled, captured]),
        ("its table", format!(r"{host}, table.include.list: 'public\.patients'"), vec![filled, captured]),
        ("another table", format!("{host}, table.include.list: public.visits"), vec![captured]),
        (
            "listed databases",
            host.replace("database.dbname: clinic", "database.include.list: 'clinic,other'"),
            vec![filled, captured, &other],
        ),
        (
            "a database by an expression",
            host.replace("database.dbname: clinic", "database.include.list: 'cli.*'"),
            vec![filled, captured],
        ),
        (
            "by a URL",
            "connection.url: 'jdbc:postgresql://db:5432/clinic', topic.prefix: cdc".to_owned(),
            vec![filled, captured],
        ),
        // What the server declares holds for each of its databases.
        ("another database", host.replace("clinic", "other"), vec![filled, &other]),
        (
            "a router",
            format!("{host}, transforms.r.type: org.apache.kafka.connect.transforms.RegexRouter"),
            vec![captured],
        ),
        ("another host", host.replace("hostname: db", "hostname: db.example.com"), vec![]),
    ] {
        let found = flows(&estate(&format!("{database}{topics}{}", connector(source, &config)), &[]));
        assert_eq!(found, expected, "{case}");
    }
    let held = TOPIC.to_owned() + &topic_of("events", "orders", "");
    let sink = connector(
        "io.confluent.connect.s3.S3SinkConnector",
        "topics: 'patients,orders', s3.bucket.name: archive",
    );
    let bucket = [("aws_s3_bucket.archive", json!({"bucket": "archive"}), json!({}), json!({}))];
    let expected = [
        "topic:events/patients -> KafkaConnector/clinic/c: consume, restricted PHI; declared nothing",
        "KafkaConnector/clinic/c -> aws_s3_bucket.archive: publish, restricted PHI; declared nothing",
    ];
    assert_eq!(flows(&estate(&format!("{held}{sink}"), &bucket)), expected);
    let elsewhere = sink.replace("events-kafka", "others-kafka");
    assert_eq!(flows(&estate(&format!("{held}{elsewhere}"), &bucket)), Vec::<String>::new());
}

#[test]
fn mirrored_topics_hold_what_their_sources_hold() {
    let mirror = |rest: &str| {
        format!(
            "{{apiVersion: kafka.strimzi.io/v1, kind: KafkaMirrorMaker2, metadata: {{name: m}}, spec: {{target: {{alias: far, bootstrapServers: 'far-kafka-bootstrap:9092'}}, mirrors: [{{source: {{alias: near, bootstrapServers: 'events-kafka-bootstrap:9092'}}{rest}}}]}}}}\n---\n"
        )
    };
    let older = "{apiVersion: kafka.strimzi.io/v1beta2, kind: KafkaMirrorMaker2, metadata: {name: m}, spec: {connectCluster: far, clusters: [{alias: near, bootstrapServers: 'events-kafka-bootstrap:9092'}, {alias: far, bootstrapServers: 'far-kafka-bootstrap:9092'}], mirrors: [{sourceCluster: near, targetCluster: far}]}}\n---\n".to_owned();
    let identity = ", sourceConnector: {config: {replication.policy.class: org.apache.kafka.connect.mirror.IdentityReplicationPolicy}}";
    let topics = TOPIC.to_owned()
        + &topic_of("far", "near.patients", "")
            .replace("name: near.patients", "name: near-patients")
            .replace("annotations: {}}", "annotations: {}}, spec: {topicName: near.patients}")
        + &topic_of("far", "patients", "")
            .replace("metadata: {name: patients", "metadata: {name: copied")
            .replace("annotations: {}}", "annotations: {}}, spec: {topicName: patients}");
    let copied = |name: &str| {
        vec![format!("topic:events/patients -> topic:far/{name}: publish, restricted PHI; declared nothing")]
    };
    for (case, mirror, expected) in [
        ("all", mirror(""), copied("near.patients")),
        ("older", older, copied("near.patients")),
        ("same names", mirror(identity), copied("patients")),
        ("others", mirror(", topicsPattern: 'orders|visits'"), vec![]),
        ("excluded", mirror(", topicsExcludePattern: 'pat.*'"), vec![]),
    ] {
        assert_eq!(flows(&estate(&format!("{topics}{mirror}"), &[])), expected, "{case}");
    }
}

#[test]
fn a_queue_holds_what_is_declared_of_the_exchanges_that_it_is_bound_to() {
    let object = |kind: &str, name: &str, spec: &str, annotations: &str| {
        format!(
            "{{apiVersion: rabbitmq.com/v1beta1, kind: {kind}, metadata: {{name: {name}, annotations: {{{annotations}}}}}, spec: {{rabbitmqClusterReference: {{name: broker}}, {spec}}}}}\n---\n"
        )
    };
    let exchange = object("Exchange", "visits", "name: visits", "probity.dev/data-categories: PHI");
    let queue = object("Queue", "reports", "name: reports", "");
    let binding = object("Binding", "b", "source: visits, destination: reports, destinationType: queue", "");
    let read = object(
        "Permission",
        "p",
        "vhost: /, userReference: {name: reports}, permissions: {read: reports}",
        "",
    );
    let service =
        reports("", "{name: U, valueFrom: {secretKeyRef: {name: reports-user-credentials, key: username}}}");
    let text = format!("{exchange}{queue}{binding}{read}{service}");
    let expected =
        "topic:broker/reports -> Deployment/clinic/reports: consume, restricted PHI; declared nothing";
    assert_eq!(flows(&estate(&text, &[])), [expected]);
    assert_eq!(flows(&estate(&text.replace("source: visits", "source: others"), &[])), Vec::<String>::new());
}
