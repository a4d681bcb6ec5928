//! Every kind of record in words, and runs that take turns.

use std::path::Path;

use super::{page::Page, *};
use crate::audit::{Event, event::tests::every_event};

const RUNS: [&str; 2] = ["01K6E3M7Q8ZV5T2N4R9WXYABCD", "01K6E3M7Q8ZV5T2N4R9WXYABCE"];

fn row(index: u64, run: &str, event: &Event) -> Row {
    Row {
        index,
        time: "2026-10-01T12:00:00.123Z".to_owned(),
        run: run.to_owned(),
        kind: event.kind(),
        body: serde_json::from_str(&event.body()).unwrap(),
        record: String::new(),
        asked: true,
        matching: Some(Vec::new()),
    }
}

fn shown(rows: &[Row], color: bool) -> String {
    let mut shown = Vec::new();
    let ending = Ending { outcome: "fail".to_owned(), exit: "1".to_owned() };
    let endings = BTreeMap::from([(RUNS[0].to_owned(), ending)]);
    let mut page = Page::new(&mut shown, Path::new("nowhere"), endings, color);
    rows.iter().try_for_each(|row| page.row(row)).and_then(|()| page.finish()).unwrap();
    String::from_utf8(shown).unwrap()
}

fn every_row() -> Vec<Row> {
    every_event().iter().zip(0..).map(|(event, index)| row(index, RUNS[0], event)).collect()
}

#[test]
fn every_kind_of_record_is_a_sentence_with_its_digests_last() {
    insta::assert_snapshot!(shown(&every_row(), false));
}

/// What the words leave out follows them: nothing that is recorded is hidden.
#[test]
fn every_value_of_a_record_is_on_the_page() {
    fn values(value: &Value, into: &mut Vec<String>) {
        match value {
            Value::Object(map) => map.values().for_each(|value| values(value, into)),
            Value::Array(items) => items.iter().for_each(|value| values(value, into)),
            Value::String(text) => into.push(text.clone()),
            other => into.push(other.to_string()),
        }
    }
    let page = shown(&every_row(), false);
    for row in every_row() {
        let mut recorded = Vec::new();
        values(&row.body, &mut recorded);
        for value in recorded {
            let beginning = value.split(['\n', '\u{202e}']).next().unwrap();
            let beginning = if beginning.len() >= 64 { &beginning[..8] } else { beginning };
            // A list names the digests of its items, which the decisions repeat.
            let listed = row.kind == Kind::ScanInputs && (value == "12" || value == "00ff");
            assert!(listed || page.contains(beginning), "{value} of {}", row.kind.name());
        }
    }
}

#[test]
fn runs_that_take_turns_are_told_apart() {
    let events = every_event();
    let of = |kind| events.iter().find(|event| event.kind() == kind).unwrap();
    let (start, decision, end) = (of(Kind::ScanStart), of(Kind::Decision), of(Kind::ScanEnd));
    let rows =
        [row(0, RUNS[0], start), row(1, RUNS[1], start), row(2, RUNS[0], decision), row(3, RUNS[0], end)];
    let shown = shown(&rows, false);
    let headings: Vec<&str> = shown.lines().filter(|line| line.starts_with("run ")).collect();
    assert_eq!(
        headings,
        [
            "run 01K6E3M7Q8ZV5T2N4R9WXYABCD  2026-10-01 12:00:00 UTC  fail, exit 1",
            "run 01K6E3M7Q8ZV5T2N4R9WXYABCE  2026-10-01 12:00:00 UTC  did not end",
            "run 01K6E3M7Q8ZV5T2N4R9WXYABCD, continued",
        ]
    );
}

#[test]
fn a_decision_names_the_file_that_its_run_read() {
    let rows: Vec<Row> =
        every_row().into_iter().map(|row| Row { asked: row.kind == Kind::Decision, ..row }).collect();
    let shown = shown(&rows, false);
    let lines: Vec<&str> = shown.lines().collect();
    assert_eq!(lines.len(), 3, "a heading, who, and what was asked for: {shown}");
    assert!(lines[1].starts_with("  by ann (env-claimed); on github "), "{shown}");
    assert!(lines[2].contains(" in b.yaml at spec.template"), "{shown}");
}

#[test]
fn colours_change_nothing_but_colours() {
    let colored = shown(&every_row(), true);
    let plain = anstream::adapter::strip_str(&colored).to_string();
    assert!(colored.len() > plain.len());
    assert_eq!(plain, shown(&every_row(), false));
}
