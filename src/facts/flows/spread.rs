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
    /// The edge by which each category, and the highest level, reached a node first.
    by_category: Vec<BTreeMap<Category, usize>>,
    by_level: Vec<Option<usize>>,
}

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

    fn join(&mut self, other: &Self) -> bool {
        let before = (self.level, self.categories.len());
        self.level = self.level.max(other.level);
        self.categories.extend(&other.categories);
        before != (self.level, self.categories.len())
    }
}

impl Spread {
    /// Each node changes at most once for each category and level, so each edge is followed as often at most.
    pub(super) fn new(nodes: &[Node], edges: &[Edge]) -> Self {
        let mut leaving: Vec<Vec<usize>> = vec![Vec::new(); nodes.len()];
        for (index, edge) in edges.iter().enumerate() {
            if let Some(leaving) = leaving.get_mut(edge.from) {
                leaving.push(index);
            }
        }
        let mut spread = Self {
            inherited: vec![Carried::default(); nodes.len()],
            by_category: vec![BTreeMap::new(); nodes.len()],
            by_level: vec![None; nodes.len()],
        };
        let mut waiting: VecDeque<usize> = (0..nodes.len())
            .filter(|index| nodes.get(*index).is_some_and(|node| !node.own.is_empty()))
            .collect();
        while let Some(here) = waiting.pop_front() {
            let Some(emitted) = nodes.get(here).map(|node| spread.emitted(here, node)) else { continue };
            for index in leaving.get(here).into_iter().flatten() {
                if let Some(edge) = edges.get(*index)
                    && spread.arrive(*index, edge.to, &emitted)
                {
                    waiting.push_back(edge.to);
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

    /// Edges by which the data reached a node, from its source on. The category decides; without one, the level.
    pub(super) fn path(&self, to: usize, nodes: &[Node], edges: &[Edge]) -> Vec<usize> {
        let category = self.inherited(to).categories.iter().max().copied();
        let level = self.inherited(to).level;
        let is_source = |position: usize| {
            nodes.get(position).is_some_and(|node| match category {
                Some(category) => node.own.categories.contains(&category),
                None => node.own.level >= level,
            })
        };
        let mut path = Vec::new();
        let mut here = to;
        // Each step goes to a node that was reached earlier, so this ends.
        while let Some(index) = match category {
            Some(category) => self.by_category.get(here).and_then(|edges| edges.get(&category)).copied(),
            None => self.by_level.get(here).copied().flatten(),
        } {
            path.push(index);
            let Some(edge) = edges.get(index) else { break };
            here = edge.from;
            if is_source(here) {
                break;
            }
        }
        path.reverse();
        path
    }

    fn arrive(&mut self, edge: usize, to: usize, carried: &Carried) -> bool {
        let (Some(inherited), Some(by_category), Some(by_level)) =
            (self.inherited.get_mut(to), self.by_category.get_mut(to), self.by_level.get_mut(to))
        else {
            return false;
        };
        for category in &carried.categories {
            by_category.entry(*category).or_insert(edge);
        }
        if carried.level > inherited.level {
            *by_level = Some(edge);
        }
        inherited.join(carried)
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
                changed |= inherited[edge.to].join(&emitted);
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
                let path = spread.path(position, &nodes, &edges);
                prop_assert_eq!(path.is_empty(), expected.is_empty());
                if let (Some(first), Some(last)) = (path.first(), path.last()) {
                    prop_assert!(!nodes[edges[*first].from].own.is_empty());
                    prop_assert_eq!(edges[*last].to, position);
                    prop_assert!(path.windows(2).all(|pair| edges[pair[0]].to == edges[pair[1]].from));
                }
            }
        }
    }
}
