//! The best ways from the lines of an output through the lines of a template.

use super::{Line, Template};

/// More pairs of lines than this are not compared.
const PAIRS: usize = 4_000_000;

/// Costs, in characters of literal text: to go back as no loop does, to begin a loop again, to pass a line over.
const BACK: f32 = 6.0;
const AGAIN: f32 = 0.5;
const SKIP: f32 = 0.05;
/// An action alone may have made any line.
const WILD: f32 = 0.1;
/// An action prints what the values hold where it takes it.
const KNOWN: f32 = 2.0;
/// An action prints what the values do not hold there.
const UNKNOWN: f32 = -1.0;
/// A line that nothing of the template can have made.
const STRANGE: f32 = -4.0;
/// Ways that are worse by no more than this are as good.
const MARGIN: f32 = 0.4;

/// Which lines of a template made an output.
#[derive(Debug, Default)]
pub(in super::super) struct Aligned {
    /// For each line of the output; `None` where several may have made it.
    pub(in super::super) lines: Vec<Option<usize>>,
    /// Documents of the template, by their position, that may have made it equally well.
    pub(in super::super) documents: Vec<usize>,
}

impl Template<'_> {
    /// The line for each line of an output; nothing where there are too many. `only` limits that to one document of
    /// the template.
    pub(in super::super) fn align(&self, output: &[&str], only: Option<usize>) -> Aligned {
        let (height, width) = (output.len(), self.lines.len());
        if width == 0 || height == 0 || height.saturating_mul(width) > PAIRS {
            return Aligned::default();
        }
        let documents = self.documents();
        let own: Vec<Vec<f32>> = output
            .iter()
            .map(|rendered| {
                let score = |at: usize| {
                    let is_other = only.is_some_and(|only| documents[at] != only);
                    if is_other { f32::MIN / 4.0 } else { self.score(at, rendered.trim()) }
                };
                (0..width).map(score).collect()
            })
            .collect();
        // Best ways up to each pair of lines, then on from there.
        let mut totals: Vec<Vec<f32>> = Vec::with_capacity(height);
        for (row, own) in own.iter().enumerate() {
            let reached =
                row.checked_sub(1).map_or_else(|| vec![0.0; width], |row| self.forward(&totals[row]));
            totals.push(reached.iter().zip(own).map(|(reached, own)| reached + own).collect());
        }
        let mut onward = vec![0.0; width];
        for row in (0..height).rev() {
            let next: Vec<f32> = own[row].iter().zip(&onward).map(|(own, onward)| own + onward).collect();
            for (total, onward) in totals[row].iter_mut().zip(&onward) {
                *total += onward;
            }
            onward = self.backward(&next);
        }
        let good = |row: &Vec<f32>| {
            let best = row.iter().copied().fold(f32::MIN, f32::max);
            let good = row.iter().enumerate().filter(|(_, total)| **total >= best - MARGIN);
            good.map(|(at, _)| at).collect::<Vec<_>>()
        };
        let good: Vec<Vec<usize>> = totals.iter().map(good).collect();
        let mut likely: Vec<usize> = good.iter().flatten().map(|at| documents[*at]).collect();
        likely.sort_unstable();
        likely.dedup();
        let lines = good.iter().map(|lines| match lines.as_slice() {
            [only] => Some(*only),
            _ => None,
        });
        Aligned { lines: lines.collect(), documents: likely }
    }

    /// For each line the position of its document in the template.
    pub(in super::super) fn documents(&self) -> Vec<usize> {
        let mut document = 0;
        let number = |line: &Line| {
            document += usize::from(line.is_end);
            document
        };
        self.lines.iter().map(number).collect()
    }

    /// From scores of lines to those of the lines that come next.
    fn forward(&self, scores: &[f32]) -> Vec<f32> {
        let mut reached = self.jumps(scores);
        let mut before = f32::MIN;
        for (at, score) in scores.iter().enumerate() {
            reached[at] = reached[at].max(before);
            if self.is_wild(at) {
                reached[at] = reached[at].max(*score);
            }
            before = if self.lines[at].is_end { f32::MIN } else { (before - SKIP).max(*score) };
        }
        reached
    }

    /// From scores of lines that come next to those of the lines before.
    fn backward(&self, scores: &[f32]) -> Vec<f32> {
        let mut reached = self.jumps(scores);
        let mut after = f32::MIN;
        for (at, score) in scores.iter().enumerate().rev() {
            reached[at] = reached[at].max(after);
            if self.is_wild(at) {
                reached[at] = reached[at].max(*score);
            }
            after = if self.lines[at].is_end { f32::MIN } else { (after - SKIP).max(*score) };
        }
        reached
    }

    /// The best line of all, as far as that counts elsewhere: of a loop in the same loop, else anywhere.
    fn jumps(&self, scores: &[f32]) -> Vec<f32> {
        let top = |scores: &[f32]| scores.iter().copied().fold(f32::MIN, f32::max);
        let mut reached = vec![top(scores) - BACK; scores.len()];
        for one in &self.loops {
            let Some(inside) = scores.get(one.lines.clone()) else { continue };
            let again = top(inside) - AGAIN;
            for reached in reached.get_mut(one.lines.clone()).into_iter().flatten() {
                *reached = reached.max(again);
            }
        }
        reached
    }

    fn is_wild(&self, at: usize) -> bool {
        let line = &self.lines[at];
        !line.is_control && line.pieces.iter().all(|piece| piece.is_action)
    }

    fn score(&self, at: usize, rendered: &str) -> f32 {
        let line = &self.lines[at];
        if rendered.is_empty() {
            return 0.0;
        }
        let Some(parts) = self.parts(line, rendered).filter(|_| !line.is_control && !line.is_end) else {
            return STRANGE;
        };
        let literal = line.pieces.iter().filter(|piece| !piece.is_action);
        let length: usize = literal.map(|piece| self.text[piece.span.clone()].trim().len()).sum();
        let length = f32::from(u16::try_from(length).unwrap_or(u16::MAX));
        let mut score = if length > 0.0 { length } else { WILD };
        for (part, piece) in parts.iter().filter(|(_, piece)| piece.is_action) {
            let printed = rendered.get(part.clone()).unwrap_or_default();
            if piece.is_quoted && !printed.starts_with(['"', '\'']) {
                return STRANGE;
            }
            if let Some(expected) = &piece.expected {
                let is_known = expected.contains(printed.trim_matches(['"', '\'']));
                score = if is_known { score + KNOWN } else { score.min(0.0) + UNKNOWN };
            }
        }
        score
    }
}
