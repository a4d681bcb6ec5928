//! Which controller serves an Ingress: what its class says, else the name of the class, else what its annotations are for
//! (networking.k8s.io/v1 `IngressClassSpec.controller`, and the controllers' own references).

use std::collections::BTreeMap;

use super::mesh::texts;
use crate::{document::NodeRef, estate::View};

/// A controller of Ingresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Controller {
    /// Of load balancers of AWS, its own or that of EKS.
    Aws,
    Gce,
    /// Google's load balancers inside of a network.
    GceInternal,
    /// Of `HAProxy` Technologies.
    Haproxy,
    /// Of the community.
    HaproxyIngress,
    Istio,
    Kong,
    /// ingress-nginx of Kubernetes.
    Nginx,
    /// Of NGINX itself.
    NginxOrg,
    Traefik,
}

/// What tells a controller.
struct Known {
    controller: Controller,
    /// Name that its class has unless told otherwise, and no other's.
    class: Option<&'static str>,
    /// What `spec.controller` of its classes holds; installations that have several of it put words around that.
    said: &'static [&'static str],
    /// Begin of annotations that nobody else reads.
    annotations: Option<&'static str>,
}

const KNOWN: [Known; 10] = [
    Known {
        controller: Controller::Aws,
        class: Some("alb"),
        said: &["ingress.k8s.aws/alb", "eks.amazonaws.com/alb"],
        annotations: Some("alb.ingress.kubernetes.io/"),
    },
    Known {
        controller: Controller::Gce,
        class: Some("gce"),
        said: &["ingress-gce"],
        annotations: Some("networking.gke.io/"),
    },
    Known { controller: Controller::GceInternal, class: Some("gce-internal"), said: &[], annotations: None },
    Known {
        controller: Controller::Haproxy,
        class: Some("haproxy"),
        said: &["haproxy.org/"],
        annotations: Some("haproxy.org/"),
    },
    Known {
        controller: Controller::HaproxyIngress,
        class: Some("haproxy"),
        said: &["haproxy-ingress.github.io/"],
        annotations: Some("haproxy-ingress.github.io/"),
    },
    Known {
        controller: Controller::Istio,
        class: Some("istio"),
        said: &["istio.io/ingress-controller"],
        annotations: None,
    },
    Known {
        controller: Controller::Kong,
        class: Some("kong"),
        said: &["konghq.com/"],
        annotations: Some("konghq.com/"),
    },
    Known {
        controller: Controller::Nginx,
        class: Some("nginx"),
        said: &["ingress-nginx"],
        annotations: Some("nginx.ingress.kubernetes.io/"),
    },
    Known {
        controller: Controller::NginxOrg,
        class: None,
        said: &["nginx.org/"],
        annotations: Some("nginx.org/"),
    },
    Known {
        controller: Controller::Traefik,
        class: Some("traefik"),
        said: &["traefik.io/"],
        annotations: Some("traefik.ingress.kubernetes.io/"),
    },
];

/// Annotation of the class of Ingresses that name none.
const DEFAULT: &str = "ingressclass.kubernetes.io/is-default-class";

/// The class that an Ingress names.
pub(super) fn class(ingress: NodeRef<'_>) -> Option<NodeRef<'_>> {
    let field = ingress.at(&["spec", "ingressClassName"]).filter(|class| !class.is_null());
    let annotations = || ingress.at(&["metadata", "annotations"]);
    field.or_else(|| annotations().and_then(|map| map.get("kubernetes.io/ingress.class")))
}

/// The classes of a set.
#[derive(Debug)]
pub(super) struct IngressClasses<'e> {
    /// What each says of its controller, by its name.
    said: BTreeMap<&'e str, &'e str>,
    /// Name of what its `parameters` name, by its name.
    parameters: BTreeMap<&'e str, Option<&'e str>>,
    /// Name of the class of Ingresses that name none.
    default: Option<&'e str>,
}

/// What a class refers to for more settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Parameters<'e> {
    None,
    /// Name of the object.
    Named(&'e str),
    /// The class is not in the input.
    Elsewhere,
}

impl<'e> IngressClasses<'e> {
    pub(super) fn new(view: &View<'e>) -> Self {
        let mut classes = Self { said: BTreeMap::new(), parameters: BTreeMap::new(), default: None };
        for resource in view.of_kind("networking.k8s.io", "IngressClass") {
            let node = view.estate.node(resource);
            let name = &*resource.object.name;
            classes.said.extend(node.str_at(&["spec", "controller"]).map(|said| (name, said)));
            classes.parameters.insert(name, node.str_at(&["spec", "parameters", "name"]));
            let annotations = node.at(&["metadata", "annotations"]);
            if texts(annotations).any(|(key, text)| key == DEFAULT && text.text == "true") {
                classes.default = classes.default.or(Some(name));
            }
        }
        classes
    }

    /// What the class of an Ingress refers to.
    pub(super) fn parameters(&self, ingress: NodeRef<'_>) -> Parameters<'e> {
        let class = class(ingress).and_then(NodeRef::as_str).or(self.default);
        match class.and_then(|class| self.parameters.get(class)) {
            None => Parameters::Elsewhere,
            Some(None) => Parameters::None,
            Some(Some(name)) => Parameters::Named(name),
        }
    }

    /// Controllers that may serve an Ingress: none that is known, the one that does, or several where nothing tells more
    /// than the name of a class that they share, or annotations for each.
    pub(super) fn serving(&self, ingress: NodeRef<'_>) -> Vec<Controller> {
        let is_any = |is_meant: &dyn Fn(&Known) -> bool| -> Vec<Controller> {
            KNOWN.iter().filter(|known| is_meant(known)).map(|known| known.controller).collect()
        };
        let class = class(ingress).and_then(NodeRef::as_str).or(self.default);
        if let Some(said) = class.and_then(|class| self.said.get(class)) {
            let found = is_any(&|known| known.said.iter().any(|word| said.contains(word)));
            if !found.is_empty() {
                return found;
            }
        }
        let found = is_any(&|known| class.is_some() && class == known.class);
        if !found.is_empty() {
            return found;
        }
        let annotations = ingress.at(&["metadata", "annotations"]);
        is_any(&|known| {
            let is_for = |begin: &str| texts(annotations).any(|(key, _)| key.starts_with(begin));
            known.annotations.is_some_and(is_for)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        document::yaml,
        estate::Estate,
        source::{Source, Sources, Status},
    };

    /// Controllers of the first Ingress.
    fn serving(text: &str) -> Vec<Controller> {
        let sources = Sources::new(vec![Source::new("a.yaml", text, None, Status::Read)]);
        let documents =
            sources.iter().flat_map(|(id, source)| yaml::parse(id, &source.text).documents).collect();
        let estate = Estate::new(sources, documents, Vec::new(), "default");
        let view = estate.view(0);
        let ingress = view.of_kind("networking.k8s.io", "Ingress").next().expect("an Ingress");
        IngressClasses::new(&view).serving(estate.node(ingress))
    }

    fn class(name: &str, metadata: &str, controller: &str) -> String {
        format!(
            "apiVersion: networking.k8s.io/v1\nkind: IngressClass\nmetadata: {{name: {name}{metadata}}}\nspec: {{controller: {controller}}}\n---\n"
        )
    }

    #[test]
    fn the_class_says_it_before_its_name_and_the_annotations() {
        let ingress = |annotations: &str, spec: &str| {
            format!(
                "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {{name: a, annotations: {{{annotations}}}}}\nspec: {{{spec}}}\n"
            )
        };
        let of_nginx = "nginx.ingress.kubernetes.io/ssl-redirect: 'false'";
        let default = ", annotations: {ingressclass.kubernetes.io/is-default-class: 'true'}";
        for (name, text, expected) in [
            ("nothing", ingress("", ""), vec![]),
            ("its name", ingress("", "ingressClassName: nginx"), vec![Controller::Nginx]),
            (
                "an annotation of before",
                ingress("kubernetes.io/ingress.class: gce", ""),
                vec![Controller::Gce],
            ),
            (
                "what the class says",
                class("edge", "", "k8s.io/internal-ingress-nginx") + &ingress("", "ingressClassName: edge"),
                vec![Controller::Nginx],
            ),
            (
                "what a class says against its name",
                class("nginx", "", "nginx.org/ingress-controller") + &ingress("", "ingressClassName: nginx"),
                vec![Controller::NginxOrg],
            ),
            (
                "the default",
                class("edge", default, "ingress.k8s.aws/alb") + &ingress(of_nginx, ""),
                vec![Controller::Aws],
            ),
            (
                "a class that is not the default",
                class("edge", "", "ingress.k8s.aws/alb") + &ingress(of_nginx, ""),
                vec![Controller::Nginx],
            ),
            ("annotations", ingress(of_nginx, "ingressClassName: public"), vec![Controller::Nginx]),
            (
                "annotations for another",
                ingress(of_nginx, "ingressClassName: gce-internal"),
                vec![Controller::GceInternal],
            ),
            (
                "a name that two share",
                ingress("", "ingressClassName: haproxy"),
                vec![Controller::Haproxy, Controller::HaproxyIngress],
            ),
        ] {
            assert_eq!(serving(&text), expected, "{name}");
        }
    }
}
