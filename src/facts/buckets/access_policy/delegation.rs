//! Whether the policy of a bucket leaves it to an access point whom it lets in: both policies must allow a request, and what
//! either denies is denied (Amazon S3 User Guide, "Configuring IAM policies for using access points").

use super::{Access, Condition, Judgement, Principal, Statement, pattern::is_match};
use crate::facts::truth::Truth;

/// What is known of an access point.
#[derive(Debug, Clone, Copy)]
pub(in crate::facts::buckets) struct AccessPoint<'p> {
    pub(in crate::facts::buckets) name: Option<&'p str>,
    pub(in crate::facts::buckets) account: Option<&'p str>,
}

/// Operators that compare for equality, in lower case; with `not` they do the contrary.
const EQUAL: [&str; 3] = ["stringequals", "stringequalsignorecase", "arnequals"];
const LIKE: [&str; 2] = ["stringlike", "arnlike"];

pub(in crate::facts::buckets) fn delegates(statements: &[Statement], point: AccessPoint<'_>) -> Judgement {
    let allowed = statements.iter().map(|statement| statement.delegates(point)).fold(Truth::False, Truth::or);
    let is_denied = statements.iter().any(|statement| statement.may_deny(point));
    Judgement {
        holds: if is_denied { allowed.and(Truth::Unknown) } else { allowed },
        access: Access::default(),
        principal: "Principal \"*\"",
        at: Vec::new(),
    }
}

impl Statement {
    fn delegates(&self, point: AccessPoint<'_>) -> Truth {
        let everyone = match self.principal {
            Principal::Fixed => Truth::False,
            Principal::Everyone | Principal::Open | Principal::AllBut => Truth::True,
            Principal::Unknown => Truth::Unknown,
        };
        let mut names = Truth::False;
        let mut others = Truth::True;
        for condition in &self.conditions {
            if let Some(met) = condition.is_met_through(point) {
                names = names.or(Truth::True);
                others = others.and(met);
            } else {
                names = names.or(if condition.key.is_none() { Truth::Unknown } else { Truth::False });
                others = others.and(condition.pins().not());
            }
        }
        self.allows.and(everyone).and(names).and(others)
    }

    /// Whether it may deny what comes through the access point with TLS.
    fn may_deny(&self, point: AccessPoint<'_>) -> bool {
        let met = |condition: &Condition| match condition.is_met_through(point) {
            Some(met) => met,
            None => condition.is_met_by_plaintext().not().and(Truth::Unknown),
        };
        self.allows != Truth::True
            && self.principal != Principal::Fixed
            && (self.access.read || self.access.write)
            && self.conditions.iter().map(met).fold(Truth::True, Truth::and) != Truth::False
    }
}

impl Condition {
    /// Whether what comes through an access point meets it; `None` where it is about something else.
    fn is_met_through(&self, point: AccessPoint<'_>) -> Option<Truth> {
        let key = self.key.as_ref()?.to_ascii_lowercase();
        let one: &dyn Fn(&str) -> Truth = match key.as_str() {
            "s3:dataaccesspointaccount" => &|value| match point.account {
                Some(account) => is_match(value, account).into(),
                None => Truth::True,
            },
            "s3:dataaccesspointarn" => &|value| {
                let mut parts = value.splitn(6, ':').skip(4);
                let (account, name) = (parts.next().unwrap_or("*"), parts.next().unwrap_or("*"));
                let is_of = point.account.map_or(Truth::True, |own| is_match(account, own).into());
                let is_named = match point.name {
                    Some(own) => is_match(name, &format!("accesspoint/{own}")).into(),
                    None if matches!(name, "*" | "accesspoint/*") => Truth::True,
                    None => Truth::Unknown,
                };
                is_of.and(is_named)
            },
            "s3:accesspointnetworkorigin" => &|value| value.eq_ignore_ascii_case("internet").into(),
            _ => return None,
        };
        let operator = self.operator.as_ref().map(|operator| operator.to_ascii_lowercase());
        let Some(operator) = operator else { return Some(Truth::Unknown) };
        let operator = operator.strip_prefix("foranyvalue:").unwrap_or(&operator);
        let operator = operator.strip_suffix("ifexists").unwrap_or(operator);
        let plain = operator.replacen("not", "", 1);
        if !EQUAL.contains(&plain.as_str()) && !LIKE.contains(&plain.as_str()) {
            return Some(Truth::Unknown);
        }
        let values = self.values.as_ref().map_or(Truth::Unknown, |values| {
            let each = values.iter().map(|value| value.as_deref().map_or(Truth::Unknown, one));
            each.fold(Truth::False, Truth::or)
        });
        Some(if plain == operator { values } else { values.not() })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{super::from_json, *};

    #[test]
    fn only_what_is_allowed_to_everyone_through_the_point_is_delegated() {
        let point = AccessPoint { name: Some("readers"), account: Some("123456789012") };
        let statement = |effect: &str, principal: &str, condition: serde_json::Value| json!({"Effect": effect, "Principal": {"AWS": principal}, "Action": "s3:*", "Resource": "*", "Condition": condition});
        let account =
            |operator: &str, account: &str| json!({operator: {"s3:DataAccessPointAccount": account}});
        let arn = |name: &str| json!({"ArnLike": {"s3:DataAccessPointArn": format!("arn:aws:s3:eu-west-1:123456789012:accesspoint/{name}")}});
        let own = || statement("Allow", "*", account("StringEquals", "123456789012"));
        let plaintext = || json!({"Bool": {"aws:SecureTransport": "false"}});
        let organisation = || json!({"StringNotEquals": {"aws:PrincipalOrgID": "o-1"}});
        let network = || json!({"StringEquals": {"s3:AccessPointNetworkOrigin": "VPC"}});
        for (statements, expected) in [
            (vec![own()], Truth::True),
            (vec![statement("Allow", "*", arn("readers"))], Truth::True),
            (vec![statement("Allow", "*", arn("*"))], Truth::True),
            (vec![statement("Allow", "*", arn("other"))], Truth::False),
            (vec![statement("Allow", "*", account("StringEquals", "999999999999"))], Truth::False),
            (vec![statement("Allow", "*", account("StringNotEquals", "123456789012"))], Truth::False),
            (vec![statement("Allow", "*", network())], Truth::False),
            (
                vec![statement(
                    "Allow",
                    "arn:aws:iam::123456789012:root",
                    account("StringEquals", "123456789012"),
                )],
                Truth::False,
            ),
            (vec![statement("Deny", "*", account("StringNotEquals", "123456789012"))], Truth::False),
            (vec![own(), statement("Deny", "*", account("StringNotEquals", "123456789012"))], Truth::True),
            (vec![own(), statement("Deny", "*", plaintext())], Truth::True),
            (vec![own(), statement("Deny", "*", organisation())], Truth::Unknown),
        ] {
            let policy = json!({"Statement": statements}).to_string();
            assert_eq!(delegates(&from_json(&policy).unwrap(), point).holds, expected, "{policy}");
        }
    }
}
