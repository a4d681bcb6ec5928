//! Waivers: findings that somebody accepts until a day, from `probity.yaml` and from comments beside the place.
//!
//! A waiver covers findings only: what is not assessed stays so, whatever is accepted. It beats a baseline. After its
//! last day (in UTC) it covers nothing, and says so where it would have.

mod inline;

use std::{collections::BTreeMap, ops::Range, sync::Arc};

use crate::{
    config::{Config, Day, WaiverEntry},
    estate::Estate,
    finding::Finding,
    source::{Place, Problem, SourceId},
};

/// A waiver as it stands in the report.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Waiver {
    pub id: String,
    pub rule: String,
    pub owner: String,
    pub reason: String,
    /// Last day on which it holds, `YYYY-MM-DD`, UTC.
    pub until: String,
    /// `file:line`.
    pub source: String,
    pub ticket: Option<String>,
    /// Whether it is a comment beside what it is about.
    pub in_source: bool,
}

/// Comments that are waivers, in the order of their places: file, text and line of each.
pub fn comments(estate: &Estate) -> Vec<(Arc<str>, String, usize)> {
    let complete = inline::comments(estate).into_iter().filter(|comment| comment.waivers.is_ok());
    let told = complete.map(|comment| {
        let source = estate.sources.get(comment.place.source);
        let text = source.text.get(comment.place.span()).unwrap_or_default().to_owned();
        (Arc::clone(&source.file), text, source.lines().line(comment.place.start))
    });
    told.collect()
}

/// What the waivers say about a finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// No waiver is about it.
    Open,
    Waived(Waiver),
    /// It would be waived, had the waiver not run out.
    Expired {
        waiver: Waiver,
        /// The comment, for a waiver that is one.
        place: Option<Place>,
    },
}

/// All waivers of a run.
#[derive(Debug, Default)]
pub struct Waivers {
    entries: Vec<Entry>,
    by_rule: BTreeMap<String, Vec<usize>>,
    files: Vec<Arc<str>>,
}

#[derive(Debug)]
struct Entry {
    waiver: Waiver,
    scope: Scope,
    is_expired: bool,
    place: Option<Place>,
}

/// Which findings of its rule a waiver is about.
#[derive(Debug)]
enum Scope {
    /// Those of its resource and in its path, where both are given.
    Configured(Box<WaiverEntry>),
    /// Those whose place starts in some of these bytes of the file: one line, and what belongs to it.
    Lines(SourceId, Vec<Range<usize>>),
}

impl Waivers {
    /// Waivers of the configuration and, where these count, of comments; with comments that look like one and are none.
    pub fn new(
        config: &Config,
        estate: &Estate,
        with_comments: bool,
        today: Day,
    ) -> (Self, Vec<(SourceId, Problem)>) {
        let configured = config.waivers.iter().map(|placed| {
            let entry = &placed.value;
            let waiver = Waiver {
                id: entry.id.to_string(),
                rule: entry.rule.to_string(),
                owner: entry.owner.to_string(),
                reason: entry.reason.to_string(),
                until: entry.until.0.to_string(),
                source: config.source(placed.line),
                ticket: entry.ticket.as_ref().map(|ticket| ticket.to_string()),
                in_source: false,
            };
            let scope = Scope::Configured(Box::new(entry.clone()));
            Entry { waiver, scope, is_expired: entry.until < today, place: None }
        });
        let mut entries: Vec<Entry> = configured.collect();
        let mut problems = Vec::new();
        let comments = if with_comments { inline::comments(estate) } else { Vec::new() };
        for comment in comments {
            match comment.waivers {
                Err(message) => {
                    let problem = Problem { place: Some(comment.place.clone()), message };
                    problems.push((comment.place.source, problem));
                }
                Ok(waivers) => entries.extend(waivers.into_iter().map(|(waiver, until)| Entry {
                    waiver,
                    scope: Scope::Lines(comment.place.source, comment.covers.clone()),
                    is_expired: until < today,
                    place: Some(comment.place.clone()),
                })),
            }
        }
        let mut by_rule: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (index, entry) in entries.iter().enumerate() {
            by_rule.entry(entry.waiver.rule.clone()).or_default().push(index);
        }
        let files = estate.sources.iter().map(|(_, source)| Arc::clone(&source.file)).collect();
        (Self { entries, by_rule, files }, problems)
    }

    /// What holds for a finding; one waiver that holds is enough.
    pub fn decide(&self, finding: &Finding) -> Decision {
        let about = self.about(finding).map(|index| &self.entries[index]);
        let mut expired = None;
        for entry in about {
            if !entry.is_expired {
                return Decision::Waived(entry.waiver.clone());
            }
            expired.get_or_insert(entry);
        }
        expired.map_or(Decision::Open, |entry| Decision::Expired {
            waiver: entry.waiver.clone(),
            place: entry.place.clone(),
        })
    }

    /// Waivers of rules that were judged by and that are about none of all the findings, sorted.
    pub fn unused(&self, findings: &[Finding], was_judged: impl Fn(&str) -> bool) -> Vec<Waiver> {
        let mut used = vec![false; self.entries.len()];
        for finding in findings {
            self.about(finding).for_each(|index| used[index] = true);
        }
        let entries = self.entries.iter().zip(used);
        let unused = entries.filter(|(entry, used)| !used && was_judged(&entry.waiver.rule));
        let mut unused: Vec<Waiver> = unused.map(|(entry, _)| entry.waiver.clone()).collect();
        unused.sort();
        unused
    }

    fn about(&self, finding: &Finding) -> impl Iterator<Item = usize> {
        let candidates = self.by_rule.get(&*finding.rule).map(Vec::as_slice).unwrap_or_default();
        candidates.iter().copied().filter(|index| self.covers(&self.entries[*index].scope, finding))
    }

    fn covers(&self, scope: &Scope, finding: &Finding) -> bool {
        match scope {
            Scope::Configured(entry) => {
                let file = finding.place.as_ref().and_then(|place| self.files.get(place.source.0 as usize));
                let resource = entry.resource.as_ref();
                resource.is_none_or(|pattern| pattern.matches(&finding.resource))
                    && entry
                        .path
                        .as_ref()
                        .is_none_or(|pattern| file.is_some_and(|file| pattern.matches(file)))
            }
            Scope::Lines(source, lines) => finding.place.as_ref().is_some_and(|place| {
                place.source == *source && lines.iter().any(|bytes| bytes.contains(&place.start))
            }),
        }
    }
}
