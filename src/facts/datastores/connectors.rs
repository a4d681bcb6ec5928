//! Connectors of Kafka Connect, which copy databases to topics and back: readers, and no owners (domains.md Q8).
//!
//! Sources: Strimzi, "Configuring Kafka Connect connectors"; Debezium, "Required connector configuration properties";
//! the JDBC connectors' `connection.url`.

use std::{borrow::Cow, collections::BTreeMap, sync::Arc};

use super::{
    clients::{Access, Caller, Named},
    own::Own,
    planned::{Cloud, database},
    readers::Role,
    servers::{ServerId, Servers},
};
use crate::{
    document::NodeRef,
    facts::{
        Because, Set,
        accesses::{Part, claims},
        environment::{Channel, Evidence, Origin, Setting},
    },
    source::Place,
};

/// One access for each server that a connector is told, and each database there that it lists.
pub(super) fn accesses<'e>(
    set: &Set<'e>,
    cloud: &Cloud,
    own: &BTreeMap<ServerId, Own>,
    servers: &mut Servers<'e>,
) -> Vec<Access> {
    let mut found = Vec::new();
    for connector in set.view.of_kind("kafka.strimzi.io", "KafkaConnector") {
        let spec = set.view.estate.node(connector).get("spec");
        let config = spec.and_then(|spec| spec.get("config")).into_iter().flat_map(NodeRef::entries);
        // The class names the engine, where the address does not.
        let class = spec.and_then(|spec| spec.get("class"));
        let class = class.and_then(|class| Some(setting("database.engine", class.as_str()?, class.place())));
        let told = config.map(|(name, _, value)| {
            setting(name, value.as_str().unwrap_or_else(|| value.raw()), value.place())
        });
        let settings: Vec<Setting<'_>> = class.into_iter().chain(told).collect();
        let namespace = connector.namespace();
        let listed = listed(&settings);
        for claim in claims(&settings, namespace) {
            let Part::Text(host) = &claim.host else { continue };
            let resolved = set.hosts().resolve(set, host, namespace);
            let Some(server) = servers.claimed(set, cloud, &resolved, &claim) else { continue };
            let because = |text: &str, by: &Setting<'_>| Because {
                text: format!("`{}` names the {text}", by.name),
                resource: Some(Arc::clone(&connector.id)),
                origin: Some(by.place.clone().into()),
            };
            let known =
                |part: &Part<'_>| part.known().map_or(Named::Unknown, |text| Named::Known(text.to_owned()));
            let caller = Caller {
                id: Arc::clone(&connector.id),
                service: format!("{namespace}/{}", connector.object.name).into(),
                workload: None,
                role: Role::Replication,
            };
            let one = |named: Named, by: Option<&Setting<'_>>| Access {
                database: database(own, server, named),
                principal: known(&claim.principal),
                password: claim.password,
                transport: claim.transport,
                database_because: by.map(|by| because("database", by)),
                principal_because: claim.principal_by.map(|by| because("principal", by)),
                ..Access::to(caller.clone(), server, Evidence::Explicit, because("server", claim.by))
            };
            match &listed {
                Some((by, names)) if claim.database == Part::Absent => {
                    found.extend(names.iter().map(|name| one(Named::Known((*name).to_owned()), Some(by))));
                }
                _ => found.push(one(known(&claim.database), claim.database_by)),
            }
        }
    }
    found
}

/// Settings of Debezium that list the databases which a connector captures: names, of MySQL and MongoDB as expressions.
const LISTS: [&str; 2] = ["database.include.list", "database.names"];

/// The databases that a connector lists by their names; `None` where it lists none, or by an expression.
fn listed<'s, 'e>(settings: &'s [Setting<'e>]) -> Option<(&'s Setting<'e>, Vec<&'s str>)> {
    let setting = settings.iter().find(|setting| LISTS.contains(&&*setting.name))?;
    let names: Vec<&str> = setting.text.as_deref()?.split(',').map(str::trim).collect();
    let is_name = |name: &&str| {
        !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))
    };
    names.iter().all(is_name).then_some((setting, names))
}

fn setting<'e>(name: &'e str, text: &'e str, place: Place) -> Setting<'e> {
    Setting {
        container: "",
        channel: Channel::Variable,
        name: Cow::Borrowed(name),
        text: Some(Cow::Borrowed(text)),
        written: None,
        origin: Origin::Literal,
        key: None,
        file: None,
        evidence: Evidence::Explicit,
        reference: place.clone(),
        place,
    }
}
