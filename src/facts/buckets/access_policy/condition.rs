//! Conditions: which of them keep a statement from being public, and which tell TLS from plaintext.

use std::net::{Ipv4Addr, Ipv6Addr};

use crate::facts::truth::Truth;

/// One comparison of a condition block. `None` where the plan does not know it yet.
#[derive(Debug, Clone)]
pub(super) struct Condition {
    pub(super) operator: Option<String>,
    pub(super) key: Option<String>,
    /// Any of them may match.
    pub(super) values: Option<Vec<Option<String>>>,
}

/// What a fixed value of a condition key looks like.
#[derive(Clone, Copy)]
enum Fixed {
    /// No wildcard and no policy variable in it.
    Text,
    /// An ARN whose account is fixed, or without any wildcard: everyone of one account is not everyone.
    Arn,
    /// A network that is not very broad.
    Network,
    /// An organisation's path: the organisation, its first part, is fixed.
    OrganisationPath,
}

/// Condition keys that pin a statement, in lower case, as AWS compares them.
/// Sources: Amazon S3 User Guide, "The meaning of public"; AWS SDK, `PublicAccessBlockConfiguration`; IAM User Guide,
/// "AWS global condition context keys" for the keys of organisations and endpoints.
const KEYS: [(&str, Fixed); 20] = [
    ("aws:principalaccount", Fixed::Text),
    ("aws:principalarn", Fixed::Arn),
    ("aws:principalorgid", Fixed::Text),
    ("aws:principalorgpaths", Fixed::OrganisationPath),
    ("aws:sourceaccount", Fixed::Text),
    ("aws:sourcearn", Fixed::Arn),
    ("aws:sourceip", Fixed::Network),
    ("aws:sourceorgid", Fixed::Text),
    ("aws:sourceorgpaths", Fixed::OrganisationPath),
    ("aws:sourceowner", Fixed::Text),
    ("aws:sourcevpc", Fixed::Text),
    ("aws:sourcevpce", Fixed::Text),
    ("aws:userid", Fixed::Text),
    ("aws:vpceaccount", Fixed::Text),
    ("aws:vpceorgid", Fixed::Text),
    ("aws:vpceorgpaths", Fixed::OrganisationPath),
    ("aws:vpcsourceip", Fixed::Network),
    ("s3:dataaccesspointaccount", Fixed::Text),
    ("s3:dataaccesspointarn", Fixed::Arn),
    ("s3:x-amz-server-side-encryption-aws-kms-key-id", Fixed::Text),
];

/// Operators that demand a match, in lower case. Negated ones let everyone else in; `…IfExists` and `ForAllValues:`
/// let requests in that lack the key.
const OPERATORS: [&str; 6] =
    ["arnequals", "arnlike", "ipaddress", "stringequals", "stringequalsignorecase", "stringlike"];

/// Broader networks count as public (same source): shorter prefixes than these.
const NARROW_IPV4: u8 = 8;
const NARROW_IPV6: u8 = 32;

impl Condition {
    /// Whether it leaves only fixed callers.
    pub(super) fn pins(&self) -> Truth {
        let operator = match &self.operator {
            Some(operator) => {
                let operator = operator.to_ascii_lowercase();
                let operator = operator.strip_prefix("foranyvalue:").unwrap_or(&operator);
                Truth::from(OPERATORS.contains(&operator))
            }
            None => Truth::Unknown,
        };
        let key = match &self.key {
            Some(key) => {
                KEYS.iter().find(|(name, _)| name.eq_ignore_ascii_case(key)).map(|(_, fixed)| *fixed)
            }
            None => return operator.and(Truth::Unknown),
        };
        let (Some(fixed), Some(values)) = (key, &self.values) else {
            return operator.and(if key.is_some() { Truth::Unknown } else { Truth::False });
        };
        let one = |value: &Option<String>| {
            value.as_ref().map_or(Truth::Unknown, |value| fixed.is_met_by(value).into())
        };
        let any = Truth::from(!values.is_empty());
        operator.and(values.iter().map(one).fold(any, Truth::and))
    }

    /// Whether every request without TLS meets it: `Bool` of `aws:SecureTransport` with nothing but `false`.
    pub(super) fn is_met_by_plaintext(&self) -> Truth {
        let is = |text: &Option<String>, expected: &[&str]| {
            text.as_ref().map_or(Truth::Unknown, |text| {
                expected.iter().any(|expected| text.eq_ignore_ascii_case(expected)).into()
            })
        };
        let values = self.values.as_ref().map_or(Truth::Unknown, |values| {
            let any = Truth::from(!values.is_empty());
            values.iter().map(|value| is(value, &["false"])).fold(any, Truth::and)
        });
        is(&self.operator, &["Bool", "BoolIfExists"]).and(is(&self.key, &["aws:SecureTransport"])).and(values)
    }
}

impl Fixed {
    fn is_met_by(self, value: &str) -> bool {
        match self {
            Self::Text => is_fixed(value),
            Self::Arn => is_fixed(value) || is_of_one_account(value),
            Self::Network => is_narrow(value),
            Self::OrganisationPath => {
                value.split_once('/').is_some_and(|(organisation, _)| is_fixed(organisation))
            }
        }
    }
}

fn is_fixed(value: &str) -> bool {
    !value.is_empty() && !value.contains(['*', '?']) && !value.contains("${")
}

/// `arn:partition:service:region:account:resource`.
fn is_of_one_account(arn: &str) -> bool {
    const DIGITS: usize = 12;
    let mut parts = arn.split(':');
    parts.next() == Some("arn")
        && parts.nth(3).is_some_and(|account| {
            account.len() == DIGITS && account.bytes().all(|byte| byte.is_ascii_digit())
        })
}

fn is_narrow(value: &str) -> bool {
    let (address, prefix) = match value.split_once('/') {
        Some((address, prefix)) => (address, prefix.parse().ok()),
        None => (value, Some(u8::MAX)),
    };
    match prefix {
        Some(prefix) if address.parse::<Ipv4Addr>().is_ok() => prefix >= NARROW_IPV4,
        Some(prefix) if address.parse::<Ipv6Addr>().is_ok() => prefix >= NARROW_IPV6,
        _ => false,
    }
}
