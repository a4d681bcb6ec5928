//! Which fixes count: what `--fix` writes is what the report counts.

use std::collections::{BTreeMap, BTreeSet};

use super::{Judged, Report, Status};
use crate::{
    finding::Edit,
    source::{Place, SourceId},
};

impl Report {
    /// The edits of open findings by file, each once. What also decides a finding that is accepted is left alone, and
    /// so are edits that contradict each other.
    pub fn edits(&self) -> BTreeMap<SourceId, Vec<&Edit>> {
        let mut by_file: BTreeMap<SourceId, Vec<&Edit>> = BTreeMap::new();
        for (place, edit) in self.agreed() {
            by_file.entry(place.source).or_default().push(edit);
        }
        by_file
    }

    /// How many open findings these edits mend.
    pub fn fixable(&self) -> usize {
        let agreed = self.agreed();
        let is_mended = |edit: &Edit| agreed.contains_key(&edit.place);
        self.open_findings().filter(|judged| judged.finding.fix.as_ref().is_some_and(is_mended)).count()
    }

    fn open_findings(&self) -> impl Iterator<Item = &Judged> {
        self.findings.iter().filter(|judged| judged.status == Status::Open)
    }

    fn agreed(&self) -> BTreeMap<&Place, &Edit> {
        let decided = self.findings.iter().filter(|judged| judged.status != Status::Open);
        let accepted: BTreeSet<&Place> = decided.filter_map(|judged| judged.finding.place.as_ref()).collect();
        let mut by_place: BTreeMap<&Place, Vec<&Edit>> = BTreeMap::new();
        for edit in self.open_findings().filter_map(|judged| judged.finding.fix.as_ref()) {
            let edits = by_place.entry(&edit.place).or_default();
            if !accepted.contains(&edit.place) && !edits.contains(&edit) {
                edits.push(edit);
            }
        }
        let alone =
            |(place, edits): (_, Vec<_>)| if let [edit] = *edits { Some((place, edit)) } else { None };
        by_place.into_iter().filter_map(alone).collect()
    }
}
