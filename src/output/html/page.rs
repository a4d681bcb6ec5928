//! The page around the report, and the only way by which text gets into it.

use crate::output::visible::visible;

/// Readable on paper and in the dark; colours say nothing that words do not.
const STYLE: &str = "body{font:16px/1.5 sans-serif;max-width:75rem;margin:auto;padding:1rem;color-scheme:light dark}\
table{border-collapse:collapse;width:100%}th,td{border:1px solid #8888;padding:.25rem .5rem;text-align:left;\
vertical-align:top;overflow-wrap:anywhere}pre{overflow-x:auto;padding:.5rem;border:1px solid #8888;white-space:pre-wrap}\
article{border-left:.25rem solid #8888;padding-left:1rem;margin:1rem 0;break-inside:avoid}h3{font-size:1rem}\
.critical,.high,.fail{color:#c00;font-weight:bold}.incomplete{font-weight:bold}";

/// An HTML document that is being written.
pub(super) struct Page(String);

impl Page {
    pub(super) fn new(title: &str) -> Self {
        let title = escaped(title);
        Self(format!(
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
             <meta name=\"viewport\" content=\"width=device-width\">\n<title>{title}</title>\n\
             <style>{STYLE}</style>\n</head>\n<body>\n<main>\n<h1>{title}</h1>\n"
        ))
    }

    /// Adds markup. Text in it has to be [`escaped`].
    pub(super) fn push(&mut self, markup: &str) {
        self.0.push_str(markup);
        self.0.push('\n');
    }

    /// A heading that can be linked to.
    pub(super) fn section(&mut self, id: &str, title: &str) {
        self.push(&format!("<h2 id=\"{id}\">{}</h2>", escaped(title)));
    }

    /// Nothing where there are no rows. Cells are markup.
    pub(super) fn table<const N: usize>(
        &mut self,
        id: &str,
        title: &str,
        columns: [&str; N],
        rows: &[[String; N]],
    ) {
        if rows.is_empty() {
            return;
        }
        self.section(id, title);
        let heads = columns.map(|column| format!("<th scope=\"col\">{column}</th>"));
        self.push(&format!("<table>\n<thead><tr>{}</tr></thead>\n<tbody>", heads.concat()));
        for row in rows {
            self.push(&format!("<tr><td>{}</td></tr>", row.join("</td><td>")));
        }
        self.push("</tbody>\n</table>");
    }

    pub(super) fn finish(mut self) -> String {
        self.push("</main>\n</body>\n</html>");
        self.0
    }
}

/// Text as text: no markup, no attribute's end, no hidden characters. Line breaks are written as references, so that
/// no line of the page begins with what somebody else wrote.
pub(super) fn escaped(text: &str) -> String {
    let mut result = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        for character in visible(line.trim_end_matches(['\r', '\n'])).chars() {
            match character {
                '&' => result.push_str("&amp;"),
                '<' => result.push_str("&lt;"),
                '>' => result.push_str("&gt;"),
                '"' => result.push_str("&quot;"),
                '\'' => result.push_str("&#39;"),
                other => result.push(other),
            }
        }
        if line.ends_with('\n') {
            result.push_str("&#10;");
        }
    }
    result
}

/// A name as it is written in files.
pub(super) fn code(text: &str) -> String {
    format!("<code>{}</code>", escaped(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_cannot_leave_its_place() {
        assert_eq!(
            escaped("<img src=x onerror='a'>\n::error::\"&\""),
            "&lt;img src=x onerror=&#39;a&#39;&gt;&#10;::error::&quot;&amp;&quot;"
        );
        assert!(!escaped("a\u{202e}b\u{1b}[0m").contains(['\u{202e}', '\u{1b}']));
    }
}
