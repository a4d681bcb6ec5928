//! Which ports of a Service lead to a database.

use super::servers::Workload;
use crate::{
    document::NodeRef,
    estate::Resource,
    facts::services::target_port,
    resource::engine::{self, Engine},
};

/// One port of a Service.
pub(super) struct ServicePort<'d> {
    service: &'d Resource,
    node: NodeRef<'d>,
}

/// What a port of a Service leads to.
pub(super) enum Serves<'d> {
    /// A database; with the port's node.
    Database(&'static Engine, NodeRef<'d>),
    /// Something in the Pod of a database: where the port leads is not known.
    Unknown(&'static Engine, NodeRef<'d>),
}

enum Target<'d> {
    Number(i64),
    Name(&'d str),
    Unknown,
}

impl Serves<'_> {
    pub(super) const fn engine(&self) -> &'static Engine {
        match self {
            Self::Database(engine, _) | Self::Unknown(engine, _) => engine,
        }
    }
}

impl<'d> ServicePort<'d> {
    pub(super) fn all(service: &'d Resource, node: NodeRef<'d>) -> impl Iterator<Item = Self> {
        let external = node.str_at(&["spec", "type"]) == Some("ExternalName");
        let ports = node.at(&["spec", "ports"]).filter(|_| !external).into_iter().flat_map(NodeRef::items);
        ports.map(move |node| ServicePort { service, node })
    }

    /// What it leads to in a workload; `None` where that is no database.
    pub(super) fn serves(&self, workload: Option<&Workload<'d>>) -> Option<Serves<'d>> {
        let database = workload.and_then(|workload| workload.database);
        let target = match (self.target(), workload) {
            (Target::Name(name), Some(workload)) => match container_port(workload, name) {
                Some(number) => Target::Number(number),
                None => Target::Name(name),
            },
            (target, _) => target,
        };
        let engine = match (target, database) {
            (Target::Number(number), Some((container, engine))) => {
                serves_itself(workload, container, engine, number).or_else(|| engine::of_port(number))
            }
            (Target::Number(number), None) => self.without_image(workload, number),
            // The name of the port is all there is; the port that clients use tells as much.
            (Target::Name(_) | Target::Unknown, _) => {
                let number = self.number();
                let told = number.and_then(|number| self.without_image(workload, number));
                let known = database
                    .filter(|(_, engine)| number.is_some_and(|number| engine.ports.contains(&number)));
                match (known, told, database) {
                    (Some((_, engine)), _, _) | (None, Some(engine), _) => Some(engine),
                    (None, None, Some((_, engine))) => return Some(Serves::Unknown(engine, self.node)),
                    (None, None, None) => None,
                }
            }
        };
        engine.map(|engine| Serves::Database(engine, self.node))
    }

    fn without_image(&self, workload: Option<&Workload<'d>>, number: i64) -> Option<&'static Engine> {
        let owners = [Some(self.service), workload.map(|workload| workload.resource)];
        let named = |resource: &Resource| engine::of_name_and_port(&resource.object.name, number);
        owners.into_iter().flatten().find_map(named).or_else(|| engine::of_port(number))
    }

    fn number(&self) -> Option<i64> {
        self.node.get("port")?.as_i64()
    }

    /// `targetPort`, by default `port` (core/v1 `ServicePort`).
    fn target(&self) -> Target<'d> {
        match target_port(self.node) {
            Some(target) => match (target.as_i64(), target.as_str()) {
                (Some(number), _) => Target::Number(number),
                (None, Some(name)) => Target::Name(name),
                (None, None) => Target::Unknown,
            },
            None => self.number().map_or(Target::Unknown, Target::Number),
        }
    }
}

/// The engine, if a port of the Pod is one of the database server and not of what runs beside it.
fn serves_itself(
    workload: Option<&Workload<'_>>,
    container: NodeRef<'_>,
    engine: &'static Engine,
    number: i64,
) -> Option<&'static Engine> {
    let declares = |container: NodeRef<'_>| {
        container.get("ports").into_iter().flat_map(NodeRef::items).any(|port| {
            port.get("containerPort").and_then(NodeRef::as_i64) == Some(number)
                && !port.str_at(&["name"]).is_some_and(|name| name.contains("metrics"))
        })
    };
    let alone = || workload.is_some_and(|workload| workload.pod.containers().count() == 1);
    let declares_none = || container.get("ports").is_none_or(|ports| ports.items().next().is_none());
    (engine.ports.contains(&number) || declares(container) || (alone() && declares_none())).then_some(engine)
}

/// Number of a named port of a Pod.
pub(super) fn container_port(workload: &Workload<'_>, name: &str) -> Option<i64> {
    let ports = workload
        .pod
        .containers()
        .flat_map(|container| container.get("ports").into_iter().flat_map(NodeRef::items));
    let mut named = ports.filter(|port| port.str_at(&["name"]) == Some(name));
    named.next()?.get("containerPort")?.as_i64()
}
