//! Whether an S3 bucket policy lets everyone in.
//!
//! A statement that allows is public unless its principal is fixed, or a condition pins a fixed value of one of the
//! keys below. A deny never turns a public policy private here: what it leaves open cannot be told from its text.
//! Source: Amazon S3 User Guide, "Blocking public access to your Amazon S3 storage", section "The meaning of public".

use serde_json::Value;

/// What a bucket policy does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Openness {
    /// With the statement that does it, in words.
    Public(String),
    Private,
    /// The text is no policy.
    Unknown,
}

/// Condition keys whose fixed values keep a policy private; compared in lower case.
const PINNING_KEYS: [&str; 15] = [
    "aws:principalaccount",
    "aws:principalarn",
    "aws:principalorgid",
    "aws:principalorgpaths",
    "aws:sourceaccount",
    "aws:sourcearn",
    "aws:sourceip",
    "aws:sourceowner",
    "aws:sourcevpc",
    "aws:sourcevpce",
    "aws:userid",
    "s3:dataaccesspointaccount",
    "s3:dataaccesspointarn",
    "s3:x-amz-server-side-encryption-aws-kms-key-id",
    "aws:vpcsourceip",
];

/// Condition operators that compare with fixed values.
const PINNING_OPERATORS: [&str; 6] =
    ["stringequals", "stringequalsignorecase", "stringlike", "arnequals", "arnlike", "ipaddress"];

/// Networks of this many addresses or more count as everyone.
const BROADEST_PREFIX: u8 = 8;

pub(super) fn openness(policy: &str) -> Openness {
    let Ok(policy) = serde_json::from_str::<Value>(policy) else { return Openness::Unknown };
    let statements = match policy.get("Statement") {
        Some(Value::Array(statements)) => statements.iter().collect(),
        Some(statement @ Value::Object(_)) => vec![statement],
        _ => return Openness::Unknown,
    };
    let public = statements.into_iter().find(|statement| is_public(statement));
    public.map_or(Openness::Private, |statement| {
        let principal =
            if statement.get("NotPrincipal").is_some() { "a `NotPrincipal`" } else { "the principal `*`" };
        Openness::Public(format!("a policy that allows {principal}"))
    })
}

fn is_public(statement: &Value) -> bool {
    let allows = statement.get("Effect").and_then(Value::as_str) == Some("Allow");
    let everyone =
        statement.get("NotPrincipal").is_some() || statement.get("Principal").is_some_and(is_everyone);
    allows && everyone && !statement.get("Condition").is_some_and(pins)
}

fn is_everyone(principal: &Value) -> bool {
    match principal {
        Value::String(text) => text == "*",
        Value::Array(items) => items.iter().any(is_everyone),
        // Services and federations are fixed, unless they are everyone themselves.
        Value::Object(kinds) => kinds.values().any(is_everyone),
        _ => false,
    }
}

fn pins(condition: &Value) -> bool {
    let Value::Object(operators) = condition else { return false };
    operators.iter().any(|(operator, keys)| {
        let operator = operator.to_ascii_lowercase();
        // `…IfExists` lets a request in that lacks the key.
        let operator = operator.strip_prefix("foranyvalue:").unwrap_or(&operator);
        let Value::Object(keys) = keys else { return false };
        PINNING_OPERATORS.contains(&operator)
            && keys.iter().any(|(key, values)| {
                let key = key.to_ascii_lowercase();
                PINNING_KEYS.contains(&key.as_str()) && is_fixed(&key, values)
            })
    })
}

fn is_fixed(key: &str, values: &Value) -> bool {
    let texts: Vec<&str> = match values {
        Value::String(text) => vec![text],
        Value::Array(items) => items.iter().filter_map(Value::as_str).collect(),
        _ => return false,
    };
    !texts.is_empty()
        && texts.iter().all(|text| match key {
            "aws:sourceip" | "aws:vpcsourceip" => is_narrow_network(text),
            // The part before the colon of a role's id is fixed, what follows is the session.
            "aws:userid" => !text.starts_with('*'),
            "aws:sourcearn" | "aws:principalarn" => {
                text.split(':').nth(4).is_some_and(|account| account != "*" && !account.is_empty())
                    || text.split(':').nth(5).is_some_and(|name| !name.starts_with('*') && !name.is_empty())
            }
            _ => !text.contains(['*', '?', '$']),
        })
}

fn is_narrow_network(text: &str) -> bool {
    let prefix = text.rsplit_once('/').map_or(Some(32), |(_, prefix)| prefix.parse::<u8>().ok());
    prefix.is_some_and(|prefix| prefix >= BROADEST_PREFIX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn public(principal: &str, condition: &str) -> bool {
        let text = format!(
            r#"{{"Statement":[{{"Effect":"Allow","Principal":{principal},"Action":"s3:GetObject","Resource":"*","Condition":{condition}}}]}}"#
        );
        matches!(openness(&text), Openness::Public(_))
    }

    #[test]
    fn everyone_is_public_unless_a_condition_pins_a_fixed_value() {
        for (name, principal, condition, expected) in [
            ("everyone", "\"*\"", "{}", true),
            ("everyone in AWS's form", "{\"AWS\":\"*\"}", "{}", true),
            ("an account", "{\"AWS\":\"arn:aws:iam::123456789012:root\"}", "{}", false),
            ("an organisation", "\"*\"", r#"{"StringEquals":{"aws:PrincipalOrgID":"o-1"}}"#, false),
            ("any organisation", "\"*\"", r#"{"StringLike":{"aws:PrincipalOrgID":"o-*"}}"#, true),
            ("all addresses", "\"*\"", r#"{"IpAddress":{"aws:SourceIp":"0.0.0.0/0"}}"#, true),
            ("one network", "\"*\"", r#"{"IpAddress":{"aws:SourceIp":["192.0.2.0/24"]}}"#, false),
            (
                "a network beside all",
                "\"*\"",
                r#"{"IpAddress":{"aws:SourceIp":["192.0.2.0/24","0.0.0.0/0"]}}"#,
                true,
            ),
            (
                "a service",
                "{\"Service\":\"cloudfront.amazonaws.com\"}",
                r#"{"StringEquals":{"AWS:SourceArn":"arn:aws:cloudfront::123456789012:distribution/X"}}"#,
                false,
            ),
            ("transport only", "\"*\"", r#"{"Bool":{"aws:SecureTransport":"true"}}"#, true),
            ("if the key exists", "\"*\"", r#"{"StringEqualsIfExists":{"aws:SourceVpce":"vpce-1"}}"#, true),
        ] {
            assert_eq!(public(principal, condition), expected, "{name}");
        }
        assert_eq!(openness("no policy"), Openness::Unknown);
        assert!(matches!(
            openness(r#"{"Statement":{"Effect":"Allow","NotPrincipal":{"AWS":"a"}}}"#),
            Openness::Public(_)
        ));
        assert_eq!(openness(r#"{"Statement":{"Effect":"Deny","Principal":"*"}}"#), Openness::Private);
    }
}
