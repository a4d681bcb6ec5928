//! Which line of a template made a line of its output.
//!
//! A template's literal text stays in its output, in the order of the template but for loops. Lines are matched by
//! their literals, with actions (`{{ … }}`) as wildcards; among all ways to do that the one that keeps the order best
//! and uses most literal text is taken. Where several are as good, nothing is said: a wrong line is worse than none.

mod blocks;
mod ways;

use std::{collections::BTreeSet, ops::Range, sync::Arc};

use self::blocks::{Loop, expected, loops};
pub(super) use self::ways::Aligned;

/// Texts that the values hold at and below a path such as `.Values.env`; `None` where nothing gives it.
pub(super) type Texts<'v> = dyn Fn(&str) -> Option<Arc<BTreeSet<String>>> + 'v;

/// A line of a template.
#[derive(Debug)]
struct Line {
    pieces: Vec<Piece>,
    /// Decides, loops or ends something and prints nothing itself.
    is_control: bool,
    /// Ends a document.
    is_end: bool,
}

#[derive(Debug, Clone)]
struct Piece {
    /// Bytes of the template.
    span: Range<usize>,
    is_action: bool,
    /// What the action may print, where that is known.
    expected: Option<Arc<BTreeSet<String>>>,
    /// The action puts quotes around what it prints.
    is_quoted: bool,
}

/// A template, line by line.
#[derive(Debug)]
pub(super) struct Template<'t> {
    text: &'t str,
    lines: Vec<Line>,
    loops: Vec<Loop>,
}

/// What stands for a part of the output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Match {
    /// Bytes of the template.
    pub(super) span: Range<usize>,
    /// Whether an action made any of it.
    pub(super) is_action: bool,
}

const CONTROLS: [&str; 10] =
    ["if", "else", "end", "range", "with", "define", "block", "break", "continue", "/*"];

impl Piece {
    const fn new(span: Range<usize>, is_action: bool) -> Self {
        Self { span, is_action, expected: None, is_quoted: false }
    }
}

impl<'t> Template<'t> {
    pub(super) fn new(text: &'t str, texts: &Texts<'_>) -> Self {
        let actions = actions(text);
        let loops = loops(text, &actions);
        let mut lines: Vec<Line> = Vec::new();
        let mut start = 0;
        for line in text.split_inclusive('\n') {
            let body = line.trim();
            let from = start + line.find(body).unwrap_or_default();
            lines.push(self::line(text, from..from + body.len(), &actions));
            start += line.len();
        }
        for (at, line) in lines.iter_mut().enumerate() {
            for piece in line.pieces.iter_mut().filter(|piece| piece.is_action) {
                let action = text.get(piece.span.clone()).unwrap_or_default();
                (piece.expected, piece.is_quoted) = expected(action, at, &loops, texts);
            }
        }
        Self { text, lines, loops }
    }

    /// The action that stands for a place of the template.
    pub(super) fn action(&self, found: &Match) -> Option<&'t str> {
        self.text.get(found.span.clone()).filter(|_| found.is_action)
    }

    /// What in the line `at` made the part `wanted` of a line; `None` where it cannot have made that.
    pub(super) fn origin(&self, at: usize, rendered: &str, wanted: &Range<usize>) -> Option<Match> {
        let line = self.lines.get(at)?;
        let indent = rendered.len() - rendered.trim_start().len();
        let wanted = wanted.start.saturating_sub(indent)..wanted.end.saturating_sub(indent);
        let parts = self.parts(line, rendered.trim())?;
        let first = parts.iter().position(|(part, _)| part.end > wanted.start)?;
        let last = parts.iter().position(|(part, _)| part.end >= wanted.end).unwrap_or(parts.len() - 1);
        // Of an action all stands for any part of what it makes; of literal text the part itself does.
        let place = |(part, piece): &(Range<usize>, Piece), at: usize, action: usize| {
            if piece.is_action {
                action
            } else {
                piece.span.start + at.clamp(part.start, part.end) - part.start
            }
        };
        let touched = parts.get(first..=last.max(first))?;
        let (from, to) = (touched.first()?, touched.last()?);
        let start = place(from, wanted.start, from.1.span.start);
        let end = place(to, wanted.end, to.1.span.end);
        let is_action = touched.iter().any(|(_, piece)| piece.is_action);
        Some(Match { span: start..end, is_action })
    }

    /// Which piece of a line made which part of a rendered line; `None` if the line cannot have made it.
    fn parts(&self, line: &Line, rendered: &str) -> Option<Vec<(Range<usize>, Piece)>> {
        let mut parts = Vec::new();
        let mut at = 0;
        let mut open: Option<Piece> = None;
        for (index, piece) in line.pieces.iter().enumerate() {
            if piece.is_action {
                open = open.or_else(|| Some(piece.clone()));
                continue;
            }
            let literal = self.text.get(piece.span.clone())?;
            let last = index + 1 == line.pieces.len();
            let found = match (&open, last) {
                (None, _) => rendered.get(at..)?.starts_with(literal).then_some(at)?,
                (Some(_), true) => {
                    rendered.get(at..)?.ends_with(literal).then(|| rendered.len() - literal.len())?
                }
                (Some(_), false) => at + rendered.get(at..)?.find(literal)?,
            };
            if let Some(action) = open.take() {
                parts.push((at..found, action));
            }
            parts.push((found..found + literal.len(), piece.clone()));
            at = found + literal.len();
        }
        match open {
            Some(action) => parts.push((at..rendered.len(), action)),
            None if at != rendered.len() => return None,
            None => {}
        }
        Some(parts)
    }
}

/// Byte ranges of all actions; one that does not end reaches to the end.
fn actions(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(start) = text.get(at..).and_then(|rest| rest.find("{{")).map(|start| at + start) {
        let end =
            text.get(start..).and_then(|rest| rest.find("}}")).map_or(text.len(), |end| start + end + 2);
        found.push(start..end);
        at = end;
    }
    found
}

fn line(text: &str, span: Range<usize>, actions: &[Range<usize>]) -> Line {
    let mut pieces = Vec::new();
    let mut at = span.start;
    let first = actions.partition_point(|action| action.end <= span.start);
    for action in actions.iter().skip(first).take_while(|action| action.start < span.end) {
        if at < action.start {
            pieces.push(Piece::new(at..action.start, false));
        }
        at = action.end.min(span.end).max(at);
        pieces.push(Piece::new(action.start.max(span.start)..at, true));
    }
    if at < span.end {
        pieces.push(Piece::new(at..span.end, false));
    }
    let is_control =
        pieces.is_empty() || pieces.iter().all(|piece| piece.is_action && is_control_only(text, piece));
    // Control beside other text prints nothing: `{{- if .a }}name: {{ .a }}{{ end }}`.
    if !is_control {
        pieces.retain(|piece| !piece.is_action || !is_control_only(text, piece));
    }
    let is_end = text.get(span) == Some("---");
    Line { pieces, is_control, is_end }
}

fn is_control_only(text: &str, piece: &Piece) -> bool {
    let action = text.get(piece.span.clone()).unwrap_or_default();
    let inner = action.trim_start_matches(['{', '-']).trim_start();
    CONTROLS.contains(&blocks::word(action))
        || inner.starts_with("/*")
        || (inner.starts_with('$') && inner.contains(":="))
        || !action.starts_with("{{")
}

#[cfg(test)]
mod tests;
