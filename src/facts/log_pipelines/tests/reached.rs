//! Which workloads the collectors of the nodes take logs from.

use super::*;

const OUTPUT: &str = "[OUTPUT]\n    Name es\n    Match *\n    Host logs.example.com\n";

/// Whether the logs of a namespace get to a central store, and which workloads are left out.
fn told(configuration: &str, namespace: &str) -> (String, Vec<String>) {
    let text = agent("fluent/fluent-bit:3", "fluent-bit.conf", &format!("{configuration}{OUTPUT}"));
    let other = CART.replace("cart", "visits").replace("shop", "clinic");
    let fact = fact(&format!("{CART}---\n{other}---\n{text}"), namespace);
    let excluded = items(&fact, "excluded").iter();
    let excluded = excluded.map(|one| field(one.get("because").expect("a reason"), "text"));
    (field(&fact, "central"), excluded.collect())
}

#[test]
fn what_a_collector_does_not_read_is_left_out() {
    let tail = |path: &str| format!("[INPUT]\n    Name tail\n    Path {path}\n    Tag kube.*\n");
    let own = "/var/log/containers/*_shop_*.log";
    for (case, configuration, is_read) in [
        ("all files", tail("/var/log/containers/*.log"), true),
        ("files of its namespace", tail("/var/log/pods/clinic_*/*/*.log"), true),
        ("files of another namespace", tail(own), false),
        ("both", tail(&format!("{own},/var/log/containers/*_clinic_*.log")), true),
        ("two inputs", format!("{}{}", tail(own), tail("/var/log/containers/*.log")), true),
        ("files of its Pods", tail("/var/log/containers/visits-*.log"), true),
        ("files of other Pods", tail("/var/log/containers/web-*.log"), false),
        ("a variable", tail("/var/log/containers/*_${NAMESPACE}_*.log"), true),
        ("files of Docker", tail(&format!("{own},/var/lib/docker/containers/*/*.log")), true),
        ("files of the node", tail("/var/log/syslog"), true),
    ] {
        let (central, excluded) = told(&configuration, "clinic");
        assert_eq!((central.as_str(), excluded.is_empty()), ("true", is_read), "{case}: {excluded:?}");
    }
    let (_, excluded) = told(&tail(own), "clinic");
    assert_eq!(
        excluded,
        ["DaemonSet/logging/agent reads `/var/log/containers/*_shop_*.log`, and nothing of it"]
    );
    assert_eq!(told(&tail(own), "shop"), ("true".to_owned(), Vec::new()));
}

#[test]
fn what_a_filter_drops_is_left_out() {
    let filter = |rules: &str| format!("[FILTER]\n    Name grep\n    Match kube.*\n{rules}");
    let rule = |rule: &str| filter(&format!("    {rule}\n"));
    for (case, configuration, is_read) in [
        ("excluded", rule("Exclude $kubernetes['namespace_name'] ^clinic$"), false),
        ("another excluded", rule("Exclude $kubernetes['namespace_name'] ^shop$"), true),
        ("only another", rule("Regex $kubernetes['namespace_name'] ^shop$"), false),
        ("it too", rule("Regex $kubernetes['namespace_name'] ^(shop|clinic)$"), true),
        ("by another field", rule("Exclude log ^clinic$"), true),
        (
            "joined rules",
            filter(
                "    Logical_Op and\n    Exclude $kubernetes['namespace_name'] ^clinic$\n    Exclude log debug\n",
            ),
            true,
        ),
        (
            "of another tag",
            rule("Exclude $kubernetes['namespace_name'] ^clinic$").replace("kube.*", "host.*"),
            true,
        ),
    ] {
        let (_, excluded) = told(&configuration, "clinic");
        assert_eq!(excluded.is_empty(), is_read, "{case}: {excluded:?}");
    }
    let yaml = "pipeline:\n  inputs: [{name: tail}]\n  filters:\n    - {name: grep, match: '*', exclude: \"$kubernetes['namespace_name'] ^clinic$\"}\n  outputs: [{name: es, match: '*'}]\n";
    let text = agent("fluent/fluent-bit:3", "fluent-bit.yaml", yaml);
    let other = CART.replace("shop", "clinic");
    assert_eq!(items(&fact(&format!("{other}---\n{text}"), "clinic"), "excluded").len(), 1);
}

#[test]
fn an_agent_of_some_nodes_may_not_run_beside_a_workload() {
    let agent = agent("fluent/fluent-bit:3", "fluent-bit.conf", &format!("[INPUT]\n    Name tail\n{OUTPUT}"));
    let on = |labels: &str| {
        agent.replace("spec: {containers", &format!("spec: {{nodeSelector: {{{labels}}}, containers"))
    };
    let cart = |labels: &str| {
        CART.replace("spec: {containers", &format!("spec: {{nodeSelector: {{{labels}}}, containers"))
    };
    for (case, text, expected) in [
        ("all nodes", format!("{CART}---\n{agent}"), "true"),
        ("Linux", format!("{CART}---\n{}", on("kubernetes.io/os: linux")), "true"),
        ("some nodes", format!("{CART}---\n{}", on("pool: logged")), "unknown"),
        ("the same nodes", format!("{}---\n{}", cart("pool: logged"), on("pool: logged")), "true"),
        ("other nodes", format!("{}---\n{}", cart("pool: other"), on("pool: logged")), "unknown"),
    ] {
        let fact = fact(&text, "shop");
        assert_eq!(field(&fact, "central"), expected, "{case}");
        assert_eq!(
            field(&fact, "missing").contains("whether all nodes have `pool: logged`"),
            expected == "unknown",
            "{case}"
        );
    }
}
