//! Readers that may look into a database without being its owner (domains.md Q8): told by what they are called.

use crate::{document::NodeRef, facts::workloads::Workload};

/// What a workload is to the databases that it uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::facts) enum Role {
    /// A service that works with the data.
    Service,
    /// Metrics and traces.
    Monitor,
    /// A user interface for people.
    Console,
    Backup,
    /// Jobs that prepare a database for its owner.
    Migration,
    /// Change data capture: declared replication.
    Replication,
    /// Proxies, poolers and other servers of databases.
    Server,
}

const WORDS: &[(Role, &[&str])] = &[
    (
        Role::Monitor,
        &[
            "exporter",
            "otel",
            "otelcol",
            "opentelemetry",
            "telegraf",
            "datadog",
            "prometheus",
            "metrics",
            "monitor",
            "monitoring",
            "pmm",
            "zabbix",
            "newrelic",
        ],
    ),
    (
        Role::Console,
        &[
            "pgadmin",
            "pgadmin4",
            "adminer",
            "phpmyadmin",
            "express",
            "commander",
            "cloudbeaver",
            "pgweb",
            "redisinsight",
            "dbeaver",
            "kibana",
            "dashboards",
        ],
    ),
    (
        Role::Backup,
        &["backup", "backups", "dump", "pgbackrest", "barman", "velero", "walg", "restic", "restore"],
    ),
    (
        Role::Migration,
        &[
            "migrate",
            "migrates",
            "migration",
            "migrations",
            "migrator",
            "seed",
            "seeder",
            "seeding",
            "flyway",
            "liquibase",
            "init",
            "initdb",
            "populate",
            "schema",
            "bootstrap",
        ],
    ),
    (Role::Replication, &["debezium", "maxwell", "canal", "replicator"]),
    (
        Role::Server,
        &["pgbouncer", "pgpool", "pgcat", "proxysql", "haproxy", "twemproxy", "envoy", "operator"],
    ),
];

impl Role {
    pub(in crate::facts) const fn name(self) -> &'static str {
        match self {
            Self::Service => "service",
            Self::Monitor => "monitor",
            Self::Console => "console",
            Self::Backup => "backup",
            Self::Migration => "migration",
            Self::Replication => "replication",
            Self::Server => "server",
        }
    }

    /// Told by the name of a workload and the images of its containers. A service is no migration just because it is
    /// called so: only what runs to its end is.
    pub(in crate::facts) fn of(workload: &Workload<'_>) -> Self {
        let by_name = Self::of_words(&workload.resource.object.name);
        let images = workload.pod.containers().filter_map(|container| container.str_at(&["image"]));
        let by_image =
            images.map(Self::of_image).reduce(|all, next| if all == next { all } else { Self::Service });
        let role = [by_name, by_image].into_iter().flatten().find(|role| *role != Self::Service);
        match role {
            Some(Self::Migration | Self::Backup) if !workload.pod.ends => Self::Service,
            Some(role) => role,
            None if workload.pod.ends && runs_client(workload) => Self::Migration,
            None => Self::Service,
        }
    }

    /// Told by a name alone.
    pub(in crate::facts::datastores) fn of_name(name: &str) -> Self {
        match Self::of_words(name.rsplit('.').next().unwrap_or(name)) {
            Some(role) if role != Self::Migration => role,
            _ => Self::Service,
        }
    }

    fn of_image(image: &str) -> Self {
        let path = image.split(['@', ':']).next().unwrap_or_default();
        // `debezium/server` and `debezium/connect`: the maker tells what the name does not.
        if path.split('/').any(|part| part == "debezium") {
            return Self::Replication;
        }
        Self::of_words(path.rsplit('/').next().unwrap_or_default()).unwrap_or(Self::Service)
    }

    fn of_words(name: &str) -> Option<Self> {
        let lower = name.to_ascii_lowercase();
        let words: Vec<&str> = lower.split(['-', '_', '.']).collect();
        WORDS.iter().find(|(_, known)| words.iter().any(|word| known.contains(word))).map(|(role, _)| *role)
    }
}

/// Whether what runs to its end runs the image of a database: its client, with a script.
fn runs_client(workload: &Workload<'_>) -> bool {
    let mut images =
        workload.pod.containers().filter_map(|container| container.get("image").and_then(NodeRef::as_str));
    images.any(|image| crate::resource::engine::of_image(image).is_some())
}
