//! Spelling: the name that was probably meant where an unknown one stands.

/// Similar enough to be worth asking about; the measure and the bound of `clap`.
const SIMILAR: f64 = 0.8;

/// The candidate that is most like `name`, if one is like it at all.
pub fn nearest<'c>(name: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    let rated = candidates.into_iter().map(|candidate| (strsim::jaro_winkler(name, candidate), candidate));
    rated
        .filter(|(similarity, _)| *similarity >= SIMILAR)
        .max_by(|(one, _), (other, _)| one.total_cmp(other))
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_understood_and_another_word_is_not() {
        let keys = ["exclude", "fail-on", "rules", "policies"];
        for (name, expected) in [
            ("excludes", Some("exclude")),
            ("fail_on", Some("fail-on")),
            ("rule", Some("rules")),
            ("policy", Some("policies")),
            ("colour", None),
        ] {
            assert_eq!(nearest(name, keys), expected, "{name}");
        }
    }
}
