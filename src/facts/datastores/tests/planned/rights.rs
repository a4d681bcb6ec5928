//! What roles of AWS may do with tables, and who could use one.

use serde_json::{Value as Json, json};

use super::{super::super::*, field};
use crate::{
    document::yaml,
    estate::Estate,
    facts::{Fact, Set, Value},
    resource::terraform::Plan,
    source::{Source, SourceId, Sources, Status},
};

/// Address, values, what is unknown of them, and what the block says.
type Planned = (&'static str, Json, Json, Json);

fn refers(names: &[&str]) -> Json {
    json!({"references": names})
}

fn planned(address: &'static str, after: Json, written: Json) -> Planned {
    let unknown = written.as_object().into_iter().flatten();
    let unknown =
        unknown.filter(|(key, value)| value.get("references").is_some() && after.get(key).is_none());
    let mask: serde_json::Map<String, Json> = unknown.map(|(key, _)| (key.clone(), json!(true))).collect();
    (address, after, Json::Object(mask), written)
}

/// A plan, with what stands in files beside it.
fn estate(resources: &[Planned], manifests: &str) -> Estate {
    let parts = |address: &str| {
        let bare = address.strip_prefix("data.").unwrap_or(address);
        let (kind, name) = bare.split_once('.').expect("an address");
        let mode = if bare == address { "managed" } else { "data" };
        json!({"address": address, "mode": mode, "type": kind, "name": name})
    };
    let with = |address: &str, key: &str, value: Json| {
        let mut whole = parts(address);
        whole[key] = value;
        whole
    };
    let changes = resources.iter().map(|(address, after, unknown, _)| {
        let action = if address.starts_with("data.") { "read" } else { "create" };
        with(address, "change", json!({"actions": [action], "after": after, "after_unknown": unknown}))
    });
    let blocks = resources.iter().map(|(address, .., written)| with(address, "expressions", written.clone()));
    let plan = json!({
        "format_version": "1.2",
        "resource_changes": changes.collect::<Vec<_>>(),
        "configuration": {"root_module": {"resources": blocks.collect::<Vec<_>>()}},
    });
    let text = plan.to_string();
    let sources = Sources::new(vec![
        Source::new("tfplan.json", text.as_str(), None, Status::Read),
        Source::new("shop.yaml", manifests, None, Status::Read),
    ]);
    let documents = yaml::parse(SourceId(1), &manifests.into()).documents;
    let plan = Plan::parse(SourceId(0), &text.as_str().into()).expect("a plan");
    Estate::new(sources, documents, vec![plan], "shop")
}

/// `caller principal` of each access, and `id surely` of each that could use the first server besides.
fn told(estate: &Estate) -> (Vec<String>, Vec<String>) {
    let set = Set::new(estate.view(0));
    let datastores = set.datastores();
    let accesses = datastores.accesses().iter();
    let accesses =
        accesses.map(|access| format!("{} {}", access.caller.id, access.principal.key().unwrap_or("?")));
    let subjects = server_subjects(&set);
    let fact = &subjects.first().expect("a server").fact;
    let others = match field(fact, &["reach"]) {
        Value::Object(_) => match field(fact, &["reach", "others"]) {
            Value::Array(others) => others.clone(),
            _ => Vec::new(),
        },
        _ => Vec::new(),
    };
    let text = |fact: &Fact| match &fact.value {
        Value::String(text) => text.to_string(),
        Value::Bool(value) => value.to_string(),
        other => format!("{other:?}"),
    };
    let others = others.iter().map(|other| {
        let get = |key: &str| match &other.value {
            Value::Object(fields) => fields.get(key).map(text).unwrap_or_default(),
            _ => String::new(),
        };
        format!("{} {}", get("id"), get("surely"))
    });
    (accesses.collect(), others.collect())
}

fn function(address: &'static str, role: &str) -> Planned {
    planned(address, json!({}), json!({"role": refers(&[&format!("{role}.arn"), role])}))
}

fn table() -> Planned {
    planned("aws_dynamodb_table.orders", json!({"name": "orders"}), json!({}))
}

fn role(address: &'static str, name: &str) -> Planned {
    planned(address, json!({"name": name}), json!({}))
}

/// A policy of `aws_iam_role.orders`.
fn policy(after: Json, policy: &Json) -> Planned {
    let role = refers(&["aws_iam_role.orders.id", "aws_iam_role.orders"]);
    planned("aws_iam_role_policy.orders", after, json!({"role": role, "policy": policy}))
}

fn of_text(statements: &Json) -> Planned {
    let text = json!({"Version": "2012-10-17", "Statement": statements}).to_string();
    policy(json!({"policy": text}), &json!({}))
}

const ORDERS: &str = "aws_lambda_function.orders role/orders";

#[test]
fn a_role_of_its_own_that_names_a_table_says_that_the_service_uses_it() {
    let arn = "arn:aws:dynamodb:eu-central-1:111122223333:table/orders";
    let of_table = &["aws_dynamodb_table.orders.arn", "aws_dynamodb_table.orders"][..];
    let of_stream = &["aws_dynamodb_table.orders.stream_arn", "aws_dynamodb_table.orders"][..];
    let allow =
        |actions: Json, resource: &str| json!([{"Effect": "Allow", "Action": actions, "Resource": resource}]);
    let get = || json!(["dynamodb:GetItem", "dynamodb:PutItem"]);
    for (case, policy, accesses, others) in [
        ("its ARN", of_text(&allow(get(), arn)), &[ORDERS][..], &[][..]),
        (
            "an index of it",
            of_text(&allow(json!("dynamodb:Query"), &format!("{arn}/index/*"))),
            &[ORDERS],
            &[],
        ),
        (
            "any account",
            of_text(&allow(json!("dynamodb:*"), "arn:aws:dynamodb:*:*:table/orders")),
            &[ORDERS],
            &[],
        ),
        ("known after apply", policy(json!({}), &refers(of_table)), &[ORDERS], &[]),
        ("its stream", policy(json!({}), &refers(of_stream)), &[], &[]),
        (
            "its stream by text",
            of_text(&allow(json!("dynamodb:GetRecords"), &format!("{arn}/stream/*"))),
            &[],
            &[],
        ),
        ("another table", of_text(&allow(get(), &format!("{arn}-archive"))), &[], &[]),
        ("what it is like", of_text(&allow(json!("dynamodb:DescribeTable"), arn)), &[], &[]),
        ("all tables", of_text(&allow(get(), "*")), &[], &["aws_lambda_function.orders true"]),
        (
            "tables by a pattern",
            of_text(&allow(get(), "arn:aws:dynamodb:*:*:table/ord*")),
            &[],
            &["aws_lambda_function.orders true"],
        ),
        ("tables of another pattern", of_text(&allow(get(), "arn:aws:dynamodb:*:*:table/cart*")), &[], &[]),
        ("buckets", of_text(&allow(json!("s3:*"), "*")), &[], &[]),
        (
            "all tables on a condition",
            of_text(
                &json!([{"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"Bool": {"aws:SecureTransport": "true"}}}]),
            ),
            &[],
            &["aws_lambda_function.orders unknown"],
        ),
        (
            "its ARN, and what takes it away",
            of_text(
                &json!([{"Effect": "Allow", "Action": "*", "Resource": arn}, {"Effect": "Deny", "Action": "dynamodb:*", "Resource": "*"}]),
            ),
            &[],
            &["aws_lambda_function.orders unknown"],
        ),
    ] {
        let all = [
            table(),
            role("aws_iam_role.orders", "orders"),
            policy,
            function("aws_lambda_function.orders", "aws_iam_role.orders"),
        ];
        let (found, could) = told(&estate(&all, ""));
        assert_eq!(found, accesses, "{case}");
        assert_eq!(could, others, "{case}: others");
    }
}

#[test]
fn blocks_of_a_document_tell_which_table_is_for_what() {
    let statement = |actions: &[&str], resource: &str| json!({"actions": {"constant_value": actions}, "resources": refers(&[&format!("{resource}.arn"), resource])});
    let blocks = json!([
        statement(&["dynamodb:DescribeTable"], "aws_dynamodb_table.orders"),
        statement(&["dynamodb:PutItem"], "aws_dynamodb_table.carts"),
    ]);
    let document = "data.aws_iam_policy_document.orders";
    let all = [
        table(),
        planned("aws_dynamodb_table.carts", json!({"name": "carts"}), json!({})),
        role("aws_iam_role.orders", "orders"),
        (document, json!({}), json!({"json": true, "statement": true}), json!({"statement": blocks})),
        policy(json!({}), &refers(&[&format!("{document}.json"), document])),
        function("aws_lambda_function.orders", "aws_iam_role.orders"),
    ];
    let estate = estate(&all, "");
    let set = Set::new(estate.view(0));
    let servers =
        set.datastores().accesses().iter().map(|access| &set.datastores().servers.get(access.server).id);
    assert_eq!(servers.collect::<Vec<_>>(), ["aws_dynamodb_table.carts"]);
}

#[test]
fn one_role_of_several_services_says_only_that_they_could() {
    let managed = planned(
        "aws_iam_role_policy_attachment.orders",
        json!({"policy_arn": "arn:aws:iam::aws:policy/AmazonDynamoDBFullAccess"}),
        json!({"role": refers(&["aws_iam_role.orders.name", "aws_iam_role.orders"])}),
    );
    let of_table =
        policy(json!({}), &refers(&["aws_dynamodb_table.orders.arn", "aws_dynamodb_table.orders"]));
    for (case, policy) in [("a policy of AWS", managed), ("a policy of its own", of_table)] {
        let all = [
            table(),
            role("aws_iam_role.orders", "orders"),
            policy,
            function("aws_lambda_function.orders", "aws_iam_role.orders"),
            function("aws_lambda_function.reports", "aws_iam_role.orders"),
        ];
        let (accesses, others) = told(&estate(&all, ""));
        assert!(accesses.is_empty(), "{case}: {accesses:?}");
        assert_eq!(others, ["aws_lambda_function.orders true", "aws_lambda_function.reports true"], "{case}");
    }
}

#[test]
fn workloads_have_the_role_of_their_account() {
    let arn = "arn:aws:iam::111122223333:role/shop/orders";
    let workload = "{apiVersion: apps/v1, kind: Deployment, metadata: {name: orders, namespace: shop}, spec: {template: {spec: {serviceAccountName: orders, containers: [{name: a, image: o}]}}}}";
    let account = format!(
        "{{apiVersion: v1, kind: ServiceAccount, metadata: {{name: orders, namespace: shop, annotations: {{eks.amazonaws.com/role-arn: '{arn}'}}}}}}"
    );
    let association = planned(
        "aws_eks_pod_identity_association.orders",
        json!({"namespace": "shop", "service_account": "orders"}),
        json!({"role_arn": refers(&["aws_iam_role.orders.arn", "aws_iam_role.orders"])}),
    );
    let of_table =
        || policy(json!({}), &refers(&["aws_dynamodb_table.orders.arn", "aws_dynamodb_table.orders"]));
    let plan = || vec![table(), role("aws_iam_role.orders", "orders"), of_table()];
    let other = planned(
        "aws_eks_pod_identity_association.other",
        json!({"namespace": "shop", "service_account": "orders"}),
        json!({"role_arn": refers(&["aws_iam_role.other.arn", "aws_iam_role.other"])}),
    );
    let with_association: Vec<Planned> = plan().into_iter().chain([association]).collect();
    let with_another: Vec<Planned> =
        plan().into_iter().chain([role("aws_iam_role.other", "other"), other]).collect();
    for (case, resources, manifests, expected) in [
        ("annotation", plan(), format!("{workload}\n---\n{account}"), 1),
        ("association", with_association, workload.to_owned(), 1),
        ("neither", plan(), workload.to_owned(), 0),
        // Of two roles nothing says which one its Pods get.
        ("one of each", with_another, format!("{workload}\n---\n{account}"), 0),
    ] {
        let (accesses, _) = told(&estate(&resources, &manifests));
        let one = vec!["Deployment/shop/orders role/orders".to_owned(); expected];
        assert_eq!(accesses, one, "{case}");
    }
}

#[test]
fn a_policy_says_who_logs_in_to_a_server_by_role() {
    let instance = json!({"engine": "postgres", "resource_id": "db-ABC", "db_name": "orders"});
    for (case, resource, expected) in [
        (
            "a user",
            "arn:aws:rds-db:eu-central-1:111122223333:dbuser:db-ABC/orders",
            &["aws_lambda_function.orders orders"][..],
        ),
        ("any user", "arn:aws:rds-db:*:*:dbuser:db-ABC/*", &[ORDERS]),
        ("any server", "arn:aws:rds-db:*:*:dbuser:*/orders", &[]),
    ] {
        let allow = json!([{"Effect": "Allow", "Action": "rds-db:connect", "Resource": resource}]);
        let all = [
            planned("aws_db_instance.orders", instance.clone(), json!({})),
            role("aws_iam_role.orders", "orders"),
            of_text(&allow),
            function("aws_lambda_function.orders", "aws_iam_role.orders"),
        ];
        assert_eq!(told(&estate(&all, "")).0, expected, "{case}");
    }
}

#[test]
fn a_policy_of_a_table_lets_the_roles_act_that_it_names() {
    let of_table = |policy: Json| {
        let written = json!({"resource_arn": refers(&["aws_dynamodb_table.orders.arn", "aws_dynamodb_table.orders"]), "policy": policy});
        move |after: Json| planned("aws_dynamodb_resource_policy.orders", after, written.clone())
    };
    let text = |effect: &str, action: &str, role: &str| {
        let statement = json!({"Effect": effect, "Action": action, "Resource": "*", "Principal": {"AWS": format!("arn:aws:iam::111122223333:role/{role}")}});
        json!({"policy": json!({"Version": "2012-10-17", "Statement": statement}).to_string()})
    };
    let known = of_table(json!({}));
    let unknown = of_table(refers(&["aws_iam_role.orders.arn", "aws_iam_role.orders"]));
    for (case, policy, expected) in [
        ("a role", known(text("Allow", "dynamodb:*", "orders")), &[ORDERS][..]),
        ("another role", known(text("Allow", "dynamodb:*", "reports")), &[]),
        ("what it is like", known(text("Allow", "dynamodb:DescribeTable", "orders")), &[]),
        ("denied", known(text("Deny", "dynamodb:GetItem", "orders")), &[]),
        ("known after apply", unknown(json!({})), &[ORDERS]),
    ] {
        let all = [
            table(),
            role("aws_iam_role.orders", "orders"),
            policy,
            function("aws_lambda_function.orders", "aws_iam_role.orders"),
        ];
        assert_eq!(told(&estate(&all, "")).0, expected, "{case}");
    }
}

/// A function that is called with the changes of a table reads its stream; of a policy that is known after apply the
/// plan does not tell whether it also works with the items.
#[test]
fn a_consumer_of_a_stream_is_no_user_of_the_table() {
    let mapping = planned(
        "aws_lambda_event_source_mapping.orders",
        json!({}),
        json!({
            "event_source_arn": refers(&["aws_dynamodb_table.orders.stream_arn", "aws_dynamodb_table.orders"]),
            "function_name": refers(&["aws_lambda_function.orders.arn", "aws_lambda_function.orders"]),
        }),
    );
    let all = [
        table(),
        role("aws_iam_role.orders", "orders"),
        policy(json!({}), &refers(&["aws_dynamodb_table.orders.arn", "aws_dynamodb_table.orders"])),
        function("aws_lambda_function.orders", "aws_iam_role.orders"),
        mapping,
    ];
    assert_eq!(told(&estate(&all, "")), (Vec::new(), Vec::new()));
}

/// What is used where a replica is, or a member of a group, is the data of its source.
#[test]
fn a_copy_is_used_as_what_it_is_a_copy_of() {
    let group = "aws_elasticache_replication_group.orders";
    for (case, source, values, copy, attribute) in [
        (
            "a replica",
            "aws_db_instance.orders",
            json!({"engine": "postgres", "identifier": "orders"}),
            "aws_db_instance.copy",
            "replicate_source_db",
        ),
        (
            "a member",
            group,
            json!({"engine": "redis"}),
            "aws_elasticache_cluster.copy",
            "replication_group_id",
        ),
    ] {
        let all = [
            planned(source, values, json!({})),
            planned(
                copy,
                json!({"identifier": "copy"}),
                json!({attribute: refers(&[&format!("{source}.identifier"), source])}),
            ),
            planned(
                "aws_lambda_function.reports",
                json!({"environment": [{"variables": {}}]}),
                json!({"environment": [{"variables": refers(&[&format!("{copy}.address"), copy])}]}),
            ),
        ];
        let estate = estate(&all, "");
        let set = Set::new(estate.view(0));
        let datastores = set.datastores();
        let used = datastores.accesses().iter().map(|access| &datastores.servers.get(access.server).id);
        assert_eq!(used.collect::<Vec<_>>(), [source], "{case}");
        let engines = datastores.servers.iter().map(|(_, server)| server.engine).collect::<Vec<_>>();
        assert!(engines.iter().all(|engine| *engine == engines[0]), "{case}: {engines:?}");
    }
}
