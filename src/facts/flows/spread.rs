//! How far data spreads: a fixpoint over a graph, linear in its edges (domains.md T7).
//!
//! Deliberately absent: what nodes and edges are.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::resource::classification::{Category, Level};

/// What data is: joined by the higher level and all categories.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(in crate::facts) struct Carried {
    pub(in crate::facts) level: Option<Level>,
    pub(in crate::facts) categories: BTreeSet<Category>,
}

/// One place where data is.
#[derive(Debug, Clone, Default)]
pub(super) struct Node {
    /// What is declared of it.
    pub(super) own: Carried,
    /// What leaves it is nobody's data any more.
    pub(super) sanitizes: bool,
}

/// Data goes from one node to another; positions in the list of nodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Edge {
    pub(super) from: usize,
    pub(super) to: usize,
}

/// What reaches each node.
#[derive(Debug)]
pub(super) struct Spread {
    inherited: Vec<Carried>,
    /// How each category, and the highest level, reached a node first.
    by_category: Vec<BTreeMap<Category, Arrival>>,
    by_level: Vec<Option<Arrival>>,
}

/// How data reached a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Arrival {
    to: usize,
    /// The last edge.
    by: usize,
    /// Where it is declared.
    source: usize,
}

/// The way of data from a source on.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Path {
    /// The source, where the way from there to the first edge is left out.
    pub(super) from: Option<usize>,
    pub(super) edges: Vec<usize>,
}

/// More steps than anybody follows: of longer ways the source and the last steps are told.
pub(super) const MOST: usize = 32;

impl Carried {
    /// Both together.
    #[must_use]
    pub(super) fn joined(mut self, other: &Self) -> Self {
        self.join(other);
        self
    }

    pub(super) fn is_empty(&self) -> bool {
        self.level.is_none() && self.categories.is_empty()
    }

    /// The level that protects it: its own, and what its categories ask for.
    pub(in crate::facts) fn effective_level(&self) -> Option<Level> {
        self.level.max(self.categories.iter().map(|category| category.level()).max())
    }

    fn join(&mut self, other: &Self) {
        self.level = self.level.max(other.level);
        self.categories.extend(&other.categories);
    }
}

impl Spread {
    /// Follows each category, and each level, on its own and from all of its sources at once, nearest nodes first: an
    /// edge is followed once for each at most, and the edge by which a node is reached first is on a shortest way.
    pub(super) fn new(nodes: &[Node], edges: &[Edge]) -> Self {
        let mut leaving: Vec<Vec<usize>> = vec![Vec::new(); nodes.len()];
        for (index, edge) in edges.iter().enumerate() {
            if let Some(leaving) = leaving.get_mut(edge.from) {
                leaving.push(index);
            }
        }
        let graph = Graph { nodes, edges, leaving };
        let mut spread = Self {
            inherited: vec![Carried::default(); nodes.len()],
            by_category: vec![BTreeMap::new(); nodes.len()],
            by_level: vec![None; nodes.len()],
        };
        let categories: BTreeSet<Category> =
            nodes.iter().flat_map(|node| &node.own.categories).copied().collect();
        for category in categories {
            for arrival in graph.reached(|node| node.own.categories.contains(&category)) {
                if let (Some(inherited), Some(by)) =
                    (spread.inherited.get_mut(arrival.to), spread.by_category.get_mut(arrival.to))
                {
                    inherited.categories.insert(category);
                    by.insert(category, arrival);
                }
            }
        }
        let levels: BTreeSet<Level> = nodes.iter().filter_map(|node| node.own.level).collect();
        // The highest that reaches a node is the one that counts.
        for level in levels.into_iter().rev() {
            for arrival in graph.reached(|node| node.own.level == Some(level)) {
                if let (Some(inherited), Some(by)) =
                    (spread.inherited.get_mut(arrival.to), spread.by_level.get_mut(arrival.to))
                    && inherited.level.is_none()
                {
                    inherited.level = Some(level);
                    *by = Some(arrival);
                }
            }
        }
        spread
    }

    /// What leaves a node.
    pub(super) fn emitted(&self, position: usize, node: &Node) -> Carried {
        if node.sanitizes {
            return Carried::default();
        }
        let mut emitted = node.own.clone();
        emitted.join(self.inherited(position));
        emitted
    }

    /// What reaches a node from elsewhere.
    pub(super) fn inherited(&self, position: usize) -> &Carried {
        const NOTHING: &Carried = &Carried { level: None, categories: BTreeSet::new() };
        self.inherited.get(position).unwrap_or(NOTHING)
    }

    /// Edges by which data reached a node that is not declared there, from its source on; none where all is. The highest
    /// category decides; without one, the level.
    pub(super) fn path(&self, to: usize, nodes: &[Node], edges: &[Edge]) -> Path {
        let inherited = self.inherited(to);
        let own = |position: usize| nodes.get(position).map(|node| &node.own);
        let category = inherited
            .categories
            .iter()
            .rev()
            .find(|category| own(to).is_none_or(|own| !own.categories.contains(*category)));
        let is_source = |position: usize| {
            own(position).is_some_and(|own| match category {
                Some(category) => own.categories.contains(category),
                None => own.level >= inherited.level,
            })
        };
        let mut path = Path::default();
        let mut here = to;
        // Each step goes to a node that is nearer to a source, so this ends.
        while !is_source(here) {
            let arrival = match category {
                Some(category) => self.by_category.get(here).and_then(|all| all.get(category)).copied(),
                None => self.by_level.get(here).copied().flatten(),
            };
            let Some((arrival, edge)) = arrival.and_then(|one| Some((one, edges.get(one.by)?))) else {
                break;
            };
            if path.edges.len() == MOST {
                path.from = Some(arrival.source);
                break;
            }
            path.edges.push(arrival.by);
            here = edge.from;
        }
        path.edges.reverse();
        path
    }
}

/// What data spreads over.
struct Graph<'g> {
    nodes: &'g [Node],
    edges: &'g [Edge],
    /// Edges by the node that they leave, in order.
    leaving: Vec<Vec<usize>>,
}

impl Graph<'_> {
    /// How nodes are reached from sources, nearest first; sanitisers let nothing on.
    fn reached(&self, is_source: impl Fn(&Node) -> bool) -> Vec<Arrival> {
        let mut seen = vec![false; self.nodes.len()];
        let mut reached = Vec::new();
        let emits = |position: usize| self.nodes.get(position).is_some_and(|node| !node.sanitizes);
        let sources = self.nodes.iter().enumerate().filter(|(_, node)| is_source(node));
        // Each with its source.
        let mut waiting: VecDeque<(usize, usize)> = sources.map(|(at, _)| (at, at)).collect();
        let started: BTreeSet<usize> = waiting.iter().map(|(at, _)| *at).collect();
        while let Some((here, source)) = waiting.pop_front() {
            for index in self.leaving.get(here).into_iter().flatten().filter(|_| emits(here)) {
                let Some(edge) = self.edges.get(*index) else { continue };
                if let Some(seen) = seen.get_mut(edge.to).filter(|seen| !**seen) {
                    *seen = true;
                    reached.push(Arrival { to: edge.to, by: *index, source });
                    if !started.contains(&edge.to) {
                        waiting.push_back((edge.to, source));
                    }
                }
            }
        }
        reached
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn carried(bits: u8) -> Carried {
        let categories = [Category::Pii, Category::Phi, Category::Pci];
        let held = categories.into_iter().enumerate().filter(|(index, _)| bits & (1 << index) != 0);
        let level = [None, Some(Level::Internal), Some(Level::Confidential), Some(Level::Restricted)];
        Carried {
            level: level[usize::from(bits >> 3) % 4],
            categories: held.map(|(_, category)| category).collect(),
        }
    }

    /// Joins over all edges until nothing changes.
    fn naive(nodes: &[Node], edges: &[Edge]) -> Vec<Carried> {
        let mut inherited = vec![Carried::default(); nodes.len()];
        loop {
            let mut changed = false;
            for edge in edges {
                let node = &nodes[edge.from];
                let mut emitted = Carried::default();
                if !node.sanitizes {
                    emitted.join(&node.own);
                    emitted.join(&inherited[edge.from].clone());
                }
                let before = inherited[edge.to].clone();
                inherited[edge.to].join(&emitted);
                changed |= before != inherited[edge.to];
            }
            if !changed {
                return inherited;
            }
        }
    }

    proptest! {
        #[test]
        fn it_is_the_least_fixpoint_and_paths_lead_from_a_source(
            own in prop::collection::vec((0_u8..32, prop::bool::weighted(0.2)), 1..12),
            pairs in prop::collection::vec((0_usize..12, 0_usize..12), 0..30),
        ) {
            let nodes: Vec<Node> =
                own.iter().map(|(bits, sanitizes)| Node { own: carried(*bits), sanitizes: *sanitizes }).collect();
            let edges: Vec<Edge> = pairs
                .iter()
                .map(|(from, to)| Edge { from: from % nodes.len(), to: to % nodes.len() })
                .collect();
            let spread = Spread::new(&nodes, &edges);
            for (position, expected) in naive(&nodes, &edges).iter().enumerate() {
                prop_assert_eq!(spread.inherited(position), expected);
                let Path { from, edges: path } = spread.path(position, &nodes, &edges);
                prop_assert_eq!(from, None, "a short way is told whole");
                let own = &nodes[position].own;
                let is_declared =
                    expected.categories.is_subset(&own.categories) && expected.level <= own.level;
                prop_assert_eq!(path.is_empty(), is_declared);
                let passed: BTreeSet<usize> = path.iter().map(|edge| edges[*edge].to).collect();
                prop_assert_eq!(passed.len(), path.len(), "a way passes nothing twice");
                if let (Some(first), Some(last)) = (path.first(), path.last()) {
                    prop_assert!(!nodes[edges[*first].from].own.is_empty());
                    prop_assert_eq!(edges[*last].to, position);
                    prop_assert!(path.windows(2).all(|pair| edges[pair[0]].to == edges[pair[1]].from));
                }
            }
        }
    }

    #[test]
    fn of_a_long_way_the_source_and_the_last_steps_are_told() {
        let long = MOST * 3;
        let mut nodes = vec![Node::default(); long + 1];
        nodes[0].own = carried(1);
        let edges: Vec<Edge> = (0..long).map(|from| Edge { from, to: from + 1 }).collect();
        let spread = Spread::new(&nodes, &edges);
        let expected = Path { from: Some(0), edges: (long - MOST..long).collect() };
        assert_eq!(spread.path(long, &nodes, &edges), expected);
        let expected = Path { from: None, edges: (0..MOST).collect() };
        assert_eq!(spread.path(MOST, &nodes, &edges), expected);
    }
}
