//! Filters of Fluent Bit by which records of a namespace are dropped (Fluent Bit manual, "Grep").
//!
//! Deliberately absent: filters that join several rules (`Logical_Op`), and those on anything but the namespace.

use std::collections::BTreeMap;

use regex::Regex;

use super::Told;
use crate::source::Place;

/// One rule on the namespace of a record.
#[derive(Debug, Clone)]
pub(in crate::facts::log_pipelines) struct NamespaceRule {
    pattern: Regex,
    /// Drops what fits, else what does not.
    excludes: bool,
    /// As it is written.
    pub(in crate::facts::log_pipelines) text: String,
    pub(in crate::facts::log_pipelines) place: Place,
}

impl NamespaceRule {
    pub(in crate::facts::log_pipelines) fn drops(&self, namespace: &str) -> bool {
        self.pattern.is_match(namespace) == self.excludes
    }

    fn new(key: &str, value: &str, place: Place) -> Option<Self> {
        let excludes = match key.to_ascii_lowercase().as_str() {
            "exclude" => true,
            "regex" => false,
            _ => return None,
        };
        let (field, pattern) = value.trim().split_once(char::is_whitespace)?;
        let field: String = field.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
        let pattern = Regex::new(pattern.trim()).ok().filter(|_| field == "kubernetesnamespace_name")?;
        Some(Self { pattern, excludes, text: format!("{key} {}", value.trim()), place })
    }
}

/// One filter, as far as it is read.
#[derive(Default)]
struct Filter {
    is_grep: bool,
    is_joined: bool,
    takes_pods: Option<bool>,
    rules: Vec<NamespaceRule>,
}

impl Filter {
    fn read(&mut self, key: &str, value: &str, place: Place) {
        match key.to_ascii_lowercase().as_str() {
            "name" => self.is_grep = value.trim().eq_ignore_ascii_case("grep"),
            "logical_op" => self.is_joined = true,
            "match" => self.takes_pods = Some(matches!(value.trim(), "*" | "kube.*" | "kube*")),
            _ => self.rules.extend(NamespaceRule::new(key, value, place)),
        }
    }

    fn rules(self) -> Vec<NamespaceRule> {
        let counts = self.is_grep && !self.is_joined && self.takes_pods == Some(true);
        if counts { self.rules } else { Vec::new() }
    }
}

/// All rules on namespaces, in the order of their filters.
pub(in crate::facts::log_pipelines) fn namespace_rules(told: &[Told<'_>]) -> Vec<NamespaceRule> {
    let mut found = Vec::new();
    let mut keyed: BTreeMap<&str, Filter> = BTreeMap::new();
    for told in told.iter().filter(|told| told.is_configuration) {
        if let Some((filter, key)) =
            told.name.strip_prefix("pipeline.filters[").and_then(|rest| rest.split_once("]."))
        {
            // A rule that stands several times is a list.
            let key = key.split('[').next().unwrap_or(key);
            keyed.entry(filter).or_default().read(key, &told.text, told.place());
            continue;
        }
        let mut filter: Option<Filter> = None;
        let mut at = 0;
        for line in told.text.split_inclusive('\n') {
            let start = at + line.len() - line.trim_start().len();
            at += line.len();
            let body = line.trim();
            if body.starts_with('[') {
                found.extend(filter.take().into_iter().flat_map(Filter::rules));
                filter = body.eq_ignore_ascii_case("[filter]").then(Filter::default);
            } else if let (Some(filter), Some((key, value))) =
                (filter.as_mut(), body.split_once(char::is_whitespace))
            {
                filter.read(key, value, told.part(start..start + body.len()));
            }
        }
        found.extend(filter.into_iter().flat_map(Filter::rules));
    }
    found.extend(keyed.into_values().flat_map(Filter::rules));
    found
}
