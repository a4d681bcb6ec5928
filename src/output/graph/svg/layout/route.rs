//! Heights of slots, and the ways of arrows through them.

use super::{Arrow, Layout, Point, Route, Size, order::Slots};

/// Between two boxes of a layer.
const GAP: i64 = 22;

/// Between two layers, besides the longest label there.
const COLUMN: i64 = 56;

/// How often heights are moved towards those of neighbours.
const SWEEPS: usize = 16;

pub(super) fn route(sizes: &[Size], arrows: &[Arrow], forward: &[(usize, usize)], slots: &Slots) -> Layout {
    let middle = middles(slots);
    let columns = columns(sizes, arrows, slots);
    let corner = |(at, size): (usize, &Size)| {
        let (left, right) = columns[slots.all[at].layer];
        (left + (right - left - size.width) / 2, middle[at] - size.height / 2)
    };
    let corners: Vec<Point> = sizes.iter().enumerate().map(corner).collect();
    let ports = Ports { slots, sizes, corners: &corners, middle: &middle, columns: &columns };
    let (leaving, arriving) = (ports.heights(true), ports.heights(false));
    let routes =
        slots.chains.iter().zip(forward).zip(arrows).enumerate().map(|(at, ((chain, ends), arrow))| {
            let mut points = ports.points(chain, leaving[at], arriving[at]);
            let label = match *points {
                [first, second, ..] => (i64::midpoint(first.0, second.0), i64::midpoint(first.1, second.1)),
                _ => (0, 0),
            };
            if ends.0 != arrow.from {
                points.reverse();
            }
            Route { points, label }
        });
    let routes = routes.collect();
    let bottom = slots.all.iter().zip(&middle).map(|(slot, middle)| middle - slot.height / 2 + slot.height);
    Layout {
        corners,
        routes,
        width: columns.last().map_or(0, |(_, right)| *right),
        height: bottom.max().unwrap_or_default(),
    }
}

/// The height of the middle of each slot.
fn middles(slots: &Slots) -> Vec<i64> {
    let mut middle = vec![0_i64; slots.all.len()];
    for layer in &slots.layers {
        place(slots, layer, &vec![0; layer.len()], &mut middle);
    }
    for sweep in 0..SWEEPS {
        let rightwards = sweep % 2 == 0;
        for layer in slots.directed(rightwards) {
            let layer = &slots.layers[layer];
            let wanted = layer.iter().map(|slot| {
                let joined = slots.before(*slot, rightwards);
                let sum: i64 = joined.iter().map(|other| middle[*other]).sum();
                match i64::try_from(joined.len()) {
                    Ok(count) if count > 0 => sum / count,
                    _ => middle[*slot],
                }
            });
            place(slots, layer, &wanted.collect::<Vec<_>>(), &mut middle);
        }
    }
    let top = slots.all.iter().zip(&middle).map(|(slot, middle)| middle - slot.height / 2).min();
    middle.iter_mut().for_each(|middle| *middle -= top.unwrap_or_default());
    middle
}

/// As near to the wanted heights as the order and the gaps allow: between what moves down only and what moves up only.
fn place(slots: &Slots, layer: &[usize], wanted: &[i64], middle: &mut [i64]) {
    let apart = |a: usize, b: usize| {
        let (a, b) = (&slots.all[a], &slots.all[b]);
        let gap = if a.is_box || b.is_box { GAP } else { 0 };
        (a.height + b.height + 1) / 2 + gap
    };
    let mut down = wanted.to_vec();
    for at in 1..layer.len() {
        down[at] = down[at].max(down[at - 1] + apart(layer[at - 1], layer[at]));
    }
    let mut up = wanted.to_vec();
    for at in (1..layer.len()).rev() {
        up[at - 1] = up[at - 1].min(up[at] - apart(layer[at - 1], layer[at]));
    }
    let mut last: Option<usize> = None;
    for ((slot, down), up) in layer.iter().zip(down).zip(up) {
        // Rounding may take a pixel of a gap.
        let least = last.map_or(i64::MIN, |last| middle[last] + apart(last, *slot));
        middle[*slot] = i64::midpoint(down, up).max(least);
        last = Some(*slot);
    }
}

/// Left and right of each layer.
fn columns(sizes: &[Size], arrows: &[Arrow], slots: &Slots) -> Vec<(i64, i64)> {
    let mut labels = vec![0; slots.layers.len()];
    for (chain, arrow) in slots.chains.iter().zip(arrows) {
        if let Some(first) = chain.first() {
            let room = &mut labels[slots.all[*first].layer];
            *room = arrow.label.max(*room);
        }
    }
    let mut x = 0;
    let columns = slots.layers.iter().zip(labels).map(|(layer, label)| {
        let width = layer.iter().filter_map(|slot| sizes.get(*slot)).map(|size| size.width).max();
        let left = x;
        let right = left + width.unwrap_or_default();
        x = right + COLUMN + label;
        (left, right)
    });
    columns.collect()
}

/// Where arrows leave and reach boxes: spread over the side, in the order of what is at their other ends.
struct Ports<'l> {
    slots: &'l Slots,
    sizes: &'l [Size],
    corners: &'l [Point],
    middle: &'l [i64],
    columns: &'l [(i64, i64)],
}

impl Ports<'_> {
    /// For each arrow, its height at the box on its left, or on its right.
    fn heights(&self, leaving: bool) -> Vec<i64> {
        let mut sides: Vec<Vec<(i64, usize)>> = vec![Vec::new(); self.sizes.len()];
        for (arrow, chain) in self.slots.chains.iter().enumerate() {
            let ([first, second, ..], [.., before, last]) = (&**chain, &**chain) else { continue };
            let (at, towards) = if leaving { (first, second) } else { (last, before) };
            sides[*at].push((self.middle[*towards], arrow));
        }
        let mut heights = vec![0; self.slots.chains.len()];
        for ((mut side, size), corner) in sides.into_iter().zip(self.sizes).zip(self.corners) {
            side.sort_unstable();
            let parts = i64::try_from(side.len()).unwrap_or(i64::MAX - 1) + 1;
            for (part, (_, arrow)) in (1_i64..).zip(side) {
                heights[arrow] = corner.1 + size.height * part / parts;
            }
        }
        heights
    }

    /// From the right side of the first box to the left side of the last.
    fn points(&self, chain: &[usize], leaving: i64, arriving: i64) -> Vec<Point> {
        let [first, passed @ .., last] = chain else { return Vec::new() };
        let mut points = vec![(self.corners[*first].0 + self.sizes[*first].width, leaving)];
        for slot in passed {
            let (left, right) = self.columns[self.slots.all[*slot].layer];
            points.extend([(left, self.middle[*slot]), (right, self.middle[*slot])]);
        }
        points.push((self.corners[*last].0, arriving));
        points
    }
}
