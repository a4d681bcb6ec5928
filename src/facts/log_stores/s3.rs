//! Amazon S3: versioning and Object Lock, as resources of their own or as blocks of the bucket.
//!
//! Object Lock demands versioning; without a default retention it locks what the writer asks for, which log delivery
//! does not. Of a bucket that exists, what the plan does not hold is unknown.

use super::{Keeping, Provider, Source, integer, is_true, own};
use crate::{
    facts::{
        Fact, Origin,
        buckets::{
            parts::{Kinds, Parts},
            planned::{Decided, Planned},
        },
    },
    resource::terraform::Attribute,
};

const LOCK: &str = "aws_s3_bucket_object_lock_configuration";
const VERSIONING: &str = "aws_s3_bucket_versioning";
const LIFECYCLE: &str = "aws_s3_bucket_lifecycle_configuration";

const KINDS: Kinds = Kinds {
    owner: "aws_s3_bucket",
    names: &["bucket", "id", "arn", "bucket_domain_name"],
    parts: &[
        (LOCK, &["bucket"]),
        (VERSIONING, &["bucket"]),
        (LIFECYCLE, &["bucket"]),
        ("aws_s3_bucket_acl", &["bucket"]),
        ("aws_s3_bucket_ownership_controls", &["bucket"]),
        ("aws_s3_bucket_policy", &["bucket"]),
        ("aws_s3_bucket_public_access_block", &["bucket"]),
        ("aws_s3_bucket_server_side_encryption_configuration", &["bucket"]),
        ("aws_alb", &["access_logs.0.bucket"]),
        ("aws_cloudfront_distribution", &["logging_config.0.bucket"]),
        ("aws_cloudtrail", &["s3_bucket_name"]),
        ("aws_config_delivery_channel", &["s3_bucket_name"]),
        ("aws_elb", &["access_logs.0.bucket"]),
        ("aws_flow_log", &["log_destination"]),
        ("aws_lb", &["access_logs.0.bucket"]),
        ("aws_s3_bucket", &["logging.0.target_bucket"]),
        ("aws_s3_bucket_logging", &["target_bucket"]),
    ],
};

pub(super) const PROVIDER: Provider = Provider {
    kinds: &KINDS,
    sources: &[
        Source::unless("aws_alb", "access_logs.0.enabled", false, false),
        Source::new("aws_cloudfront_distribution"),
        Source::new("aws_cloudtrail"),
        Source::new("aws_config_delivery_channel"),
        Source::unless("aws_elb", "access_logs.0.enabled", false, true),
        Source::new("aws_flow_log"),
        Source::unless("aws_lb", "access_logs.0.enabled", false, false),
        Source::new("aws_s3_bucket"),
        Source::new("aws_s3_bucket_logging"),
    ],
    name: "bucket",
    keeps,
};

fn keeps(parts: &Parts<'_>, bucket: &Planned<'_>) -> Keeping {
    const OLDER: &str = "object_lock_configuration.0";
    const STATUS: &str = "versioning_configuration.0.status";
    // Object Lock switches versioning on, and stands for nothing else here.
    let lockable = own(bucket, "object_lock_enabled", "object_lock_enabled", is_true);
    let versioned = parts.decide(
        bucket,
        VERSIONING,
        |part| part.decide(STATUS, false, |node| node.as_str() == Some("Enabled")),
        || own(bucket, "versioning", "versioning.0.enabled", is_true),
    );
    let split = parts.of(bucket, LOCK).next();
    let locked = parts.decide(bucket, LOCK, default_retention, || {
        own(bucket, "object_lock_configuration", &format!("{OLDER}.{RETENTION}.mode"), |_| true)
    });
    let (holder, block) = match split {
        Some(part) => (part, RETENTION.to_owned()),
        None => (bucket, format!("{OLDER}.{RETENTION}")),
    };
    let number = |name: &str| integer(holder, &format!("{block}.{name}"));
    let days = number("days").or_else(|| number("years").map(|years| years.saturating_mul(DAYS_OF_A_YEAR)));
    Keeping {
        locked,
        // Versions are kept in any case, whoever may bypass the lock.
        is_final: Decided::default(true, bucket.origin("")),
        mode: Fact::from(holder.text(&format!("{block}.mode"))),
        days: Fact::from(days),
        versioned: versioned.or(&lockable),
        version_days: version_days(parts, bucket),
    }
}

/// Where a resource keeps its rules, and what each of them says.
struct Rules {
    list: &'static str,
    days: &'static str,
    /// The attribute that switches it on, and the value that does.
    switch: (&'static str, &'static str),
    /// What narrows it to some objects.
    narrows: &'static [&'static str],
}

const SPLIT: Rules = Rules {
    list: "rule",
    days: "noncurrent_version_expiration.0.noncurrent_days",
    switch: ("status", "Enabled"),
    narrows: &[
        "prefix",
        "filter.0.prefix",
        "filter.0.tag.0.key",
        "filter.0.and.0.prefix",
        "filter.0.and.0.tags",
        "filter.0.object_size_greater_than",
        "filter.0.object_size_less_than",
        // With it the last versions stay.
        "noncurrent_version_expiration.0.newer_noncurrent_versions",
    ],
};
const INLINE: Rules = Rules {
    list: "lifecycle_rule",
    days: "noncurrent_version_expiration.0.days",
    switch: ("enabled", "true"),
    narrows: &["prefix", "tags"],
};

/// The shortest that a rule for all objects leaves their older versions (Amazon S3 User Guide, "Lifecycle configuration
/// elements"): what somebody deletes or overwrites is gone then.
fn version_days(parts: &Parts<'_>, bucket: &Planned<'_>) -> Fact {
    let split = parts.of(bucket, LIFECYCLE).flat_map(|part| SPLIT.days(part));
    let found = split.chain(INLINE.days(bucket)).min_by_key(|(days, _)| *days);
    found.map_or_else(Fact::default, |(days, origin)| Fact::from(days).at(Some(origin)))
}

impl Rules {
    fn days(&self, holder: &Planned<'_>) -> Vec<(i64, Origin)> {
        let count = match holder.get(self.list) {
            Attribute::Known(rules) => rules.items().count(),
            _ => 0,
        };
        let at = |index: usize, path: &str| format!("{}.{index}.{path}", self.list);
        let says = |path: &str| match holder.get(path) {
            Attribute::Known(node) => node.as_str().unwrap_or_else(|| node.raw()).to_owned(),
            _ => String::new(),
        };
        let holds = |index: &usize| {
            let (switch, on) = self.switch;
            let narrows = |path: &&str| !matches!(says(&at(*index, path)).as_str(), "" | "{}" | "0");
            says(&at(*index, switch)) == on && !self.narrows.iter().any(narrows)
        };
        let each = (0..count).filter(holds).filter_map(|index| {
            let path = at(index, self.days);
            Some((integer(holder, &path)?, holder.origin(&path)))
        });
        each.collect()
    }
}

/// The block that holds for every object.
const RETENTION: &str = "rule.0.default_retention.0";

/// As S3 counts a retention in years.
const DAYS_OF_A_YEAR: i64 = 365;

fn default_retention(part: &Planned<'_>) -> Decided {
    let enabled = part.decide("object_lock_enabled", true, |node| node.as_str() == Some("Enabled"));
    enabled.and(&part.decide(&format!("{RETENTION}.mode"), false, |_| true))
}
