//! Connections that routes of the mesh send elsewhere.

use super::{
    Because, Caller, Finder, Mesh, Truth,
    transport::{Destination, Open},
    virtual_services::Asker,
};
use crate::resource::selector::Labels;

impl<'e> Finder<'_, 'e> {
    /// Connections to where routes send what is addressed to a host; whether there are any.
    pub(super) fn follow(
        &mut self,
        caller: &Caller<'_, '_>,
        host: &str,
        port: Option<u16>,
        speaks_tls: Truth,
    ) -> bool {
        // A4: only sidecars read those of Istio; Linkerd's proxies know those of the Gateway API.
        let own =
            Asker { port, namespace: caller.client.namespace, labels: &caller.client.labels, gateway: None };
        let none = Labels::new();
        let (asker, is_istio) = match caller.client.mesh {
            Mesh::IstioSidecar | Mesh::Unknown => (own, true),
            Mesh::Linkerd => (own, false),
            Mesh::IstioAmbient => match self.waypoint(host) {
                Some(namespace) => (Asker { namespace, labels: &none, ..own }, true),
                None => return false,
            },
            _ => return false,
        };
        // What leaves the proxy is routed by nobody, whatever is behind the port that a route would have chosen.
        if self.transports.leaves(caller.client, self.named(host), port).is_some() {
            return false;
        }
        let route = self.routes.of_host(host, asker, is_istio);
        let Some(route) = route else { return false };
        for (to, missing) in &route.destinations {
            let open = missing.clone().map(|missing| Open {
                because: Because::default(format!("a route may send it to {}", to.host)),
                missing,
            });
            let port = to.port.or_else(|| port.filter(|_| to.host == host));
            let service = self.named(&to.host);
            let mut destination = self.destination(service, port, speaks_tls);
            destination.subset = to.subset.map(ToOwned::to_owned);
            destination.is_routed = true;
            destination.open = open;
            match service {
                Some(service) => self.call_subset(caller, service, destination),
                None => self.call_host(caller, &to.host, destination),
            }
        }
        for (resource, absent) in route.absent {
            let because = Because {
                text: format!("{} delegates it to {absent}", resource.id),
                resource: Some(resource.id.clone()),
                origin: None,
            };
            let mut destination = self.destination(None, port, speaks_tls);
            host.clone_into(&mut destination.host);
            destination.open = Some(Open { because, missing: absent });
            self.add(caller, &destination, Some(self.server_of(host)));
        }
        true
    }

    /// Namespace of a Service that ambient clients reach through a waypoint, which has the routes that lie there.
    fn waypoint(&self, host: &str) -> Option<&'e str> {
        let service = self.set.services().get(self.named(host)?);
        (self.set.mesh().waypoint(service) == Truth::True).then_some(service.namespace)
    }

    /// A host that a route names and that is no Service of the input.
    fn call_host(&mut self, caller: &Caller<'_, '_>, host: &str, mut destination: Destination) {
        let is_known = self.set.hosts().entry(host, caller.client.namespace).is_some();
        host.clone_into(&mut destination.host);
        destination.is_external = is_known && !self.is_inside(host, caller.client.namespace);
        destination.open = destination.open.or_else(|| {
            let text = format!("a route sends it to {host}, which the mesh does not know");
            let missing = format!("a Service or ServiceEntry with the host {host}");
            (!is_known).then(|| Open { because: Because::default(text), missing })
        });
        self.add(caller, &destination, Some(self.server_of(host)));
    }

    /// Who serves a host that is no Service of the input.
    fn server_of(&self, host: &str) -> std::sync::Arc<str> {
        if let Some(service) = self.named(host) {
            return self.set.services().get(service).resource.id.clone();
        }
        let inside = host.split_once('.').and_then(|(name, rest)| Some((name, rest.split_once(".svc")?.0)));
        match inside {
            Some((name, namespace)) => format!("Service/{namespace}/{name}").into(),
            None => format!("external:{host}").into(),
        }
    }

    pub(super) fn add_external(
        &mut self,
        caller: &Caller<'_, '_>,
        host: &str,
        port: Option<u16>,
        speaks_tls: Truth,
    ) {
        let mut destination = self.destination(None, port, speaks_tls);
        destination.is_external = true;
        host.clone_into(&mut destination.host);
        self.add(caller, &destination, Some(format!("external:{host}").into()));
    }
}
