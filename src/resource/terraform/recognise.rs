//! Tells a Terraform plan from its look-alikes by the names of its top-level keys, without parsing it.
//!
//! A plan that is cut off is still a plan: it is [`super::Plan::parse`] that says what is wrong with it.

/// What a JSON text is to us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recognised {
    /// `terraform show -json PLANFILE`.
    Plan,
    /// A state file, `terraform.tfstate`.
    StateFile,
    /// `terraform show -json` without a plan file.
    ShownState,
    /// `terraform plan -json`: one event a line.
    Events,
    /// Nothing of Terraform's.
    Other,
}

impl Recognised {
    /// Why it cannot be judged, ending with the command that helps; `None` for a plan and for what is not ours.
    pub fn reason(self) -> Option<String> {
        let what = match self {
            Self::Plan | Self::Other => return None,
            Self::StateFile => "a Terraform state file, not a plan",
            Self::ShownState => "a Terraform state as JSON, not a plan",
            Self::Events => "the event stream of `terraform plan -json`, not a plan",
        };
        Some(format!("{what}: {ADVICE}"))
    }
}

/// What a JSON text is, decided as early as its keys allow.
pub fn recognise(text: &str) -> Recognised {
    let mut seen: Vec<&[u8]> = Vec::new();
    let count = |seen: &[&[u8]], keys: &[&[u8]]| keys.iter().filter(|key| seen.contains(key)).count();
    for (key, value) in (TopLevel { bytes: text.as_bytes(), at: 0, depth: 0 }) {
        if !KEYS.contains(&key) || (key == b"version" && !value.first().is_some_and(u8::is_ascii_digit)) {
            continue;
        }
        seen.push(key);
        if seen.contains(&VERSION) && count(&seen, &PLAN) > 0 {
            return Recognised::Plan;
        }
    }
    if count(&seen, &[VERSION, b"values"]) == 2 {
        Recognised::ShownState
    } else if seen.contains(&b"version".as_slice()) && count(&seen, &STATE) >= 2 {
        Recognised::StateFile
    } else if count(&seen, &EVENT) == EVENT.len() {
        Recognised::Events
    } else {
        Recognised::Other
    }
}

const ADVICE: &str = "run `terraform plan -out tfplan` and `terraform show -json tfplan > tfplan.json`";

const VERSION: &[u8] = b"format_version";
const PLAN: [&[u8]; 3] = [b"resource_changes", b"planned_values", b"configuration"];
const STATE: [&[u8]; 3] = [b"terraform_version", b"serial", b"lineage"];
const EVENT: [&[u8]; 2] = [b"@level", b"type"];
const KEYS: [&[u8]; 11] = [
    VERSION, PLAN[0], PLAN[1], PLAN[2], STATE[0], STATE[1], STATE[2], EVENT[0], EVENT[1], b"values",
    b"version",
];

/// Keys of the first JSON object of a text, as written, each with the text from its value on.
struct TopLevel<'t> {
    bytes: &'t [u8],
    at: usize,
    depth: usize,
}

impl<'t> Iterator for TopLevel<'t> {
    type Item = (&'t [u8], &'t [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        while let Some(byte) = self.bytes.get(self.at) {
            match byte {
                b'{' | b'[' => self.depth += 1,
                b'}' | b']' => {
                    self.depth = self.depth.checked_sub(1)?;
                    if self.depth == 0 {
                        return None;
                    }
                }
                b'"' => {
                    let name = self.string();
                    if self.depth == 1
                        && let Some(value) = after_colon(self.bytes.get(self.at..)?)
                    {
                        return Some((name, value));
                    }
                    continue;
                }
                _ if self.depth == 0 && !byte.is_ascii_whitespace() => return None,
                _ => {}
            }
            self.at += 1;
        }
        None
    }
}

impl<'t> TopLevel<'t> {
    /// Moves behind a string and returns what stands between its quotes.
    fn string(&mut self) -> &'t [u8] {
        let start = self.at + 1;
        self.at = start;
        while let Some(byte) = self.bytes.get(self.at) {
            match byte {
                b'"' => break,
                b'\\' => self.at += 2,
                _ => self.at += 1,
            }
        }
        let end = self.at.min(self.bytes.len());
        self.at = end + 1;
        self.bytes.get(start..end).unwrap_or_default()
    }
}

fn after_colon(rest: &[u8]) -> Option<&[u8]> {
    rest.trim_ascii_start().strip_prefix(b":").map(<[u8]>::trim_ascii_start)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_what_its_top_level_keys_say() {
        let table = [
            (r#"{"format_version":"1.2","resource_changes":[]}"#, Recognised::Plan),
            (r#"{"configuration":{"a":"}"},"format_version":"0.1"}"#, Recognised::Plan),
            (r#" {"format_version":"9.0","planned_values":{"#, Recognised::Plan),
            (r#"{"format_version":"1.0","terraform_version":"1.5.0","values":{}}"#, Recognised::ShownState),
            (r#"{"version":4,"terraform_version":"1.5.0","serial":3,"lineage":"x"}"#, Recognised::StateFile),
            (r#"{"version":3,"serial":1,"lineage":"","modules":[]}"#, Recognised::StateFile),
            (
                "{\"@level\":\"info\",\"@message\":\"Terraform 1.5\",\"type\":\"version\"}\n{}",
                Recognised::Events,
            ),
            (r#"{"@level":"info","@message":"a log line"}"#, Recognised::Other),
            (r#"{"format_version":"1.0","provider_schemas":{}}"#, Recognised::Other),
            (r#"{"version":"4","name":"package","serial":1}"#, Recognised::Other),
            (r#"{"plan":{"format_version":"1.0","resource_changes":[]}}"#, Recognised::Other),
            (r#"[{"format_version":"1.0","resource_changes":[]}]"#, Recognised::Other),
            (r#"{"a":"\"format_version\":","b\\":1}"#, Recognised::Other),
            ("apiVersion: v1\nkind: Pod\n", Recognised::Other),
            ("{\"\\", Recognised::Other),
            ("", Recognised::Other),
        ];
        for (text, expected) in table {
            assert_eq!(recognise(text), expected, "{text}");
        }
    }

    #[test]
    fn every_look_alike_names_the_command_that_helps() {
        for recognised in [Recognised::StateFile, Recognised::ShownState, Recognised::Events] {
            assert!(recognised.reason().unwrap().contains("terraform show -json"), "{recognised:?}");
        }
        assert_eq!(Recognised::Plan.reason(), None);
        assert_eq!(Recognised::Other.reason(), None);
    }
}
