//! `policies/README.md`: all shipped rules, and which controls they give evidence for.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
};

use super::check;
use crate::policy::{
    Options, Policies, built_in,
    metadata::{FRAMEWORKS, Rule},
};

const HEAD: &str = "# Rules

Generated from the METADATA of the policies: `UPDATE_DOCS=1 cargo test` writes it again. `probity explain RULE` says
more about each: why it matters, an example, what to do, how to accept a finding.

A mapping to a control says what a rule gives evidence for, never that the control is met.
";

#[test]
fn the_index_of_rules_is_that_of_the_policies() {
    let options = Options { compares: true, ..Options::default() };
    let policies = Policies::load(&built_in(), options, |_| true);
    let mut text = HEAD.to_owned();
    let mut domain = "";
    for rule in &policies.rules {
        let (its_domain, name) = rule.id.split_once('/').unwrap();
        if its_domain != domain {
            domain = its_domain;
            write!(text, "\n## {domain}\n\n| rule | severity | what it asks for |\n| --- | --- | --- |\n")
                .unwrap();
        }
        let link = format!("{domain}/{name}/{name}.rego");
        let id = if rule.file.is_empty() {
            format!("`{}` (`--drift`)", rule.id)
        } else {
            format!("[`{}`]({link})", rule.id)
        };
        writeln!(text, "| {id} | {} | {} |", rule.severity, rule.title).unwrap();
    }
    for framework in FRAMEWORKS {
        let controls = controls(&policies.rules, framework);
        if controls.is_empty() {
            continue;
        }
        write!(text, "\n## Controls: {framework}\n\n| control | rules |\n| --- | --- |\n").unwrap();
        for (control, rules) in controls {
            writeln!(text, "| {control} | {} |", rules.into_iter().collect::<Vec<_>>().join(", ")).unwrap();
        }
    }
    check("policies/README.md", &text);
}

fn controls<'r>(rules: &'r [std::sync::Arc<Rule>], framework: &str) -> BTreeMap<&'r str, BTreeSet<String>> {
    let mut controls: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for rule in rules {
        for control in rule.controls.get(framework).into_iter().flatten() {
            controls.entry(&control.id).or_default().insert(format!("`{}`", rule.id));
        }
    }
    controls
}
