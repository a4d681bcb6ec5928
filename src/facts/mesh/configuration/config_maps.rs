//! Settings that control planes run with: the `ConfigMap`s of Istio, Linkerd and Cilium.

use std::collections::BTreeSet;

use super::{Configuration, ROOT};
use crate::{
    document::{Document, NodeRef, yaml},
    estate::{Resource, View},
    facts::Truth,
    source::SourceId,
};

/// The `ConfigMap` with the values that Istio's injector works with, and its beginning where it has a revision.
const INJECTOR: &str = "istio-sidecar-injector";
const REVISED_INJECTOR: &str = "istio-sidecar-injector-";

/// That with the settings of the mesh, and its beginning where it has a revision.
const MESH: &str = "istio";
const REVISED_MESH: &str = "istio-";

/// What one control plane of Istio works with.
#[derive(Debug, PartialEq, Eq)]
struct Settings {
    root_namespace: String,
    auto_mtls: bool,
}

impl Configuration {
    pub(super) fn read_config_maps(&mut self, view: &View<'_>) {
        let mut of_istio = Vec::new();
        for config_map in view.of_kind("", "ConfigMap") {
            let node = view.estate.node(config_map);
            match &*config_map.object.name {
                "cilium-config" => {
                    let on = |key| node.str_at(&["data", key]) == Some("true");
                    self.cilium_encrypts = Truth::from(on("enable-wireguard") || on("enable-ipsec"));
                }
                "linkerd-config" => {
                    let Some(text) = node.str_at(&["data", "values"]) else { continue };
                    let parsed = yaml::parse(SourceId(0), &text.into());
                    if let Some(document) = parsed.documents.first() {
                        self.read_linkerd_values(document.root());
                    }
                }
                name if name == INJECTOR || name.starts_with(REVISED_INJECTOR) => self.read_injection(node),
                name if name == MESH || name.starts_with(REVISED_MESH) => of_istio.push((config_map, node)),
                _ => {}
            }
        }
        self.read_meshes(view, &of_istio);
    }

    fn read_injection(&mut self, node: NodeRef<'_>) {
        let parsed = ["values", "config"]
            .map(|key| node.str_at(&["data", key]).map(|text| yaml::parse(SourceId(0), &text.into())));
        let [values, config] = parsed
            .each_ref()
            .map(|parsed| parsed.as_ref().and_then(|parsed| parsed.documents.first()).map(Document::root));
        if let Some(values) = values {
            self.read_istio_values(values);
        }
        if let Some(config) = config {
            self.read_injector(config);
            if let Some(policy) = config.str_at(&["policy"]) {
                self.injects_on_request = policy == "disabled";
            }
        }
    }

    /// Settings count where a control plane reads them: in its own namespace, which installations also name as the root.
    /// Several that disagree decide nothing, since Pods of each revision follow their own.
    fn read_meshes(&mut self, view: &View<'_>, config_maps: &[(&Resource, NodeRef<'_>)]) {
        let planes = view.of_kind("apps", "Deployment");
        let planes = planes.filter(|resource| resource.object.name.starts_with("istiod"));
        let places: BTreeSet<&str> =
            planes.filter_map(|resource| resource.identity.namespace.as_deref()).collect();
        let root = self.root_namespace.clone();
        let before = (root.clone(), self.root_is_named, self.auto_mtls);
        let mut tunnels: Option<Truth> = None;
        let mut read: Vec<(&Resource, Settings)> = Vec::new();
        for (config_map, node) in config_maps {
            let Some(text) = node.str_at(&["data", "mesh"]) else { continue };
            let parsed = yaml::parse(SourceId(0), &text.into());
            let settings = parsed.documents.first().map(Document::root);
            let namespace = config_map.namespace();
            let names = settings.and_then(|settings| settings.str_at(&["rootNamespace"]));
            let is_read =
                [ROOT, &*root].contains(&namespace) || places.contains(namespace) || names == Some(namespace);
            if !is_read {
                continue;
            }
            match settings.filter(|settings| parsed.errors.is_empty() && settings.is_mapping()) {
                Some(settings) => {
                    (self.root_namespace, self.root_is_named, self.auto_mtls) = before.clone();
                    // What control planes run with says all there is to say.
                    self.tunnels = Truth::False;
                    self.read_mesh_config(settings);
                    let agrees = tunnels.is_none_or(|other| other == self.tunnels);
                    tunnels = Some(if agrees { self.tunnels } else { Truth::Unknown });
                    let root_namespace = self.root_namespace.clone();
                    read.push((config_map, Settings { root_namespace, auto_mtls: self.auto_mtls }));
                }
                None if text.trim().is_empty() => {}
                None => self.undecided = Some(format!("a `mesh` that can be read in {}", config_map.id)),
            }
        }
        self.tunnels = tunnels.unwrap_or(self.tunnels);
        if let Some((_, first)) = read.first()
            && read.iter().any(|(_, settings)| settings != first)
        {
            let names: Vec<&str> = read.iter().map(|(config_map, _)| &*config_map.id).collect();
            self.undecided = Some(format!("which of {} its control plane reads", names.join(" and ")));
        }
    }
}
