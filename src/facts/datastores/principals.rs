//! Principals that may do everything on a server.

use super::{Access, Datastores, ServedBy};

/// Superusers that every server of an engine has.
const BUILT_IN: &[(&str, &[&str])] = &[
    ("postgresql", &["postgres"]),
    ("cockroachdb", &["root"]),
    ("mysql", &["root"]),
    ("mariadb", &["root"]),
    ("mongodb", &["root"]),
    ("sqlserver", &["sa"]),
    ("oracle", &["sys", "system"]),
    ("db2", &["db2inst1"]),
    ("cassandra", &["cassandra"]),
    ("elasticsearch", &["elastic"]),
    ("opensearch", &["admin"]),
    ("clickhouse", &["default"]),
    ("neo4j", &["neo4j"]),
    ("couchdb", &["admin"]),
    ("influxdb", &["admin"]),
];

/// Names that clouds and people give to the superuser of a server whose own settings are not in the input.
const USUAL: &[&str] = &["admin", "administrator", "dbadmin", "cloudsqlsuperuser", "rdsadmin"];

/// Why a principal is a superuser.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Superuser {
    /// The engine has it.
    BuiltIn,
    /// The settings of the server make it one.
    Made,
    /// It is called like one.
    Usual,
}

impl Datastores<'_> {
    /// Whether the principal of an access may do everything; `None`: it may not, or that is not known.
    pub(super) fn superuser(&self, access: &Access) -> Option<Superuser> {
        let principal = access.principal.known()?;
        let server = self.servers.get(access.server);
        let engine = server.engine?;
        // `user@server` of Azure.
        let bare = principal.split('@').next().unwrap_or(principal);
        let built_in = BUILT_IN.iter().find(|(name, _)| *name == engine);
        if built_in.is_some_and(|(_, names)| names.iter().any(|name| name.eq_ignore_ascii_case(bare))) {
            return Some(Superuser::BuiltIn);
        }
        if self.own(access.server).is_some_and(|own| own.superusers.contains_key(principal)) {
            return Some(Superuser::Made);
        }
        let elsewhere = matches!(server.served_by, ServedBy::Elsewhere | ServedBy::Planned { .. });
        (elsewhere && engine != "redis" && USUAL.contains(&bare)).then_some(Superuser::Usual)
    }
}
