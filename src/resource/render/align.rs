//! Which line of a template made a line of its output.
//!
//! A template's literal text stays in its output, in the order of the template but for loops. Lines are matched by
//! their literals, with actions (`{{ … }}`) as wildcards; among all ways to do that the one that keeps the order best
//! and uses most literal text is taken.

use std::ops::Range;

/// A line of a template.
#[derive(Debug)]
struct Line {
    pieces: Vec<Piece>,
    /// Decides, loops or ends something and prints nothing itself.
    is_control: bool,
}

#[derive(Debug, Clone)]
struct Piece {
    /// Bytes of the template.
    span: Range<usize>,
    is_action: bool,
}

/// A template, line by line.
#[derive(Debug)]
pub(super) struct Template<'t> {
    text: &'t str,
    lines: Vec<Line>,
}

/// What stands for a part of the output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Match {
    /// Bytes of the template.
    pub(super) span: Range<usize>,
    /// Whether an action made any of it.
    pub(super) is_action: bool,
}

/// More pairs of lines than this are not compared.
const PAIRS: usize = 4_000_000;

/// Costs, in characters of literal text: to go back, as a loop does; to pass a line over.
const BACK: f32 = 6.0;
const SKIP: f32 = 0.05;
/// An action alone may have made any line.
const WILD: f32 = 0.1;
/// A line that nothing of the template can have made.
const STRANGE: f32 = -4.0;

const CONTROLS: [&str; 10] =
    ["if", "else", "end", "range", "with", "define", "block", "break", "continue", "/*"];

impl<'t> Template<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        let actions = actions(text);
        let mut lines = Vec::new();
        let mut start = 0;
        for line in text.split_inclusive('\n') {
            let body = line.trim();
            let from = start + line.find(body).unwrap_or_default();
            lines.push(self::line(text, from..from + body.len(), &actions));
            start += line.len();
        }
        Self { text, lines }
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

    /// The line for each line of an output; nothing where there are too many.
    pub(super) fn align(&self, output: &[&str]) -> Vec<usize> {
        let width = self.lines.len();
        if width == 0 || output.len().saturating_mul(width) > PAIRS {
            return Vec::new();
        }
        let mut best = vec![0.0_f32; width];
        let mut from: Vec<Vec<usize>> = Vec::with_capacity(output.len());
        for (row, rendered) in output.iter().enumerate() {
            let mut next = vec![f32::MIN; width];
            let mut steps = vec![0; width];
            let top = (0..width).max_by(|a, b| best[*a].total_cmp(&best[*b])).unwrap_or_default();
            // The best line before the present one, with what it costs to pass over those between.
            let mut before: Option<(f32, usize)> = None;
            for at in 0..width {
                let own = self.score(at, rendered.trim());
                let mut reached = if row == 0 { (0.0, at) } else { (best[top] - BACK, top) };
                if let Some((score, line)) = before.filter(|(score, _)| row > 0 && *score > reached.0) {
                    reached = (score, line);
                }
                if row > 0 && self.is_wild(at) && best[at] > reached.0 {
                    reached = (best[at], at);
                }
                next[at] = reached.0 + own;
                steps[at] = reached.1;
                let passed = before.map(|(score, line)| (score - SKIP, line));
                before = passed.filter(|(score, _)| *score >= best[at]).or(Some((best[at], at)));
            }
            best = next;
            from.push(steps);
        }
        let mut at = (0..width).max_by(|a, b| best[*a].total_cmp(&best[*b])).unwrap_or_default();
        let mut lines = vec![0; output.len()];
        for row in (0..output.len()).rev() {
            lines[row] = at;
            at = from[row][at];
        }
        lines
    }

    fn is_wild(&self, at: usize) -> bool {
        let line = &self.lines[at];
        !line.is_control && line.pieces.iter().all(|piece| piece.is_action)
    }

    fn score(&self, at: usize, rendered: &str) -> f32 {
        let line = &self.lines[at];
        if line.is_control || self.parts(line, rendered).is_none() {
            return STRANGE;
        }
        let literal = line.pieces.iter().filter(|piece| !piece.is_action);
        let length: usize = literal.map(|piece| self.text[piece.span.clone()].trim().len()).sum();
        let length = f32::from(u16::try_from(length).unwrap_or(u16::MAX));
        if length > 0.0 { length } else { WILD }
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
            pieces.push(Piece { span: at..action.start, is_action: false });
        }
        at = action.end.min(span.end).max(at);
        pieces.push(Piece { span: action.start.max(span.start)..at, is_action: true });
    }
    if at < span.end {
        pieces.push(Piece { span: at..span.end, is_action: false });
    }
    let is_control =
        pieces.is_empty() || pieces.iter().all(|piece| piece.is_action && is_control(text, piece));
    // Control beside other text prints nothing: `{{- if .a }}name: {{ .a }}{{ end }}`.
    if !is_control {
        pieces.retain(|piece| !piece.is_action || !is_control_only(text, piece));
    }
    Line { pieces, is_control }
}

fn is_control(text: &str, piece: &Piece) -> bool {
    is_control_only(text, piece)
}

fn is_control_only(text: &str, piece: &Piece) -> bool {
    let action = text.get(piece.span.clone()).unwrap_or_default();
    let inner = action.trim_start_matches(['{', '-']).trim_start();
    let word = inner.split([' ', '}', '-', '\t', '\n']).next().unwrap_or_default();
    CONTROLS.contains(&word)
        || inner.starts_with("/*")
        || (inner.starts_with('$') && inner.contains(":="))
        || !action.starts_with("{{")
}

#[cfg(test)]
mod tests;
