//! Controllers: a live workload is its topmost one, and what its Pods show belongs to it.
//!
//! A `ReplicaSet` folds into its Deployment, a Job into its `CronJob`, a Pod into whatever runs it. Of Pods whose
//! controller is not read one stands for all, except on nodes, where each static Pod is a workload of its own.

use std::collections::BTreeMap;

use super::{
    discovery::Served,
    kinds::{KINDS, Part},
    redact::Item,
};
use crate::{estate::Observed, resource::kubernetes::Identity};

/// Items of one kind. Pods of one controller are held once, with what all of them show.
#[derive(Debug, Default)]
pub(super) struct Collected {
    pub(super) items: Vec<Item>,
    /// By the uid of their controller.
    pods: BTreeMap<String, Item>,
    /// Uid of the Namespace `kube-system`, where a shard saw it.
    pub(super) cluster: Option<String>,
}

/// How many owners above each other are looked at.
const DEEPEST: usize = 8;

impl Collected {
    pub(super) fn add(&mut self, item: Item) {
        let controller = item.controller.as_ref().filter(|controller| controller.kind != "Node");
        let (Some(shown), Some(controller)) = (&item.observed, controller) else {
            self.items.push(item);
            return;
        };
        match self.pods.get_mut(&controller.uid) {
            None => drop(self.pods.insert(controller.uid.clone(), item)),
            Some(held) => {
                let mut shown = shown.clone();
                shown.add(held.observed.as_ref().unwrap_or(&Observed::default()));
                // The same Pod stands for the others, whatever their order.
                if item.name < held.name {
                    *held = item;
                }
                held.observed = Some(shown);
            }
        }
    }

    /// What was read of another page or namespace.
    pub(super) fn absorb(&mut self, other: Self) {
        self.items.extend(other.items);
        other.pods.into_values().for_each(|pod| self.add(pod));
        self.cluster = self.cluster.take().or(other.cluster);
    }

    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }
}

/// Whether objects of a kind run Pods.
fn runs(served: &Served) -> bool {
    KINDS
        .iter()
        .any(|kind| kind.part == Part::Workload && kind.group == served.group && kind.kind == served.kind)
}

/// What stays of each kind, and what the Pods of each workload show.
pub(super) fn fold(kinds: &mut [(Served, Collected)]) -> Vec<(Identity, Observed)> {
    for (_, collected) in kinds.iter_mut() {
        let pods = std::mem::take(&mut collected.pods);
        collected.items.extend(pods.into_values());
    }
    let workloads = kinds.iter().filter(|(served, _)| runs(served));
    let all: BTreeMap<&str, (&Served, &Item)> = workloads
        .flat_map(|(served, collected)| collected.items.iter().map(move |item| (&*item.uid, (served, item))))
        .collect();
    let mut observed: BTreeMap<(String, String, Option<String>, String), Observed> = BTreeMap::new();
    let mut folded: Vec<Vec<bool>> = Vec::new();
    for (served, collected) in kinds.iter() {
        let runs = runs(served);
        folded.push(Vec::with_capacity(collected.items.len()));
        for item in &collected.items {
            let (top_kind, top) = if runs { top(&all, served, item) } else { (served, item) };
            folded.last_mut().expect("pushed above").push(item.is_spare || top.uid != item.uid);
            if let Some(shown) = &item.observed {
                let (group, kind) = (top_kind.group.clone(), top_kind.kind.clone());
                let key = (group, kind, top.namespace.clone(), top.name.clone());
                observed.entry(key).or_default().add(shown);
            }
        }
    }
    drop(all);
    for ((_, collected), folded) in kinds.iter_mut().zip(folded) {
        let mut folded = folded.into_iter();
        collected.items.retain(|_| !folded.next().unwrap_or_default());
        collected.items.sort_by(|a, b| (&a.namespace, &a.name).cmp(&(&b.namespace, &b.name)));
    }
    let identity = |(group, kind, namespace, name): (String, String, Option<String>, String)| Identity {
        group: group.into(),
        kind: kind.into(),
        namespace: namespace.map(Into::into),
        name: name.into(),
    };
    observed.into_iter().map(|(key, observed)| (identity(key), observed)).collect()
}

/// The topmost controller that is read and runs Pods.
fn top<'i>(
    all: &BTreeMap<&str, (&'i Served, &'i Item)>,
    served: &'i Served,
    item: &'i Item,
) -> (&'i Served, &'i Item) {
    let mut here = (served, item);
    for _ in 0..DEEPEST {
        let above = here.1.controller.as_ref().and_then(|controller| all.get(&*controller.uid));
        match above {
            Some(above) => here = *above,
            None => break,
        }
    }
    here
}

#[cfg(test)]
mod tests {
    use super::{super::redact::Controller, *};

    fn served(group: &str, kind: &str) -> Served {
        let text = |text: &str| text.to_owned();
        Served {
            group: text(group),
            version: text("v1"),
            kind: text(kind),
            resource: text("x"),
            namespaced: true,
        }
    }

    fn object(name: &str, owner: Option<(&str, &str)>) -> Item {
        let controller = owner.map(|(kind, uid)| Controller { uid: uid.to_owned(), kind: kind.to_owned() });
        Item {
            namespace: Some("shop".to_owned()),
            name: name.to_owned(),
            uid: name.to_owned(),
            controller,
            text: String::new(),
            is_spare: false,
            observed: None,
        }
    }

    fn pod(name: &str, owner: Option<(&str, &str)>, containers: &[&str]) -> Item {
        let containers = containers.iter().map(|name| ((*name).into(), 1)).collect();
        let observed = Some(Observed { running: 1, containers, redirected: 0 });
        Item { observed, ..object(name, owner) }
    }

    fn collected(items: impl IntoIterator<Item = Item>) -> Collected {
        let mut collected = Collected::default();
        items.into_iter().for_each(|item| collected.add(item));
        collected
    }

    #[test]
    fn a_workload_is_its_topmost_controller_with_what_its_pods_show() {
        let mut spare = object("web-0", Some(("Deployment", "web")));
        spare.is_spare = true;
        let mut kinds = [
            (
                served("", "Pod"),
                collected([
                    pod("web-1-b", Some(("ReplicaSet", "web-1")), &["web"]),
                    pod("web-1-a", Some(("ReplicaSet", "web-1")), &["web", "istio-proxy"]),
                    pod("alone", None, &["sh"]),
                    pod("set-1", Some(("StrimziPodSet", "unread")), &["kafka"]),
                    pod("set-0", Some(("StrimziPodSet", "unread")), &["kafka"]),
                    pod("apiserver-a", Some(("Node", "a")), &["kube-apiserver"]),
                    pod("apiserver-b", Some(("Node", "a")), &["kube-apiserver"]),
                ]),
            ),
            (served("apps", "Deployment"), collected([object("web", None)])),
            (served("apps", "ReplicaSet"), collected([object("web-1", Some(("Deployment", "web"))), spare])),
            (served("batch", "CronJob"), collected([object("nightly", None)])),
            (served("batch", "Job"), collected([object("nightly-1", Some(("CronJob", "nightly")))])),
        ];
        let observed = fold(&mut kinds);
        let left =
            kinds.iter().map(|(_, collected)| collected.items.iter().map(|item| &*item.name).collect());
        let left: Vec<Vec<&str>> = left.collect();
        let pods = vec!["alone", "apiserver-a", "apiserver-b", "set-0"];
        assert_eq!(left, [pods, vec!["web"], vec![], vec!["nightly"], vec![]]);
        let of = |id: &str| &observed.iter().find(|(identity, _)| identity.id() == id).unwrap().1;
        let web = of("Deployment/shop/web");
        assert_eq!((web.running, web.with("web"), web.with("istio-proxy")), (2, 2, 1));
        assert_eq!(of("Pod/shop/set-0").running, 2, "one stands for all of an unread controller");
        assert_eq!(of("Pod/shop/alone").running, 1);
    }

    #[test]
    fn owners_in_a_circle_end() {
        let circle = [object("a", Some(("Job", "b"))), object("b", Some(("Job", "a")))];
        let mut kinds = [(served("batch", "Job"), collected(circle))];
        fold(&mut kinds);
        assert_eq!(
            kinds[0].1.items.len(),
            2,
            "none of them is above itself: after eight steps each is where it began"
        );
    }
}
