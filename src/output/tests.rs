mod set;

use proptest::prelude::*;

use super::{FORMATS, Options, Verbosity, format};
use crate::source::{Mask, Place, Sources};
pub(super) use set::{HOSTILE, SECRET, Set, finding, judged, many, none, place, read, report, rich};

const NORMAL: Options = Options { color: false, verbosity: Verbosity::Normal };

/// A report in a format, with the version of the program replaced.
pub(super) fn rendered(name: &str, set: &Set, options: Options) -> String {
    let mut out = Vec::new();
    format(name)
        .expect("a format of the table")
        .render(&set.report, &set.sources, &options, &mut out)
        .unwrap();
    let text = String::from_utf8(out).expect("every format is UTF-8");
    text.replace(env!("CARGO_PKG_VERSION"), "[VERSION]")
}

#[test]
fn every_format_shows_the_rich_set() {
    let set = rich();
    for format in &FORMATS {
        insta::assert_snapshot!(format!("rich.{}", format.name), rendered(format.name, &set, NORMAL));
    }
}

#[test]
fn every_format_shows_a_clean_run() {
    let set = none();
    for format in &FORMATS {
        insta::assert_snapshot!(format!("none.{}", format.name), rendered(format.name, &set, NORMAL));
    }
}

#[test]
fn text_says_less_and_more() {
    let set = rich();
    for (name, verbosity) in [("quiet", Verbosity::Quiet), ("verbose", Verbosity::Verbose)] {
        insta::assert_snapshot!(
            format!("rich.text.{name}"),
            rendered("text", &set, Options { color: false, verbosity })
        );
    }
}

#[test]
fn colours_change_nothing_but_colours() {
    let set = rich();
    for verbosity in [Verbosity::Quiet, Verbosity::Normal, Verbosity::Verbose] {
        let plain = rendered("text", &set, Options { color: false, verbosity });
        let coloured = rendered("text", &set, Options { color: true, verbosity });
        assert!(coloured.contains("\u{1b}["));
        assert_eq!(anstream::adapter::strip_str(&coloured).to_string(), plain);
    }
}

#[test]
fn equal_reports_give_equal_bytes() {
    for format in &FORMATS {
        assert_eq!(rendered(format.name, &rich(), NORMAL), rendered(format.name, &rich(), NORMAL));
    }
}

#[test]
fn an_unknown_format_is_none() {
    assert!(format("yaml").is_none());
    assert!(format("Text").is_none());
}

#[test]
fn hostile_text_stays_text() {
    let set = rich();
    for format in &FORMATS {
        let text = rendered(format.name, &set, Options { color: false, verbosity: Verbosity::Verbose });
        for hidden in ['\u{1b}', '\u{202e}', '\u{7}'] {
            assert!(!text.contains(hidden), "{}: {hidden:?}", format.name);
        }
        let commands = text.lines().filter(|line| line.trim_start().starts_with("::"));
        let ours = |line: &str| {
            ["::error ", "::warning ", "::notice "].iter().any(|command| line.starts_with(command))
        };
        for line in commands {
            assert!(format.name == "github" && ours(line), "{}: {line}", format.name);
        }
    }
    assert!(HOSTILE.contains("::error::pwned"));
}

#[test]
fn github_shows_ten_annotations_of_a_level_and_counts_the_rest() {
    let text = rendered("github", &many(200), NORMAL);
    for (command, more) in [("::error ", 71), ("::warning ", 31), ("::notice ", 71)] {
        let lines: Vec<&str> = text.lines().filter(|line| line.starts_with(command)).collect();
        assert_eq!(lines.len(), 10, "{command}");
        assert!(lines[9].contains(&format!("{more} more annotations")), "{}", lines[9]);
    }
    let first = text.lines().next().unwrap();
    assert!(first.contains("title=critical storage/public-bucket"), "{first}");
}

#[test]
fn a_markdown_summary_stays_below_the_limit_and_counts_what_is_left_out() {
    let text = rendered("markdown", &many(12_000), NORMAL);
    assert!(text.len() < 900 * 1024);
    assert!(text.contains("more rows did not fit"));
    assert!(text.contains("## What to do"));
}

/// A secret at any position: whatever a finding points at, no part of the secret is in any format.
fn planted(secret: &str, prefix: &str, start: usize, length: usize, every: bool) -> Set {
    let text = if every {
        format!("{{\"{prefix}\":\"{secret}\",\"list\":[\"{secret}\",1],\"after\":true}}")
    } else {
        format!("{prefix}: {secret}\nblock: |\n  {secret}\n  {secret}\nafter: true\n")
    };
    let spans: Vec<_> = text.match_indices(secret).map(|(at, _)| at..at + secret.len()).collect();
    let mut source = set::read("k8s/planted.yaml", &text, 1);
    if every {
        source.mask = Mask::WHOLE;
    } else {
        source.add_mask(spans);
    }
    let sources = Sources::new(vec![source]);
    let place = Place::new(set::place(&sources, "k8s/planted.yaml", "after").source, start..start + length);
    let mut finding = set::finding("storage/public-bucket", crate::finding::Severity::High, "Secret/shop/db");
    finding.message = "found".into();
    finding.related = vec![crate::finding::Related {
        label: "here".into(),
        resource: None,
        via: None,
        is_context: false,
        place: Some(Place::new(place.source, start / 2..start)),
    }];
    finding.place = Some(place);
    Set { report: set::report(vec![set::judged(finding, crate::report::Status::Open)]), sources }
}

proptest! {
    #[test]
    fn no_part_of_a_secret_is_in_any_format(
        secret in "[QXZJ]{8,60}", prefix in "[a-zü]{1,200}", start in 0usize..400, length in 0usize..200, every: bool,
    ) {
        let set = planted(&secret, &prefix, start, length, every);
        for format in &FORMATS {
            let text = rendered(format.name, &set, Options { color: true, verbosity: Verbosity::Verbose });
            for part in secret.as_bytes().windows(4) {
                let part = std::str::from_utf8(part).unwrap();
                prop_assert!(!text.contains(part), "{}: {}", format.name, text);
            }
        }
    }

    #[test]
    fn any_text_in_a_finding_is_rendered_without_acting_on_a_terminal(text in "\\PC{0,40}|[\\x00-\\x9f\u{202e}|`<]{0,40}") {
        let mut set = rich();
        for judged in &mut set.report.findings {
            judged.finding.message.clone_from(&text);
            judged.finding.resource.clone_from(&text);
            judged.finding.remedy = Some(text.clone());
            judged.finding.related.iter_mut().for_each(|related| related.label.clone_from(&text));
        }
        for format in FORMATS.map(|format| format.name) {
            let text = rendered(format, &set, NORMAL);
            let acts = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t');
            prop_assert!(!text.contains(acts), "{format}: {text:?}");
            if format == "github" {
                let lines = text.lines().filter(|line| line.starts_with("::"));
                prop_assert_eq!(lines.count(), 4 + 8);
            }
        }
    }
}

#[test]
fn the_secret_of_the_rich_set_is_in_no_format() {
    for format in &FORMATS {
        let text = rendered(format.name, &rich(), Options { color: false, verbosity: Verbosity::Verbose });
        assert!(!text.contains(SECRET), "{}", format.name);
    }
}
