//! Which `Kafka` an object of Strimzi belongs to: the one of that name in its namespace, or the one whose operator watches
//! it.

use std::collections::{BTreeMap, BTreeSet};

use super::GROUP;
use crate::{
    document::NodeRef,
    estate::{Resource, View},
};

/// Names the cluster that an object belongs to.
const CLUSTER_LABEL: &str = "strimzi.io/cluster";

/// All clusters of a set.
pub(in crate::facts::topics) struct Clusters<'e> {
    /// By the namespace in which their objects lie, and by name.
    by_namespace: BTreeMap<(&'e str, &'e str), &'e Resource>,
    /// Names that several clusters have.
    shared: BTreeSet<&'e str>,
}

impl<'e> Clusters<'e> {
    pub(in crate::facts::topics) fn new(view: &View<'e>) -> Self {
        let kafkas = || view.of_kind(GROUP, "Kafka");
        let own = kafkas().map(|kafka| ((kafka.namespace(), &*kafka.object.name), kafka));
        let mut by_namespace: BTreeMap<_, _> = own.collect();
        let mut seen = BTreeSet::new();
        let shared = kafkas().map(|kafka| &*kafka.object.name).filter(|name| !seen.insert(*name)).collect();
        for kafka in kafkas() {
            for operator in ["topicOperator", "userOperator"] {
                let path = ["spec", "entityOperator", operator, "watchedNamespace"];
                if let Some(watched) = view.estate.node(kafka).str_at(&path) {
                    by_namespace.entry((watched, &*kafka.object.name)).or_insert(kafka);
                }
            }
        }
        Self { by_namespace, shared }
    }

    /// The name of the cluster of an object, with its namespace where several have that name, and the cluster itself
    /// where the input holds it.
    pub(super) fn of(
        &self,
        resource: &Resource,
        node: NodeRef<'_>,
    ) -> Option<(String, Option<&'e Resource>)> {
        let name = node.at(&["metadata", "labels"])?.str_at(&[CLUSTER_LABEL])?;
        let kafka = self.by_namespace.get(&(resource.namespace(), name)).copied();
        Some((self.text(name, kafka.unwrap_or(resource).namespace()), kafka))
    }

    /// The name of a cluster, with its namespace where several have that name.
    pub(in crate::facts::topics) fn name(&self, kafka: &Resource) -> String {
        self.text(&kafka.object.name, kafka.namespace())
    }

    fn text(&self, name: &str, namespace: &str) -> String {
        if self.shared.contains(name) { format!("{namespace}/{name}") } else { name.to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use crate::{
        document::yaml,
        estate::Estate,
        facts::{Set, truth::Truth},
        source::{Source, Sources, Status},
    };

    fn kafka(namespace: &str, authorization: &str) -> String {
        format!(
            "apiVersion: kafka.strimzi.io/v1\nkind: Kafka\nmetadata: {{name: events, namespace: {namespace}}}\nspec:\n  kafka: {{{authorization}listeners: [{{name: tls, authentication: {{type: tls}}}}]}}\n---\n"
        )
    }

    fn topic(namespace: &str, name: &str) -> String {
        format!(
            "apiVersion: kafka.strimzi.io/v1\nkind: KafkaTopic\nmetadata: {{name: {name}, namespace: {namespace}, labels: {{strimzi.io/cluster: events}}}}\n---\n"
        )
    }

    /// Each topic with whether everyone may read it.
    fn topics(text: &str) -> Vec<(String, Truth)> {
        let sources = Sources::new(vec![Source::new("a.yaml", text, None, Status::Read)]);
        let documents = sources.iter().flat_map(|(id, source)| yaml::parse(id, &source.text).documents);
        let documents = documents.collect();
        let estate = Estate::new(sources, documents, Vec::new(), "default");
        let set = Set::new(estate.view(0));
        let mut topics: Vec<_> = set.topics().iter().map(|(_, topic)| (topic.id(), topic.open)).collect();
        topics.sort_by(|(a, _), (b, _)| a.cmp(b));
        topics
    }

    #[test]
    fn clusters_of_one_name_are_told_apart_by_their_namespaces() {
        let (open, shut) = (kafka("shop", ""), kafka("clinic", "authorization: {type: simple}, "));
        let both = topic("shop", "orders") + &topic("clinic", "orders") + &topic("clinic", "visits");
        let expected = [
            ("topic:clinic/events/orders".to_owned(), Truth::False),
            ("topic:clinic/events/visits".to_owned(), Truth::False),
            ("topic:shop/events/orders".to_owned(), Truth::True),
        ];
        for text in
            [format!("{open}{shut}{both}"), format!("{shut}{open}{both}"), format!("{both}{open}{shut}")]
        {
            assert_eq!(topics(&text), expected, "in whatever order they stand");
        }
    }

    #[test]
    fn who_is_not_known_reads_what_the_authorizer_lets_everyone_read() {
        let plain = "listeners: [{name: plain}]";
        let tls = "listeners: [{name: tls, authentication: {type: tls}}]";
        let simple = |more: &str| format!("authorization: {{type: simple{more}}}, ");
        let everyone = "config: {allow.everyone.if.no.acl.found: true}, ";
        for (case, listeners, authorization, expected) in [
            ("simple", plain, simple(""), Truth::False),
            ("a superuser", plain, simple(", superUsers: ['User:ANONYMOUS']"), Truth::True),
            ("another superuser", plain, simple(", superUsers: [CN=admin]"), Truth::False),
            ("another authorizer", plain, "authorization: {type: opa}, ".to_owned(), Truth::Unknown),
            ("topics without ACLs", tls, simple("") + everyone, Truth::Unknown),
            ("topics without ACLs, not", tls, simple("") + &everyone.replace("true", "false"), Truth::False),
        ] {
            let kafka = kafka("shop", &authorization);
            let kafka = kafka.replace(tls, listeners);
            let expected = [("topic:events/orders".to_owned(), expected)];
            assert_eq!(topics(&format!("{kafka}{}", topic("shop", "orders"))), expected, "{case}");
        }
    }

    #[test]
    fn a_client_that_is_told_one_cluster_means_the_topics_there() {
        let client = |variables: &str| {
            format!(
                "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: web, namespace: shop}}\nspec: {{template: {{spec: {{containers: [{{name: a, image: a, env: [{variables}]}}]}}}}}}\n---\n"
            )
        };
        let named = "{name: KAFKA_TOPIC, value: orders}";
        let queue = "{name: ORDERS_QUEUE, value: orders}";
        let events = "{name: BROKERS, value: 'events-kafka-bootstrap.shop:9092,events-kafka-bootstrap:9093'}";
        let others = "{name: OTHERS, value: 'events-kafka-bootstrap.clinic:9092'}";
        let both = kafka("shop", "") + &kafka("clinic", "authorization: {type: simple}, ");
        let elsewhere = topic("clinic", "orders");
        let found = |text: &str| topics(&format!("{both}{text}"));
        let own = ("topic:shop/events/orders".to_owned(), Truth::True);
        let other = ("topic:clinic/events/orders".to_owned(), Truth::False);
        let unknown = ("topic:unknown/orders".to_owned(), Truth::Unknown);
        for (case, text, expected) in [
            ("told", client(&format!("{named}, {events}")), vec![own.clone()]),
            ("told of two", client(&format!("{named}, {events}, {others}")), vec![unknown.clone()]),
            ("not told", client(named), vec![unknown.clone()]),
            ("a queue", client(&format!("{queue}, {events}")), vec![unknown]),
            (
                "one of that name elsewhere",
                elsewhere + &client(&format!("{named}, {events}")),
                vec![other, own],
            ),
        ] {
            assert_eq!(found(&text), expected, "{case}");
        }
    }

    #[test]
    fn a_topic_of_another_namespace_is_of_the_cluster_that_watches_it() {
        let id = || "topic:events/orders".to_owned();
        let watching = "entityOperator: {topicOperator: {watchedNamespace: clinic}}";
        let kafka = kafka("shop", "");
        assert_eq!(topics(&format!("{kafka}{}", topic("clinic", "orders"))), [(id(), Truth::Unknown)]);
        let kafka = kafka.replace("spec:\n", &format!("spec:\n  {watching}\n"));
        assert_eq!(topics(&format!("{kafka}{}", topic("clinic", "orders"))), [(id(), Truth::True)]);
    }
}
