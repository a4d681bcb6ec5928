use serde_json::json;

use super::*;
use crate::facts::buckets::partial::Partial;

fn judged(statement: &serde_json::Value) -> Judgement {
    let policy = json!({"Version": "2012-10-17", "Statement": [statement]});
    is_public(&from_json(&policy.to_string()).unwrap())
}

#[test]
fn a_statement_is_public_unless_its_principal_is_fixed() {
    let table = [
        (json!("*"), Truth::True),
        (json!({"AWS": "*"}), Truth::True),
        (json!({"AWS": ["arn:aws:iam::123456789012:root", "*"]}), Truth::True),
        (json!({"AWS": "arn:aws:iam::*:root"}), Truth::True),
        (json!({"AWS": "${aws:PrincipalAccount}"}), Truth::True),
        (json!({"AWS": "arn:aws:iam::123456789012:root"}), Truth::False),
        (json!({"Service": "cloudfront.amazonaws.com"}), Truth::False),
        (json!({"CanonicalUser": "abc"}), Truth::False),
    ];
    for (principal, expected) in table {
        let found = judged(&json!({"Effect": "Allow", "Principal": principal, "Action": "s3:GetObject"}));
        assert_eq!(found.holds, expected, "{principal}");
    }
    // domains.md section 5, row 7: an origin access control
    let delivery = judged(&json!({"Effect": "Allow", "Principal": {"Service": "cloudfront.amazonaws.com"},
        "Action": "s3:GetObject", "Condition": {"StringEquals": {"AWS:SourceArn": "arn:aws:cloudfront::123456789012:distribution/E1"}}}));
    assert_eq!(delivery.holds, Truth::False, "row 7");
    let but = judged(&json!({"Effect": "Allow", "NotPrincipal": {"AWS": "arn:aws:iam::123456789012:root"}}));
    assert_eq!((but.holds, but.principal), (Truth::True, "NotPrincipal"));
    assert_eq!(judged(&json!({"Effect": "Deny", "Principal": "*"})).holds, Truth::False);
    assert_eq!(judged(&json!({"Effect": "Allow", "Action": "s3:*"})).holds, Truth::False);
}

#[test]
fn a_condition_pins_where_every_value_is_fixed() {
    let table = [
        // domains.md section 5, row 5
        (json!({"StringEquals": {"aws:PrincipalOrgID": "o-1"}}), false),
        (json!({"stringequals": {"AWS:PRINCIPALORGID": ["o-1", "o-2"]}}), false),
        (json!({"StringLike": {"aws:PrincipalOrgID": "o-*"}}), true),
        (json!({"StringLike": {"aws:PrincipalOrgID": ["o-1", "*"]}}), true),
        (json!({"StringEquals": {"aws:PrincipalOrgID": "${aws:PrincipalOrgID}"}}), true),
        (json!({"StringEquals": {"aws:PrincipalOrgID": []}}), true),
        (json!({"StringEqualsIfExists": {"aws:SourceVpce": "vpce-1"}}), true),
        (json!({"StringNotEquals": {"aws:SourceVpce": "vpce-1"}}), true),
        (json!({"ForAllValues:StringEquals": {"aws:SourceVpce": "vpce-1"}}), true),
        (json!({"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "o-1/r-1/*"}}), false),
        (json!({"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "*/r-1/*"}}), true),
        (json!({"StringEquals": {"aws:SourceVpce": "vpce-1"}}), false),
        (json!({"StringEquals": {"aws:SourceVpc": "vpc-1"}, "Bool": {"aws:SecureTransport": true}}), false),
        (json!({"Bool": {"aws:SecureTransport": "true"}}), true),
        (json!({"StringLike": {"aws:Referer": "https://example.org/"}}), true),
        (json!({"Null": {"aws:PrincipalOrgID": "false"}}), true),
        (json!({"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::123456789012:role/*"}}), false),
        (json!({"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/ci"}}), true),
        (json!({"StringEquals": {"AWS:SourceArn": "arn:aws:s3:::logs"}}), false),
        (json!({"ArnLike": {"aws:SourceArn": "arn:aws:s3:::*"}}), true),
        (json!({"StringLike": {"aws:userid": "AROAEXAMPLE:*"}}), true),
        // row 6
        (json!({"IpAddress": {"aws:SourceIp": "0.0.0.0/0"}}), true),
        (json!({"IpAddress": {"aws:SourceIp": "0.0.0.0/1"}}), true),
        (json!({"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}), false),
        (json!({"IpAddress": {"aws:SourceIp": ["192.0.2.0/24", "198.51.100.7"]}}), false),
        (json!({"IpAddress": {"aws:SourceIp": ["192.0.2.0/24", "0.0.0.0/0"]}}), true),
        (json!({"IpAddress": {"aws:SourceIp": "2001:db8::/32"}}), false),
        (json!({"IpAddress": {"aws:SourceIp": "::/0"}}), true),
        (json!({"IpAddress": {"aws:SourceIp": "192.0.2.0/many"}}), true),
        (json!({"NotIpAddress": {"aws:SourceIp": "192.0.2.0/24"}}), true),
    ];
    for (condition, public) in table {
        let found = judged(&json!({"Effect": "Allow", "Principal": "*", "Condition": condition}));
        assert_eq!(found.holds, public.into(), "{condition}");
    }
}

#[test]
fn one_public_statement_among_others_decides_and_a_deny_does_not() {
    let allow = json!({"Effect": "Allow", "Principal": "*", "Action": ["s3:GetObject", "s3:PutObject"]});
    let fixed =
        json!({"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::123456789012:root"}, "Action": "s3:*"});
    let deny = json!({"Effect": "Deny", "Principal": "*", "Action": "s3:*"});
    let text = json!({"Statement": [fixed, allow, deny]}).to_string();
    let opening = is_public(&from_json(&text).unwrap());
    assert_eq!((opening.holds, opening.access), (Truth::True, Access::BOTH));
    let single = json!({"Statement": allow}).to_string();
    assert_eq!(is_public(&from_json(&single).unwrap()).holds, Truth::True);
}

#[test]
fn actions_are_told_apart_by_what_they_do() {
    let table = [
        (json!("s3:GetObject"), "read"),
        (json!(["s3:ListBucket", "s3:Get*"]), "read"),
        (json!("s3:PutObject"), "write"),
        (json!("s3:*"), "read-write"),
        (json!("*"), "read-write"),
    ];
    for (action, expected) in table {
        let found = judged(&json!({"Effect": "Allow", "Principal": "*", "Action": action}));
        assert_eq!(found.access.name(), expected, "{action}");
    }
    let not = judged(&json!({"Effect": "Allow", "Principal": "*", "NotAction": "s3:DeleteObject"}));
    assert_eq!(not.access.name(), "read-write");
}

#[test]
fn what_is_no_policy_says_nothing() {
    for text in ["", "no JSON", "[]", "\"*\"", "{}", "null"] {
        let statements = from_json(text);
        assert!(statements.is_none(), "{text}");
    }
    assert_eq!(is_public(&from_json("{\"Statement\":[]}").unwrap()).holds, Truth::False);
    for odd in
        ["{\"Statement\":[1,null,\"x\"]}", "{\"Statement\":{\"Effect\":[],\"Principal\":7,\"Condition\":[]}}"]
    {
        assert_eq!(is_public(&from_json(odd).unwrap()).holds, Truth::False, "{odd}");
    }
}

#[test]
fn what_a_document_leaves_open_is_unknown_only_where_it_decides() {
    let everyone = json!({"type": {"constant_value": "*"}, "identifiers": {"constant_value": ["*"]}});
    let someone = json!({"type": {"constant_value": "AWS"}, "identifiers": {"references": ["var.who"]}});
    let condition = |values: serde_json::Value| json!([{"test": {"constant_value": "StringEquals"}, "variable": {"constant_value": "aws:SourceVpce"}, "values": values}]);
    let table = [
        (json!({"principals": [everyone]}), Truth::True),
        (json!({"principals": [everyone], "effect": {"constant_value": "Deny"}}), Truth::False),
        (json!({"principals": [everyone], "effect": {"references": ["var.e"]}}), Truth::Unknown),
        (json!({"principals": [someone]}), Truth::Unknown),
        (json!({"principals": [everyone, someone]}), Truth::True),
        (
            json!({"principals": [someone], "condition": condition(json!({"constant_value": ["vpce-1"]}))}),
            Truth::False,
        ),
        (
            json!({"principals": [everyone], "condition": condition(json!({"references": ["var.v"]}))}),
            Truth::Unknown,
        ),
        (json!({"not_principals": [someone]}), Truth::True),
        (json!({"principals": {"references": ["var.p"]}}), Truth::Unknown),
    ];
    for (statement, expected) in table {
        let document = Partial::from_expressions(&json!({"statement": [statement]}));
        let opening = is_public(&from_policy_document(&document).unwrap());
        assert_eq!(opening.holds, expected, "{statement}");
    }
    assert!(
        from_policy_document(&Partial::from_expressions(&json!({"statement": {"references": ["x.y"]}})))
            .is_none()
    );
}
