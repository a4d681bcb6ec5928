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

/// Where images are that only others are made of.
const BASES_IN: &[&str] = &[
    "library/",
    "distroless/",
    "mcr.microsoft.com/",
    "public.ecr.aws/docker/",
    "public.ecr.aws/lambda/",
    "registry.access.redhat.com/",
    "registry.redhat.io/",
    "cgr.dev/chainguard/",
];

/// Words of the names of images that run whatever they are given.
const BASES: &[&str] = &[
    "alpine",
    "apache",
    "aspnet",
    "base",
    "bash",
    "bun",
    "busybox",
    "cc",
    "cli",
    "corretto",
    "amazoncorretto",
    "curl",
    "debian",
    "deno",
    "dotnet",
    "eclipse",
    "fpm",
    "go",
    "golang",
    "httpd",
    "image",
    "java",
    "jdk",
    "jre",
    "kubectl",
    "lambda",
    "liberty",
    "mariadb",
    "minimal",
    "mongo",
    "mysql",
    "nginx",
    "node",
    "nodejs",
    "openjdk",
    "perl",
    "php",
    "playwright",
    "postgres",
    "postgresql",
    "python",
    "redis",
    "ruby",
    "runtime",
    "rust",
    "sdk",
    "slim",
    "static",
    "temurin",
    "tomcat",
    "ubi",
    "ubuntu",
    "wildfly",
];

/// Images that stand beside programs.
const SIDECARS: &[&str] = &[
    "alloydb-auth-proxy",
    "cloud-sql-proxy",
    "cloudsql-proxy",
    "consul-dataplane",
    "daprd",
    "envoy",
    "filebeat",
    "fluent-bit",
    "fluentd",
    "gce-proxy",
    "git-sync",
    "jaeger-agent",
    "kuma-dp",
    "oauth2-proxy",
    "pgbouncer",
    "promtail",
    "proxy",
    "proxyv2",
    "vault",
];

/// Positions of workloads by the program that they run.
type Programs = BTreeMap<Option<String>, Vec<usize>>;

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
    let mut families: BTreeMap<(&str, &str), Programs> = BTreeMap::new();
    for (index, workload) in all.iter().enumerate().filter(|(_, one)| !is_declared(&one.resource.id)) {
        let name = label(&workload.labels, &SERVICE_LABELS).unwrap_or(&workload.resource.object.name);
        let family = (workload.namespace, family(name));
        families.entry(family).or_default().entry(program(workload)).or_default().push(index);
    }
    let mut joined: Vec<(Vec<usize>, Arc<str>)> = Vec::new();
    for ((namespace, family), by_program) in families {
        let is_all = by_program.len() == 1;
        for (program, members) in by_program {
            let Some(program) = program else { continue };
            let parts = members.iter().filter_map(|index| all.get(*index)).filter_map(|workload| {
                let own = workload.service.splitn(3, '/').nth(2)?;
                Some(own)
            });
            if !is_named_like(&program, family, parts) {
                continue;
            }
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

/// Parts of whatever name are one program only where the image is named like all of them, or like a part that the names of the
/// others begin with: many programs may share an image that is named otherwise.
fn is_named_like<'p>(program: &str, family: &str, mut parts: impl Iterator<Item = &'p str>) -> bool {
    let is_like = |name: &str| {
        program.split(' ').any(|image| image.rsplit('/').next().is_some_and(|last| last == name))
    };
    is_like(family)
        || parts.all(|part| {
            is_like(part) || part.match_indices('-').any(|(at, _)| part.get(..at).is_some_and(&is_like))
        })
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

/// The images of all containers that are neither sidecars nor bases, whatever their version. Who runs a bare `python` runs
/// something else in each; a tag that begins with a word may name a program: `mall:orders-1`.
fn program(workload: &Workload<'_>) -> Option<String> {
    let images = workload.pod.containers().filter_map(|container| container.str_at(&["image"]));
    let own: BTreeSet<String> = images.filter_map(program_of_image).collect();
    (!own.is_empty()).then(|| own.into_iter().collect::<Vec<_>>().join(" "))
}

fn program_of_image(image: &str) -> Option<String> {
    let image = image.split('@').next()?;
    let (repository, tag) = match image.rsplit_once(':') {
        Some((repository, tag)) if !tag.contains('/') => (repository, tag),
        _ => (image, ""),
    };
    let (before, name) = repository.rsplit_once('/')?;
    let is_placeholder =
        !name.bytes().any(|byte| byte.is_ascii_lowercase()) || image.contains(['$', '{', '<']);
    let is_base = BASES_IN.iter().any(|place| format!("{before}/").contains(place))
        || before == "docker.io"
        || words(name).all(|word| BASES.contains(&word));
    let is_sidecar = SIDECARS.contains(&name) || name.ends_with("-exporter") || name.contains("otel");
    let word = tag.split_once(['-', '_', '.']).map_or("", |(word, _)| word);
    let is_word = word.len() > 1 && word.bytes().all(|byte| byte.is_ascii_alphabetic());
    (!is_placeholder && !is_base && !is_sidecar)
        .then(|| if is_word { format!("{repository}:{word}") } else { repository.to_owned() })
}

/// Words of an image's name without versions: `java17-debian12`.
fn words(name: &str) -> impl Iterator<Item = &str> {
    name.split(['-', '_', '.'])
        .map(|word| word.trim_end_matches(|character: char| character.is_ascii_digit()))
        .filter(|word| !word.is_empty())
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
                "a base of any registry",
                [
                    ("m-a", "app: m, component: carts", "gcr.io/distroless/java17-debian12:1"),
                    ("m-b", "app: m, component: orders", "gcr.io/distroless/java17-debian12:1"),
                ],
                ["shop/m/carts", "shop/m/orders"],
            ),
            (
                "an image that is not rendered",
                [
                    ("m-web", "app: m-web", "REGISTRY/IMAGE:TAG"),
                    ("m-worker", "app: m-worker", "REGISTRY/IMAGE:TAG"),
                ],
                ["shop/m-web", "shop/m-worker"],
            ),
            (
                "a sidecar alone in common",
                [
                    ("m-web", "app: m-web", "docker.io/istio/proxyv2:1"),
                    ("m-worker", "app: m-worker", "docker.io/istio/proxyv2:1"),
                ],
                ["shop/m-web", "shop/m-worker"],
            ),
            (
                "a tag that names the program",
                [
                    ("m-a", "app: m, component: carts", "acme/m:carts-1"),
                    ("m-b", "app: m, component: orders", "acme/m:orders-1"),
                ],
                ["shop/m/carts", "shop/m/orders"],
            ),
            (
                "an image that holds many programs",
                [
                    ("m-a", "app: m, component: carts", "acme/all:1"),
                    ("m-b", "app: m, component: orders", "acme/all:1"),
                ],
                ["shop/m/carts", "shop/m/orders"],
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
