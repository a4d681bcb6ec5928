//! Waivers as comments: `# probity: ignore[RULE] REASON until=YYYY-MM-DD owner=NAME`.
//!
//! In YAML, templates of charts among it, a comment is what its grammar says; in what is read otherwise (Terraform, properties) it
//! is a line, or its end, from `#` or `//` on.
//!
//! A comment behind a value is about its own line, one that has a line to itself about the next line that is no
//! comment. Where an element of a list or a key starts there, it is about the element's own scalars and the key's scalar,
//! too, but about nothing that lies deeper: who accepts a container has not accepted what is put into it later. A finding
//! is never hidden by a comment that is not complete.

use std::{collections::BTreeSet, ops::Range};

use super::Waiver;
use crate::{
    config::Day,
    document::{Document, NodeRef},
    estate::Estate,
    resource::template,
    source::{Place, Source, SourceId},
};

/// One comment that speaks to us.
pub(super) struct Comment {
    pub(super) place: Place,
    /// Bytes of the line that it is about, and of the scalars that belong to it.
    pub(super) covers: Vec<Range<usize>>,
    /// One for each rule, with its last day; or why it is none.
    pub(super) waivers: Result<Vec<(Waiver, Day)>, String>,
}

/// What every comment that speaks to us begins with.
const MARK: &str = "probity:";

/// In the order of their places.
pub(super) fn comments(estate: &Estate) -> Vec<Comment> {
    let mut found = Vec::new();
    let mut parsed = BTreeSet::new();
    for document in &estate.documents {
        let source = estate.sources.get(document.source);
        parsed.insert(document.source);
        // What was rendered is shown where its parts say it.
        if source.rendered.is_none() {
            found.extend(in_document(source, document));
        }
    }
    let others = estate.sources.iter().filter(|(id, source)| {
        source.rendered.is_none() && !parsed.contains(id) && source.text.contains(MARK)
    });
    for (id, source) in others {
        let is_yaml = [".yaml", ".yml"].iter().any(|end| source.file.ends_with(end));
        let documents = if is_yaml { template::documents(id, source, &[]) } else { Vec::new() };
        if documents.is_empty() {
            found.extend(in_lines(id, source));
        } else {
            found.extend(documents.iter().flat_map(|document| in_document(source, document)));
        }
    }
    found.sort_by(|one, other| one.place.cmp(&other.place));
    found
}

fn in_document<'s>(source: &'s Source, document: &'s Document) -> impl Iterator<Item = Comment> {
    document.comments.iter().filter_map(|comment| {
        let text = document.comment(comment).trim().strip_prefix(MARK)?;
        let place = Place::new(document.source, comment.span.start as usize..comment.span.end as usize);
        let line = covered(source, &place, &["#"]);
        let mut covers = vec![line.clone()];
        if line.start > place.start {
            scalars(document.root(), &line, &mut covers);
        }
        Some(Comment::new(source, place, covers, text))
    })
}

/// Comments that last to the end of a line, of a text that has no grammar here.
fn in_lines(id: SourceId, source: &Source) -> Vec<Comment> {
    let markers = source.text.match_indices(MARK).filter_map(|(at, name)| {
        let before = source.text.get(..at)?.trim_end_matches([' ', '\t']);
        let code = before.strip_suffix('#').or_else(|| before.strip_suffix("//"))?;
        // `http://probity:80` is an address.
        if !(code.is_empty() || code.ends_with(char::is_whitespace)) {
            return None;
        }
        let start = code.len();
        let rest = source.text.get(at + name.len()..)?;
        let text = rest.lines().next().unwrap_or_default();
        let place = Place::new(id, start..at + name.len() + text.trim_end().len());
        let covers = vec![covered(source, &place, &["#", "//"])];
        Some(Comment::new(source, place, covers, text))
    });
    markers.collect()
}

impl Comment {
    /// `text` is what follows the mark.
    fn new(source: &Source, place: Place, covers: Vec<Range<usize>>, text: &str) -> Self {
        let line = source.lines().line(place.start);
        let waivers = parse(text.trim()).map(|parsed| parsed.waivers(&format!("{}:{line}", source.file)));
        Self { place, covers, waivers }
    }
}

/// Keys and starts of scalars that belong to what starts in a line: to a key, or to an element of a list.
fn scalars(node: NodeRef<'_>, line: &Range<usize>, found: &mut Vec<Range<usize>>) {
    let of_entry = |(_, key, value): (&str, Range<usize>, NodeRef<'_>)| {
        let start = value.span().start;
        (value.is_scalar() && key.start <= start).then_some(key.start..start + 1)
    };
    let is_within = |inner: NodeRef<'_>| inner.span().start < line.end && line.start < inner.span().end;
    for item in node.items() {
        if line.contains(&item.span().start) {
            found.extend(item.entries().filter_map(of_entry));
        }
        if is_within(item) {
            scalars(item, line, found);
        }
    }
    for entry in node.entries() {
        let (_, key, value) = &entry;
        if is_within(*value) {
            scalars(*value, line, found);
        }
        if line.contains(&key.start) {
            found.extend(of_entry(entry));
        }
    }
}

/// The line itself where something stands before the comment, else the next one that is no comment.
fn covered(source: &Source, comment: &Place, markers: &[&str]) -> Range<usize> {
    let line = source.lines().line(comment.start);
    let own = source.lines().span(&source.text, line);
    let before = source.text.get(own.start..comment.start).unwrap_or_default();
    if !before.trim().is_empty() {
        return own;
    }
    let mut next = (line + 1..=source.lines().count()).map(|line| source.lines().span(&source.text, line));
    let is_comment = |span: &Range<usize>| {
        let text = source.text.get(span.clone()).unwrap_or_default().trim_start();
        markers.iter().any(|marker| text.starts_with(marker))
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
            found.iter().map(|comment| (&text[comment.covers[0].clone()], comment.waivers.is_ok())).collect();
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
