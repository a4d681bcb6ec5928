//! Superusers that the resources of operators declare.
//!
//! Sources: `CloudNativePG` "PostgreSQL role management" (`managed.roles`), Zalando "Cluster manifest reference" (`users`),
//! Crunchy PGO and Percona "User management" (`users[].options`), MongoDB Community Operator and Percona Server for
//! MongoDB (`users[].roles`).
//! Deliberately absent: roles that are granted in SQL, and objects beside the server's own that make users.

use std::{collections::BTreeMap, sync::Arc};

use super::own::Own;
use crate::{
    document::NodeRef,
    facts::{Because, hosts::Operated},
};

/// Roles of MongoDB that may do everything (MongoDB Manual, "Superuser roles").
const MONGODB_ROLES: [&str; 2] = ["root", "__system"];

/// What the resource of an operator says of its server.
pub(super) fn own(operated: &Operated<'_>) -> Own {
    let because = |at: NodeRef<'_>| Because {
        text: format!("{} makes it one", operated.resource.id),
        resource: Some(Arc::clone(&operated.resource.id)),
        origin: Some(at.place().into()),
    };
    let superusers: BTreeMap<String, Because> =
        superusers(operated).into_iter().map(|(principal, at)| (principal.to_owned(), because(at))).collect();
    Own { superusers, ..Own::default() }
}

/// Names, each with what makes it a superuser.
fn superusers<'e>(operated: &Operated<'e>) -> Vec<(&'e str, NodeRef<'e>)> {
    let spec = operated.node.get("spec");
    let list = |path: &[&str]| spec.and_then(|spec| spec.at(path)).into_iter().flat_map(NodeRef::items);
    match &*operated.resource.object.group {
        "postgresql.cnpg.io" | "postgresql.k8s.enterprisedb.io" => list(&["managed", "roles"])
            .filter(|role| role.str_at(&["ensure"]) != Some("absent"))
            .filter_map(|role| {
                let superuser = role.get("superuser").filter(|value| value.as_bool() == Some(true))?;
                Some((role.str_at(&["name"])?, superuser))
            })
            .collect(),
        "acid.zalan.do" => {
            let users = spec.and_then(|spec| spec.get("users")).into_iter().flat_map(NodeRef::entries);
            users
                .filter_map(|(name, _, flags)| {
                    let mut flags = flags.items();
                    let is_superuser = |flag: &NodeRef<'_>| {
                        flag.as_str().is_some_and(|flag| flag.eq_ignore_ascii_case("superuser"))
                    };
                    Some((name, flags.find(is_superuser)?))
                })
                .collect()
        }
        "postgres-operator.crunchydata.com" | "pgv2.percona.com" => list(&["users"])
            .filter_map(|user| {
                let options = user.get("options")?;
                let mut words = options.as_str()?.split_whitespace();
                let is_superuser = words.any(|word| word.eq_ignore_ascii_case("superuser"));
                is_superuser.then_some((user.str_at(&["name"])?, options))
            })
            .collect(),
        "mongodbcommunity.mongodb.com" | "psmdb.percona.com" => list(&["users"])
            .filter_map(|user| {
                let roles = user.get("roles").into_iter().flat_map(NodeRef::items);
                let mut names = roles.filter_map(|role| role.get("name"));
                let role =
                    names.find(|name| name.as_str().is_some_and(|name| MONGODB_ROLES.contains(&name)))?;
                Some((user.str_at(&["name"])?, role))
            })
            .collect(),
        _ => Vec::new(),
    }
}
