//! Google Cloud Storage: a retention policy of the bucket, and object versioning.

use super::{Keeping, Provider, Source, integer, is_true, own};
use crate::{
    facts::{
        Fact,
        buckets::{
            parts::{Kinds, Parts},
            planned::Planned,
        },
        truth::Truth,
    },
    resource::terraform::Attribute,
};

const KINDS: Kinds = Kinds {
    owner: "google_storage_bucket",
    names: &["name", "id", "url"],
    parts: &[
        ("google_logging_billing_account_sink", &["destination"]),
        ("google_logging_folder_sink", &["destination"]),
        ("google_logging_organization_sink", &["destination"]),
        ("google_logging_project_sink", &["destination"]),
        ("google_storage_bucket", &["logging.0.log_bucket"]),
        ("google_storage_bucket_iam_binding", &["bucket"]),
        ("google_storage_bucket_iam_member", &["bucket"]),
    ],
};

pub(super) const PROVIDER: Provider = Provider {
    kinds: &KINDS,
    sources: &[
        Source::unless("google_logging_billing_account_sink", "disabled", true, false),
        Source::unless("google_logging_folder_sink", "disabled", true, false),
        Source::unless("google_logging_organization_sink", "disabled", true, false),
        Source::unless("google_logging_project_sink", "disabled", true, false),
        Source::new("google_storage_bucket"),
    ],
    name: "name",
    keeps,
};

fn keeps(_: &Parts<'_>, bucket: &Planned<'_>) -> Keeping {
    const PERIOD: &str = "retention_policy.0.retention_period";
    const SECONDS_OF_A_DAY: i64 = 86_400;
    let locked = own(bucket, "retention_policy", PERIOD, |_| true);
    let seconds = integer(bucket, PERIOD);
    let is_final = own(bucket, "retention_policy", "retention_policy.0.is_locked", is_true);
    let mode = seconds.map(|_| if is_final.value == Truth::True { "locked" } else { "unlocked" });
    Keeping {
        locked,
        is_final,
        mode: Fact::from(mode),
        days: Fact::from(seconds.map(|seconds| seconds / SECONDS_OF_A_DAY)).at(bucket.origin(PERIOD)),
        versioned: own(bucket, "versioning", "versioning.0.enabled", is_true),
        version_days: version_days(bucket),
    }
}

/// The shortest that a rule for all objects leaves their older versions (Cloud Storage, "Object Lifecycle Management").
fn version_days(bucket: &Planned<'_>) -> Fact {
    let count = match bucket.get("lifecycle_rule") {
        Attribute::Known(rules) => rules.items().count(),
        _ => 0,
    };
    let of_rule = |index: usize| {
        let at = |path: &str| format!("lifecycle_rule.{index}.{path}");
        let narrows = ["matches_prefix", "matches_suffix", "matches_storage_class"].iter().any(|name| {
            matches!(bucket.get(&at(&format!("condition.0.{name}"))),
                Attribute::Known(list) if list.items().next().is_some())
        });
        // With it the last versions stay.
        let newer = integer(bucket, &at("condition.0.num_newer_versions")).unwrap_or_default();
        let deletes = bucket.text(&at("action.0.type")) == Some("Delete") && !narrows && newer == 0;
        let path = at("condition.0.days_since_noncurrent_time");
        let days = integer(bucket, &path).filter(|days| deletes && *days > 0)?;
        Some((days, bucket.origin(&path)))
    };
    let shortest = (0..count).filter_map(of_rule).min_by_key(|(days, _)| *days);
    shortest.map_or_else(Fact::default, |(days, origin)| Fact::from(days).at(Some(origin)))
}
