//! Shards of a cluster: the key that seals them, what they were read by, and files of them.

#[cfg(feature = "cluster")]
mod files;

use std::path::PathBuf;

use clap::Args;

#[cfg(feature = "cluster")]
pub(super) use self::files::{Opened, basis, open, version};
#[cfg(feature = "cluster")]
use super::Failure;
#[cfg(feature = "cluster")]
use crate::{
    audit::keyfile::{SHARD_VARIABLE, forbid_core_dumps, read_text},
    cluster::shard::Key,
};

/// Arguments that say which key.
#[derive(Debug, Args)]
pub(super) struct ShardKey {
    /// File with the key that seals shards: 32 random characters or more [env: `PROBITY_SHARD_KEY`, the key itself].
    #[arg(long, value_name = "FILE")]
    shard_key: Option<PathBuf>,
}

impl ShardKey {
    pub(super) const fn is_given(&self) -> bool {
        self.shard_key.is_some()
    }
}

#[cfg(feature = "cluster")]
impl ShardKey {
    pub(super) fn read(&self) -> Result<Key, Failure> {
        const HELP: &str =
            "make one with `openssl rand -hex 32 >FILE`, and give it to all shards and to `probity merge`";
        forbid_core_dumps();
        let text = match &self.shard_key {
            Some(path) => Some(
                read_text(path, "open the shards")
                    .map_err(|error| Failure::usage(format!("`--shard-key`: {error}")))?,
            ),
            None => of_environment(),
        };
        let Some(text) = text else {
            return Err(Failure::usage(format!(
                "shards hold what must not be read by others, and there is no key: neither `--shard-key` nor \
                 `{SHARD_VARIABLE}` is given"
            ))
            .help(HELP));
        };
        Key::parse(&text).map_err(|error| Failure::usage(error).help(HELP))
    }
}

#[cfg(feature = "cluster")]
fn of_environment() -> Option<zeroize::Zeroizing<String>> {
    #[expect(clippy::disallowed_methods, reason = "the edge that reads the key")]
    let text = std::env::var_os(SHARD_VARIABLE).filter(|text| !text.is_empty())?;
    Some(zeroize::Zeroizing::new(text.to_string_lossy().into_owned()))
}
