//! Settings of the meshes themselves: from the estate, else declared, else the documented defaults.
//!
//! Read are, weakest first: charts (see [`super::charts`]), `IstioOperator`, Sail's `Istio`, and the `ConfigMap`s `istio`,
//! `istio-sidecar-injector`, `linkerd-config` and `cilium-config`, which are what the control planes run with (istio/api
//! `mesh/v1alpha1/config.proto`, istio `manifests/charts/istio-control/istio-discovery`).

mod config_maps;

use std::collections::BTreeSet;

use super::{
    Hints, Mode,
    namespaces::Namespaces,
    tunnel::{TAKES, metadata},
};
use crate::{
    config,
    document::{Document, NodeRef, Step, yaml},
    estate::View,
    facts::Truth,
    resource::{
        selector::{Labels, Selector},
        terraform::{Attribute, releases::Release},
    },
    source::SourceId,
};

/// Where policies of the whole of Istio lie unless told (istio/api `mesh/v1alpha1/config.proto`, `rootNamespace`).
pub const ROOT: &str = "istio-system";

/// What `probity.yaml` declares about the mesh where the estate does not tell.
#[derive(Debug, Clone, Default)]
pub(in crate::facts) struct Declared {
    pub(in crate::facts) flavour: Option<Flavour>,
    pub(in crate::facts) root_namespace: Option<String>,
    /// What a workload accepts that no policy is about.
    pub(in crate::facts) default_mode: Option<Mode>,
}

impl Declared {
    pub(in crate::facts) fn new(mesh: &config::Mesh) -> Self {
        let flavour = mesh.flavour.and_then(|flavour| match flavour {
            config::Flavour::Istio => Some(Flavour::Istio),
            config::Flavour::Linkerd => Some(Flavour::Linkerd),
            config::Flavour::Kuma => Some(Flavour::Kuma),
            config::Flavour::Consul => Some(Flavour::Consul),
            config::Flavour::Cilium => Some(Flavour::Cilium),
            config::Flavour::None => None,
        });
        let default_mode = mesh.default_mode.map(|mode| match mode {
            config::MtlsMode::Strict => Mode::Strict,
            config::MtlsMode::Permissive => Mode::Permissive,
            config::MtlsMode::Disable => Mode::Disabled,
        });
        Self { flavour, root_namespace: mesh.root_namespace.as_deref().map(ToOwned::to_owned), default_mode }
    }
}

/// A service mesh, whatever carries its connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::facts) enum Flavour {
    Istio,
    /// Istio as `OpenShift` Service Mesh 2 runs it: a member roll and an annotation decide.
    OpenShift,
    Linkerd,
    Kuma,
    Consul,
    Cilium,
}

/// Annotations of Pods that say what their proxy captures, with what an installation sets for all: `5432,6379`,
/// `10.0.0.0/8`. `None`: nothing.
#[derive(Debug, Default)]
pub(in crate::facts) struct Capture {
    pub(in crate::facts) exclude_inbound: Option<String>,
    pub(in crate::facts) include_inbound: Option<String>,
    pub(in crate::facts) exclude_outbound: Option<String>,
    pub(in crate::facts) include_outbound: Option<String>,
    pub(in crate::facts) exclude_ranges: Option<String>,
    pub(in crate::facts) include_ranges: Option<String>,
    /// `interceptionMode` of all of Istio's proxies.
    pub(in crate::facts) interception: Option<String>,
    /// Of Linkerd.
    pub(in crate::facts) linkerd_inbound: Option<String>,
    pub(in crate::facts) linkerd_outbound: Option<String>,
}

/// Settings that decide facts.
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of another mesh's installation")]
#[derive(Debug)]
pub(in crate::facts) struct Configuration {
    /// Namespace whose Istio policies hold for the whole mesh.
    pub(in crate::facts) root_namespace: String,
    /// Whether more than the default says which namespace that is.
    root_is_named: bool,
    /// Whether Istio's clients use mTLS wherever a server can.
    pub(in crate::facts) auto_mtls: bool,
    /// What would tell the namespace or the use of mTLS, where control planes disagree or cannot be read.
    pub(in crate::facts) undecided: Option<String>,
    /// Whether sidecars take the tunnel of ambient proxies unless a Pod says otherwise.
    pub(in crate::facts) tunnels: Truth,
    /// Whether Istio's proxies refuse hosts that the mesh does not know.
    pub(in crate::facts) registry_only: bool,
    /// `exportTo` of a `DestinationRule` that has none.
    pub(in crate::facts) default_export_to: Vec<String>,
    /// `exportTo` of a `VirtualService` that has none.
    pub(in crate::facts) default_route_export_to: Vec<String>,
    /// That of a Service.
    pub(in crate::facts) default_service_export_to: Vec<String>,
    pub(super) declared: Declared,
    pub(super) inject_by_default: bool,
    /// Revisions and tags of control planes that the estate shows.
    pub(super) revisions: BTreeSet<String>,
    /// What sidecars capture unless a Pod says otherwise.
    pub(in crate::facts) capture: Capture,
    /// Whether Istio's injector leaves alone what does not ask for a proxy.
    pub(super) injects_on_request: bool,
    /// Settings with `neverInjectSelector` and `alwaysInjectSelector` of Istio's injector.
    injector: Option<Document>,
    /// Members of `OpenShift` Service Mesh 2.
    pub(super) members: BTreeSet<String>,
    /// `proxy.defaultInboundPolicy` of Linkerd.
    pub(super) linkerd_policy: Option<String>,
    /// Of Istio's identities, where something names one.
    pub(super) trust_domain: Option<String>,
    /// `connectInject.default` of Consul.
    pub(super) consul_injects: bool,
    /// Whether Consul lets nobody call whom no intention names.
    pub(super) consul_denies: Truth,
    /// Whether Cilium encrypts between nodes.
    pub(in crate::facts) cilium_encrypts: Truth,
    /// Meshes that anything in the estate is about.
    pub(super) hints: BTreeSet<Flavour>,
    pub(super) ambient: bool,
    /// Documents whose `discoverySelectors` say which namespaces Istio sees.
    discovery: Option<Document>,
}

impl Configuration {
    pub(super) fn new(view: &View<'_>, releases: &[Release], hints: Hints, declared: &Declared) -> Self {
        let mut configuration = Self {
            root_namespace: declared.root_namespace.clone().unwrap_or_else(|| ROOT.to_owned()),
            root_is_named: declared.root_namespace.is_some(),
            auto_mtls: true,
            undecided: None,
            tunnels: Truth::Unknown,
            registry_only: false,
            default_export_to: Vec::new(),
            default_route_export_to: Vec::new(),
            default_service_export_to: Vec::new(),
            declared: declared.clone(),
            inject_by_default: false,
            revisions: BTreeSet::from(["default".to_owned()]),
            capture: Capture::default(),
            injects_on_request: false,
            injector: None,
            members: BTreeSet::new(),
            linkerd_policy: None,
            trust_domain: None,
            consul_injects: false,
            consul_denies: Truth::Unknown,
            cilium_encrypts: Truth::Unknown,
            hints: hints.flavours,
            ambient: hints.ambient,
            discovery: None,
        };
        releases.iter().for_each(|release| configuration.read_release(release));
        configuration.read_operators(view);
        configuration.read_sail(view);
        configuration.read_config_maps(view);
        configuration.read_revisions(view);
        configuration.read_members(view);
        configuration.read_plans(view);
        configuration
    }

    /// Whether Istio sees a namespace: its services, endpoints and policies.
    pub(in crate::facts) fn discovers(&self, namespace: &str, namespaces: &Namespaces<'_>) -> Truth {
        let selectors = self.discovery.iter().flat_map(|document| {
            document.root().get("discoverySelectors").into_iter().flat_map(NodeRef::items)
        });
        let selectors: Option<Vec<Selector<'_>>> = selectors.map(Selector::of_label_selector).collect();
        match (selectors, namespaces.get(namespace)) {
            (None, _) => Truth::Unknown,
            (Some(selectors), _) if selectors.is_empty() => Truth::True,
            (Some(_), None) => Truth::Unknown,
            (Some(selectors), Some(namespace)) => {
                let labels: Labels<'_> = namespace.labels();
                Truth::from(selectors.iter().any(|selector| selector.matches(&labels)))
            }
        }
    }

    fn read_release(&mut self, release: &Release) {
        // Parsed anew, since values may be set one by one.
        let text = release.merged().to_string();
        if let Some(values) = yaml::parse(SourceId(0), &text.as_str().into()).documents.first() {
            self.read_chart(&release.chart, values.root());
        }
    }

    fn read_chart(&mut self, chart: &str, values: NodeRef<'_>) {
        match chart {
            "istiod" | "base" => self.read_istio_values(values),
            "linkerd-control-plane" => self.read_linkerd_values(values),
            "consul" => {
                let injects = values.at(&["connectInject", "default"]).and_then(NodeRef::as_bool);
                self.consul_injects = injects.unwrap_or(self.consul_injects);
                // Without access control lists everything is allowed; settings of the servers may say otherwise.
                let lists = values.at(&["global", "acls", "manageSystemACLs"]).and_then(NodeRef::as_bool);
                let says_more = ["server", "client"]
                    .iter()
                    .filter_map(|part| values.str_at(&[part, "extraConfig"]))
                    .any(|settings| settings.contains("default_"));
                let denies = Truth::from(lists.unwrap_or(false));
                self.consul_denies = if says_more { Truth::Unknown } else { denies };
            }
            "cilium" => {
                let encrypts = values.at(&["encryption", "enabled"]).and_then(NodeRef::as_bool);
                self.cilium_encrypts = Truth::from(encrypts.unwrap_or(false));
            }
            _ => {}
        }
    }

    fn read_operators(&mut self, view: &View<'_>) {
        for operator in view.of_kind("install.istio.io", "IstioOperator") {
            let node = view.estate.node(operator);
            if let Some(mesh_config) = node.at(&["spec", "meshConfig"]) {
                self.read_mesh_config(mesh_config);
            }
            if let Some(values) = node.at(&["spec", "values"]) {
                self.read_istio_values(values);
            }
            self.revisions.extend(node.str_at(&["spec", "revision"]).map(ToOwned::to_owned));
            self.read_profile(node.get("spec"));
        }
    }

    /// That of ambient sets what follows from it (istio `manifests/helm-profiles/ambient.yaml`).
    fn read_profile(&mut self, owner: Option<NodeRef<'_>>) {
        let named = owner.and_then(|owner| owner.str_at(&["profile"]));
        if named.is_some_and(|profile| AMBIENT.contains(&profile)) {
            self.ambient = true;
            self.tunnels = Truth::True;
        }
    }

    /// What the Sail operator installs (istio-ecosystem/sail-operator `api/v1/istio_types.go`): a control plane named like
    /// the resource, or like it and its version.
    fn read_sail(&mut self, view: &View<'_>) {
        for istio in view.of_kind("sailoperator.io", "Istio") {
            let node = view.estate.node(istio);
            let spec = node.get("spec");
            self.read_profile(spec);
            let home = spec.and_then(|spec| spec.str_at(&["namespace"])).filter(|home| !home.is_empty());
            if let Some(home) = home.filter(|_| !self.root_is_named) {
                self.root_namespace = home.to_owned();
            }
            if let Some(values) = spec.and_then(|spec| spec.get("values")) {
                self.read_istio_values(values);
            }
            let name = &istio.object.name;
            self.revisions.insert(name.to_string());
            let version = spec.and_then(|spec| spec.str_at(&["version"]));
            self.revisions.extend(version.map(|version| format!("{name}-{}", version.replace('.', "-"))));
        }
        for tag in view.of_kind("sailoperator.io", "IstioRevisionTag") {
            self.revisions.insert(tag.object.name.to_string());
        }
    }

    fn read_istio_values(&mut self, values: NodeRef<'_>) {
        self.read_profile(Some(values));
        self.read_profile(values.get("global"));
        // Where the control plane lies is where its policies do, unless its settings name another namespace.
        let place = values.str_at(&["global", "istioNamespace"]).filter(|place| !place.is_empty());
        if let Some(place) = place.filter(|_| !self.root_is_named) {
            self.root_namespace = place.to_owned();
        }
        if let Some(webhook) = values.get("sidecarInjectorWebhook") {
            self.read_injector(webhook);
        }
        if let Some(mesh_config) = values.get("meshConfig") {
            self.read_mesh_config(mesh_config);
        }
        let proxy = |key: &str| values.at(&["global", "proxy", key]).and_then(text);
        let capture = &mut self.capture;
        for (kept, key) in [
            (&mut capture.exclude_inbound, "excludeInboundPorts"),
            (&mut capture.include_inbound, "includeInboundPorts"),
            (&mut capture.exclude_outbound, "excludeOutboundPorts"),
            (&mut capture.include_outbound, "includeOutboundPorts"),
            (&mut capture.exclude_ranges, "excludeIPRanges"),
            (&mut capture.include_ranges, "includeIPRanges"),
        ] {
            *kept = proxy(key).or(kept.take());
        }
        if let Some(policy) = proxy("autoInject") {
            self.injects_on_request = policy == "disabled";
        }
        let tags = values.get("revisionTags").into_iter().flat_map(NodeRef::items);
        let revisions = tags.chain(values.get("revision")).filter_map(text);
        self.revisions.extend(revisions.filter(|revision| !revision.is_empty()));
        let default = values.at(&["sidecarInjectorWebhook", "enableNamespacesByDefault"]);
        self.inject_by_default = default.and_then(NodeRef::as_bool).unwrap_or(self.inject_by_default);
    }

    fn read_injector(&mut self, settings: NodeRef<'_>) {
        if SELECTORS.iter().any(|key| settings.get(key).is_some()) {
            // Parsed anew, since the text of a ConfigMap outlives no borrow.
            let text = settings.to_json().to_string();
            self.injector = yaml::parse(SourceId(0), &text.as_str().into()).documents.pop();
        }
    }

    /// Whether Istio's injector always or never takes Pods that do not say so themselves; `None`: it does neither.
    pub(super) fn injects_by_selector(&self, labels: &Labels<'_>) -> Option<bool> {
        let settings = self.injector.as_ref()?.root();
        let selects = |key: &str| {
            let selectors = settings.get(key).into_iter().flat_map(NodeRef::items);
            selectors.filter_map(Selector::of_label_selector).any(|selector| selector.matches(labels))
        };
        // The order of istio `pkg/kube/inject/inject.go`, `injectRequired`.
        let [never, always] = SELECTORS;
        if selects(never) { Some(false) } else { selects(always).then_some(true) }
    }

    fn read_linkerd_values(&mut self, values: NodeRef<'_>) {
        if let Some(policy) = values.str_at(&["proxy", "defaultInboundPolicy"]) {
            self.linkerd_policy = Some(policy.to_owned());
        }
        let ignored = |key: &str| values.at(&["proxyInit", key]).and_then(text);
        let capture = &mut self.capture;
        capture.linkerd_inbound = ignored("ignoreInboundPorts").or(capture.linkerd_inbound.take());
        capture.linkerd_outbound = ignored("ignoreOutboundPorts").or(capture.linkerd_outbound.take());
    }

    fn read_mesh_config(&mut self, mesh_config: NodeRef<'_>) {
        if let Some(root) = mesh_config.str_at(&["rootNamespace"]).filter(|root| !root.is_empty()) {
            self.root_namespace = root.to_owned();
            self.root_is_named = true;
        }
        if let Some(domain) = mesh_config.str_at(&["trustDomain"]).filter(|domain| !domain.is_empty()) {
            self.trust_domain = Some(domain.to_owned());
        }
        if let Some(mode) = mesh_config.str_at(&["defaultConfig", "interceptionMode"]) {
            self.capture.interception = Some(mode.to_owned());
        }
        if let Some(takes) = mesh_config.get("defaultConfig").and_then(|config| metadata(config, TAKES)) {
            self.tunnels = Truth::from(takes == "true");
        }
        self.auto_mtls =
            mesh_config.get("enableAutoMtls").and_then(NodeRef::as_bool).unwrap_or(self.auto_mtls);
        if let Some(mode) = mesh_config.str_at(&["outboundTrafficPolicy", "mode"]) {
            self.registry_only = mode == "REGISTRY_ONLY";
        }
        for (kept, key) in [
            (&mut self.default_export_to, "defaultDestinationRuleExportTo"),
            (&mut self.default_route_export_to, "defaultVirtualServiceExportTo"),
            (&mut self.default_service_export_to, "defaultServiceExportTo"),
        ] {
            if let Some(export_to) = mesh_config.get(key) {
                *kept = export_to.items().filter_map(NodeRef::as_str).map(ToOwned::to_owned).collect();
            }
        }
        if mesh_config.get("discoverySelectors").is_some_and(|list| list.items().next().is_some()) {
            // Parsed anew, since the text of a ConfigMap outlives no borrow.
            let text = mesh_config.to_json().to_string();
            self.discovery = yaml::parse(SourceId(0), &text.as_str().into()).documents.pop();
        }
    }

    /// Control planes label what they install with their revision, and tags are webhooks of their own.
    fn read_revisions(&mut self, view: &View<'_>) {
        let webhooks = view.of_kind("admissionregistration.k8s.io", "MutatingWebhookConfiguration");
        let planes =
            view.of_kind("apps", "Deployment").filter(|resource| resource.object.name.starts_with("istiod"));
        for resource in webhooks.chain(planes) {
            let labels = view.estate.node(resource).at(&["metadata", "labels"]);
            for key in ["istio.io/rev", "istio.io/tag"] {
                let revision = labels.and_then(|labels| labels.str_at(&[key]));
                self.revisions.extend(revision.map(ToOwned::to_owned));
            }
        }
    }

    fn read_members(&mut self, view: &View<'_>) {
        for roll in view.of_kind("maistra.io", "ServiceMeshMemberRoll") {
            let members = view.estate.node(roll).at(&["spec", "members"]);
            let members = members.into_iter().flat_map(NodeRef::items).filter_map(NodeRef::as_str);
            self.members.extend(members.map(ToOwned::to_owned));
        }
        for member in view.of_kind("maistra.io", "ServiceMeshMember") {
            self.members.extend(member.identity.namespace.as_deref().map(ToOwned::to_owned));
        }
    }

    /// Meshes that a cloud runs: revisions of AKS, channels of Cloud Service Mesh.
    fn read_plans(&mut self, view: &View<'_>) {
        for plan in &view.estate.plans {
            for (_, cluster) in plan.managed("azurerm_kubernetes_cluster") {
                let Ok(values) = cluster.values(plan) else { continue };
                let path = ["service_mesh_profile".into(), Step::Index(0), "revisions".into()];
                if let Attribute::Known(revisions) = values.attribute(&path) {
                    self.hints.insert(Flavour::Istio);
                    let named = revisions.items().filter_map(NodeRef::as_str);
                    self.revisions.extend(named.map(ToOwned::to_owned));
                }
            }
            let features = plan.managed("google_gke_hub_feature");
            let has_mesh = features.filter_map(|(_, feature)| feature.values(plan).ok()).any(|values| {
                let name = values.attribute(&["name".into()]);
                matches!(name, Attribute::Known(name) if name.as_str() == Some("servicemesh"))
            });
            if has_mesh {
                self.hints.insert(Flavour::Istio);
                self.revisions.extend(MANAGED.map(ToOwned::to_owned));
            }
        }
    }
}

/// Profiles of installations with ambient Istio.
const AMBIENT: [&str; 2] = ["ambient", "openshift-ambient"];

/// What Istio's injector looks at where a Pod itself does not say, in order.
const SELECTORS: [&str; 2] = ["neverInjectSelector", "alwaysInjectSelector"];

/// A scalar that may be a single port without quotes.
fn text(node: NodeRef<'_>) -> Option<String> {
    node.as_str().map(ToOwned::to_owned).or_else(|| node.as_i64().map(|number| number.to_string()))
}

/// Revisions of Cloud Service Mesh, by channel.
const MANAGED: [&str; 4] = ["asm-managed", "asm-managed-rapid", "asm-managed-regular", "asm-managed-stable"];
