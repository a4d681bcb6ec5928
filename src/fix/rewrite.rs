//! Rewriting: the text with its edits, proved by reading it again.

use serde_json::Value;

use super::{hcl::is_written_in, only_path};
use crate::{
    document::{Document, Step, hcl},
    finding::Edit,
    resource::contents,
    source::{Source, SourceId, Status},
};

/// Larger texts are not fixed: nobody writes them by hand, and each edit is proved by reading all of it.
const LARGEST: usize = 4 << 20;

/// The text of a source with edits of it; `None` unless reading that yields their values and nothing else is changed.
pub fn rewritten(source: &Source, edits: &[&Edit]) -> Option<String> {
    if source.text.len() > LARGEST {
        return None;
    }
    let before = documents(source)?;
    let mut expected: Vec<Value> = before.iter().map(|document| document.root().to_json()).collect();
    for edit in edits {
        let begins = |document: &Document| document.root().span().start;
        let after = before.partition_point(|document| begins(document) <= edit.place.start);
        let index = after.checked_sub(1)?;
        let path = only_path(before.get(index)?.root(), &edit.place.span())?;
        *value_at(expected.get_mut(index)?, &path)? = edit.value.clone();
    }
    let text = spliced(&source.text, edits)?;
    let after = documents(&Source::new(&*source.file, text.as_str(), None, Status::Read))?;
    let found: Vec<Value> = after.iter().map(|document| document.root().to_json()).collect();
    (found == expected).then_some(text)
}

/// All documents of a source; `None` where some cannot be read.
fn documents(source: &Source) -> Option<Vec<Document>> {
    if is_written_in(&source.file) {
        let (document, problem) = hcl::parse(SourceId(0), &source.text);
        return problem.is_none().then(|| vec![document]);
    }
    let written = Source::new(&*source.file, &*source.text, None, Status::Read);
    let contents = contents::read(SourceId(0), &written);
    (contents.status == Status::Read && contents.plan.is_none()).then_some(contents.documents)
}

fn value_at<'v>(root: &'v mut Value, path: &[Step]) -> Option<&'v mut Value> {
    path.iter().try_fold(root, |value, step| match step {
        Step::Key(key) => value.get_mut(&**key),
        Step::Index(index) => value.get_mut(*index),
    })
}

/// Edits that overlap contradict each other.
fn spliced(text: &str, edits: &[&Edit]) -> Option<String> {
    let mut edits = edits.to_vec();
    edits.sort_by_key(|edit| edit.place.start);
    let mut result = String::with_capacity(text.len());
    let mut done = 0;
    for edit in edits {
        result.push_str(text.get(done..edit.place.start)?);
        result.push_str(&edit.replacement);
        done = edit.place.end;
    }
    result.push_str(text.get(done..)?);
    Some(result)
}
