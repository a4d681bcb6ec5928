//! What is drawn of one set where boxes and arrows are all that there is.

use std::collections::{BTreeMap, BTreeSet};

use super::{Journeys, journeys, short};
use crate::facts::graph::{Graph, Kind, Sharing};

/// Boxes and arrows between their positions.
#[derive(Debug, Default)]
pub(super) struct Scene {
    pub(super) boxes: Vec<Node>,
    pub(super) arrows: Vec<Arrow>,
}

/// A service, or something that data is in or goes through.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) id: String,
    /// What people call it.
    pub(super) name: String,
    pub(super) shape: Shape,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    Service,
    /// A service that looks into the data of others: exporters, backups, migrations.
    Visitor,
    Datastore(Sharing),
    Topic,
    Outside,
}

#[derive(Debug)]
pub(super) struct Arrow {
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) what: What,
    pub(super) plaintext: bool,
}

/// What an arrow says, from the least.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum What {
    Calls,
    /// As whom, where that is known; and whether more than a file that others share says so.
    Uses(Option<String>, bool),
    Carries(Vec<&'static str>),
}

impl Arrow {
    pub(super) const fn ends(&self) -> (usize, usize) {
        (self.from, self.to)
    }

    /// Whether it leads from whoever asks to whatever is asked, wherever data goes.
    pub(super) const fn is_asked(&self) -> bool {
        matches!(self.what, What::Calls | What::Uses(..))
    }
}

impl Scene {
    /// Services that are known to call others are in it, too; whoever meets nobody is not.
    pub(super) fn new(graph: &Graph) -> Self {
        let mut scene = Self::default();
        let mut drawn = BTreeMap::new();
        for service in &graph.services {
            let shape = if service.is_owner { Shape::Service } else { Shape::Visitor };
            scene.node(&mut drawn, &service.id, short(&service.id), shape);
        }
        for store in &graph.datastores {
            scene.node(&mut drawn, &store.id, &store.database, Shape::Datastore(store.sharing));
        }
        for point in &graph.points {
            let shape = match point.kind {
                Kind::Service => Shape::Service,
                Kind::Datastore | Kind::Bucket => Shape::Datastore(Sharing::Own),
                Kind::Topic => Shape::Topic,
                Kind::Outside => Shape::Outside,
            };
            let name = point.id.strip_prefix("external:").unwrap_or_else(|| short(&point.id));
            scene.node(&mut drawn, &point.id, name, shape);
        }
        scene.calls(graph, &drawn);
        let plaintext: BTreeSet<_> =
            graph.flows.iter().filter(|flow| flow.plaintext).map(|flow| (flow.from, flow.to)).collect();
        let point: BTreeMap<&str, usize> =
            graph.points.iter().enumerate().map(|(at, point)| (&*point.id, at)).collect();
        for used in &graph.uses {
            let (service, store) = (&graph.services[used.service].id, &graph.datastores[used.datastore].id);
            let ends = point.get(&**service).zip(point.get(&**store));
            scene.arrows.push(Arrow {
                from: drawn[&**service],
                to: drawn[&**store],
                what: What::Uses(used.principal.clone(), used.sure),
                plaintext: ends.is_some_and(|(service, store)| plaintext.contains(&(*service, *store))),
            });
        }
        let Journeys { hops, .. } = journeys(graph);
        for (.., flow) in hops {
            let [from, to] = [flow.from, flow.to].map(|at| drawn[&*graph.points[at].id]);
            let what = What::Carries(flow.categories.clone());
            scene.arrows.push(Arrow { from, to, what, plaintext: flow.plaintext });
        }
        scene.without_lonely()
    }

    fn node<'g>(&mut self, drawn: &mut BTreeMap<&'g str, usize>, id: &'g str, name: &str, shape: Shape) {
        drawn.entry(id).or_insert_with(|| {
            self.boxes.push(Node { id: id.to_owned(), name: name.to_owned(), shape });
            self.boxes.len() - 1
        });
    }

    /// One arrow for all ports of a server.
    fn calls(&mut self, graph: &Graph, drawn: &BTreeMap<&str, usize>) {
        let mut calls: BTreeMap<(usize, usize), bool> = BTreeMap::new();
        for flow in graph.flows.iter().filter(|flow| flow.is_call && flow.categories.is_empty()) {
            let [from, to] = [flow.from, flow.to].map(|at| drawn[&*graph.points[at].id]);
            *calls.entry((from, to)).or_default() |= flow.plaintext;
        }
        let calls = calls.into_iter();
        self.arrows.extend(calls.map(|((from, to), plaintext)| Arrow {
            from,
            to,
            what: What::Calls,
            plaintext,
        }));
    }

    /// Databases stay, though nothing is known to use them.
    fn without_lonely(mut self) -> Self {
        let met: BTreeSet<usize> = self.arrows.iter().flat_map(|arrow| [arrow.from, arrow.to]).collect();
        let mut places = vec![0; self.boxes.len()];
        let mut kept = Vec::new();
        for (at, node) in self.boxes.into_iter().enumerate() {
            places[at] = kept.len();
            if met.contains(&at) || matches!(node.shape, Shape::Datastore(_)) {
                kept.push(node);
            }
        }
        self.boxes = kept;
        for arrow in &mut self.arrows {
            (arrow.from, arrow.to) = (places[arrow.from], places[arrow.to]);
        }
        self
    }
}
