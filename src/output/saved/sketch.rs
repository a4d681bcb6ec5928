//! Sources as far as a report quotes them: each quoted character at its line and column, blanks everywhere else.
//!
//! So that whatever asks a source for lines, columns or an excerpt gets what the report says.

use std::collections::BTreeMap;

use super::{SavedError, model::SavedPlace};
use crate::source::{Place, Source, Sources, Status};

/// Line and column, from 1.
type At = (usize, usize);

/// More blanks than any report needs.
const LARGEST: usize = 256 << 20;

/// What is known of each file: characters, and positions at which places begin and end.
#[derive(Default)]
pub(super) struct Sketch(BTreeMap<String, BTreeMap<At, Option<char>>>);

impl Sketch {
    pub(super) fn file(&mut self, file: &str) -> &mut BTreeMap<At, Option<char>> {
        self.0.entry(file.to_owned()).or_default()
    }

    pub(super) fn mark(&mut self, file: &str, line: usize, column: usize) {
        self.file(file).entry((line.max(1), column.max(1))).or_default();
    }

    /// What places themselves name.
    pub(super) fn name(&mut self, place: &SavedPlace) {
        self.mark(&place.file, place.line, place.column);
        self.mark(&place.file, place.end_line, place.end_column);
        let named = |at: &At| place.line < place.end_line || at.1 < place.end_column;
        let cells: Vec<_> = quoted(place).filter(|(at, _)| at.1 >= place.column && named(at)).collect();
        let file = self.file(&place.file);
        for (at, c) in cells {
            file.entry(at).or_default().get_or_insert(c);
        }
    }

    /// What is around a place, unless others say otherwise: where text is masked, columns are not those of the file.
    pub(super) fn surround(&mut self, place: &SavedPlace) {
        let cells: Vec<_> = quoted(place).collect();
        let file = self.file(&place.file);
        let contradicts =
            |(at, c): &(At, char)| file.get(at).is_some_and(|known| known.is_some_and(|known| known != *c));
        if !cells.iter().any(contradicts) {
            file.extend(cells.into_iter().map(|(at, c)| (at, Some(c))));
        }
    }

    pub(super) fn draw(self) -> Result<Drawn, SavedError> {
        let mut drawn = Drawn { sources: Sources::default(), offsets: BTreeMap::new() };
        let mut sources = Vec::new();
        for (file, cells) in self.0 {
            let mut text = String::new();
            let mut offsets = BTreeMap::new();
            let (mut line, mut column) = (1, 1);
            for ((at_line, at_column), c) in cells {
                let to_column = if at_line > line { 1 } else { column };
                let blanks = (at_line - line).saturating_add(at_column - to_column);
                if blanks > LARGEST - text.len().min(LARGEST) {
                    return Err(SavedError::Place(file, at_line));
                }
                text.extend(std::iter::repeat_n('\n', at_line - line));
                text.extend(std::iter::repeat_n(' ', at_column - to_column));
                offsets.insert((at_line, at_column), text.len());
                text.extend(c);
                (line, column) = (at_line, if c.is_some() { at_column + 1 } else { at_column });
            }
            sources.push(Source::new(&*file, text, None, Status::Read));
            drawn.offsets.insert(file, offsets);
        }
        drawn.sources = Sources::new(sources);
        Ok(drawn)
    }
}

/// Sources, and where in them the positions of the report are.
pub(super) struct Drawn {
    pub(super) sources: Sources,
    offsets: BTreeMap<String, BTreeMap<At, usize>>,
}

impl Drawn {
    pub(super) fn place(&self, saved: &SavedPlace) -> Option<Place> {
        let start = self.point(&saved.file, (saved.line, saved.column))?;
        let end = self.point(&saved.file, (saved.end_line, saved.end_column))?;
        Some(Place::new(start.source, start.start..end.start.max(start.start)))
    }

    pub(super) fn point(&self, file: &str, (line, column): At) -> Option<Place> {
        let offset = *self.offsets.get(file)?.get(&(line.max(1), column.max(1)))?;
        Some(Place::new(self.sources.by_file(file)?, offset..offset))
    }
}

/// The characters of an excerpt, where they stand.
fn quoted(place: &SavedPlace) -> impl Iterator<Item = (At, char)> {
    let before = place.excerpt_column.saturating_sub(1);
    place.excerpt.chars().enumerate().filter_map(move |(at, c)| {
        let column = (place.column.max(1) + at).checked_sub(before).filter(|column| *column > 0)?;
        let c = if matches!(c, '\n' | '\r') { ' ' } else { c };
        Some(((place.line.max(1), column), c))
    })
}
