//! Label selectors (meta/v1 `LabelSelector`): which labels they match.
//!
//! Deliberately absent: what is selected.

use std::collections::BTreeMap;

use crate::document::NodeRef;

/// Labels of one object, by key.
pub type Labels<'d> = BTreeMap<&'d str, &'d str>;

/// All requirements of a selector; without any it matches everything.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Selector<'d>(Vec<Requirement<'d>>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Requirement<'d> {
    In(&'d str, Vec<&'d str>),
    NotIn(&'d str, Vec<&'d str>),
    Exists(&'d str),
    DoesNotExist(&'d str),
}

impl Requirement<'_> {
    fn matches(&self, labels: &Labels<'_>) -> bool {
        match self {
            Self::In(key, values) => labels.get(key).is_some_and(|value| values.contains(value)),
            Self::NotIn(key, values) => !labels.get(key).is_some_and(|value| values.contains(value)),
            Self::Exists(key) => labels.contains_key(key),
            Self::DoesNotExist(key) => !labels.contains_key(key),
        }
    }
}

impl<'d> Selector<'d> {
    /// A `LabelSelector`: `matchLabels` and `matchExpressions`. `None` where it is half-written: an unknown operator
    /// or field, a value that is no text.
    pub fn of_label_selector(node: NodeRef<'d>) -> Option<Self> {
        if !node.is_mapping() {
            return node.is_null().then(Self::default);
        }
        if node.entries().any(|(key, _, _)| !["matchLabels", "matchExpressions"].contains(&key)) {
            return None;
        }
        let mut requirements = match node.get("matchLabels") {
            Some(labels) => Self::of_labels(labels)?.0,
            None => Vec::new(),
        };
        for expression in node.get("matchExpressions").into_iter().flat_map(NodeRef::items) {
            let key = expression.str_at(&["key"])?;
            let values = expression.get("values").into_iter().flat_map(NodeRef::items);
            let values = values.map(NodeRef::as_str).collect::<Option<Vec<_>>>()?;
            requirements.push(match expression.str_at(&["operator"])? {
                "In" => Requirement::In(key, values),
                "NotIn" => Requirement::NotIn(key, values),
                "Exists" => Requirement::Exists(key),
                "DoesNotExist" => Requirement::DoesNotExist(key),
                _ => return None,
            });
        }
        Some(Self(requirements))
    }

    /// Istio's `WorkloadSelector`, which has `matchLabels` alone (istio/api `type/v1beta1/selector.proto`); without it,
    /// everything. `None` where it is half-written or known only after apply.
    pub fn of_workload_selector(node: Option<NodeRef<'d>>) -> Option<Self> {
        let Some(node) = node.filter(|node| !node.is_null()) else { return Some(Self::default()) };
        if !node.is_mapping() {
            return None;
        }
        node.get("matchLabels").map_or_else(|| Some(Self::default()), Self::of_labels)
    }

    /// A map of labels that must all be there, as Services and `matchLabels` have it.
    pub fn of_labels(node: NodeRef<'d>) -> Option<Self> {
        if !node.is_mapping() {
            return node.is_null().then(Self::default);
        }
        let pairs = node.entries().map(|(key, _, value)| Some(Requirement::In(key, vec![value.as_str()?])));
        pairs.collect::<Option<Vec<_>>>().map(Self)
    }

    /// Whether it has no requirement, and so matches all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn matches(&self, labels: &Labels<'_>) -> bool {
        self.0.iter().all(|requirement| requirement.matches(labels))
    }

    /// Whether it matches labels of which only some are known; `None`: one that is not known decides.
    pub fn matches_known(&self, known: &Labels<'_>) -> Option<bool> {
        let mut all = Some(true);
        for requirement in &self.0 {
            let (Requirement::In(key, _)
            | Requirement::NotIn(key, _)
            | Requirement::Exists(key)
            | Requirement::DoesNotExist(key)) = requirement;
            if !known.contains_key(key) {
                all = None;
            } else if !requirement.matches(known) {
                return Some(false);
            }
        }
        all
    }

    /// Keys that must have one certain value: what an index can look up.
    pub fn pairs(&self) -> impl Iterator<Item = (&'d str, &'d str)> {
        self.0.iter().filter_map(|requirement| match requirement {
            Requirement::In(key, values) => match values.as_slice() {
                [value] => Some((*key, *value)),
                _ => None,
            },
            _ => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{document::yaml, source::SourceId};

    #[test]
    fn a_label_that_is_not_known_decides_nothing_that_another_does_not() {
        let known: Labels<'_> = [("app", "cart")].into();
        for (text, expected) in [
            ("{matchLabels: {app: cart}}", Some(true)),
            ("{matchLabels: {app: cart, tier: db}}", None),
            ("{matchLabels: {app: web, tier: db}}", Some(false)),
            ("{matchExpressions: [{key: tier, operator: DoesNotExist}]}", None),
            ("{}", Some(true)),
        ] {
            let parsed = yaml::parse(SourceId(0), &text.into());
            let selector = Selector::of_label_selector(parsed.documents[0].root());
            assert_eq!(selector.and_then(|selector| selector.matches_known(&known)), expected, "{text}");
        }
    }

    #[test]
    fn requirements_are_those_of_the_api() {
        let labels: Labels<'_> = [("app", "cart"), ("tier", "web")].into();
        for (text, expected) in [
            ("{}", Some(true)),
            ("{matchLabels: null}", Some(true)),
            ("{matchLabels: {app: cart}}", Some(true)),
            ("{matchLabels: {app: cart, tier: db}}", Some(false)),
            ("{matchExpressions: [{key: app, operator: In, values: [cart, orders]}]}", Some(true)),
            ("{matchExpressions: [{key: app, operator: NotIn, values: [cart]}]}", Some(false)),
            ("{matchExpressions: [{key: zone, operator: NotIn, values: [a]}]}", Some(true)),
            ("{matchExpressions: [{key: tier, operator: Exists}]}", Some(true)),
            ("{matchExpressions: [{key: tier, operator: DoesNotExist}]}", Some(false)),
            ("{matchExpressions: [{key: tier, operator: Matches}]}", None),
            ("{matchLabels: {app: 1}}", None),
            ("{app: cart}", None),
            ("[]", None),
        ] {
            let parsed = yaml::parse(SourceId(0), &text.into());
            let selector = Selector::of_label_selector(parsed.documents[0].root());
            assert_eq!(selector.map(|selector| selector.matches(&labels)), expected, "{text}");
        }
    }
}
