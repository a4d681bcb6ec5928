//! The clock, read in one place, so that `SOURCE_DATE_EPOCH` makes runs reproducible.

use jiff::{Timestamp, tz::TimeZone};

use crate::config::Day;

/// Now, or the instant of `SOURCE_DATE_EPOCH` (reproducible-builds.org, seconds since 1970).
#[expect(clippy::disallowed_methods, reason = "the one place that reads the clock and its override")]
pub(super) fn now() -> Timestamp {
    let fixed = std::env::var("SOURCE_DATE_EPOCH").ok().and_then(|seconds| seconds.parse().ok());
    fixed
        .and_then(|seconds| Timestamp::from_second(seconds).ok())
        .unwrap_or_else(|| Timestamp::try_from(std::time::SystemTime::now()).unwrap_or(Timestamp::UNIX_EPOCH))
}

/// The day in UTC.
pub(super) fn today() -> Day {
    Day(now().to_zoned(TimeZone::UTC).date())
}
