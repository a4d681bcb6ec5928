//! Boxes, lines and what they mean.

use std::{collections::BTreeSet, fmt::Write as _};

use super::{LINE, Shape, What, escaped, layout::Size};
use crate::{
    facts::graph::Sharing,
    output::{
        graph::scene::{Arrow, Node, Scene},
        visible::one_line,
    },
};

/// Longest name and id, in characters; the whole of them is in the title of their box.
const LONGEST: usize = 44;

/// Height of a line of text.
const ROW: i64 = 16;

/// Pixels that a text takes in a font of equal widths; letters of East Asia take two.
pub(super) fn width(text: &str, each: i64) -> i64 {
    text.chars().map(|c| if c < '\u{1100}' { each } else { 2 * each }).sum()
}

/// The rows of a box: its name, its id, and how it is shared.
fn rows(node: &Node) -> Vec<String> {
    let mut rows = vec![cut(&node.name), cut(&node.id)];
    rows.extend(match node.shape {
        Shape::Datastore(Sharing::Shared) => Some("SHARED".to_owned()),
        Shape::Datastore(Sharing::Unknown) => Some("shared?".to_owned()),
        Shape::Datastore(Sharing::Cache) => Some("shared cache".to_owned()),
        _ => None,
    });
    rows
}

pub(super) fn size(node: &Node) -> Size {
    let rows = rows(node);
    let widths = rows.iter().zip([8, 7, 7]).map(|(row, each)| width(row, each));
    let lines = i64::try_from(rows.len()).unwrap_or_default();
    let lid = if matches!(node.shape, Shape::Datastore(_)) { 8 } else { 0 };
    Size { width: widths.max().unwrap_or_default() + 28, height: lines * ROW + 16 + lid }
}

pub(super) fn body(node: &Node) -> String {
    let Size { width, height } = size(node);
    let mut text = format!("<title>{}</title>", escaped(&node.id));
    text.push_str(&outline(node.shape, width, height));
    let top = if matches!(node.shape, Shape::Datastore(_)) { 8 } else { 0 };
    for (row, (at, class)) in rows(node).iter().zip([(0, "name"), (1, "id"), (2, "name")]) {
        let y = top + 20 + at * ROW;
        let _ = write!(
            text,
            "<text class=\"{class}\" text-anchor=\"middle\" x=\"{}\" y=\"{y}\">{}</text>",
            width / 2,
            escaped(row)
        );
    }
    text
}

fn outline(shape: Shape, width: i64, height: i64) -> String {
    let rectangle = |class: &str, radius: i64| {
        format!("<rect class=\"box{class}\" width=\"{width}\" height=\"{height}\" rx=\"{radius}\"/>")
    };
    match shape {
        Shape::Service => rectangle("", 6),
        Shape::Visitor => rectangle(" visitor", 6),
        Shape::Outside => rectangle(" outside", 0),
        Shape::Topic => {
            let bars = format!("M8 0V{height}M{} 0V{height}", width - 8);
            format!("{}<path class=\"box\" d=\"{bars}\"/>", rectangle(" topic", 0))
        }
        Shape::Datastore(sharing) => {
            let class = match sharing {
                Sharing::Own | Sharing::Cache => "",
                Sharing::Unknown => " unknown",
                Sharing::Shared => " shared",
            };
            let (half, bottom) = (width / 2, height - 6);
            format!(
                "<path class=\"box store{class}\" d=\"M0 6A{half} 6 0 0 1 {width} 6V{bottom}A{half} 6 0 0 1 0 {bottom}z\
                 M0 6A{half} 6 0 0 0 {width} 6\"/>"
            )
        }
    }
}

/// Classes of the line, and which head it has.
pub(super) fn class(arrow: &Arrow) -> (String, &'static str) {
    let (mut class, mut head) = match arrow.what {
        What::Calls => ("calls".to_owned(), "calls"),
        What::Uses(_, true) => ("uses".to_owned(), "uses"),
        What::Uses(_, false) => ("uses unsure".to_owned(), "uses"),
        What::Carries(_) => ("carries".to_owned(), "carries"),
    };
    if arrow.plaintext {
        class.push_str(" plaintext");
        head = "plaintext";
    }
    (class, head)
}

pub(super) fn label(arrow: &Arrow) -> String {
    let said = match &arrow.what {
        What::Calls => String::new(),
        What::Uses(name, _) => name.as_deref().map(cut).unwrap_or_default(),
        What::Carries(categories) => categories.join(", "),
    };
    match (said.is_empty(), arrow.plaintext) {
        (_, false) => said,
        (true, true) => "plaintext".to_owned(),
        (false, true) => format!("{said} in plaintext"),
    }
}

/// What the legend has to explain, in its order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Service,
    Visitor,
    Datastore,
    Topic,
    Outside,
    Calls,
    Uses,
    Unsure,
    Carries,
}

impl Kind {
    pub(super) fn of<'s>(scenes: impl Iterator<Item = &'s Scene>) -> BTreeSet<Self> {
        let mut kinds = BTreeSet::new();
        for scene in scenes {
            kinds.extend(scene.boxes.iter().map(|node| match node.shape {
                Shape::Service => Self::Service,
                Shape::Visitor => Self::Visitor,
                Shape::Datastore(_) => Self::Datastore,
                Shape::Topic => Self::Topic,
                Shape::Outside => Self::Outside,
            }));
            kinds.extend(scene.arrows.iter().map(|arrow| match arrow.what {
                What::Calls => Self::Calls,
                What::Uses(_, true) => Self::Uses,
                What::Uses(_, false) => Self::Unsure,
                What::Carries(_) => Self::Carries,
            }));
        }
        kinds
    }

    const fn meaning(self) -> &'static str {
        match self {
            Self::Service => "service",
            Self::Visitor => "looks into the data: exporter, backup, migration",
            Self::Datastore => "database, with who else uses it",
            Self::Topic => "topic",
            Self::Outside => "outside party",
            Self::Calls => "calls",
            Self::Uses => "uses a database, as whom",
            Self::Unsure => "may use a database: it shares a file that names it",
            Self::Carries => "sensitive data goes this way",
        }
    }

    fn sample(self) -> String {
        let line = |class: &str, head: &str| {
            format!("<path class=\"arrow {class}\" marker-end=\"url(#{head})\" d=\"M0 10H44\"/>")
        };
        match self {
            Self::Service => outline(Shape::Service, 44, 20),
            Self::Visitor => outline(Shape::Visitor, 44, 20),
            Self::Datastore => outline(Shape::Datastore(Sharing::Own), 44, 20),
            Self::Topic => outline(Shape::Topic, 44, 20),
            Self::Outside => outline(Shape::Outside, 44, 20),
            Self::Calls => line("calls", "calls"),
            Self::Uses => line("uses", "uses"),
            Self::Unsure => line("uses unsure", "uses"),
            Self::Carries => line("carries", "carries"),
        }
    }
}

/// What the kinds that are drawn mean.
pub(super) struct Legend {
    pub(super) markup: String,
    pub(super) width: i64,
    pub(super) height: i64,
}

pub(super) fn legend(kinds: &BTreeSet<Kind>) -> Legend {
    let mut legend = Legend { markup: String::new(), width: 0, height: 0 };
    let mut entry = |sample: &str, meaning: &str| {
        let _ = writeln!(
            legend.markup,
            "<g transform=\"translate(0 {})\">{sample}<text class=\"id\" x=\"56\" y=\"14\">{meaning}</text></g>",
            legend.height
        );
        legend.height += LINE;
        legend.width = legend.width.max(56 + width(meaning, 7));
    };
    for kind in kinds {
        entry(&kind.sample(), kind.meaning());
    }
    if kinds.is_empty() {
        entry("", "Nothing is known of services that meet.");
    }
    legend
}

/// Shortened in the middle: both ends of an id say what it is.
fn cut(text: &str) -> String {
    let text = one_line(text);
    let count = text.chars().count();
    if count <= LONGEST {
        return text.into_owned();
    }
    let half = LONGEST / 2;
    let (head, tail) = (text.chars().take(half - 1), text.chars().skip(count - half));
    head.chain(std::iter::once('…')).chain(tail).collect()
}
