//! `tool.driver.rules`: every rule that ran, whether it found something or not.

use std::collections::BTreeMap;

use super::model::{Configuration, Help, Rule, RuleProperties, Text};
use crate::{
    finding::Severity,
    output::{Level, frameworks, open_findings, visible::visible},
    policy::metadata,
    report::Report,
};

/// Limits of code scanning: rules of a run, tags of a rule that are shown, characters of a description and a name.
const RULES: usize = 25_000;
const TAGS: usize = 10;
const DESCRIPTION: usize = 1024;
const NAME: usize = 255;

/// Descriptors sorted by id: the rules that ran, and Conftest rules with findings, which have no METADATA.
pub(super) fn rules(report: &Report) -> Vec<Rule> {
    let mut worst: BTreeMap<&str, Severity> = BTreeMap::new();
    for judged in open_findings(report) {
        let severity = worst.entry(&judged.finding.rule).or_insert(judged.finding.severity);
        *severity = judged.finding.severity.max(*severity);
    }
    let mut rules: BTreeMap<&str, Rule> = BTreeMap::new();
    for rule in &report.rules {
        let severity = worst.get(&*rule.id).copied().unwrap_or(rule.severity);
        rules.insert(&rule.id, described(rule, severity));
    }
    for (id, severity) in worst {
        rules.entry(id).or_insert_with(|| undescribed(id, severity));
    }
    rules.into_values().take(RULES).collect()
}

fn described(rule: &metadata::Rule, severity: Severity) -> Rule {
    let title = non_empty(&rule.title, &rule.id);
    let description = non_empty(&rule.description, &title);
    let action = visible(rule.recommended_action.trim());
    let mut help = Help { text: description.clone(), markdown: description.clone() };
    if !action.is_empty() {
        help.append(&format!("\n\n{action}"), &format!("\n\n## Remedy\n\n{action}"));
    }
    let controls: Vec<String> = frameworks(rule)
        .map(|(framework, controls)| {
            let ids: Vec<&str> = controls.iter().map(|control| &*control.id).collect();
            format!("{framework} {}", ids.join(", "))
        })
        .collect();
    if !controls.is_empty() {
        help.append(
            &format!("\n\nControls: {}", controls.join("; ")),
            &format!("\n\n## Controls\n\n- {}", controls.join("\n- ")),
        );
    }
    Rule {
        id: rule.id.to_string(),
        name: name(&rule.id),
        short_description: Text { text: limited(&title) },
        full_description: Text { text: limited(&description) },
        help,
        help_uri: rule.related_resources.iter().find(|url| url.starts_with("https://")).cloned(),
        default_configuration: Configuration { level: Level::from(severity).sarif() },
        properties: properties(severity, tags(rule)),
    }
}

fn undescribed(id: &str, severity: Severity) -> Rule {
    let text = format!("Rule {} of a policy without metadata", visible(id));
    Rule {
        id: id.to_owned(),
        name: name(id),
        short_description: Text { text: limited(&text) },
        full_description: Text { text: limited(&text) },
        help: Help { text: text.clone(), markdown: text },
        help_uri: None,
        default_configuration: Configuration { level: Level::from(severity).sarif() },
        properties: properties(severity, vec!["security".to_owned()]),
    }
}

fn properties(severity: Severity, tags: Vec<String>) -> RuleProperties {
    RuleProperties {
        precision: "high",
        security_severity: match severity {
            Severity::Critical => Some("9.5"),
            Severity::High => Some("8.0"),
            Severity::Medium => Some("5.5"),
            Severity::Low => Some("2.0"),
            Severity::Info => None,
        },
        tags,
    }
}

/// `security`, then controls: one of each framework before the second of any, as only the first few are shown.
fn tags(rule: &metadata::Rule) -> Vec<String> {
    let frameworks: Vec<_> = frameworks(rule).collect();
    let most = frameworks.iter().map(|(_, controls)| controls.len()).max().unwrap_or(0);
    let controls = (0..most).flat_map(|round| {
        frameworks.iter().filter_map(move |(framework, controls)| {
            controls.get(round).map(|control| format!("{framework}/{}", control.id))
        })
    });
    ["security".to_owned()].into_iter().chain(controls).take(TAGS).collect()
}

/// `StoragePublicBucket` of `storage/public-bucket`.
fn name(id: &str) -> String {
    let mut name = String::new();
    for word in id.split(|c: char| !c.is_alphanumeric()) {
        let mut letters = word.chars();
        name.extend(letters.next().into_iter().flat_map(char::to_uppercase));
        name.push_str(letters.as_str());
    }
    name.chars().take(NAME).collect()
}

fn non_empty(text: &str, otherwise: &str) -> String {
    let text = text.trim();
    visible(if text.is_empty() { otherwise } else { text }).into_owned()
}

fn limited(text: &str) -> String {
    if text.chars().count() <= DESCRIPTION {
        return text.to_owned();
    }
    text.chars().take(DESCRIPTION - 1).chain(['…']).collect()
}

impl Help {
    fn append(&mut self, text: &str, markdown: &str) {
        self.text.push_str(text);
        self.markdown.push_str(markdown);
    }
}
