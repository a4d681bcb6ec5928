//! SVG 1.1 (w3.org/TR/SVG11): a picture that needs nothing but a browser.
//!
//! It holds no script and loads nothing. Whoever cannot see it reads the same in its description; colours say nothing
//! that words and line styles do not.

mod layout;
mod shapes;

use std::{
    collections::BTreeSet,
    fmt::Write as _,
    io::{self, Write},
};

use self::{
    layout::{Layout, Route, layout},
    shapes::{Kind, body, class, label, legend, size},
};
use super::{
    Named, one_line,
    scene::{Arrow, Scene, Shape, What},
};
use crate::facts::graph::Sharing;

/// Around everything.
const MARGIN: i64 = 24;

/// Height of the name of a set, and of an entry of the legend.
const LINE: i64 = 28;

const STYLE: &str = "text{font-family:ui-monospace,Menlo,Consolas,\"DejaVu Sans Mono\",monospace;fill:#1b1f24}\
.name{font-size:13px;font-weight:bold}.id{font-size:11px;fill:#4a5260}.set{font-size:15px;font-weight:bold}\
.label{font-size:11px}.gap{fill:#fff;fill-opacity:.85}\
.box{fill:#f6f8fa;stroke:#4a5260;stroke-width:1.5}.visitor,.outside{stroke-dasharray:5 3}.store{fill:#eef4ff}\
.topic{fill:#eefbf0}.shared{fill:#ffe3e3;stroke:#b00020;stroke-width:3}.unknown{fill:#fff8dd;stroke-dasharray:5 3}\
.arrow{fill:none;stroke-width:1.25;stroke:#6b7480}.uses{stroke:#1b1f24}.unsure{stroke-dasharray:5 3}\
.carries{stroke:#0044cc;stroke-width:2.5}.plaintext{stroke:#b00020}";

/// Arrow heads, in the colours of their lines.
const HEADS: [(&str, &str); 4] =
    [("calls", "#6b7480"), ("uses", "#1b1f24"), ("carries", "#0044cc"), ("plaintext", "#b00020")];

/// One set with where everything in it is.
struct Picture<'n> {
    name: Option<&'n str>,
    scene: Scene,
    layout: Layout,
}

pub(super) fn draw(sets: &[Named], out: &mut dyn Write) -> io::Result<()> {
    let pictures = sets.iter().map(|named| {
        let scene = Scene::new(&named.graph);
        let sizes: Vec<layout::Size> = scene.boxes.iter().map(size).collect();
        let asked: BTreeSet<_> =
            scene.arrows.iter().filter(|arrow| arrow.is_asked()).map(Arrow::ends).collect();
        let arrows = scene.arrows.iter().map(|arrow| layout::Arrow {
            from: arrow.from,
            to: arrow.to,
            back: !arrow.is_asked() && asked.contains(&(arrow.to, arrow.from)),
            label: shapes::width(&label(arrow), 7),
        });
        let layout = layout(&sizes, &arrows.collect::<Vec<_>>());
        Picture { name: named.name.as_deref(), scene, layout }
    });
    let pictures: Vec<Picture<'_>> = pictures.filter(|picture| !picture.scene.boxes.is_empty()).collect();
    let kinds = Kind::of(pictures.iter().map(|picture| &picture.scene));
    let legend = legend(&kinds);
    let body: i64 = pictures.iter().map(Picture::height).sum();
    let width =
        pictures.iter().map(|picture| picture.layout.width).max().unwrap_or_default().max(legend.width);
    let (width, height) = (width + 2 * MARGIN, body + legend.height + 2 * MARGIN);
    writeln!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" aria-labelledby=\"title desc\" \
         width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\">"
    )?;
    writeln!(out, "<title id=\"title\">Services, datastores and flows of data</title>")?;
    writeln!(out, "<desc id=\"desc\">{}</desc>", escaped(&description(&pictures)))?;
    writeln!(out, "<style>{STYLE}</style>\n<defs>")?;
    for (name, colour) in HEADS {
        writeln!(
            out,
            "<marker id=\"{name}\" viewBox=\"0 0 8 8\" refX=\"8\" refY=\"4\" markerWidth=\"9\" markerHeight=\"9\" \
             markerUnits=\"userSpaceOnUse\" orient=\"auto\"><path d=\"M0 0L8 4L0 8z\" fill=\"{colour}\"/></marker>"
        )?;
    }
    writeln!(out, "</defs>\n<rect width=\"{width}\" height=\"{height}\" fill=\"#fff\"/>")?;
    let mut top = MARGIN;
    for picture in &pictures {
        writeln!(out, "<g transform=\"translate({MARGIN} {top})\">")?;
        picture.draw(out)?;
        writeln!(out, "</g>")?;
        top += picture.height();
    }
    writeln!(out, "<g transform=\"translate({MARGIN} {top})\">\n{}</g>\n</svg>", legend.markup)
}

impl Picture<'_> {
    fn height(&self) -> i64 {
        self.layout.height + MARGIN + self.head()
    }

    /// Room for its name.
    const fn head(&self) -> i64 {
        if self.name.is_some() { LINE } else { 0 }
    }

    /// Arrows first, so that boxes are above them, and labels above both.
    fn draw(&self, out: &mut dyn Write) -> io::Result<()> {
        if let Some(name) = self.name {
            writeln!(out, "<text class=\"set\" y=\"15\">{}</text>", escaped(name))?;
        }
        writeln!(out, "<g transform=\"translate(0 {})\">", self.head())?;
        let routed = || self.scene.arrows.iter().zip(&self.layout.routes);
        for (arrow, route) in routed().filter(|(_, route)| !route.points.is_empty()) {
            let (class, head) = class(arrow);
            let line = curve(route);
            writeln!(out, "<path class=\"arrow {class}\" marker-end=\"url(#{head})\" d=\"{line}\"/>")?;
        }
        for (node, &(x, y)) in self.scene.boxes.iter().zip(&self.layout.corners) {
            writeln!(out, "<g transform=\"translate({x} {y})\">{}</g>", body(node))?;
        }
        for (arrow, route) in routed().filter(|(_, route)| !route.points.is_empty()) {
            let (label, (x, y)) = (label(arrow), route.label);
            if !label.is_empty() {
                let width = shapes::width(&label, 7) + 4;
                writeln!(
                    out,
                    "<g transform=\"translate({x} {y})\"><rect class=\"gap\" x=\"{}\" y=\"-8\" width=\"{width}\" \
                     height=\"16\"/><text class=\"label\" text-anchor=\"middle\" y=\"4\">{}</text></g>",
                    -width / 2,
                    escaped(&label)
                )?;
            }
        }
        writeln!(out, "</g>")
    }
}

/// Curves between layers, and straight lines past them.
fn curve(route: &Route) -> String {
    let mut path = String::new();
    let Some(&(mut x, first)) = route.points.first() else { return path };
    let mut y = first;
    let _ = write!(path, "M{x} {y}");
    for &(to_x, to_y) in route.points.iter().skip(1) {
        let _ = if y == to_y {
            write!(path, "H{to_x}")
        } else {
            let middle = i64::midpoint(x, to_x);
            write!(path, "C{middle} {y} {middle} {to_y} {to_x} {to_y}")
        };
        (x, y) = (to_x, to_y);
    }
    path
}

/// The picture in words, an arrow a sentence.
fn description(pictures: &[Picture<'_>]) -> String {
    let mut text = String::new();
    for picture in pictures {
        if let Some(name) = picture.name {
            let _ = write!(text, "In {name}: ");
        }
        let id = |at: usize| one_line(&picture.scene.boxes[at].id);
        for Arrow { from, to, what, plaintext } in &picture.scene.arrows {
            let (from, to) = (id(*from), id(*to));
            let how = if *plaintext { " in plaintext" } else { "" };
            let _ = match what {
                What::Calls => write!(text, "{from} calls {to}{how}. "),
                What::Uses(None, true) => write!(text, "{from} uses {to}{how}. "),
                What::Uses(None, false) => write!(text, "{from} may use {to}{how}. "),
                What::Uses(Some(name), sure) => {
                    let verb = if *sure { "uses" } else { "may use" };
                    write!(text, "{from} {verb} {to} as {}{how}. ", one_line(name))
                }
                What::Carries(categories) => {
                    write!(text, "{} goes from {from} to {to}{how}. ", categories.join(", "))
                }
            };
        }
        for node in &picture.scene.boxes {
            let _ = match node.shape {
                Shape::Datastore(Sharing::Shared) => write!(text, "{} is shared. ", one_line(&node.id)),
                Shape::Datastore(Sharing::Unknown) => {
                    write!(text, "Whether {} is shared is not known. ", one_line(&node.id))
                }
                _ => Ok(()),
            };
        }
    }
    if text.is_empty() {
        "Nothing is known of services that meet.".to_owned()
    } else {
        text.trim_end().to_owned()
    }
}

/// Text as content or attribute of XML.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in one_line(text).chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            // XML 1.0 has no such characters.
            '\u{fffe}' | '\u{ffff}' => safe.push('\u{fffd}'),
            c => safe.push(c),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::escaped;
    use crate::output::tests::HOSTILE;

    #[test]
    fn text_is_no_markup() {
        assert_eq!(escaped("a<b>\"&'\u{ffff}"), "a&lt;b&gt;&quot;&amp;'\u{fffd}");
        let safe = escaped(HOSTILE);
        assert!(!safe.contains(['<', '>', '"', '\u{1b}', '\n', '\u{202e}']), "{safe}");
    }
}
