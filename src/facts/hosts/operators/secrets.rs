//! Secrets in which operators hand out the way to a server: whose database, and whom as (domains.md Q5).
//!
//! Sources: `CloudNativePG` "Connecting from an application", Crunchy PGO and Percona "Connect to the database", Zalando
//! "Manifest parameters", MongoDB Community Operator "Connect", ECK "Request Elasticsearch endpoint".

use crate::{document::NodeRef, estate::Resource};

/// What one Secret of an operator gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::facts) struct Handed {
    /// Index of the server.
    pub(in crate::facts) server: usize,
    pub(in crate::facts) database: Option<String>,
    pub(in crate::facts) principal: String,
}

/// Names of the Secrets that a resource brings about, with what each gives.
pub(super) fn handed(server: usize, resource: &Resource, node: NodeRef<'_>) -> Vec<(String, Handed)> {
    let name = &*resource.object.name;
    let give = |secret: String, database: Option<&str>, principal: &str| {
        let database = database.map(ToOwned::to_owned);
        (secret, Handed { server, database, principal: principal.to_owned() })
    };
    match (&*resource.object.group, &*resource.object.kind) {
        ("postgresql.cnpg.io" | "postgresql.k8s.enterprisedb.io", "Cluster") => {
            let initial = |key: &str| node.at(&["spec", "bootstrap", "initdb"])?.str_at(&[key]);
            let database = initial("database").unwrap_or("app");
            let owner = initial("owner").unwrap_or(database);
            let own = node.at(&["spec", "bootstrap", "initdb", "secret"]).and_then(|it| it.str_at(&["name"]));
            let mut all = vec![
                give(format!("{name}-app"), Some(database), owner),
                give(format!("{name}-superuser"), None, "postgres"),
            ];
            all.extend(own.map(|secret| give(secret.to_owned(), Some(database), owner)));
            all
        }
        ("postgres-operator.crunchydata.com" | "pgv2.percona.com", _) => {
            let users: Vec<NodeRef<'_>> =
                node.at(&["spec", "users"]).into_iter().flat_map(NodeRef::items).collect();
            if users.is_empty() {
                return vec![give(format!("{name}-pguser-{name}"), Some(name), name)];
            }
            let each = users.into_iter().filter_map(|user| {
                let principal = user.str_at(&["name"])?;
                let database = user.get("databases").and_then(|all| all.items().next()?.as_str());
                Some(give(format!("{name}-pguser-{principal}"), database, principal))
            });
            each.collect()
        }
        ("acid.zalan.do", _) => {
            let users = node.at(&["spec", "users"]).into_iter().flat_map(NodeRef::entries);
            let owned = |user: &str| {
                let mut databases = node.at(&["spec", "databases"])?.entries();
                databases.find(|(_, _, owner)| owner.as_str() == Some(user)).map(|(database, _, _)| database)
            };
            let names = users.map(|(user, _, _)| user).chain(["postgres"]);
            names
                .map(|user| {
                    let dashed = user.replace('_', "-");
                    give(format!("{dashed}.{name}.credentials.postgresql.acid.zalan.do"), owned(user), user)
                })
                .collect()
        }
        ("mongodbcommunity.mongodb.com", _) => {
            let users = node.at(&["spec", "users"]).into_iter().flat_map(NodeRef::items);
            users
                .filter_map(|user| {
                    let principal = user.str_at(&["name"])?;
                    let database = user.str_at(&["db"]).unwrap_or("admin");
                    Some(give(format!("{name}-{database}-{principal}"), Some(database), principal))
                })
                .collect()
        }
        ("elasticsearch.k8s.elastic.co", _) => {
            vec![give(format!("{name}-es-elastic-user"), None, "elastic")]
        }
        _ => Vec::new(),
    }
}
