//! Whether a finding says more than it did before a change.

use std::collections::BTreeSet;

use ipnet::IpNet;

use crate::finding::Finding;

/// Key of a policy's result: how bad it is on the rule's own scale, as a whole number. A larger one is worse.
const DEGREE: &str = "degree";

/// Whether a finding names what the one before did not: in its message, but for numbers and for networks that lie within
/// one that was named, or as another place that belongs to it. Where the rule gives degrees, another one decides alone:
/// what gets better says other words, and is no new finding.
pub(super) fn says_more(finding: &Finding, before: &Finding) -> bool {
    let degree = |finding: &Finding| finding.metadata.get(DEGREE).and_then(serde_json::Value::as_i64);
    match (degree(before), degree(finding)) {
        (Some(before), Some(now)) if now != before => now > before,
        _ => says_other_words(&finding.message, &before.message) || belongs_to_more(finding, before),
    }
}

fn says_other_words(message: &str, before: &str) -> bool {
    fn words(message: &str) -> BTreeSet<&str> {
        let words = message.split(|c: char| c.is_whitespace() || "`,;:()[]".contains(c));
        words.filter(|word| !word.bytes().all(|byte| byte.is_ascii_digit())).collect()
    }
    let before = words(before);
    let networks: Vec<IpNet> = before.iter().filter_map(|word| word.parse().ok()).collect();
    let is_within = |word: &str| {
        let network = word.parse::<IpNet>();
        network.is_ok_and(|network| networks.iter().any(|wider| wider.contains(&network)))
    };
    words(message).iter().any(|word| !before.contains(word) && !is_within(word))
}

fn belongs_to_more(finding: &Finding, before: &Finding) -> bool {
    fn resources(finding: &Finding) -> BTreeSet<&str> {
        finding.related.iter().filter_map(|related| related.resource.as_deref()).collect()
    }
    !resources(finding).is_subset(&resources(before))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_that_widen_say_more_and_those_within_do_not() {
        for (before, now, expected) in [
            ("open from 203.0.113.0/24", "open from 0.0.0.0/0", true),
            ("open from 0.0.0.0/0", "open from 203.0.113.0/24", false),
            ("open from 203.0.113.0/24", "open from 203.0.113.0/24, 198.51.100.0/24", true),
            ("open from 203.0.113.0/24, 198.51.100.0/24", "open from 203.0.113.128/25", false),
            ("open from 0.0.0.0/0", "open from ::/0", true),
            ("3 services: `a`, `b`, `c`", "2 services: `b`, `c`", false),
            ("2 services: `a`, `b`", "2 services: `a`, `c`", true),
        ] {
            assert_eq!(says_other_words(now, before), expected, "{before} -> {now}");
        }
    }
}
