//! Google Cloud Storage: a retention policy of the bucket, and object versioning.

use super::{Keeping, Provider, Source, integer, is_true, own};
use crate::facts::{
    Fact,
    buckets::{
        parts::{Kinds, Parts},
        planned::Planned,
    },
    truth::Truth,
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
    }
}
