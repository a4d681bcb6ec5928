//! Examples: for each shipped rule one input that breaks it and one that does not, taken from the fixtures.

/// One file of an example.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Example {
    /// Path in the repository of Probity.
    pub file: &'static str,
    /// Lines that a finding points at end with `# finding`.
    pub text: &'static str,
    /// Whether it breaks the rule.
    pub is_bad: bool,
}

/// Rule, file and text.
const FILES: &[(&str, &str, &str)] = include!(concat!(env!("OUT_DIR"), "/examples.rs"));

/// Examples of a rule, bad ones first; none for a rule that is not ours.
pub fn examples(rule: &str) -> Vec<Example> {
    let of_rule = FILES.iter().filter(|(id, _, _)| *id == rule);
    let mut examples: Vec<Example> = of_rule
        .map(|(_, file, text)| {
            let mut folders = file.rsplit('/');
            let is_bad = folders.nth(1).is_some_and(|case| case.starts_with("fail"));
            Example { file, text, is_bad }
        })
        .collect();
    examples.sort_by_key(|example| !example.is_bad);
    examples
}
