//! The order within layers: boxes, and a slot in each layer that an arrow passes.

use std::cmp::Ordering;

use super::Size;

/// How often the order is improved; more changes little.
const SWEEPS: usize = 12;

/// Height that an arrow which passes a layer keeps free.
const PASSING: i64 = 18;

/// A box, or where an arrow passes a layer.
#[derive(Debug)]
pub(super) struct Slot {
    pub(super) layer: usize,
    /// Whether it is a box; else an arrow passes.
    pub(super) is_box: bool,
    pub(super) height: i64,
    left: Vec<usize>,
    right: Vec<usize>,
}

/// All slots; those of boxes have the positions of their boxes.
#[derive(Debug, Default)]
pub(super) struct Slots {
    pub(super) all: Vec<Slot>,
    /// Slots of each layer, from top to bottom.
    pub(super) layers: Vec<Vec<usize>>,
    /// The slots that each arrow goes through, from left to right; empty for one from a box to itself.
    pub(super) chains: Vec<Vec<usize>>,
}

impl Slots {
    pub(super) fn new(sizes: &[Size], layers: &[usize], forward: &[(usize, usize)]) -> Self {
        let mut slots = Self::default();
        for (size, &layer) in sizes.iter().zip(layers) {
            slots.push(layer, true, size.height);
        }
        for &(from, to) in forward {
            if from == to {
                slots.chains.push(Vec::new());
                continue;
            }
            let mut chain = vec![from];
            for layer in layers[from] + 1..layers[to] {
                chain.push(slots.push(layer, false, PASSING));
            }
            chain.push(to);
            for (&left, &right) in chain.iter().zip(chain.iter().skip(1)) {
                slots.all[left].right.push(right);
                slots.all[right].left.push(left);
            }
            slots.chains.push(chain);
        }
        for sweep in 0..SWEEPS {
            slots.sweep(sweep % 2 == 0);
        }
        slots
    }

    fn push(&mut self, layer: usize, is_box: bool, height: i64) -> usize {
        let at = self.all.len();
        self.all.push(Slot { layer, is_box, height, left: Vec::new(), right: Vec::new() });
        if self.layers.len() <= layer {
            self.layers.resize_with(layer + 1, Vec::new);
        }
        self.layers[layer].push(at);
        at
    }

    /// Layers in one direction, or in the other.
    pub(super) fn directed(&self, rightwards: bool) -> Vec<usize> {
        let layers = 0..self.layers.len();
        if rightwards { layers.collect() } else { layers.rev().collect() }
    }

    /// What a slot is joined with in the layer before it.
    pub(super) fn before(&self, slot: usize, rightwards: bool) -> &[usize] {
        let slot = &self.all[slot];
        if rightwards { &slot.left } else { &slot.right }
    }

    /// Sorts each layer by the mean position of what its slots are joined with in the layer before.
    fn sweep(&mut self, rightwards: bool) {
        let mut position = vec![0_usize; self.all.len()];
        for layer in self.directed(rightwards) {
            let slots = std::mem::take(&mut self.layers[layer]);
            let keyed = slots.into_iter().enumerate().map(|(at, slot)| {
                let joined = self.before(slot, rightwards);
                let sum: usize = joined.iter().map(|other| position[*other]).sum();
                let mean = if joined.is_empty() { (at, 1) } else { (sum, joined.len()) };
                (mean, slot)
            });
            let mut keyed: Vec<_> = keyed.collect();
            keyed.sort_by(|(a, _), (b, _)| compare(*a, *b));
            for (at, (_, slot)) in keyed.iter().enumerate() {
                position[*slot] = at;
            }
            self.layers[layer] = keyed.into_iter().map(|(_, slot)| slot).collect();
        }
    }
}

/// Fractions, compared without rounding.
fn compare((sum, count): (usize, usize), (other_sum, other_count): (usize, usize)) -> Ordering {
    (sum * other_count).cmp(&(other_sum * count))
}
