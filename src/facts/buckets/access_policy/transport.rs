//! Whether a policy refuses what comes without TLS: statements that deny everyone where `aws:SecureTransport` is false.
//!
//! Source: Amazon S3 User Guide, "Security best practices", "Enforce encryption of data in transit".

use super::{Access, Condition, Judgement, Principal, Statement, pattern::is_match};
use crate::facts::truth::Truth;

/// What has to be refused: an action, on the bucket itself or on any of its objects.
const REQUESTS: [(&str, &str); 3] =
    [("s3:listbucket", ""), ("s3:getobject", OBJECT), ("s3:putobject", OBJECT)];

/// An object that no policy spells out: what matches it matches every object.
const OBJECT: &str = "/\u{1}";

/// Whether the statements together refuse everyone who comes without TLS, over a bucket of a known name, or of one
/// that is known only after apply.
pub(in crate::facts::buckets) fn refuses_plaintext(
    statements: &[Statement],
    bucket: Option<&str>,
) -> Judgement {
    let refuses = |statement: &Statement| {
        let requests = REQUESTS.map(|request| statement.refuses(request, bucket));
        statement.is_against_plaintext().and(requests.into_iter().fold(Truth::False, Truth::or))
    };
    let holds = REQUESTS.into_iter().map(|request| {
        let by =
            |statement: &Statement| statement.is_against_plaintext().and(statement.refuses(request, bucket));
        statements.iter().map(by).fold(Truth::False, Truth::or)
    });
    let part = statements.iter().find(|statement| refuses(statement) != Truth::False);
    Judgement {
        holds: holds.fold(Truth::True, Truth::and),
        access: Access::default(),
        principal: "Principal \"*\"",
        at: part.map(|statement| statement.at.clone()).unwrap_or_default(),
    }
}

impl Statement {
    /// Whether it denies everyone whatever comes without TLS, of the requests that it is about.
    fn is_against_plaintext(&self) -> Truth {
        let everyone = match self.principal {
            Principal::Everyone => Truth::True,
            Principal::Unknown => Truth::Unknown,
            Principal::Fixed | Principal::Open | Principal::AllBut => Truth::False,
        };
        let conditions = self.conditions.iter().map(Condition::is_met_by_plaintext);
        self.allows.not().and(everyone).and(conditions.fold(Truth::True, Truth::and))
    }

    fn refuses(&self, (action, object): (&str, &str), bucket: Option<&str>) -> Truth {
        let actions = self.actions.hold(|pattern| is_match(&pattern.to_ascii_lowercase(), action).into());
        actions.and(self.resources.hold(|pattern| covers(pattern, bucket, object)))
    }
}

/// Whether the pattern of a resource matches a bucket, or an object of it: `arn:PARTITION:s3:::BUCKET/OBJECT`.
fn covers(pattern: &str, bucket: Option<&str>, object: &str) -> Truth {
    let name = pattern.split_once(":s3:::").map_or(pattern, |(_, name)| name);
    match bucket {
        _ if name == "*" => Truth::True,
        _ if !pattern.starts_with("arn:") => Truth::False,
        Some(bucket) => is_match(name, &format!("{bucket}{object}")).into(),
        None => Truth::Unknown,
    }
}
