//! Charts of meshes that the estate installs, with the values that each is given: `HelmRelease`s of Flux, `Application`s of
//! Argo CD, and `helm_release`s of Terraform.
//!
//! Deliberately absent: files of values that they name; whether the input has them is not told.

use super::Flavour;
use crate::{
    document::{NodeRef, yaml},
    estate::View,
    resource::terraform::releases::{Given, Release},
    source::SourceId,
};

/// Charts that are read, with the mesh that each installs; that of Cilium makes a network, and no mesh yet.
const CHARTS: [(&str, Option<Flavour>); 7] = [
    ("istiod", Some(Flavour::Istio)),
    ("base", None),
    ("linkerd-control-plane", Some(Flavour::Linkerd)),
    ("kuma", Some(Flavour::Kuma)),
    ("kong-mesh", Some(Flavour::Kuma)),
    ("consul", Some(Flavour::Consul)),
    ("cilium", None),
];

/// The mesh that a chart installs.
pub(super) fn flavour(chart: &str) -> Option<Flavour> {
    CHARTS.iter().find(|(name, _)| *name == chart).and_then(|(_, flavour)| *flavour)
}

fn is_read(chart: &str) -> bool {
    CHARTS.iter().any(|(name, _)| *name == chart)
}

/// All of them, those of plans last.
pub(super) fn installed(view: &View<'_>) -> Vec<Release> {
    let mut all = Vec::new();
    for resource in view.of_kind("helm.toolkit.fluxcd.io", "HelmRelease") {
        let spec = view.estate.node(resource).get("spec");
        let chart = spec.and_then(|spec| spec.str_at(&["chart", "spec", "chart"]));
        let values = spec.and_then(|spec| spec.get("values"));
        all.extend(chart.and_then(|chart| release(chart, values, Vec::new())));
    }
    for resource in view.of_kind("argoproj.io", "Application") {
        let spec = view.estate.node(resource).get("spec");
        // Several sources count before one.
        let sources: Vec<NodeRef<'_>> =
            spec.and_then(|spec| spec.get("sources")).into_iter().flat_map(NodeRef::items).collect();
        let one = spec.and_then(|spec| spec.get("source")).filter(|_| sources.is_empty());
        all.extend(sources.into_iter().chain(one).filter_map(of_argo));
    }
    for plan in &view.estate.plans {
        let releases = plan.managed("helm_release").map(|(_, release)| release.release(plan));
        all.extend(releases.filter(|release| is_read(&release.chart)));
    }
    all
}

/// One source of an `Application`: its parameters are over its values, of which the object counts before the text (argo-cd
/// `ApplicationSourceHelm.ValuesYAML`, docs "Helm").
fn of_argo(source: NodeRef<'_>) -> Option<Release> {
    let helm = source.get("helm");
    let field = |key: &str| helm.and_then(|helm| helm.get(key)).filter(|value| !value.is_null());
    let parameters = field("parameters").into_iter().flat_map(NodeRef::items).filter_map(|parameter| {
        let (name, text) = (parameter.str_at(&["name"])?, parameter.str_at(&["value"])?);
        Some(Given { field: "set", path: Vec::new(), name: name.to_owned(), text: text.to_owned() })
    });
    release(source.str_at(&["chart"])?, field("valuesObject").or(field("values")), parameters.collect())
}

/// `values`: an object, or the text of one.
fn release(chart: &str, values: Option<NodeRef<'_>>, set: Vec<Given>) -> Option<Release> {
    let chart = chart.rsplit('/').next().unwrap_or_default();
    if !is_read(chart) {
        return None;
    }
    let text = values.map(|values| match values.as_str() {
        Some(text) => text.to_owned(),
        None => values.to_json().to_string(),
    });
    let parsed = text.and_then(|text| yaml::parse(SourceId(0), &text.as_str().into()).documents.pop());
    Some(Release {
        chart: chart.to_owned(),
        values: parsed.map(|document| (0, document)).into_iter().collect(),
        set,
    })
}
