//! What was read: bytes, where they came from, and what could not be used.
//!
//! A [`Source`] is one file (or standard input). It owns the decoded text and the digest of the raw
//! bytes; everything downstream refers to it by [`SourceId`] and to a part of it by [`Place`].
//! Deliberately absent: any knowledge of YAML, Kubernetes or Terraform.

pub mod base;
pub mod git;
mod link;
pub mod listing;
pub mod place;
pub mod read;
pub mod render;
pub mod walk;

use std::{collections::BTreeMap, ops::Range, sync::Arc, sync::OnceLock};

pub use listing::Listing;
pub use place::{LineIndex, Masked, Place, Region};

/// Position of a source in [`Sources`]; sources are sorted by file name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceId(pub u32);

/// One file, standard input, or what a cluster holds of one kind.
#[derive(Debug)]
pub struct Source {
    /// Name relative to the base, `/`-separated; standard input is `-`.
    pub file: Arc<str>,
    /// The bytes as text (BOM removed, UTF-16 decoded); empty where they could not be read.
    pub text: Arc<str>,
    /// SHA-256 of the raw bytes, `None` where they could not be read.
    pub digest: Option<[u8; 32]>,
    /// What became of it; stages after reading make it more precise.
    pub status: Status,
    /// Number of documents found in it.
    pub documents: usize,
    /// What is odd in it, but did not prevent reading.
    pub notices: Vec<Problem>,
    /// What must not be shown of it.
    pub mask: Mask,
    /// The set that it makes, where it is what a renderer printed and no file.
    pub rendered: Option<Arc<str>>,
    /// Where it is a list of live objects: what was read of their kind. Nothing in it has a place that anybody can see.
    pub live: Option<Box<Listing>>,
    lines: OnceLock<LineIndex>,
    masked: OnceLock<Masked>,
}

/// What became of a source (contract, section "Sources").
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Status {
    /// Read, and all its documents parsed.
    Read,
    /// Not ours: a workflow, a compose file, values of a chart.
    Ignored(String),
    /// Ours, but not readable as it is; the reason ends with the command that helps.
    Skipped(String),
    /// Could not be read or parsed; each problem has its cause and, where known, its place.
    Failed(Vec<Problem>),
}

/// Why (a part of) a source could not be used.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    pub place: Option<Place>,
    /// What happened and what to do next; never holds text of the source.
    pub message: String,
}

/// What must not be shown of a source.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Mask {
    /// Nothing is secret.
    #[default]
    None,
    /// These byte ranges, sorted and disjoint, are secret.
    Spans(Vec<Range<usize>>),
    /// Every JSON scalar value that is no key, but for those in these byte ranges, which are sorted: for plans, whose
    /// sensitive values are spread over many copies.
    EveryValue { but: Vec<Range<usize>> },
}

impl Mask {
    /// Every value, whatever it is.
    pub const WHOLE: Self = Self::EveryValue { but: Vec::new() };

    pub const fn is_every_value(&self) -> bool {
        matches!(self, Self::EveryValue { .. })
    }
}

impl Source {
    pub fn new(
        file: impl Into<Arc<str>>,
        text: impl Into<Arc<str>>,
        digest: Option<[u8; 32]>,
        status: Status,
    ) -> Self {
        Self {
            file: file.into(),
            text: text.into(),
            digest,
            status,
            documents: 0,
            notices: Vec::new(),
            mask: Mask::None,
            rendered: None,
            live: None,
            lines: OnceLock::new(),
            masked: OnceLock::new(),
        }
    }

    /// Lines and columns of byte offsets, computed at first use.
    pub fn lines(&self) -> &LineIndex {
        self.lines.get_or_init(|| LineIndex::new(&self.text))
    }

    /// Byte range of a line (from 1) without the white space at its end.
    pub fn line_span(&self, line: usize) -> Range<usize> {
        let span = self.lines().span(&self.text, line);
        let body = self.text.get(span.clone()).map_or(0, |text| text.trim_end().len());
        span.start..span.start + body
    }

    /// The text as it may be shown, computed at first use: call only after the mask is complete.
    pub fn masked(&self) -> &Masked {
        self.masked.get_or_init(|| Masked::new(&self.text, &self.mask))
    }

    /// Whether any of a byte range must not be shown.
    pub fn is_secret(&self, span: &Range<usize>) -> bool {
        match &self.mask {
            Mask::None => false,
            Mask::Spans(spans) => {
                let next = spans.partition_point(|secret| secret.end <= span.start);
                spans.get(next).is_some_and(|secret| secret.start < span.end)
            }
            Mask::EveryValue { .. } => true,
        }
    }

    /// Line and column range of a byte range.
    pub fn region(&self, span: &Range<usize>) -> Region {
        self.lines().region(&self.text, span)
    }

    /// Adds secret byte ranges to the mask.
    pub fn add_mask(&mut self, spans: impl IntoIterator<Item = Range<usize>>) {
        let mut all: Vec<Range<usize>> = match std::mem::take(&mut self.mask) {
            every @ Mask::EveryValue { .. } => {
                self.mask = every;
                return;
            }
            Mask::None => Vec::new(),
            Mask::Spans(spans) => spans,
        };
        all.extend(spans.into_iter().filter(|span| span.start < span.end));
        all.sort_unstable_by_key(|span| (span.start, span.end));
        let mut merged: Vec<Range<usize>> = Vec::with_capacity(all.len());
        for span in all {
            match merged.last_mut() {
                Some(last) if span.start <= last.end => last.end = last.end.max(span.end),
                _ => merged.push(span),
            }
        }
        self.mask = if merged.is_empty() { Mask::None } else { Mask::Spans(merged) };
        self.masked = OnceLock::new();
    }
}

/// All sources of a run, sorted by file name; lists of live objects that were added come last.
#[derive(Debug, Default)]
pub struct Sources(Vec<Source>);

impl Sources {
    pub fn new(mut sources: Vec<Source>) -> Self {
        sources.sort_by(|a, b| a.file.cmp(&b.file));
        Self(sources)
    }

    pub fn get(&self, id: SourceId) -> &Source {
        self.0.get(id.0 as usize).expect("a SourceId is only made by the Sources that it indexes")
    }

    pub fn get_mut(&mut self, id: SourceId) -> &mut Source {
        self.0.get_mut(id.0 as usize).expect("a SourceId is only made by the Sources that it indexes")
    }

    /// Adds secret places to the masks of their sources, sorting each mask once: a stream may hold many.
    pub fn mask(&mut self, places: impl IntoIterator<Item = Place>) {
        let mut spans: BTreeMap<SourceId, Vec<Range<usize>>> = BTreeMap::new();
        for place in places {
            spans.entry(place.source).or_default().push(place.span());
        }
        for (source, spans) in spans {
            self.get_mut(source).add_mask(spans);
        }
    }

    pub fn iter(&self) -> impl Iterator<Item = (SourceId, &Source)> {
        self.0.iter().enumerate().map(|(index, source)| (id(index), source))
    }

    pub fn as_slice(&self) -> &[Source] {
        &self.0
    }

    /// Coverage of the kinds of a cluster; nothing for files.
    pub fn listings(&self) -> impl Iterator<Item = &Listing> {
        self.0.iter().filter_map(|source| source.live.as_deref())
    }

    /// Whether what stands at a place is live, so that the place says nothing to anybody.
    pub fn is_live(&self, place: &Place) -> bool {
        self.get(place.source).live.is_some()
    }

    /// Adds lists of live objects behind the files, whose positions stay: one report is about both. Call when no file
    /// is looked for by its name any more.
    pub fn append(&mut self, live: Vec<Source>) {
        self.0.extend(live);
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn by_file(&self, file: &str) -> Option<SourceId> {
        self.0.binary_search_by(|source| (*source.file).cmp(file)).ok().map(id)
    }
}

fn id(index: usize) -> SourceId {
    SourceId(u32::try_from(index).expect("fewer than 2^32 files"))
}
