//! Outputs that nothing of what Pods print comes to.

use super::*;

const TAIL: &str = "[INPUT]\n    Name tail\n    Tag kube.*\n";

#[test]
fn an_output_counts_that_takes_what_pods_print() {
    let es = |pattern: &str| format!("[OUTPUT]\n    Name es\n    Match {pattern}\n");
    let found = ["es central -"];
    let none: [&str; 0] = [];
    for (case, configuration, expected) in [
        ("all", format!("{TAIL}{}", es("*")), &found[..]),
        ("a part of the tag", format!("{TAIL}{}", es("kube.var.*")), &found),
        ("another tag", format!("{TAIL}{}", es("other.*")), &none),
        (
            "what the node says",
            format!("{TAIL}[INPUT]\n    Name systemd\n    Tag host.*\n{}", es("host.*")),
            &none,
        ),
        ("inputs elsewhere", es("other.*"), &found),
        ("an input that others tag", format!("{TAIL}[INPUT]\n    Name forward\n{}", es("other.*")), &found),
        (
            "a filter that tags",
            format!("{TAIL}[FILTER]\n    Name rewrite_tag\n    Match *\n{}", es("other.*")),
            &found,
        ),
        ("a variable", format!("{TAIL}{}", es("${TAG}")), &found),
    ] {
        let text = agent("fluent/fluent-bit:3", "fluent-bit.conf", &configuration);
        assert_eq!(outputs(&fact(&format!("{CART}---\n{text}"), "shop")), expected, "{case}");
    }
    for (pattern, expected) in [("kube.*", &found[..]), ("other.*", &none)] {
        let pipeline = format!(
            "pipeline:\n  inputs: [{{name: tail, tag: kube.*}}]\n  outputs: [{{name: es, match: '{pattern}'}}]\n"
        );
        let text = agent("fluent/fluent-bit:3", "fluent-bit.yaml", &pipeline);
        assert_eq!(outputs(&fact(&format!("{CART}---\n{text}"), "shop")), expected, "{pattern}");
    }
}

#[test]
fn the_first_match_of_fluentd_takes_what_it_matches() {
    let source = "<source>\n  @type tail\n  tag kubernetes.*\n</source>\n";
    let other = "<source>\n  @type forward\n</source>\n";
    let last = "<match **>\n  @type elasticsearch\n</match>\n";
    for (case, configuration, expected) in [
        (
            "all of it",
            format!("{source}<match kubernetes.**>\n  @type null\n</match>\n{last}"),
            &["null local -"][..],
        ),
        (
            "a part of it",
            format!("{source}<match kubernetes.var.log.containers.noise**>\n  @type null\n</match>\n{last}"),
            &["null local -", "elasticsearch central -"],
        ),
        (
            "what others send, too",
            format!("{source}{other}<match kubernetes.**>\n  @type null\n</match>\n{last}"),
            &["null local -", "elasticsearch central -"],
        ),
        (
            "what is tagged anew",
            format!("{source}<match kubernetes.**>\n  @type rewrite_tag_filter\n</match>\n{last}"),
            &["elasticsearch central -"],
        ),
    ] {
        let text = agent("fluentd:v1", "fluent.conf", &configuration);
        assert_eq!(outputs(&fact(&format!("{CART}---\n{text}"), "shop")), expected, "{case}");
    }
}

#[test]
fn a_sink_of_vector_takes_what_its_inputs_read() {
    const SOURCES: &str = "sources: {k: {type: kubernetes_logs}, m: {type: internal_metrics}}\ntransforms: {t: {type: remap, inputs: [k]}, u: {type: filter, inputs: [m]}}\n";
    let found = ["loki central -"];
    for (inputs, expected) in [
        ("k", &found[..]),
        ("m", &[]),
        ("m, k", &found),
        ("t", &found),
        ("t.errors", &found),
        ("u", &[]),
        ("elsewhere", &found),
    ] {
        let configuration = format!("{SOURCES}sinks: {{o: {{type: loki, inputs: [{inputs}]}}}}\n");
        let text = agent("timberio/vector:0.40", "vector.yaml", &configuration);
        assert_eq!(outputs(&fact(&format!("{CART}---\n{text}"), "shop")), expected, "{inputs}");
    }
}
