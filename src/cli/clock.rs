//! The clock, read in one place, so that `SOURCE_DATE_EPOCH` makes runs reproducible.

use jiff::{Timestamp, tz::TimeZone};

use super::Failure;
use crate::config::Day;

/// Environment variable with the instant at which reports are made (reproducible-builds.org, seconds since 1970).
pub(super) const SOURCE_DATE_EPOCH: &str = "SOURCE_DATE_EPOCH";

/// Makes sure that `SOURCE_DATE_EPOCH` can be used: whoever sets it counts on it, waivers among other things.
pub(super) fn check() -> Result<(), Failure> {
    fixed().map(drop)
}

/// Now, or the instant of `SOURCE_DATE_EPOCH`.
pub(super) fn now() -> Timestamp {
    fixed().ok().flatten().unwrap_or_else(system)
}

/// The instant that the environment asks for, if any; an empty one is none.
fn fixed() -> Result<Option<Timestamp>, Failure> {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the override of the clock")]
    let Some(text) = std::env::var_os(SOURCE_DATE_EPOCH).filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    let seconds = text.to_str().and_then(|seconds| seconds.parse().ok());
    match seconds.and_then(|seconds| Timestamp::from_second(seconds).ok()) {
        Some(instant) => Ok(Some(instant)),
        None => Err(Failure::usage(format!("`{SOURCE_DATE_EPOCH}` is no number of seconds since 1970"))
            .help("set it to one, such as `git log -1 --format=%ct` prints, or unset it")),
    }
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
