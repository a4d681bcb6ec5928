use super::*;
use crate::{
    document::yaml,
    estate::Estate,
    facts::Value,
    source::{Source, Sources, Status},
};

/// `how what` of each access of the first binding, or `?` for a role that is not known.
fn accesses(text: &str) -> Vec<String> {
    let sources = Sources::new(vec![Source::new("a.yaml", text, None, Status::Read)]);
    let documents = sources.iter().flat_map(|(id, source)| yaml::parse(id, &source.text).documents).collect();
    let estate = Estate::new(sources, documents, Vec::new(), "default");
    let found = subjects(&Set::new(estate.view(0)));
    let fact = &found.first().expect("a binding").fact;
    if fact.get("role_known") == Some(&Fact::from(false)) {
        return vec!["?".to_owned()];
    }
    let Some(Value::Array(access)) = fact.get("access").map(|fact| &fact.value) else { panic!("no access") };
    let how = |fact: &Fact| match fact.get("how").map(|how| &how.value) {
        Some(Value::String(how)) => how.to_string(),
        other => panic!("`how` is {other:?}"),
    };
    access.iter().map(how).collect()
}

fn role(rules: &str) -> String {
    format!(
        "apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata: {{name: b, namespace: shop}}\nroleRef: {{kind: Role, name: r}}\nsubjects: [{{kind: ServiceAccount, name: s}}]\n---\napiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {{name: r, namespace: shop}}\nrules: [{rules}]\n"
    )
}

#[test]
fn a_rule_gives_what_its_groups_resources_and_verbs_say_together() {
    for (rules, expected) in [
        ("{apiGroups: [''], resources: [secrets], verbs: [get]}", &["direct"][..]),
        ("{apiGroups: [''], resources: [secrets], verbs: [list]}", &["direct"]),
        (
            "{apiGroups: ['*'], resources: ['*'], verbs: ['*']}",
            &["direct", "indirect", "indirect", "indirect", "indirect", "indirect"],
        ),
        ("{apiGroups: [''], resources: ['*'], verbs: [get, watch, list]}", &["direct", "indirect"]),
        ("{apiGroups: [''], resources: [secrets], verbs: [create, delete, update]}", &[]),
        ("{apiGroups: [apps], resources: [secrets], verbs: [get]}", &[]),
        ("{apiGroups: [''], resources: [secrets], verbs: [get], resourceNames: [a]}", &["named"]),
        ("{apiGroups: [''], resources: [pods, namespaces], verbs: [get, list, watch]}", &[]),
        ("{apiGroups: [''], resources: [pods], verbs: [create]}", &["indirect"]),
        ("{apiGroups: [''], resources: [pods/exec], verbs: [create]}", &["indirect"]),
        ("{apiGroups: [''], resources: ['*/exec'], verbs: [create]}", &["indirect"]),
        ("{apiGroups: [''], resources: [serviceaccounts/token], verbs: [create]}", &["indirect"]),
        ("{apiGroups: [rbac.authorization.k8s.io], resources: [clusterroles], verbs: [bind]}", &["indirect"]),
        ("{}", &[]),
    ] {
        assert_eq!(accesses(&role(rules)), expected, "{rules}");
    }
}

#[test]
fn roles_of_every_cluster_are_known_and_others_must_be_in_the_input() {
    for (name, expected) in [
        ("cluster-admin", &["direct"][..]),
        ("edit", &["direct"]),
        ("view", &[]),
        ("system:node", &[]),
        ("other", &["?"]),
    ] {
        let binding = format!(
            "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\nmetadata: {{name: b}}\nroleRef: {{kind: ClusterRole, name: '{name}'}}\n"
        );
        assert_eq!(accesses(&binding), expected, "{name}");
    }
}

#[test]
fn aggregation_adds_the_rules_of_what_it_selects() {
    let text = "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\nmetadata: {name: b}\nroleRef: {kind: ClusterRole, name: all}\n---\napiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: all}\naggregationRule: {clusterRoleSelectors: [{matchLabels: {add: 'yes'}}]}\nrules: []\n---\napiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: part, labels: {add: 'yes'}}\nrules: [{apiGroups: [''], resources: [secrets], verbs: [list]}]\n";
    assert_eq!(accesses(text), ["direct"]);
}

/// A binding to a role of every cluster, and a role with labels.
fn added(bound: &str, name: &str, labels: &str, rules: &str) -> String {
    format!(
        "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\nmetadata: {{name: b}}\nroleRef: {{kind: ClusterRole, name: {bound}}}\n---\napiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {{name: '{name}', labels: {{{labels}}}}}\nrules: [{rules}]\n"
    )
}

#[test]
fn what_is_added_to_roles_of_every_cluster_counts() {
    const READ: &str = "{apiGroups: [''], resources: [secrets], verbs: [get]}";
    const TO_VIEW: &str = "rbac.authorization.k8s.io/aggregate-to-view: 'true'";
    const TO_EDIT: &str = "rbac.authorization.k8s.io/aggregate-to-edit: 'true'";
    assert_eq!(accesses(&added("view", "a", TO_VIEW, READ)), ["direct"]);
    assert_eq!(accesses(&added("view", "a", TO_EDIT, READ)), [""; 0], "view has nothing of edit");
    assert_eq!(accesses(&added("view", "a", "", READ)), [""; 0]);
    let widening = |text: &str| -> Vec<String> {
        let sources = Sources::new(vec![Source::new("a.yaml", text, None, Status::Read)]);
        let documents =
            sources.iter().flat_map(|(id, source)| yaml::parse(id, &source.text).documents).collect();
        let estate = Estate::new(sources, documents, Vec::new(), "default");
        let found = subjects(&Set::new(estate.view(0))).into_iter();
        found.map(|subject| subject.resource).filter(|id| id.starts_with("ClusterRole/")).collect()
    };
    for (name, role, labels, rules, expected) in [
        ("a reader of Secrets for view", "a", TO_VIEW, READ, &["ClusterRole/a"][..]),
        ("one for edit, which reads them", "a", TO_EDIT, READ, &[]),
        (
            "one that widens roles, for edit",
            "a",
            TO_EDIT,
            "{apiGroups: [rbac.authorization.k8s.io], resources: [clusterroles], verbs: [escalate]}",
            &["ClusterRole/a"],
        ),
        ("what is no Secret", "a", TO_VIEW, "{apiGroups: [shop.dev], resources: [carts], verbs: [get]}", &[]),
        ("a label that is not true", "a", "rbac.authorization.k8s.io/aggregate-to-view: 'false'", READ, &[]),
        ("a role of the cluster itself", "system:aggregate-to-view", TO_VIEW, READ, &[]),
    ] {
        assert_eq!(widening(&added("view", role, labels, rules)), expected, "{name}");
    }
}

#[test]
fn aggregation_goes_through_roles_that_aggregate() {
    let text = "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\nmetadata: {name: b}\nroleRef: {kind: ClusterRole, name: all}\n---\napiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: all}\naggregationRule: {clusterRoleSelectors: [{matchLabels: {add: 'yes'}}]}\nrules: [{apiGroups: [''], resources: [pods/exec], verbs: [create]}]\n---\napiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: middle, labels: {add: 'yes'}}\naggregationRule: {clusterRoleSelectors: [{matchLabels: {part: 'yes'}}, {matchLabels: {add: 'yes'}}]}\n---\napiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: part, labels: {part: 'yes'}}\nrules: [{apiGroups: [''], resources: [secrets], verbs: [list]}]\n";
    assert_eq!(accesses(text), ["direct"], "its own rules are overwritten");
}
