//! Which way objects go, by what roles and accounts of clouds may do with a bucket (T6).

use serde_json::{Value as Json, json};

use super::{estate, flows};

/// A function that reads a table with card data, and what its role may do with a bucket.
fn with_role(policy: (&str, Json, Json, Json), more: &[(&str, Json, Json, Json)]) -> Vec<String> {
    let role = || json!({"references": ["aws_iam_role.orders.id", "aws_iam_role.orders"]});
    let mut planned = vec![
        (
            "aws_s3_bucket.archive",
            json!({"bucket": "archive", "tags_all": {"data-classification": "restricted", "data-categories": "PCI"}}),
            json!({}),
            json!({}),
        ),
        ("aws_iam_role.orders", json!({"name": "orders"}), json!({"arn": true}), json!({})),
        (
            "aws_lambda_function.orders",
            json!({"function_name": "orders", "tags_all": {"data-classification": "restricted", "data-categories": "PHI"}}),
            json!({"role": true}),
            json!({"role": {"references": ["aws_iam_role.orders.arn", "aws_iam_role.orders"]}}),
        ),
    ];
    let (address, after, unknown, mut expressions) = policy;
    expressions["role"] = role();
    planned.push((address, after, unknown, expressions));
    planned.extend(more.iter().cloned());
    flows(&estate("", &planned))
}

fn statements(all: &Json) -> Json {
    json!({"policy": json!({"Version": "2012-10-17", "Statement": all}).to_string()})
}

fn policy(effect: &str, action: &str, resource: &str) -> Json {
    statements(&json!({"Effect": effect, "Action": action, "Resource": [resource]}))
}

#[test]
fn a_role_tells_which_way_objects_go() {
    let reads =
        "aws_s3_bucket.archive -> aws_lambda_function.orders: read, restricted PCI; declared restricted PHI";
    let writes = |carries: &str| {
        format!(
            "aws_lambda_function.orders -> aws_s3_bucket.archive: publish, restricted {carries}; declared restricted PCI"
        )
    };
    let objects = "arn:aws:s3:::archive/*";
    for (case, after, expected) in [
        ("read", policy("Allow", "s3:GetObject", objects), vec![reads.to_owned()]),
        ("write", policy("Allow", "s3:Put*", objects), vec![writes("PHI")]),
        ("both", policy("Allow", "s3:*", objects), vec![reads.to_owned()]),
        ("list", policy("Allow", "s3:ListBucket", "arn:aws:s3:::archive"), vec![]),
        ("denied", policy("Deny", "s3:GetObject", objects), vec![]),
        ("another bucket", policy("Allow", "s3:GetObject", "arn:aws:s3:::others/*"), vec![]),
        ("any bucket", policy("Allow", "s3:GetObject", "*"), vec![]),
        (
            "allowed, and denied",
            statements(&json!([
                {"Effect": "Allow", "Action": "s3:*", "Resource": objects},
                {"Effect": "Deny", "Action": "s3:Get*", "Resource": "*"},
            ])),
            vec![writes("PHI")],
        ),
        (
            "denied for a part",
            statements(&json!([
                {"Effect": "Allow", "Action": "s3:GetObject", "Resource": objects},
                {"Effect": "Deny", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::archive/private/*"},
            ])),
            vec![reads.to_owned()],
        ),
        (
            "denied on a condition",
            statements(&json!([
                {"Effect": "Allow", "Action": "s3:GetObject", "Resource": objects},
                {"Effect": "Deny", "Action": "s3:*", "Resource": "*", "Condition": {"Bool": {"aws:SecureTransport": "false"}}},
            ])),
            vec![reads.to_owned()],
        ),
        (
            "all but",
            statements(&json!([{"Effect": "Allow", "NotAction": "s3:PutObject", "Resource": objects}])),
            vec![reads.to_owned()],
        ),
    ] {
        let found = with_role(("aws_iam_role_policy.p", after, json!({}), json!({})), &[]);
        assert_eq!(found, expected, "{case}");
    }
    let referring = json!({"policy": {"references": ["aws_s3_bucket.archive.arn", "aws_s3_bucket.archive"]}});
    let found = with_role(("aws_iam_role_policy.p", json!({}), json!({"policy": true}), referring), &[]);
    assert_eq!(found, [reads], "what a text says that is known after apply may be both");
    let attachment = json!({"policy_arn": {"references": ["aws_iam_policy.p.arn", "aws_iam_policy.p"]}});
    let attached = ("aws_iam_policy.p", policy("Allow", "s3:PutObject", objects), json!({}), json!({}));
    let found =
        with_role(("aws_iam_role_policy_attachment.a", json!({}), json!({}), attachment), &[attached]);
    assert_eq!(found, [writes("PHI")]);
    // Which of two services uses the bucket their role does not tell, only that neither reads what it may not.
    let other = |variables: &Json| {
        let role = json!({"references": ["aws_iam_role.orders.arn", "aws_iam_role.orders"]});
        let after = json!({"function_name": "other", "environment": [{"variables": variables}]});
        [("aws_lambda_function.other", after, json!({"role": true}), json!({"role": role}))]
    };
    let read = || ("aws_iam_role_policy.p", policy("Allow", "s3:GetObject", objects), json!({}), json!({}));
    assert_eq!(with_role(read(), &other(&json!({}))), Vec::<String>::new());
    let put = ("aws_iam_role_policy.p", policy("Allow", "s3:PutObject", objects), json!({}), json!({}));
    assert_eq!(with_role(put, &other(&json!({"BUCKET": "archive"}))), Vec::<String>::new());
    let told = "aws_s3_bucket.archive -> aws_lambda_function.other: read, restricted PCI; declared nothing";
    assert_eq!(with_role(read(), &other(&json!({"BUCKET": "archive"}))), [told]);
}

#[test]
fn pods_take_the_role_that_their_account_names() {
    let manifests = "{apiVersion: v1, kind: ServiceAccount, metadata: {name: orders, annotations: {eks.amazonaws.com/role-arn: 'arn:aws:iam::111122223333:role/orders'}}}\n---\n{apiVersion: apps/v1, kind: Deployment, metadata: {name: orders, annotations: {probity.dev/data-categories: PII}}, spec: {template: {spec: {serviceAccountName: orders, containers: [{name: a, image: a}]}}}}\n";
    let planned = [
        ("aws_s3_bucket.archive", json!({"bucket": "archive"}), json!({}), json!({})),
        ("aws_iam_role.orders", json!({"name": "orders"}), json!({}), json!({})),
        (
            "aws_iam_role_policy.p",
            {
                let mut after = policy("Allow", "s3:PutObject", "arn:aws:s3:::archive/*");
                after["role"] = json!("orders");
                after
            },
            json!({}),
            json!({}),
        ),
    ];
    let expected =
        "Deployment/clinic/orders -> aws_s3_bucket.archive: publish, confidential PII; declared nothing";
    assert_eq!(flows(&estate(manifests, &planned)), [expected]);
    let other = manifests.replace("role/orders", "role/others");
    assert_eq!(flows(&estate(&other, &planned)), Vec::<String>::new());
    // Of two roles nothing says which one its Pods get.
    let second = [
        ("aws_iam_role.other", json!({"name": "other"}), json!({}), json!({})),
        (
            "aws_eks_pod_identity_association.a",
            json!({"namespace": "clinic", "service_account": "orders", "role_arn": "arn:aws:iam::111122223333:role/other"}),
            json!({}),
            json!({}),
        ),
    ];
    let both: Vec<_> = planned.into_iter().chain(second).collect();
    assert_eq!(flows(&estate(manifests, &both)), Vec::<String>::new());
}

/// A service that runs as an account, and what the account is granted on a bucket.
#[test]
fn an_account_of_google_tells_which_way_objects_go() {
    let refers = |to: &str| json!({"references": [format!("{to}.email"), to]});
    let planned = |role: &str, second: bool| {
        let run = |address: &'static str| {
            let after = json!({"labels": {}, "template": [{}]});
            let written = json!({"template": [{"service_account": refers("google_service_account.orders")}]});
            (address, after, json!({"template": [{"service_account": true}]}), written)
        };
        let mut all = vec![
            (
                "google_storage_bucket.archive",
                json!({"name": "archive", "labels": {"data-classification": "restricted", "data-categories": "pci"}}),
                json!({}),
                json!({}),
            ),
            (
                "google_service_account.orders",
                json!({"account_id": "orders", "project": "shop"}),
                json!({"email": true}),
                json!({}),
            ),
            run("google_cloud_run_v2_service.orders"),
            (
                "google_storage_bucket_iam_member.g",
                json!({"bucket": "archive", "role": role}),
                json!({"member": true}),
                json!({"bucket": {"constant_value": "archive"}, "member": refers("google_service_account.orders")}),
            ),
        ];
        if second {
            all.push(run("google_cloud_run_v2_service.other"));
        }
        all
    };
    let reads = "google_storage_bucket.archive -> google_cloud_run_v2_service.orders: read, restricted PCI; declared nothing";
    for (case, role, second, expected) in [
        ("read", "roles/storage.objectViewer", false, vec![reads]),
        ("both", "roles/storage.objectAdmin", false, vec![reads]),
        ("write", "roles/storage.objectCreator", false, vec![]),
        ("list", "roles/storage.legacyBucketReader", false, vec![]),
        ("one of two", "roles/storage.objectViewer", true, vec![]),
    ] {
        assert_eq!(flows(&estate("", &planned(role, second))), expected, "{case}");
    }
}

#[test]
fn pods_of_google_run_as_the_account_that_theirs_names() {
    let account = |annotation: &str| {
        format!(
            "{{apiVersion: v1, kind: ServiceAccount, metadata: {{name: orders, annotations: {{{annotation}}}}}}}\n---\n{{apiVersion: apps/v1, kind: Deployment, metadata: {{name: orders}}, spec: {{template: {{spec: {{serviceAccountName: orders, containers: [{{name: a, image: a}}]}}}}}}}}\n"
        )
    };
    let email = "orders@shop.iam.gserviceaccount.com";
    let annotated = account(&format!("iam.gke.io/gcp-service-account: {email}"));
    let planned = |member: &str| {
        [
            (
                "google_storage_bucket.archive",
                json!({"name": "archive", "labels": {"contains-pii": "true"}}),
                json!({}),
                json!({}),
            ),
            (
                "google_service_account.orders",
                json!({"account_id": "orders", "project": "shop", "email": email}),
                json!({}),
                json!({}),
            ),
            (
                "google_storage_bucket_iam_member.g",
                json!({"bucket": "archive", "role": "roles/storage.objectViewer", "member": member}),
                json!({}),
                json!({}),
            ),
        ]
    };
    let reads =
        "google_storage_bucket.archive -> Deployment/clinic/orders: read, confidential PII; declared nothing";
    let pool = "principal://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/shop.svc.id.goog/subject/ns/clinic/sa";
    for (case, manifests, member, expected) in [
        ("annotation", annotated.clone(), format!("serviceAccount:{email}"), vec![reads]),
        (
            "another account",
            annotated.clone(),
            "serviceAccount:other@shop.iam.gserviceaccount.com".to_owned(),
            vec![],
        ),
        ("no annotation", account(""), format!("serviceAccount:{email}"), vec![]),
        ("themselves", account(""), format!("{pool}/orders"), vec![reads]),
        ("others", account(""), format!("{pool}/reports"), vec![]),
    ] {
        assert_eq!(flows(&estate(&manifests, &planned(&member))), expected, "{case}");
    }
}
