//! Where a manifest says what is true of a live object: the same path in what declares it.

use super::objects::Pairs;
use crate::{
    document::{NodeRef, Step},
    estate::Estate,
    policy::case::in_object,
    source::Place,
};

/// The place in the manifest that a place of a live object is about; `None` where no manifest declares the object.
pub(super) fn place(pairs: &Pairs<'_>, declared: &Estate, live: &Estate, place: &Place) -> Option<Place> {
    let object = live.resources_of(live.document_at(place)?).next()?;
    let manifest = pairs.partner(&object.id)?;
    let path = live.node(object).path_of(&place.span()).unwrap_or_default();
    let root = declared.node(manifest);
    let found = at(root, &followed(live.node(object), root, &path));
    Some(declared.shown(&found).map_or(found, |shown| shown.place))
}

/// The end of a path or, where the manifest does not say what is live, what it has of it: an element of a list is shown by
/// its first key.
fn at(root: NodeRef<'_>, path: &[Step]) -> Place {
    let depth = root.locate(path).depth;
    in_object(root, path.get(..depth).unwrap_or(path))
}

/// A path of a live object in its manifest. Servers and webhooks put elements into lists, so that those with a name are
/// found by it; one that the manifest does not have ends the path at the list.
fn followed(live: NodeRef<'_>, declared: NodeRef<'_>, path: &[Step]) -> Vec<Step> {
    let (mut here, mut there) = (Some(live), Some(declared));
    path.iter()
        .map(|step| {
            let (node, other) = (here, there);
            let (next, step) = match step {
                Step::Key(key) => (node.and_then(|node| node.get(key)), step.clone()),
                Step::Index(index) => {
                    let item = node.and_then(|node| node.items().nth(*index));
                    let position = other.zip(item).and_then(|(list, item)| position(list, item, *index));
                    (item, Step::Index(position.unwrap_or(usize::MAX)))
                }
            };
            here = next;
            there = match &step {
                Step::Key(key) => other.and_then(|node| node.get(key)),
                Step::Index(index) => other.and_then(|node| node.items().nth(*index)),
            };
            step
        })
        .collect()
}

/// Where in a list the element of the same name, or of the same value, stands.
fn position(list: NodeRef<'_>, item: NodeRef<'_>, index: usize) -> Option<usize> {
    let name = item.str_at(&["name"]);
    let mut items = list.items();
    match (name, item.as_str()) {
        (Some(name), _) => items.position(|other| other.str_at(&["name"]) == Some(name)),
        (None, Some(text)) => items.position(|other| other.as_str() == Some(text)),
        (None, None) => (index < items.count()).then_some(index),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        document::yaml,
        source::{Source, SourceId, Sources, Status},
    };

    #[test]
    fn what_a_webhook_put_in_moves_nothing() {
        let parse = |text: &str| yaml::parse(SourceId(0), &text.into()).documents.remove(0);
        let live = parse(
            "spec: {containers: [{name: proxy}, {name: web, env: [{name: A, value: opened}]}], args: [b, a]}",
        );
        let declared = parse("spec: {args: [a], containers: [{name: web, image: i, env: [{name: A}]}]}");
        let path = |text: &str| {
            let start = live.text.find(text).unwrap();
            live.root().path_of(&(start..start + text.len())).unwrap()
        };
        let followed = |text: &str| followed(live.root(), declared.root(), &path(text));
        let key = |key: &str| Step::from(key);
        assert_eq!(
            followed("opened"),
            [key("spec"), key("containers"), 0.into(), key("env"), 0.into(), key("value")]
        );
        assert_eq!(followed("proxy")[2], Step::Index(usize::MAX), "no manifest has it");
        let sources = Sources::new(vec![Source::new("a", &*declared.text, None, Status::Read)]);
        let shown = |text: &str| {
            let place = at(declared.root(), &followed(text));
            sources.get(SourceId(0)).text.get(place.span()).map(ToOwned::to_owned)
        };
        assert_eq!(shown("opened").as_deref(), Some("name"), "of the variable that has no such value");
        assert_eq!(shown("proxy").as_deref(), Some("containers"), "the nearest key above it");
    }
}
