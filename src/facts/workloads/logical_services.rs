//! Logical services: which workloads are one service (domains.md Q7).
//!
//! A label that names a part tells the microservices of an umbrella chart apart. Parts that are processes of one program
//! are one service all the same: by what they are called, such as web and worker, or because they run one image.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::Workload;
use crate::resource::selector::Labels;

/// Labels that name the service that a workload is a version of, best first.
const SERVICE_LABELS: [&str; 4] = ["app.kubernetes.io/name", "app", "k8s-app", "name"];

/// A second label that tells parts of one chart apart.
const PART_LABELS: [&str; 2] = ["app.kubernetes.io/component", "component"];

/// What the processes of one program are called: they say how it runs, not what it is about.
const PROCESSES: &[&str] = &[
    "api",
    "app",
    "backend",
    "beat",
    "celery",
    "consumer",
    "cron",
    "cronjob",
    "job",
    "jobs",
    "main",
    "migrate",
    "migration",
    "migrations",
    "queue",
    "scheduler",
    "server",
    "sidekiq",
    "task",
    "tasks",
    "web",
    "webserver",
    "worker",
    "workers",
];

/// Positions of workloads by the program that they run.
type Programs<'e> = BTreeMap<Option<&'e str>, Vec<usize>>;

/// The service that a workload is by its name and labels.
pub(super) fn named(namespace: &str, name: &str, labels: &Labels<'_>) -> Arc<str> {
    let service = label(labels, &SERVICE_LABELS).unwrap_or(name);
    match label(labels, &PART_LABELS).filter(|part| *part != service && !is_process(part)) {
        Some(part) => format!("{namespace}/{service}/{part}").into(),
        None => format!("{namespace}/{service}").into(),
    }
}

/// Joins workloads whose names say that they belong together, and which run one image: `store-web` and `store-worker`, and
/// parts of whatever name. What the configuration declares stays.
pub(super) fn join(all: &mut [Workload<'_>], is_declared: impl Fn(&str) -> bool) {
    let mut families: BTreeMap<(&str, &str), Programs<'_>> = BTreeMap::new();
    for (index, workload) in all.iter().enumerate().filter(|(_, one)| !is_declared(&one.resource.id)) {
        let name = label(&workload.labels, &SERVICE_LABELS).unwrap_or(&workload.resource.object.name);
        let family = (workload.namespace, family(name));
        families.entry(family).or_default().entry(program(workload)).or_default().push(index);
    }
    let mut joined: Vec<(Vec<usize>, Arc<str>)> = Vec::new();
    for ((namespace, family), by_program) in families {
        let is_all = by_program.len() == 1;
        for (_, members) in by_program.into_iter().filter(|(program, _)| program.is_some()) {
            let named: BTreeSet<(usize, &Arc<str>)> = members
                .iter()
                .filter_map(|index| all.get(*index))
                .map(|workload| (workload.service.len(), &workload.service))
                .collect();
            let Some((_, shortest)) = named.first().filter(|_| named.len() > 1) else { continue };
            let service = if is_all { format!("{namespace}/{family}").into() } else { Arc::clone(shortest) };
            joined.push((members, service));
        }
    }
    for (members, service) in joined {
        for index in members {
            if let Some(workload) = all.get_mut(index) {
                workload.service = Arc::clone(&service);
            }
        }
    }
}

fn label<'l>(labels: &Labels<'l>, keys: &[&str]) -> Option<&'l str> {
    keys.iter().find_map(|key| labels.get(key)).copied().filter(|value| !value.is_empty())
}

fn is_process(part: &str) -> bool {
    PROCESSES.iter().any(|process| part.eq_ignore_ascii_case(process))
}

/// A name without what it calls the process.
fn family(name: &str) -> &str {
    match name.rsplit_once(['-', '_']) {
        Some((family, last)) if !family.is_empty() && is_process(last) => family,
        _ => name,
    }
}

/// The image of the first container, whatever its version. Who runs a bare `python` runs something else in each.
fn program<'e>(workload: &Workload<'e>) -> Option<&'e str> {
    let image = workload.pod.containers().next()?.str_at(&["image"])?;
    let image = image.split('@').next()?;
    let repository = match image.rsplit_once(':') {
        Some((repository, tag)) if !tag.contains('/') => repository,
        _ => image,
    };
    let is_base = !repository.contains('/') || repository.contains("library/");
    (!is_base).then_some(repository)
}

#[cfg(test)]
mod tests {
    use crate::{
        document::yaml,
        estate::Estate,
        facts::Set,
        source::{Source, Sources, Status},
    };

    /// Services of Deployments, each `name: labels; image`.
    fn services(workloads: &[(&str, &str, &str)]) -> Vec<String> {
        let documents = workloads.iter().map(|(name, labels, image)| {
            format!(
                "---\n{{apiVersion: apps/v1, kind: Deployment, metadata: {{name: {name}}}, spec: {{template: {{metadata: {{labels: {{{labels}}}}}, spec: {{containers: [{{name: a, image: '{image}'}}]}}}}}}}}\n"
            )
        });
        let text = documents.collect::<String>();
        let sources = Sources::new(vec![Source::new("a.yaml", text, None, Status::Read)]);
        let documents = sources.iter().flat_map(|(id, source)| yaml::parse(id, &source.text).documents);
        let documents = documents.collect();
        let estate = Estate::new(sources, documents, Vec::new(), "shop");
        let set = Set::new(estate.view(0));
        set.workloads().iter().map(|(_, workload)| workload.service.to_string()).collect()
    }

    #[test]
    fn processes_of_one_program_are_one_service_and_microservices_of_one_chart_are_not() {
        for (case, workloads, expected) in [
            (
                "web and worker of one name, with images of their own",
                [
                    ("s-web", "app.kubernetes.io/name: s, app.kubernetes.io/component: web", "acme/s-web:1"),
                    (
                        "s-worker",
                        "app.kubernetes.io/name: s, app.kubernetes.io/component: worker",
                        "acme/s-worker:1",
                    ),
                ],
                ["shop/s", "shop/s"],
            ),
            (
                "parts of one image, whatever they are called",
                [
                    ("air-a", "app: air, component: triggerer", "r.example.com:5000/acme/air:1"),
                    ("air-b", "app: air, component: dag-processor", "r.example.com:5000/acme/air@sha256:00"),
                ],
                ["shop/air", "shop/air"],
            ),
            (
                "microservices of an umbrella chart",
                [
                    (
                        "mall-cart",
                        "app.kubernetes.io/name: mall, app.kubernetes.io/component: cart",
                        "acme/cart:1",
                    ),
                    (
                        "mall-orders",
                        "app.kubernetes.io/name: mall, app.kubernetes.io/component: orders",
                        "acme/orders:1",
                    ),
                ],
                ["shop/mall/cart", "shop/mall/orders"],
            ),
            (
                "names that say the process, and one image",
                [("store-web", "app: store-web", "acme/store:1"), ("store-worker", "", "acme/store:2")],
                ["shop/store", "shop/store"],
            ),
            (
                "the same with images of their own",
                [
                    ("store-web", "app: store-web", "acme/web:1"),
                    ("store-worker", "app: store-worker", "acme/worker:1"),
                ],
                ["shop/store-web", "shop/store-worker"],
            ),
            (
                "one bare image runs anything",
                [
                    ("a-web", "app: a-web", "python:3"),
                    ("a-worker", "app: a-worker", "docker.io/library/python:3"),
                ],
                ["shop/a-web", "shop/a-worker"],
            ),
            (
                "other names, and one image",
                [("orders", "app: orders", "acme/all:1"), ("carts", "app: carts", "acme/all:1")],
                ["shop/carts", "shop/orders"],
            ),
        ] {
            let mut found = services(&workloads);
            found.sort();
            assert_eq!(found, expected, "{case}");
        }
    }

    #[test]
    fn of_a_chart_only_the_parts_of_one_image_are_joined() {
        let part = |part: &str| format!("app: mall, component: {part}");
        let (cart, consumer, orders) = (part("cart"), part("cart-consumer"), part("orders"));
        let found = services(&[
            ("a", &cart, "acme/cart:1"),
            ("b", &consumer, "acme/cart:1"),
            ("c", &orders, "acme/orders:1"),
        ]);
        assert_eq!(found, ["shop/mall/cart", "shop/mall/cart", "shop/mall/orders"]);
    }
}
