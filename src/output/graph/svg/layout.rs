//! Where boxes and arrows are drawn: layers from left to right, after Sugiyama, Tagawa and Toda (1981).
//!
//! Four steps: arrows that close a circle are turned round, boxes get the layer behind all that lead to them, the order
//! within the layers is that of neighbours, and heights are moved towards them. Whole numbers only, so that every
//! machine draws the same.

mod order;
mod route;

use order::Slots;

/// A box that is to be placed, in pixels.
#[derive(Debug, Clone, Copy)]
pub(super) struct Size {
    pub(super) width: i64,
    pub(super) height: i64,
}

/// An arrow that is to be drawn, between positions of boxes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Arrow {
    pub(super) from: usize,
    pub(super) to: usize,
    /// It goes back on another's way: what it leads to stands on its left if that can be.
    pub(super) back: bool,
    /// Room for its label.
    pub(super) label: i64,
}

impl Arrow {
    /// Its ends, that which should be on the left first.
    const fn ends(&self) -> (usize, usize) {
        if self.back { (self.to, self.from) } else { (self.from, self.to) }
    }
}

pub(super) type Point = (i64, i64);

/// What an arrow follows: straight or curved pieces from its beginning to its end.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Route {
    pub(super) points: Vec<Point>,
    /// Where its label is centred.
    pub(super) label: Point,
}

#[derive(Debug, Default)]
pub(super) struct Layout {
    /// Upper left corners of the boxes.
    pub(super) corners: Vec<Point>,
    /// Of each arrow; empty for one that leads from a box to itself.
    pub(super) routes: Vec<Route>,
    pub(super) width: i64,
    pub(super) height: i64,
}

pub(super) fn layout(sizes: &[Size], arrows: &[Arrow]) -> Layout {
    let forward = forward(sizes.len(), arrows);
    let layers = layers(sizes.len(), &forward);
    let slots = Slots::new(sizes, &layers, &forward);
    route::route(sizes, arrows, &forward, &slots)
}

/// The ends of each arrow, the left one first.
fn forward(boxes: usize, arrows: &[Arrow]) -> Vec<(usize, usize)> {
    let mut next = vec![Vec::new(); boxes];
    let mut has_before = vec![false; boxes];
    for (from, to) in arrows.iter().map(Arrow::ends).filter(|(from, to)| from != to) {
        next[from].push(to);
        has_before[to] = true;
    }
    // What nothing leads to comes first; then circles, where they begin in the list.
    let (inner, first): (Vec<usize>, Vec<usize>) = (0..boxes).partition(|at| has_before[*at]);
    // Position in the order in which the search leaves boxes; what is still open closes a circle.
    let mut left = vec![None; boxes];
    let mut seen = vec![false; boxes];
    let mut count = 0;
    for start in first.into_iter().chain(inner) {
        let mut open = vec![(start, 0)];
        if std::mem::replace(&mut seen[start], true) {
            continue;
        }
        while let Some((at, tried)) = open.last_mut() {
            if let Some(&to) = next[*at].get(*tried) {
                *tried += 1;
                if !std::mem::replace(&mut seen[to], true) {
                    open.push((to, 0));
                }
            } else {
                left[*at] = Some(count);
                count += 1;
                open.pop();
            }
        }
    }
    let forward = |(from, to): (usize, usize)| {
        // In a search without circles, what an arrow leads to is left before that from which it leads.
        if left[to] > left[from] { (to, from) } else { (from, to) }
    };
    arrows.iter().map(Arrow::ends).map(forward).collect()
}

/// The layer of each box: right of all that lead to it, and what nothing leads to beside what it leads to.
fn layers(boxes: usize, forward: &[(usize, usize)]) -> Vec<usize> {
    let mut next = vec![Vec::new(); boxes];
    let mut waiting = vec![0_usize; boxes];
    for (from, to) in forward.iter().filter(|(from, to)| from != to) {
        next[*from].push(*to);
        waiting[*to] += 1;
    }
    let is_first: Vec<bool> = waiting.iter().map(|count| *count == 0).collect();
    let mut ready: Vec<usize> = (0..boxes).filter(|at| is_first[*at]).collect();
    let mut layers = vec![0; boxes];
    while let Some(at) = ready.pop() {
        for &to in &next[at] {
            layers[to] = layers[to].max(layers[at] + 1);
            waiting[to] -= 1;
            if waiting[to] == 0 {
                ready.push(to);
            }
        }
    }
    for at in (0..boxes).filter(|at| is_first[*at]) {
        let nearest = next[at].iter().map(|to| layers[*to]).min();
        layers[at] = nearest.map_or(0, |nearest: usize| nearest.saturating_sub(1));
    }
    layers
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn drawn(boxes: usize, ends: &[(usize, usize)]) -> Layout {
        let sizes = vec![Size { width: 100, height: 40 }; boxes];
        let arrows: Vec<Arrow> =
            ends.iter().map(|&(from, to)| Arrow { from, to, back: false, label: 0 }).collect();
        layout(&sizes, &arrows)
    }

    #[test]
    fn what_is_called_stands_right_of_its_callers_even_in_a_circle() {
        let drawn = drawn(4, &[(0, 1), (1, 2), (2, 1), (0, 2), (3, 2)]);
        let x: Vec<i64> = drawn.corners.iter().map(|corner| corner.0).collect();
        assert!(x[0] < x[1] && x[1] < x[2] && x[3] == x[1], "{x:?}");
        let turned = &drawn.routes[2].points;
        assert!(turned.first() > turned.last(), "an arrow back is drawn from right to left");
    }

    #[test]
    fn what_comes_back_turns_nothing_round() {
        let sizes = [Size { width: 100, height: 40 }; 2];
        let arrows = [(0, 1, true), (1, 0, false)].map(|(from, to, back)| Arrow { from, to, back, label: 0 });
        let drawn = layout(&sizes, &arrows);
        assert!(drawn.corners[1].0 < drawn.corners[0].0, "the caller is on the left");
    }

    #[test]
    fn nothing_is_drawn_of_nothing() {
        let drawn = drawn(0, &[]);
        assert_eq!((drawn.width, drawn.height), (0, 0));
    }

    proptest! {
        #[test]
        fn boxes_never_touch_and_arrows_go_from_box_to_box(
            boxes in 1usize..12, ends in proptest::collection::vec((0usize..12, 0usize..12), 0..30),
        ) {
            let ends: Vec<_> = ends.into_iter().map(|(from, to)| (from % boxes, to % boxes)).collect();
            let drawn = drawn(boxes, &ends);
            for (at, (x, y)) in drawn.corners.iter().enumerate() {
                prop_assert!(*x >= 0 && *y >= 0 && x + 100 <= drawn.width && y + 40 <= drawn.height);
                for (other_x, other_y) in &drawn.corners[at + 1..] {
                    prop_assert!((x - other_x).abs() >= 100 || (y - other_y).abs() >= 40);
                }
            }
            for (&(from, to), route) in ends.iter().zip(&drawn.routes) {
                prop_assert_eq!(route.points.is_empty(), from == to);
                for (end, at) in [(route.points.first(), from), (route.points.last(), to)] {
                    let Some((x, y)) = end else { continue };
                    let (left, top) = drawn.corners[at];
                    prop_assert!(*x == left || *x == left + 100);
                    prop_assert!(top <= *y && *y <= top + 40);
                }
            }
        }
    }
}
