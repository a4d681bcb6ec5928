//! Waivers as comments: `# probity: ignore[RULE] REASON until=YYYY-MM-DD owner=NAME`.
//!
//! In YAML a comment is what its grammar says; in what is read otherwise or not at all (templates of charts, bases of
//! kustomizations that were built, Terraform, properties) it is a line, or its end, from `#` or `//` on.
//!
//! A comment behind a value is about its own line, one that has a line to itself about the next line that is no
//! comment. A finding is never hidden by a comment that is not complete.

use std::{collections::BTreeSet, ops::Range};

use super::Waiver;
use crate::{
    config::Day,
    estate::Estate,
    source::{Place, Source, SourceId},
};

/// One comment that speaks to us.
pub(super) struct Comment {
    pub(super) place: Place,
    /// Bytes of the line that it is about.
    pub(super) covers: Range<usize>,
    /// One for each rule, with its last day; or why it is none.
    pub(super) waivers: Result<Vec<(Waiver, Day)>, String>,
}

/// In the order of their places.
pub(super) fn comments(estate: &Estate) -> Vec<Comment> {
    let mut found = Vec::new();
    let mut parsed = BTreeSet::new();
    for document in &estate.documents {
        let source = estate.sources.get(document.source);
        // A plan is no text that anybody comments, and what was rendered is shown where its parts say it.
        if source.rendered.is_some() {
            continue;
        }
        parsed.insert(document.source);
        found.extend(document.comments.iter().filter_map(|comment| {
            let span = comment.span.start as usize..comment.span.end as usize;
            let text = document.comment(comment).trim().strip_prefix(MARK)?;
            Some(Comment::new(document.source, source, span, text))
        }));
    }
    for (id, source) in estate.sources.iter() {
        if source.rendered.is_none() && !parsed.contains(&id) && source.text.contains(MARK) {
            found.extend(in_lines(id, source));
        }
    }
    found.sort_by(|one, other| one.place.cmp(&other.place));
    found
}

/// What every comment that speaks to us begins with.
const MARK: &str = "probity:";

/// Comments of a text that has no grammar here.
fn in_lines(id: SourceId, source: &Source) -> Vec<Comment> {
    let lines = (1..=source.lines().count()).map(|line| source.lines().span(&source.text, line));
    let found = lines.filter_map(|line| {
        let text = source.text.get(line.clone())?.trim_end();
        let mut marks = text.match_indices(MARK);
        marks.find_map(|(at, _)| {
            let before = text.get(..at)?.trim_end();
            let code = before.strip_suffix('#').or_else(|| before.strip_suffix("//"))?;
            if !(code.is_empty() || code.ends_with([' ', '\t'])) {
                return None;
            }
            let span = line.start + code.len()..line.start + text.len();
            Some(Comment::new(id, source, span, text.get(at + MARK.len()..)?))
        })
    });
    found.collect()
}

impl Comment {
    /// `text` is what follows the mark.
    fn new(id: SourceId, source: &Source, span: Range<usize>, text: &str) -> Self {
        let place = Place::new(id, span);
        let line = source.lines().line(place.start);
        let waivers = parse(text.trim()).map(|parsed| parsed.waivers(&format!("{}:{line}", source.file)));
        Self { covers: covered(source, line, &place), place, waivers }
    }
}

/// The line itself where something stands before the comment, else the next one that is no comment.
fn covered(source: &Source, line: usize, comment: &Place) -> Range<usize> {
    let own = source.lines().span(&source.text, line);
    let before = source.text.get(own.start..comment.start).unwrap_or_default();
    if !before.trim().is_empty() {
        return own;
    }
    let mut next = (line + 1..=source.lines().count()).map(|line| source.lines().span(&source.text, line));
    let is_comment = |span: &Range<usize>| {
        source.text.get(span.clone()).is_some_and(|text| {
            let text = text.trim_start();
            text.starts_with('#') || text.starts_with("//")
        })
    };
    next.find(|span| !is_comment(span)).unwrap_or(own)
}

/// What a complete comment says.
#[derive(Debug, PartialEq, Eq)]
struct Parsed {
    rules: Vec<String>,
    reason: String,
    until: Day,
    owner: String,
    id: Option<String>,
    ticket: Option<String>,
}

impl Parsed {
    fn waivers(self, source: &str) -> Vec<(Waiver, Day)> {
        let waiver = |rule: &String| Waiver {
            id: self.id.clone().unwrap_or_else(|| source.to_owned()),
            rule: rule.clone(),
            owner: self.owner.clone(),
            reason: self.reason.clone(),
            until: self.until.0.to_string(),
            source: source.to_owned(),
            ticket: self.ticket.clone(),
            in_source: true,
        };
        self.rules.iter().map(|rule| (waiver(rule), self.until)).collect()
    }
}

/// The text after `probity:`.
fn parse(text: &str) -> Result<Parsed, String> {
    let form = "write `# probity: ignore[RULE] REASON until=YYYY-MM-DD owner=NAME`";
    let rest = text.strip_prefix("ignore").map(str::trim_start).and_then(|rest| rest.strip_prefix('['));
    let Some((rules, rest)) = rest.and_then(|rest| rest.split_once(']')) else {
        return Err(format!("this comment is no waiver; {form}"));
    };
    let rules: Vec<String> =
        rules.split(',').map(str::trim).filter(|rule| !rule.is_empty()).map(ToOwned::to_owned).collect();
    let (mut until, mut owner, mut id, mut ticket) = (None, None, None, None);
    let mut reason = Vec::new();
    for word in rest.split_whitespace() {
        let (key, value) = word.split_once('=').unwrap_or((word, ""));
        let slot = match key {
            "until" if word != key => &mut until,
            "owner" if !value.is_empty() => &mut owner,
            "id" if !value.is_empty() => &mut id,
            "ticket" if !value.is_empty() => &mut ticket,
            _ => {
                reason.push(word);
                continue;
            }
        };
        if slot.replace(value.to_owned()).is_some() {
            return Err(format!("this waiver does not hold: it says `{key}` twice"));
        }
    }
    let until = until.map(|day| {
        Day::parse(&day).ok_or_else(|| {
            format!("this waiver does not hold: `until={day}` is no day; write it as YYYY-MM-DD")
        })
    });
    let until = until.transpose()?;
    let reason = reason.join(" ");
    let missing = match (&until, &owner) {
        _ if rules.is_empty() => "a rule",
        _ if reason.trim_matches(|c: char| !c.is_alphanumeric()).is_empty() => "a reason",
        (None, _) => "a last day",
        (_, None) => "an owner",
        (Some(_), Some(_)) => "",
    };
    match (until, owner) {
        (Some(until), Some(owner)) if missing.is_empty() => {
            Ok(Parsed { rules, reason, until, owner, id, ticket })
        }
        _ => Err(format!("this waiver does not hold without {missing}; {form}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Status;

    #[test]
    fn a_complete_comment_is_a_waiver_for_each_of_its_rules() {
        let parsed =
            parse("ignore[a/b, c/d] moves to Vault until=2027-01-31 owner=team-shop ticket=S-1 id=W")
                .unwrap();
        assert_eq!(parsed.rules, ["a/b", "c/d"]);
        assert_eq!((parsed.reason.as_str(), parsed.owner.as_str()), ("moves to Vault", "team-shop"));
        let waivers = parsed.waivers("k8s/a.yaml:3");
        assert_eq!((waivers.len(), waivers[1].0.rule.as_str()), (2, "c/d"));
        assert_eq!((waivers[0].0.id.as_str(), waivers[0].0.ticket.as_deref()), ("W", Some("S-1")));
        let unnamed = parse("ignore[a/b] owner=o because=yes until=2027-01-31").unwrap();
        assert_eq!(unnamed.reason, "because=yes");
        assert_eq!(unnamed.waivers("a.yaml:3")[0].0.id, "a.yaml:3");
    }

    #[test]
    fn what_is_no_yaml_has_comments_in_its_lines() {
        let text = "a = \"x # probity: ignore[a/b]\"\n  # probity: ignore[a/b] r until=2027-01-31 owner=o\n  // why\n  value = 1\nb = 2 // probity: ignore\nurl = http://probity:80\n";
        let source = Source::new("main.tf", text, None, Status::Read);
        let found = in_lines(SourceId(0), &source);
        let told: Vec<(&str, bool)> =
            found.iter().map(|comment| (&text[comment.covers.clone()], comment.waivers.is_ok())).collect();
        assert_eq!(
            told.len(),
            3,
            "a text in quotation marks is told apart by no grammar: it is no complete waiver"
        );
        assert_eq!(told[1], ("  value = 1\n", true));
        assert_eq!(told[2], ("b = 2 // probity: ignore\n", false));
    }

    #[test]
    fn an_incomplete_comment_says_what_is_missing() {
        for (text, expected) in [
            ("see the docs", "is no waiver"),
            ("ignore a/b reason", "is no waiver"),
            ("ignore[a/b", "is no waiver"),
            ("ignore[] r until=2027-01-31 owner=o", "without a rule"),
            ("ignore[a/b] until=2027-01-31 owner=o", "without a reason"),
            ("ignore[a/b] -- until=2027-01-31 owner=o", "without a reason"),
            ("ignore[a/b] reason owner=o", "without a last day"),
            ("ignore[a/b] reason until=2027-01-31", "without an owner"),
            ("ignore[a/b] reason until=2027-01-31 owner=o until=2029-01-31", "says `until` twice"),
            ("ignore[a/b] reason until=2027-01-31 owner=o owner=p", "says `owner` twice"),
            ("ignore[a/b] reason until=2027-01-31 owner=", "without an owner"),
            ("ignore[a/b] reason until=2027-02-30 owner=o", "is no day"),
        ] {
            let error = parse(text).expect_err(text);
            assert!(error.contains(expected), "{text}: {error}");
        }
    }
}
