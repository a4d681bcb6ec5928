//! What a small text may cost.

use serde_json::json;

use super::*;

#[test]
fn nesting_is_limited_in_every_style_and_through_aliases() {
    let block = |depth: usize| lines(0..depth, |level| format!("{}a:\n", " ".repeat(level)));
    let chain = |length: usize| {
        let links: String = lines(1..length, |link| format!("a{link}: &a{link} [*a{}]\n", link - 1));
        format!("a0: &a0 []\n{links}")
    };
    let mixed = |depth: usize| {
        format!("{}{}{}", "- ".repeat(depth / 2), "[".repeat(depth / 2), "]".repeat(depth / 2))
    };
    for (text, deep) in [
        (format!("{}{}", "[".repeat(255), "]".repeat(255)), false),
        (format!("{}{}", "[".repeat(256), "]".repeat(256)), true),
        ("[".repeat(100_000), true),
        ("{a: ".repeat(100_000), true),
        ("- ".repeat(100_000), true),
        (block(255), false),
        (block(256), true),
        (mixed(254), false),
        (mixed(300), true),
        (chain(254), false),
        (chain(255), true),
    ] {
        let parsed = read(&text);
        let refused = parsed.errors.iter().any(|error| error.message.contains("255 deep"));
        assert_eq!(refused, deep, "{} bytes, {:?}", text.len(), parsed.errors);
        // Walking what was accepted must not exhaust the stack.
        assert_eq!(values(&parsed).len(), usize::from(!deep));
    }
}

#[test]
fn aliases_stand_for_a_limited_number_of_values() {
    let laughs = lines(1..10, |level| {
        let aliases = vec![format!("*a{}", level - 1); 9].join(", ");
        format!("a{level}: &a{level} [{aliases}]\n")
    });
    let laughs = format!("a0: &a0 [x, x, x, x, x, x, x, x, x]\n{laughs}");
    let keys: String = lines(0..5000, |key| format!("k{key}: 1, "));
    let merges: String = lines(0..5000, |merge| format!("m{merge}:\n  <<: *b\n"));
    let merged_laughs = laughs.replace('[', "{<<: [").replace(']', "]}");
    assert!(!read(&merged_laughs).errors.is_empty());
    for text in [laughs, format!("b: &b {{{keys}}}\n{merges}")] {
        let parsed = read(&format!("{text}---\nfine: 1\n"));
        assert_eq!(parsed.errors.len(), 1);
        assert!(parsed.errors[0].message.contains("1,000,000 values"), "{:?}", parsed.errors);
        assert_eq!(values(&parsed), [json!({"fine": 1})]);
    }
    let merges: String = lines(1..300, |link| format!("m{link}: &m{link}\n  <<: *m{}\n", link - 1));
    let chain = format!("m0: &m0 {{a: 1}}\n{merges}");
    assert_eq!(read(&chain).errors, [], "merging does not nest");
}
