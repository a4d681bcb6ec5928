//! One finding with its source: the place that decides, the other end of the problem, and what to do.

use std::{borrow::Cow, collections::BTreeSet, ops::Range};

use annotate_snippets::{AnnotationKind, Element, Group, Level, Origin, Snippet};

use super::{Palette, blocks::Block, prose};
use crate::{
    finding::{Finding, Related, Severity},
    output::{
        Verbosity,
        excerpt::{Excerpt, excerpt, visible_with},
        related::described,
        summary::first_few,
        visible::one_line,
    },
    report::Report,
    source::{Place, Sources, Status},
};

/// Characters of a line that are shown; longer lines are windowed.
const WIDTH: usize = 120;
/// Lines between two places of one file that are still shown as one piece.
const NEAR: usize = 8;
/// Resources of a block that are named.
const RESOURCES: usize = 5;
/// Other ends of a finding that are shown without `-v`.
const RELATED: usize = 6;
/// Sets of a finding that are named.
const SETS: usize = 3;

/// Renders findings in the order of the report; a rule's long remedy appears with its first finding only.
pub(super) struct Renderer<'a> {
    report: &'a Report,
    sources: &'a Sources,
    inner: annotate_snippets::Renderer,
    /// Number of sets that the report names.
    sets: usize,
    /// Other ends of a finding that are shown.
    related: usize,
    explained: BTreeSet<&'a str>,
}

/// A place with the line that shows it.
struct Shown<'a> {
    place: &'a Place,
    excerpt: Excerpt,
    line: usize,
    column: usize,
}

impl<'a> Renderer<'a> {
    pub(super) fn new(
        report: &'a Report,
        sources: &'a Sources,
        palette: Palette,
        verbosity: Verbosity,
    ) -> Self {
        let sets: BTreeSet<&str> = (report.findings.iter().flat_map(|judged| &judged.finding.sets))
            .chain(report.not_assessed.iter().flat_map(|result| &result.sets))
            .map(|set| &**set)
            .collect();
        let inner = if palette.color {
            annotate_snippets::Renderer::styled()
        } else {
            annotate_snippets::Renderer::plain()
        };
        Self {
            report,
            sources,
            // Long lines are windowed here, so the renderer's own cut at the terminal's width must never apply.
            inner: inner.term_width(WIDTH * 4),
            sets: sets.len(),
            related: if verbosity == Verbosity::Verbose { usize::MAX - 1 } else { RELATED },
            explained: BTreeSet::new(),
        }
    }

    pub(super) fn render(&mut self, block: &Block<'a>) -> String {
        let finding = &block.first.finding;
        let title =
            level(finding.severity).primary_title(one_line(block.title())).id(one_line(&finding.rule));
        let mut first = Group::with_title(title);
        let mut notes = Vec::new();
        let mut groups = Vec::new();
        let primary = finding.place.as_ref().map(|place| self.show(place));
        let mut near = Vec::new();
        if primary.is_none() {
            first = first.element(note("resource", one_line(&finding.resource)));
        }
        let related = if block.others.is_empty() { finding.related.as_slice() } else { &[] };
        // One more takes no more room than to say so.
        let few = if related.len() == self.related + 1 { related.len() } else { self.related };
        for related in related.iter().take(few) {
            match (&primary, related.place.as_ref().map(|place| self.show(place))) {
                (_, None) => notes.push(note("note", described(related))),
                (Some(primary), Some(shown)) if self.is_one_piece(primary, &shown) => {
                    near.push((related, shown));
                }
                (_, Some(shown)) => {
                    let snippet = self.snippet(&shown, None, &[], AnnotationKind::Context);
                    groups.push(Level::NOTE.secondary_title(described(related)).elements(snippet));
                }
            }
        }
        if related.len() > few {
            notes.push(note("note", format!("and {} more like these (-v shows all)", related.len() - few)));
        }
        if !block.others.is_empty() {
            let named = first_few(block.resources().into_iter(), RESOURCES);
            notes.push(note("concerns", one_line(&named).into_owned()));
        }
        if let Some(primary) = &primary {
            let label = if block.others.is_empty() { one_line(&finding.resource) } else { "here".into() };
            first = first.elements(self.snippet(primary, Some(label), &near, AnnotationKind::Primary));
        }
        notes.extend(self.advice(finding));
        groups.insert(0, first);
        if let Some(last) = groups.pop() {
            groups.push(last.elements(notes));
        }
        tidy(&self.inner.render(&groups))
    }

    fn show(&self, place: &'a Place) -> Shown<'a> {
        let source = self.sources.get(place.source);
        let region = source.region(&place.span());
        Shown { place, excerpt: excerpt(source, place, WIDTH), line: region.line, column: region.column }
    }

    /// Whether two lines are shown as one piece of source. Not where something did not parse: between them may lie
    /// what could not be masked.
    fn is_one_piece(&self, primary: &Shown<'_>, other: &Shown<'_>) -> bool {
        primary.is_near(other) && !matches!(self.sources.get(primary.place.source).status, Status::Failed(_))
    }

    /// Where a place is, and its line; places near it are marked in the same piece of source.
    fn snippet(
        &self,
        shown: &Shown<'a>,
        label: Option<Cow<'a, str>>,
        near: &[(&'a Related, Shown<'a>)],
        kind: AnnotationKind,
    ) -> [Element<'a>; 2] {
        let source = self.sources.get(shown.place.source);
        let lines = near.iter().map(|(_, shown)| shown).chain([shown]);
        let whole = lines
            .clone()
            .filter_map(|shown| shown.excerpt.line.clone())
            .reduce(|all, line| all.start.min(line.start)..all.end.max(line.end));
        let first_line = lines.map(|shown| shown.line).min().unwrap_or(shown.line);
        let mut spans = vec![shown.excerpt.highlight.clone()];
        let text = match whole.filter(|_| !near.is_empty()) {
            None => &shown.excerpt.text,
            Some(whole) => {
                spans = [shown]
                    .into_iter()
                    .chain(near.iter().map(|(_, shown)| shown))
                    .map(|shown| shown.span_within(&whole))
                    .collect();
                source.masked().text.get(whole).unwrap_or_default()
            }
        };
        let (text, spans) = visible_with(text, &spans);
        let mut spans = spans.into_iter();
        let mut snippet = Snippet::source(text).line_start(first_line);
        if let Some(span) = spans.next() {
            snippet = snippet.annotation(kind.span(span).label(label));
        }
        for ((related, _), span) in near.iter().zip(spans) {
            snippet = snippet.annotation(AnnotationKind::Context.span(span).label(described(related)));
        }
        let origin = Origin::path(one_line(&source.file)).line(shown.line).char_column(shown.column);
        [origin.into(), snippet.into()]
    }

    /// Sets, and what to do.
    fn advice(&mut self, finding: &'a Finding) -> Vec<Element<'a>> {
        let mut advice = Vec::new();
        if self.sets > 1 && !finding.sets.is_empty() {
            let named = match finding.sets.len() {
                all if all == self.sets => format!("all {all}"),
                _ => first_few(finding.sets.iter().map(|set| &**set), SETS),
            };
            let name = if finding.sets.len() == 1 { "set" } else { "sets" };
            advice.push(note(name, one_line(&named).into_owned()));
        }
        let general = self.report.rule(&finding.rule).map(|rule| &*rule.recommended_action);
        let help = match (&finding.remedy, general) {
            (Some(remedy), _) => prose::terminal(remedy),
            (None, None | Some("")) => return advice,
            (None, Some(general)) if self.explained.insert(&finding.rule) => prose::terminal(general),
            (None, Some(_)) => format!("as above: `probity explain {}`", one_line(&finding.rule)),
        };
        advice.push(Level::HELP.message(help).into());
        advice
    }
}

impl Shown<'_> {
    /// Whether both lines are shown whole, in one piece that is short enough to read.
    fn is_near(&self, other: &Self) -> bool {
        let (Some(line), Some(other_line)) = (&self.excerpt.line, &other.excerpt.line) else {
            return false;
        };
        let length = line.end.max(other_line.end) - line.start.min(other_line.start);
        self.place.source == other.place.source
            && self.line.abs_diff(other.line) <= NEAR
            && length <= NEAR * WIDTH
    }

    /// Bytes of the place within a piece of the masked text.
    fn span_within(&self, whole: &Range<usize>) -> Range<usize> {
        let start = self.excerpt.line.as_ref().map_or(0, |line| line.start - whole.start);
        start + self.excerpt.highlight.start..start + self.excerpt.highlight.end
    }
}

fn note<'a>(name: &'a str, text: impl Into<Cow<'a, str>>) -> Element<'a> {
    Level::NOTE.with_name(name).message(text).into()
}

fn level(severity: Severity) -> Level<'static> {
    match severity {
        Severity::Critical | Severity::High => Level::ERROR,
        Severity::Medium => Level::WARNING,
        Severity::Low => Level::INFO,
        Severity::Info => Level::NOTE,
    }
    .with_name(severity.name())
}

/// Drops the lone `:::` that the renderer puts between a given origin and its source, and white space at line ends.
fn tidy(rendered: &str) -> String {
    let lines: Vec<&str> = rendered
        .lines()
        .map(str::trim_end)
        .filter(|line| anstream::adapter::strip_str(line).to_string().trim() != ":::")
        .collect();
    lines.join("\n")
}
