//! Lists of ports in annotations: `5432,6379`, `8000-8080`, `*`.

/// Which ports a list names.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(in crate::facts) struct PortList {
    ranges: Vec<(u16, u16)>,
}

impl PortList {
    /// Parts that are neither a number nor a range name nothing, as in the agents that read such lists.
    pub(in crate::facts) fn new(text: &str) -> Self {
        Self { ranges: text.split(',').filter_map(|part| range(part.trim())).collect() }
    }

    pub(in crate::facts) fn contains(&self, port: u16) -> bool {
        self.ranges.iter().any(|(first, last)| (*first..=*last).contains(&port))
    }

    pub(in crate::facts) const fn is_empty(&self) -> bool {
        self.ranges.is_empty()
    }
}

fn range(part: &str) -> Option<(u16, u16)> {
    if part == "*" {
        return Some((0, u16::MAX));
    }
    let (first, last) = part.split_once('-').unwrap_or((part, part));
    Some((first.trim().parse().ok()?, last.trim().parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_read_part_by_part() {
        for (text, port, expected) in [
            ("5432", 5432, true),
            ("5432", 543, false),
            (" 80, 443 ", 443, true),
            ("8000-8080", 8001, true),
            ("8000-8080", 8081, false),
            ("*", 1, true),
            ("", 80, false),
            ("http,80", 80, true),
            ("80-", 80, false),
        ] {
            assert_eq!(PortList::new(text).contains(port), expected, "{text:?} {port}");
        }
    }
}
