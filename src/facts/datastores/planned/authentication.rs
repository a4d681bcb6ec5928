//! Whether caches of clouds ask their clients for a credential.
//!
//! Sources: Amazon ElastiCache "Authenticating with the AUTH command" and "Role-Based Access Control", Amazon `MemoryDB`
//! "Authenticating users with Access Control Lists" (`open-access`), Memorystore for Redis "About AUTH", Memorystore for
//! Redis Cluster and for Valkey "About IAM authentication", Azure Cache for Redis "Disable authentication". Databases of
//! other engines always ask.

use super::told;
use crate::{
    document::Step,
    facts::{
        buckets::planned::Planned, datastores::own::Authentication, global_datastores::Settings, truth::Truth,
    },
    resource::terraform::Attribute,
};

/// `None` where that is not judged.
pub(super) fn authentication(server: &Planned<'_>) -> Option<Authentication> {
    let (attribute, required) = match &*server.resource.kind {
        "aws_elasticache_replication_group" => {
            let own = |group: &Planned<'_>| given(group, "auth_token").or(given(group, "user_group_ids"));
            let asks = match Settings::of(server) {
                Settings::Own => own(server),
                Settings::Of(primary) => Planned::new(server.plan_index, server.plan, primary)
                    .map_or(Truth::Unknown, |primary| own(&primary).or(own(server))),
                Settings::Elsewhere => own(server).or(Truth::Unknown),
            };
            ("auth_token", asks)
        }
        "aws_elasticache_serverless_cache" => {
            let speaks = matches!(server.text("engine"), Some("redis" | "valkey"));
            speaks.then(|| ("user_group_id", given(server, "user_group_id")))?
        }
        // It has no password of its own; a member is as its group is.
        "aws_elasticache_cluster" => {
            let is_member = given(server, "replication_group_id") != Truth::False;
            let speaks = matches!(server.text("engine"), Some("redis" | "valkey"));
            (speaks && !is_member).then_some(("engine", Truth::False))?
        }
        "aws_memorydb_cluster" => ("acl_name", Truth::from(server.text("acl_name")? != "open-access")),
        "google_redis_instance" => ("auth_enabled", switch(server, "auth_enabled", false)),
        "google_redis_cluster" => ("authorization_mode", mode(server, "AUTH_MODE_")),
        "google_memorystore_instance" => ("authorization_mode", mode(server, "AUTH_")),
        "azurerm_redis_cache" => {
            const SWITCH: &str = "redis_configuration.0.authentication_enabled";
            (SWITCH, switch(server, SWITCH, true))
        }
        _ => return None,
    };
    let text = match required {
        Truth::False => format!("`{attribute}` asks clients for no credential"),
        _ => format!("`{attribute}` decides whether clients need a credential"),
    };
    Some(Authentication { required, because: told(server, attribute, text) })
}

/// Whether an attribute is given, be its value known or not.
fn given(server: &Planned<'_>, attribute: &str) -> Truth {
    match server.get(attribute) {
        Attribute::Known(node) => {
            Truth::from(node.as_str().is_some_and(|text| !text.is_empty()) || node.items().next().is_some())
        }
        Attribute::Absent => Truth::False,
        // What somebody writes is given; what the provider computes for a new one is nothing.
        Attribute::Unknown => match server.plan.declares(server.resource, &[Step::from(attribute)]) {
            Some(true) => Truth::True,
            Some(false) if server.resource.is_created() => Truth::False,
            _ => Truth::Unknown,
        },
    }
}

/// What `authorization_mode` says; without it nobody is asked.
fn mode(server: &Planned<'_>, prefix: &str) -> Truth {
    const ATTRIBUTE: &str = "authorization_mode";
    match server.get(ATTRIBUTE) {
        Attribute::Known(node) => {
            let off = |text: &str| text.strip_prefix(prefix).is_some_and(|mode| mode == "DISABLED");
            node.as_str()
                .map_or(Truth::Unknown, |text| Truth::from(!off(text) && !text.ends_with("UNSPECIFIED")))
        }
        _ => given(server, ATTRIBUTE).and(Truth::Unknown),
    }
}

/// What a boolean says; `default` holds where nobody writes it.
fn switch(server: &Planned<'_>, path: &str, default: bool) -> Truth {
    let block = path.split('.').next().unwrap_or(path);
    match server.get(path) {
        Attribute::Known(node) => node.as_bool().map_or(Truth::Unknown, Truth::from),
        Attribute::Absent => default.into(),
        Attribute::Unknown => match server.plan.declares(server.resource, &[Step::from(block)]) {
            Some(false) if server.resource.is_created() => default.into(),
            _ => Truth::Unknown,
        },
    }
}
