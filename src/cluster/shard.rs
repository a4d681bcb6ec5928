//! Shards: a cluster that several processes read, each the namespaces that fall to it, and one judges.
//!
//! A shard is what was read and nothing that was decided: which objects decide about each other nobody knows before all
//! are there, so that no verdict can come from a part. Objects hold values that must not get out, so a shard is sealed
//! with a key of its readers, and what is not readable to others cannot be changed by them either.

#[cfg(feature = "cluster")]
mod file;
#[cfg(feature = "cluster")]
mod join;
#[cfg(feature = "cluster")]
mod seal;
#[cfg(feature = "cluster")]
mod whole;

use std::{fmt, str::FromStr};

use sha2::{Digest as _, Sha256};

#[cfg(feature = "cluster")]
pub use self::{
    file::{Header, ShardError, open, seal},
    join::join,
    seal::{Key, WeakKey},
    whole::{Expected, Incoherence, Part, check},
};

/// One of several parts of a cluster, by namespace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Shard {
    /// From 0, as an Indexed Job counts.
    pub index: u32,
    pub count: u32,
}

/// As many indexes as an Indexed Job may have (`batch/v1`, `maxParallelismForIndexedJob`).
const MOST: u32 = 100_000;

impl Shard {
    /// Whether objects of a namespace fall to it; those of no namespace fall to the first.
    pub fn holds(self, namespace: Option<&str>) -> bool {
        let Some(namespace) = namespace else { return self.index == 0 };
        // Every version of this program divides alike: the first 8 bytes of a SHA-256, as a big-endian number.
        let digest: [u8; 32] = Sha256::digest(namespace.as_bytes()).into();
        let number = digest.iter().take(8).fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
        number % u64::from(self.count) == u64::from(self.index)
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.count)
    }
}

impl FromStr for Shard {
    type Err = String;

    /// `I/N`: 0/4 to 3/4.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let numbers = text.split_once('/').and_then(|(index, count)| {
            let number =
                |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?;
            Some(Self { index: number(index)?, count: number(count)? })
        });
        match numbers {
            Some(Self { count: 0, .. }) => Err("there must be a shard".to_owned()),
            Some(Self { count, .. }) if count > MOST => Err(format!("at most {MOST} shards")),
            Some(Self { index, count }) if index >= count => {
                Err(format!("shards count from 0: the last of {count} is {}/{count}", count - 1))
            }
            Some(shard) => Ok(shard),
            None => Err("write I/N, such as 0/4 for the first of four".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shard_is_a_number_below_their_count() {
        for (text, index, count) in [("0/1", 0, 1), ("3/4", 3, 4), ("99999/100000", 99_999, 100_000)] {
            assert_eq!(text.parse(), Ok(Shard { index, count }), "{text}");
        }
        for text in
            ["", "1", "/", "4/4", "0/0", "-1/2", "+0/2", "a/2", "0/2/3", "0/100001", "0/99999999999", " 0/2"]
        {
            assert!(text.parse::<Shard>().is_err(), "{text}");
        }
        assert!("4/4".parse::<Shard>().unwrap_err().contains("the last of 4 is 3/4"));
    }

    #[test]
    fn each_namespace_falls_to_one_shard_whatever_the_version() {
        for count in [1, 2, 3, 7] {
            let shards: Vec<Shard> = (0..count).map(|index| Shard { index, count }).collect();
            for namespace in [Some("shop"), Some("kube-system"), Some("ä"), Some(""), None] {
                let holding = shards.iter().filter(|shard| shard.holds(namespace)).count();
                assert_eq!(holding, 1, "{namespace:?} of {count}");
            }
        }
        let of = |namespace| (0..4).find(|index| Shard { index: *index, count: 4 }.holds(Some(namespace)));
        assert_eq!(
            ["default", "kube-system", "shop", "payments"].map(of),
            [1, 1, 1, 0].map(Some),
            "none may ever move"
        );
        assert!(Shard { index: 0, count: 4 }.holds(None));
    }
}
