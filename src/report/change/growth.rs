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
    let ((words, numbers), (words_before, numbers_before)) = (words(message), words(before));
    let networks: Vec<IpNet> = words_before.iter().filter_map(|word| word.parse().ok()).collect();
    let is_within = |word: &str| {
        let network = word.parse::<IpNet>();
        network.is_ok_and(|network| networks.iter().any(|wider| wider.contains(&network)))
    };
    if words.iter().any(|word| !words_before.contains(word) && !is_within(word)) {
        return true;
    }
    // What counts others counts fewer when some are gone; else a number is what the message is about.
    words == words_before && numbers != numbers_before
}

/// Words of a message but for numbers, and the numbers in their order.
fn words(message: &str) -> (BTreeSet<&str>, Vec<&str>) {
    let parts = message.split(|c: char| c.is_whitespace() || "`,;()[]".contains(c));
    let parts = parts.map(|part| part.trim_end_matches(':')).filter(|part| !part.is_empty());
    let (numbers, words): (Vec<&str>, Vec<&str>) =
        parts.partition(|part| part.bytes().all(|byte| byte.is_ascii_digit()));
    (words.into_iter().collect(), numbers)
}

/// Whether something belongs to a finding that did not belong to the one before.
pub(super) fn belongs_to_more(finding: &Finding, before: &Finding) -> bool {
    let known: BTreeSet<&str> = before.members().collect();
    finding.members().any(|member| !known.contains(member))
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
            ("open from ::/0", "open from 2600:1f18:1::/48", false),
            ("open from 2600:1f18:1::/48", "open from 2600:1f18:2::/48", true),
            ("runs as user 1000", "runs as user 0", true),
            ("3 services: `a`, `b`, `c`", "2 services: `b`, `c`", false),
            ("2 services: `a`, `b`", "2 services: `a`, `c`", true),
        ] {
            assert_eq!(says_other_words(now, before), expected, "{before} -> {now}");
        }
    }
}
