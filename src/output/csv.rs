//! `csv`: one row per finding and per result that was not assessed, for spreadsheets (RFC 4180).
//!
//! A cell that a spreadsheet would take for a formula starts with an apostrophe.

use std::io::{self, Write};

use super::{Options, frameworks, visible::one_line};
use crate::{
    report::{Report, Status},
    source::{Place, Sources},
};

const COLUMNS: [&str; 16] = [
    "status",
    "severity",
    "rule",
    "title",
    "resource",
    "message",
    "file",
    "line",
    "column",
    "sets",
    "controls",
    "waiver",
    "waiver_owner",
    "waiver_until",
    "missing",
    "fingerprint",
];

pub(super) fn render(report: &Report, sources: &Sources, _: Options, out: &mut dyn Write) -> io::Result<()> {
    row(out, COLUMNS.map(str::to_owned))?;
    for judged in &report.findings {
        let finding = &judged.finding;
        let [file, line, column] = position(finding.place.as_ref(), sources);
        let rule = report.rule(&finding.rule);
        let controls: Vec<String> = rule
            .into_iter()
            .flat_map(frameworks)
            .flat_map(|(name, controls)| controls.iter().map(move |control| format!("{name} {}", control.id)))
            .collect();
        let [waiver, owner, until] = match &judged.status {
            Status::Waived(waiver) => [&waiver.id, &waiver.owner, &waiver.until].map(String::clone),
            Status::Open | Status::Baseline => Default::default(),
        };
        row(
            out,
            [
                judged.status.name().to_owned(),
                finding.severity.to_string(),
                finding.rule.to_string(),
                rule.map(|rule| rule.title.clone()).unwrap_or_default(),
                finding.resource.clone(),
                finding.message.clone(),
                file,
                line,
                column,
                finding.sets.join("; "),
                controls.join("; "),
                waiver,
                owner,
                until,
                String::new(),
                judged.fingerprint.clone(),
            ],
        )?;
    }
    for result in &report.not_assessed {
        let [file, line, column] = position(result.place.as_ref(), sources);
        row(
            out,
            [
                "not assessed".to_owned(),
                String::new(),
                result.rule.to_string(),
                report.rule(&result.rule).map(|rule| rule.title.clone()).unwrap_or_default(),
                result.resources.join("; "),
                result.reason.clone(),
                file,
                line,
                column,
                result.sets.join("; "),
                String::new(),
                String::new(),
                String::new(),
                String::new(),
                result.missing.clone().unwrap_or_default(),
                String::new(),
            ],
        )?;
    }
    Ok(())
}

fn position(place: Option<&Place>, sources: &Sources) -> [String; 3] {
    place.map_or_else(Default::default, |place| {
        let source = sources.get(place.source);
        let region = source.region(&place.span());
        [source.file.to_string(), region.line.to_string(), region.column.to_string()]
    })
}

fn row(out: &mut dyn Write, cells: [String; COLUMNS.len()]) -> io::Result<()> {
    write!(out, "{}\r\n", cells.map(|text| cell(&text)).join(","))
}

fn cell(text: &str) -> String {
    let text = one_line(text);
    let text = if text.starts_with(['=', '+', '-', '@']) { format!("'{text}") } else { text.into_owned() };
    if text.contains([',', '"', '\'', ';']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula_or_a_second_cell() {
        for (text, expected) in [
            ("plain", "plain"),
            ("a,b", "\"a,b\""),
            ("say \"x\"", "\"say \"\"x\"\"\""),
            ("=HYPERLINK(1)", "\"'=HYPERLINK(1)\""),
            ("@SUM(1)", "\"'@SUM(1)\""),
            ("\t=1", " =1"),
            ("two\nlines", "two lines"),
        ] {
            assert_eq!(cell(text), expected);
        }
    }
}
