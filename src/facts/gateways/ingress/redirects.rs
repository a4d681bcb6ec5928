//! What a load balancer of AWS serves in plaintext where an action of the Ingress redirects to HTTPS, as was done before
//! there was an annotation for it: a path leads to the action, and paths that come before it are served.
//!
//! Sources: aws-load-balancer-controller `docs/guide/ingress/annotations.md` ("Actions"), `pkg/ingress/model_build_listener_rules.go`
//! (the order of paths).

use std::collections::BTreeSet;

use crate::{document::NodeRef, facts::mesh::texts};

const ACTIONS: &str = "alb.ingress.kubernetes.io/actions.";
/// Beside an action or Service: for whom its paths are.
const CONDITIONS: &str = "alb.ingress.kubernetes.io/conditions.";

/// Kinds of paths, in the order in which they are asked.
const KINDS: [&str; 3] = ["Exact", "Prefix", "ImplementationSpecific"];

/// What actions redirect.
#[derive(Debug, Clone, Copy)]
pub(super) enum Plaintext<'e> {
    /// No action redirects.
    All,
    /// The backend of what comes before an action that redirects, or beside it.
    Some(NodeRef<'e>),
    Nothing,
}

/// What an Ingress serves in plaintext.
pub(super) fn plaintext(ingress: NodeRef<'_>) -> Plaintext<'_> {
    let actions: BTreeSet<&str> = texts(ingress.at(&["metadata", "annotations"]))
        .filter(|(_, text)| is_redirect(&text.text))
        .filter_map(|(key, _)| key.strip_prefix(ACTIONS))
        .collect();
    if actions.is_empty() {
        return Plaintext::All;
    }
    let limited: BTreeSet<&str> = texts(ingress.at(&["metadata", "annotations"]))
        .filter_map(|(key, _)| key.strip_prefix(CONDITIONS))
        .collect();
    let redirects = |backend: NodeRef<'_>| name(backend).is_some_and(|name| actions.contains(name));
    let spec = ingress.get("spec");
    let rules = spec.and_then(|spec| spec.get("rules")).into_iter().flat_map(NodeRef::items);
    let mut redirected = BTreeSet::new();
    for rule in rules {
        let host = rule.str_at(&["host"]).unwrap_or_default();
        let mut paths: Vec<_> = rule.at(&["http", "paths"]).into_iter().flat_map(NodeRef::items).collect();
        paths.sort_by_key(|path| rank(*path));
        for path in paths {
            if is_covered(&redirected, host) {
                break;
            }
            let Some(backend) = path.get("backend") else { continue };
            if !redirects(backend) {
                return Plaintext::Some(backend);
            }
            if takes_all(path) && !name(backend).is_some_and(|name| limited.contains(name)) {
                redirected.insert(host);
            }
        }
    }
    let default = spec.and_then(|spec| spec.get("defaultBackend"));
    let default = default.filter(|backend| !redirected.contains("") && !redirects(*backend));
    default.map_or(Plaintext::Nothing, Plaintext::Some)
}

/// Whether a host is redirected as a whole: by its name, by that of all, or by a wildcard, which takes any characters.
fn is_covered(redirected: &BTreeSet<&str>, host: &str) -> bool {
    let wild = |(position, _): (usize, &str)| {
        host.get(position..).is_some_and(|suffix| redirected.contains(&*format!("*{suffix}")))
    };
    redirected.contains("") || redirected.contains(host) || host.match_indices('.').any(wild)
}

/// Exact paths first, then the longest prefix, then what is written first.
fn rank(path: NodeRef<'_>) -> (usize, usize) {
    let kind = path.str_at(&["pathType"]).unwrap_or("ImplementationSpecific");
    let position = KINDS.iter().position(|known| *known == kind).unwrap_or(KINDS.len());
    let length = path.str_at(&["path"]).unwrap_or("/").len();
    (position, if kind == "Prefix" { usize::MAX - length } else { 0 })
}

fn takes_all(path: NodeRef<'_>) -> bool {
    match path.str_at(&["path"]) {
        None | Some("" | "/*") => true,
        Some("/") => path.str_at(&["pathType"]) == Some("Prefix"),
        Some(_) => false,
    }
}

fn name(backend: NodeRef<'_>) -> Option<&str> {
    backend.str_at(&["service", "name"]).or_else(|| backend.str_at(&["serviceName"]))
}

/// Whether an action sends to HTTPS; its keys are written with a small or a capital letter.
fn is_redirect(text: &str) -> bool {
    let Ok(action) = serde_json::from_str::<serde_json::Value>(text) else { return false };
    let of = |value: &serde_json::Value, key: &str| {
        let entries = value.as_object()?;
        let found = entries.iter().find(|(name, _)| name.eq_ignore_ascii_case(key));
        found.map(|(_, value)| value.clone())
    };
    let kind = of(&action, "type");
    let protocol = of(&action, "redirectConfig").and_then(|settings| of(&settings, "protocol"));
    kind.and_then(|kind| kind.as_str().map(|kind| kind == "redirect")) == Some(true)
        && protocol.and_then(|protocol| protocol.as_str().map(|protocol| protocol == "HTTPS")) == Some(true)
}
