//! The clock, read in one place, so that `SOURCE_DATE_EPOCH` makes runs reproducible.

use jiff::{Timestamp, tz::TimeZone};

use crate::config::Day;

/// Environment variable with the instant at which reports are made (reproducible-builds.org, seconds since 1970).
pub(super) const SOURCE_DATE_EPOCH: &str = "SOURCE_DATE_EPOCH";

/// Now, or the instant of `SOURCE_DATE_EPOCH`.
#[expect(clippy::disallowed_methods, reason = "the one place that reads the override of the clock")]
pub(super) fn now() -> Timestamp {
    let fixed = std::env::var(SOURCE_DATE_EPOCH).ok().and_then(|seconds| seconds.parse().ok());
    fixed.and_then(|seconds| Timestamp::from_second(seconds).ok()).unwrap_or_else(system)
}

/// Now, whatever the environment says: evidence is not dated by whoever runs the scan.
#[expect(clippy::disallowed_methods, reason = "the one place that reads the clock")]
pub(super) fn system() -> Timestamp {
    Timestamp::try_from(std::time::SystemTime::now()).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// The day in UTC.
pub(super) fn today() -> Day {
    Day(now().to_zoned(TimeZone::UTC).date())
}
