//! What the settings of a database server itself say: databases that it makes, superusers, and whether it asks for
//! credentials. Sources: the README of each image (Docker official images, Bitnami, Microsoft).

use std::{collections::BTreeMap, sync::Arc};

use super::servers::Workload;
use crate::{
    document::NodeRef,
    facts::{
        Because, Set,
        environment::{Channel, Origin, Setting},
        places,
        truth::Truth,
        workloads::WorkloadId,
    },
    resource::engine::Engine,
    source::Place,
};

/// What a server's own settings say.
#[derive(Debug, Default)]
pub(in crate::facts) struct Own {
    pub(in crate::facts) databases: BTreeMap<String, Because>,
    /// Principals that may do everything, beyond those that every server of the engine has.
    pub(in crate::facts) superusers: BTreeMap<String, Because>,
    /// Whether clients must log in; `None` where this is not judged for the engine.
    pub(in crate::facts) authentication: Option<Authentication>,
}

#[derive(Debug)]
pub(in crate::facts) struct Authentication {
    pub(in crate::facts) required: Truth,
    pub(in crate::facts) because: Because,
}

/// Variables that name a database which the server makes when it starts first.
const DATABASES: &[&str] = &[
    "POSTGRES_DB",
    "POSTGRESQL_DATABASE",
    "MYSQL_DATABASE",
    "MARIADB_DATABASE",
    "MONGO_INITDB_DATABASE",
    "MONGODB_DATABASE",
    "MSSQL_DATABASE",
    "ORACLE_DATABASE",
    "CLICKHOUSE_DB",
    "INFLUXDB_DB",
    "COCKROACH_DATABASE",
];

/// Variables that name a principal which the image makes a superuser. Bitnami's `POSTGRESQL_USERNAME` is none.
const SUPERUSERS: &[&str] = &[
    "POSTGRES_USER",
    "MONGO_INITDB_ROOT_USERNAME",
    "MONGODB_ROOT_USER",
    "MARIADB_ROOT_USER",
    "MYSQL_ROOT_USER",
    "COUCHDB_USER",
    "CLICKHOUSE_USER",
    "CLICKHOUSE_ADMIN_USER",
];

/// Variables whose presence means that clients must log in.
const CREDENTIALS: &[&str] = &[
    "MONGO_INITDB_ROOT_USERNAME",
    "MONGO_INITDB_ROOT_PASSWORD",
    "MONGO_INITDB_ROOT_PASSWORD_FILE",
    "MONGODB_ROOT_PASSWORD",
    "MONGODB_ROOT_PASSWORD_FILE",
    "MONGODB_PASSWORD",
    "MONGODB_PASSWORDS",
    "REDIS_PASSWORD",
    "REDIS_PASSWORD_FILE",
    "REDIS_PASS",
    "REDISCLI_AUTH",
    "VALKEY_PASSWORD",
    "VALKEY_PASSWORD_FILE",
];

/// Variables that let everybody in.
const OPEN: &[(&str, &[&str])] = &[
    ("POSTGRES_HOST_AUTH_METHOD", &["trust"]),
    ("MYSQL_ALLOW_EMPTY_PASSWORD", &["yes", "true", "1"]),
    ("MARIADB_ALLOW_EMPTY_PASSWORD", &["yes", "true", "1"]),
    ("MARIADB_ALLOW_EMPTY_ROOT_PASSWORD", &["yes", "true", "1"]),
    ("ALLOW_EMPTY_PASSWORD", &["yes", "true", "1"]),
    ("xpack.security.enabled", &["false"]),
    ("DISABLE_SECURITY_PLUGIN", &["true"]),
    ("plugins.security.disabled", &["true"]),
];

/// Words of arguments and of configuration files by which MongoDB and Redis ask for credentials.
const ASKING: &[&str] = &[
    "--auth",
    "--keyFile",
    "--requirepass",
    "--aclfile",
    "requirepass",
    "aclfile",
    "authorization: enabled",
];

/// Images that start without credentials unless told otherwise: official ones and Bitnami's name the engine alone.
const PLAIN_IMAGES: &[&str] = &[
    "mongo",
    "mongodb",
    "redis",
    "valkey",
    "redis-stack",
    "redis-stack-server",
    "mongodb-community-server",
    "keydb",
    "dragonfly",
];

/// Images of Elasticsearch as Elastic makes them. Without a licence for security there is none; where there is one it is
/// off unless told, until version 8 (Elasticsearch Guide, "Security settings", `xpack.security.enabled`).
const ELASTICSEARCH: &str = "elasticsearch";
const WITHOUT_SECURITY: &str = "elasticsearch-oss";
const SECURE_SINCE: u32 = 8;

impl Own {
    /// `engine` is what the server is told to be.
    pub(super) fn of(
        set: &Set<'_>,
        id: WorkloadId,
        workload: &Workload<'_>,
        engine: &'static Engine,
    ) -> Self {
        let Some(container) =
            workload.database.map(|(container, _)| container).or_else(|| serving(workload, engine))
        else {
            return Self::default();
        };
        let name = container.str_at(&["name"]).unwrap_or_default();
        let settings: Vec<&Setting<'_>> =
            set.environments().of(id).iter().filter(|setting| setting.container == name).collect();
        let mut own = Self::default();
        for setting in &settings {
            let Some(text) = setting.text.as_deref().map(str::trim).filter(|text| !text.is_empty()) else {
                continue;
            };
            let because =
                || because(set, id, setting, format!("the server's own `{}` names it", setting.name));
            if DATABASES.contains(&&*setting.name) {
                own.databases.insert(text.to_owned(), because());
            } else if SUPERUSERS.contains(&&*setting.name) {
                own.superusers.insert(text.to_owned(), because());
            }
        }
        // docker-library/postgres: the database is named after the user unless told.
        if engine.name == "postgresql" && own.databases.is_empty() {
            own.databases
                .extend(own.superusers.iter().map(|(user, because)| (user.clone(), because.clone())));
        }
        own.authentication = authentication(set, id, workload, container, engine, &settings);
        own
    }
}

/// The container that serves, where no image tells: the one with the engine's port, or the only one.
fn serving<'e>(workload: &Workload<'e>, engine: &Engine) -> Option<NodeRef<'e>> {
    let has_port = |container: &NodeRef<'e>| {
        let ports = container.get("ports").into_iter().flat_map(NodeRef::items);
        ports.filter_map(|port| port.get("containerPort")?.as_i64()).any(|port| engine.ports.contains(&port))
    };
    let mut all = workload.pod.containers();
    all.find(has_port).or_else(|| {
        let mut all = workload.pod.containers();
        let only = all.next()?;
        all.next().is_none().then_some(only)
    })
}

fn authentication(
    set: &Set<'_>,
    id: WorkloadId,
    workload: &Workload<'_>,
    container: NodeRef<'_>,
    engine: &Engine,
    settings: &[&Setting<'_>],
) -> Option<Authentication> {
    let told = |required: Truth, setting: &Setting<'_>, text: &str| Authentication {
        required,
        because: because(set, id, setting, text.to_owned()),
    };
    let opens = |setting: &&&Setting<'_>| {
        let text = setting.text.as_deref().unwrap_or_default().trim().to_ascii_lowercase();
        OPEN.iter().any(|(name, values)| setting.name == *name && values.contains(&text.as_str()))
    };
    let has_secret = |setting: &&&Setting<'_>| {
        let empty = setting.text.as_deref().is_some_and(|text| text.trim().is_empty());
        CREDENTIALS.contains(&&*setting.name) && !empty
    };
    let asks = |setting: &&&Setting<'_>| {
        let text = setting.text.as_deref().unwrap_or_default();
        let is_told = ASKING.iter().any(|word| {
            setting.name == *word || text.lines().any(|line| line.trim_start().starts_with(word))
        }) || text.contains("--requirepass")
            || text.contains("--auth ");
        is_told && !is_undefined(text, settings)
    };
    let asks_for_its_own_text = |setting: &&&Setting<'_>| {
        let text = setting.text.as_deref().unwrap_or_default();
        ASKING.contains(&&*setting.name) && is_undefined(text, settings)
    };
    let secured = |setting: &&&Setting<'_>| {
        let text = setting.text.as_deref().unwrap_or_default().trim();
        setting.name == "xpack.security.enabled" && text.eq_ignore_ascii_case("true")
    };
    let judged_by_default = matches!(engine.name, "mongodb" | "redis" | ELASTICSEARCH);
    if let Some(setting) = settings
        .iter()
        .find(has_secret)
        .or_else(|| settings.iter().find(asks))
        .or_else(|| settings.iter().find(secured))
    {
        return Some(told(Truth::True, setting, "its settings ask clients for credentials"));
    }
    if let Some(setting) = settings.iter().find(asks_for_its_own_text) {
        let text = "the variable is not there, so that the text of the manifest is the password";
        return Some(told(Truth::False, setting, text));
    }
    // Bitnami's `ALLOW_EMPTY_PASSWORD` and its like say it in so many words.
    if let Some(setting) = settings.iter().find(opens) {
        return Some(told(Truth::False, setting, "its settings let everybody in"));
    }
    if !judged_by_default {
        return None;
    }
    // A file, or an object that the input does not hold, may ask for credentials.
    let hidden = settings.iter().find(|setting| {
        let file = setting.text.as_deref().unwrap_or(&setting.name).split_whitespace().any(is_configuration);
        setting.text.is_none() && (setting.name.ends_with('*') || is_configuration(&setting.name)) || file
    });
    if let Some(setting) = hidden {
        return Some(told(Truth::Unknown, setting, "what this brings may ask clients for credentials"));
    }
    let image = container.get("image");
    let required = by_image(image.and_then(NodeRef::as_str).unwrap_or_default());
    let place = image.map_or_else(|| places::name(set.view.estate.node(workload.resource)), NodeRef::place);
    let because = Because {
        text: match required {
            Truth::False => "nothing asks clients for credentials, and the image does not by itself",
            Truth::True => "the image asks clients for credentials unless told otherwise",
            Truth::Unknown => "what the image asks of clients is not known",
        }
        .to_owned(),
        resource: Some(Arc::clone(&workload.resource.id)),
        origin: Some(place.into()),
    };
    Some(Authentication { required, because })
}

/// Whether a text is a reference to a variable that the container has not: Kubernetes leaves it as it is (core/v1
/// `Container`, `args`). Objects outside of the input may hold it, and Services bring variables of their own.
fn is_undefined(text: &str, settings: &[&Setting<'_>]) -> bool {
    let Some(name) = text.trim().strip_prefix("$(").and_then(|rest| rest.strip_suffix(')')) else {
        return false;
    };
    let is_name = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    let may_hold = |setting: &&Setting<'_>| {
        setting.channel == Channel::Variable && (setting.name == name || setting.name.ends_with('*'))
    };
    is_name && !name.contains("_SERVICE_") && !name.contains("_PORT") && !settings.iter().any(may_hold)
}

/// Whether an image asks clients for credentials where nothing tells it to or not to.
fn by_image(image: &str) -> Truth {
    let last = image.split('@').next().unwrap_or_default().rsplit('/').next().unwrap_or_default();
    let (name, tag) = last.split_once(':').unwrap_or((last, ""));
    let major = tag.trim_start_matches('v').split('.').next().and_then(|major| major.parse::<u32>().ok());
    match (name, major) {
        // Bitnami's asks for nothing until `ELASTICSEARCH_ENABLE_SECURITY`.
        (ELASTICSEARCH, _) if image.contains("bitnami") => Truth::Unknown,
        (ELASTICSEARCH, Some(major)) => Truth::from(major >= SECURE_SINCE),
        (WITHOUT_SECURITY, _) => Truth::False,
        _ if PLAIN_IMAGES.contains(&name) => Truth::False,
        _ => Truth::Unknown,
    }
}

fn is_configuration(word: &str) -> bool {
    [".conf", ".cnf", ".acl", "elasticsearch.yml"].iter().any(|ending| word.ends_with(ending))
}

/// One step that a setting decides, at its text.
pub(super) fn because(set: &Set<'_>, workload: WorkloadId, setting: &Setting<'_>, text: String) -> Because {
    let resource = match &setting.origin {
        Origin::ConfigMap(resource) | Origin::Secret(resource) => &resource.id,
        _ => &set.workloads().get(workload).resource.id,
    };
    let place: Place = setting.place.clone();
    Because { text, resource: Some(Arc::clone(resource)), origin: Some(place.into()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_alone_tells_what_it_asks_unless_somebody_built_it() {
        for (image, expected) in [
            ("redis:7", Truth::False),
            ("example.com/shop/redis-with-settings:7", Truth::Unknown),
            ("docker.elastic.co/elasticsearch/elasticsearch-oss:6.2.4", Truth::False),
            ("elasticsearch-oss", Truth::False),
            ("elasticsearch:7.17.1", Truth::False),
            ("registry.example.com:5000/elasticsearch:v6.2.4", Truth::False),
            ("docker.elastic.co/elasticsearch/elasticsearch:8.11.0@sha256:00", Truth::True),
            ("elasticsearch", Truth::Unknown),
            ("bitnami/elasticsearch:8", Truth::Unknown),
            ("elasticsearch:latest", Truth::Unknown),
            ("example/logging_elasticsearch:6.2.4", Truth::Unknown),
        ] {
            assert_eq!(by_image(image), expected, "{image}");
        }
    }
}
