//! Listeners of load balancers and of distributions, Apigee's targets and App Mesh's nodes in plans.
//!
//! Sources: the Terraform providers' documentation of the resources named below. What TCP carries is not said.

use std::sync::Arc;

use super::Listener;
use crate::{
    facts::{Fact, Subject, Truth, buckets::planned::Planned},
    resource::terraform::{Attribute, Plan},
};

/// A type with what makes its listeners.
type Kind = (&'static str, fn(&Planned<'_>) -> Vec<Listener>);

const KINDS: [Kind; 10] = [
    ("aws_lb_listener", aws),
    ("aws_alb_listener", aws),
    ("aws_elb", classic),
    ("aws_cloudfront_distribution", cloudfront),
    ("google_compute_target_http_proxy", |planned| google(planned, "google_compute_url_map")),
    ("google_compute_region_target_http_proxy", |planned| google(planned, "google_compute_region_url_map")),
    ("azurerm_application_gateway", azure),
    ("google_apigee_target_server", apigee),
    ("aws_appmesh_virtual_gateway", app_mesh),
    ("aws_appmesh_virtual_node", app_mesh),
];

/// One subject for each gateway of a plan.
pub(in crate::facts) fn planned(plan_index: u32, plan: &Plan) -> Vec<Subject> {
    let mut subjects = Vec::new();
    for (kind, listeners) in KINDS {
        for (position, _) in plan.managed(kind) {
            let Some(planned) = Planned::new(plan_index, plan, position) else { continue };
            let address = planned.address();
            let listeners = listeners(&planned).into_iter().map(Listener::fact);
            let fact = Fact::object([
                ("id", Fact::from(address)),
                ("kind", Fact::from(kind)),
                ("name", Fact::from(&*planned.resource.name)),
                ("listeners", Fact::array(listeners)),
            ]);
            subjects.push(Subject {
                resource: address.to_owned(),
                kind: Arc::clone(&planned.resource.kind),
                fact: fact.at(Some(planned.origin(""))),
            });
        }
    }
    subjects
}

/// Whether a text is one of some values.
fn is(planned: &Planned<'_>, path: &str, values: &[&str]) -> Truth {
    match planned.get(path) {
        Attribute::Known(node) => Truth::from(node.as_str().is_some_and(|text| values.contains(&text))),
        Attribute::Unknown => Truth::Unknown,
        Attribute::Absent => Truth::False,
    }
}

fn number(planned: &Planned<'_>, path: &str) -> Option<i64> {
    match planned.get(path) {
        Attribute::Known(node) => node.as_i64(),
        _ => None,
    }
}

fn items(planned: &Planned<'_>, path: &str) -> usize {
    match planned.get(path) {
        Attribute::Known(node) => node.items().count(),
        _ => 0,
    }
}

fn listener(planned: &Planned<'_>, path: &str, protocol: &str, encrypted: Truth) -> Listener {
    let mut listener = Listener::new(protocol.to_owned(), encrypted, planned.origin(path));
    listener.missing = (encrypted == Truth::Unknown).then(|| format!("{}.{path}", planned.address()));
    listener
}

/// A listener that passes on what it is given.
fn passing(planned: &Planned<'_>, path: &str, protocol: &str, port: Option<i64>) -> Listener {
    let mut listener = Listener::new(protocol.to_owned(), Truth::Unknown, planned.origin(path));
    listener.port = port;
    listener.missing = Some(match port {
        Some(port) => format!("what {} carries on port {port}", planned.address()),
        None => format!("what {} carries", planned.address()),
    });
    listener
}

/// Each listener of a classic load balancer: HTTP, or TCP, which may carry anything.
fn classic(planned: &Planned<'_>) -> Vec<Listener> {
    let listeners = (0..items(planned, "listener")).filter_map(|index| {
        let path = format!("listener.{index}.lb_protocol");
        let port = number(planned, &format!("listener.{index}.lb_port"));
        let protocol = planned.text(&path).map(str::to_ascii_uppercase);
        match protocol.as_deref() {
            Some("HTTPS" | "SSL") => None,
            Some("TCP") => Some(passing(planned, &path, "TCP", port)),
            Some(protocol) => Some(Listener { port, ..listener(planned, &path, protocol, Truth::False) }),
            None => Some(Listener { port, ..listener(planned, &path, "HTTP", Truth::Unknown) }),
        }
    });
    listeners.collect()
}

/// HTTP, unless its default action redirects.
fn aws(planned: &Planned<'_>) -> Vec<Listener> {
    let plaintext = is(planned, "protocol", &["HTTP"]);
    let protocol = planned.text("protocol").unwrap_or("HTTP");
    // Listeners of network load balancers carry what they are given.
    if matches!(protocol, "TCP" | "UDP" | "TCP_UDP") {
        return vec![passing(planned, "protocol", protocol, number(planned, "port"))];
    }
    if plaintext == Truth::False {
        return Vec::new();
    }
    let mut listener = listener(planned, "protocol", protocol, plaintext.not());
    listener.port = number(planned, "port");
    let redirect = is(planned, "default_action.0.type", &["redirect"]);
    let scheme = is(planned, "default_action.0.redirect.0.protocol", &["HTTPS"]);
    listener.redirects = redirect.and(scheme);
    vec![listener]
}

/// Each behaviour of a distribution that serves HTTP and HTTPS alike.
fn cloudfront(planned: &Planned<'_>) -> Vec<Listener> {
    let default = ("default_cache_behavior.0".to_owned(), "by default".to_owned());
    let ordered = (0..items(planned, "ordered_cache_behavior")).map(|index| {
        let behaviour = format!("ordered_cache_behavior.{index}");
        let pattern = planned.text(&format!("{behaviour}.path_pattern")).unwrap_or("a pattern of paths");
        let scope = format!("for `{pattern}`");
        (behaviour, scope)
    });
    let enabled = match planned.get("enabled") {
        Attribute::Known(node) => Truth::from(node.as_bool() != Some(false)),
        Attribute::Unknown => Truth::Unknown,
        Attribute::Absent => Truth::True,
    };
    let behaviours = std::iter::once(default).chain(ordered);
    let listeners = behaviours.filter_map(|(behaviour, scope)| {
        let path = format!("{behaviour}.viewer_protocol_policy");
        let served = is(planned, &path, &["allow-all"]).and(enabled);
        if served == Truth::False {
            return None;
        }
        let mut listener = listener(planned, &path, "HTTP", served.not());
        listener.note = Some(format!("its `viewer_protocol_policy` {scope} is `allow-all`"));
        listener.remedy = Some("Set `viewer_protocol_policy = \"redirect-to-https\"`.".to_owned());
        Some(listener)
    });
    listeners.collect()
}

/// A proxy for HTTP; its map of URLs, of a kind, may redirect.
fn google(planned: &Planned<'_>, maps: &str) -> Vec<Listener> {
    let mut listener = listener(planned, "url_map", "HTTP", Truth::False);
    let maps = planned.plan.managed(maps);
    let redirecting =
        maps.filter_map(|(position, _)| Planned::new(planned.plan_index, planned.plan, position));
    let referred = planned.plan.references(planned.resource);
    let referred: Vec<&String> = referred.get("url_map").into_iter().flatten().collect();
    let redirects = redirecting.filter(|map| referred.iter().any(|name| name.starts_with(map.address())));
    let https = |map: &Planned<'_>| match map.get("default_url_redirect.0.https_redirect") {
        Attribute::Known(node) => Truth::from(node.as_bool() == Some(true)),
        Attribute::Unknown => Truth::Unknown,
        Attribute::Absent => Truth::False,
    };
    let found: Vec<Truth> = redirects.map(|map| https(&map)).collect();
    listener.redirects = match (found.is_empty(), referred.is_empty()) {
        (true, false) => Truth::Unknown,
        _ => found.into_iter().fold(Truth::False, Truth::or),
    };
    if listener.redirects == Truth::Unknown {
        listener.missing = Some(format!("{}.url_map", planned.address()));
    }
    vec![listener]
}

/// HTTP, unless its routing rule redirects.
fn azure(planned: &Planned<'_>) -> Vec<Listener> {
    let rules = items(planned, "request_routing_rule");
    let listeners = (0..items(planned, "http_listener")).filter_map(|index| {
        let path = format!("http_listener.{index}.protocol");
        let plaintext = is(planned, &path, &["Http"]);
        if plaintext == Truth::False {
            return None;
        }
        let mut listener = listener(planned, &path, "HTTP", plaintext.not());
        let name = planned.text(&format!("http_listener.{index}.name"));
        listener.name = name.map(ToOwned::to_owned);
        let own = (0..rules).filter(|rule| {
            name.is_some() && planned.text(&format!("request_routing_rule.{rule}.http_listener_name")) == name
        });
        let redirects = own.map(|rule| azure_redirects(planned, rule));
        listener.redirects = redirects.fold(Truth::False, Truth::or);
        if listener.redirects == Truth::Unknown {
            listener.missing = Some(format!("{}.redirect_configuration", planned.address()));
        }
        Some(listener)
    });
    listeners.collect()
}

/// Whether a routing rule redirects to HTTPS: to a listener for it, or to an address.
fn azure_redirects(planned: &Planned<'_>, rule: usize) -> Truth {
    let path = format!("request_routing_rule.{rule}.redirect_configuration_name");
    let Some(name) = planned.text(&path).filter(|name| !name.is_empty()) else { return Truth::False };
    let named = |block: &str, name: &str| {
        (0..items(planned, block)).find(|index| planned.text(&format!("{block}.{index}.name")) == Some(name))
    };
    let Some(index) = named("redirect_configuration", name) else { return Truth::Unknown };
    let setting = |key: &str| {
        planned.text(&format!("redirect_configuration.{index}.{key}")).filter(|text| !text.is_empty())
    };
    match (setting("target_listener_name"), setting("target_url")) {
        (Some(target), _) => named("http_listener", target).map_or(Truth::Unknown, |target| {
            is(planned, &format!("http_listener.{target}.protocol"), &["Https"])
        }),
        (None, Some(target)) => Truth::from(target.starts_with("https://")),
        (None, None) => Truth::Unknown,
    }
}

/// What Apigee speaks to the service behind it.
fn apigee(planned: &Planned<'_>) -> Vec<Listener> {
    let enabled = match planned.get("s_sl_info.0.enabled") {
        Attribute::Known(node) => Truth::from(node.as_bool() == Some(true)),
        Attribute::Unknown => Truth::Unknown,
        Attribute::Absent => Truth::False,
    };
    if enabled == Truth::True {
        return Vec::new();
    }
    let mut listener = listener(planned, "s_sl_info.0.enabled", "HTTP", enabled);
    listener.port = number(planned, "port");
    listener.hosts = planned.text("host").map(ToOwned::to_owned).into_iter().collect();
    listener.note = Some("Apigee calls it without TLS".to_owned());
    listener.remedy = Some("Add `s_sl_info { enabled = true }`, with a trust store.".to_owned());
    vec![listener]
}

/// TLS of each listener: STRICT, or none that is demanded.
fn app_mesh(planned: &Planned<'_>) -> Vec<Listener> {
    let listeners = (0..items(planned, "spec.0.listener")).filter_map(|index| {
        let path = format!("spec.0.listener.{index}.tls.0.mode");
        let strict = is(planned, &path, &["STRICT"]);
        if strict == Truth::True {
            return None;
        }
        let protocol = planned.text(&format!("spec.0.listener.{index}.port_mapping.0.protocol"));
        let mut listener = listener(planned, &path, &protocol.unwrap_or("http").to_ascii_uppercase(), strict);
        listener.port = number(planned, &format!("spec.0.listener.{index}.port_mapping.0.port"));
        listener.note = Some("its `tls.mode` is not STRICT".to_owned());
        listener.remedy = Some("Set `tls { mode = \"STRICT\" … }` on the listener.".to_owned());
        Some(listener)
    });
    listeners.collect()
}
