//! Servers that operators run: which Services each resource brings about, and what is served there.
//!
//! Source: the documentation and code of each operator, read at the API groups named in the table. The first name is
//! the one of the primary: it stands for the server.

mod secrets;

use std::collections::BTreeMap;

pub(in crate::facts) use self::secrets::Handed;

use crate::{
    document::NodeRef,
    estate::{Resource, View},
};

/// One kind of resource for which an operator runs servers.
#[expect(clippy::struct_field_names, reason = "the field's own terms")]
struct Kind {
    group: &'static str,
    kind: &'static str,
    engine: &'static str,
    /// Names of the Services that it makes; `*` is the name of the resource.
    names: &'static [&'static str],
}

/// A server that an operator runs.
#[derive(Debug)]
pub(in crate::facts) struct Operated<'e> {
    pub(in crate::facts) resource: &'e Resource,
    pub(in crate::facts) node: NodeRef<'e>,
    /// Name as in the contract; `kafka` and `rabbitmq` for brokers.
    pub(in crate::facts) engine: &'static str,
    /// Name of the Service of the primary.
    pub(in crate::facts) service: String,
}

/// All servers of operators in a set.
#[derive(Debug, Default)]
pub(in crate::facts) struct Operators<'e> {
    all: Vec<Operated<'e>>,
    by_service: BTreeMap<(&'e str, String), usize>,
    /// By namespace and name.
    by_secret: BTreeMap<&'e str, BTreeMap<String, Handed>>,
    by_id: BTreeMap<&'e str, usize>,
}

const fn kind(
    group: &'static str,
    kind: &'static str,
    engine: &'static str,
    names: &'static [&'static str],
) -> Kind {
    Kind { group, kind, engine, names }
}

const KINDS: &[Kind] = &[
    kind("postgresql.cnpg.io", "Cluster", "postgresql", &["*-rw", "*-ro", "*-r"]),
    kind("postgresql.k8s.enterprisedb.io", "Cluster", "postgresql", &["*-rw", "*-ro", "*-r"]),
    kind("acid.zalan.do", "postgresql", "postgresql", &["*", "*-repl", "*-pooler", "*-pooler-repl"]),
    kind(
        "postgres-operator.crunchydata.com",
        "PostgresCluster",
        "postgresql",
        &["*-primary", "*-replicas", "*-pgbouncer", "*-ha"],
    ),
    kind(
        "pgv2.percona.com",
        "PerconaPGCluster",
        "postgresql",
        &["*-primary", "*-pgbouncer", "*-replicas", "*-ha"],
    ),
    kind("pg.percona.com", "PerconaPGCluster", "postgresql", &["*", "*-pgbouncer", "*-replica"]),
    kind("stackgres.io", "SGCluster", "postgresql", &["*", "*-primary", "*-replicas"]),
    kind("kubedb.com", "Postgres", "postgresql", &["*", "*-standby", "*-pods"]),
    kind("crdb.cockroachlabs.com", "CrdbCluster", "cockroachdb", &["*-public", "*"]),
    kind(
        "pxc.percona.com",
        "PerconaXtraDBCluster",
        "mysql",
        &["*-haproxy", "*-haproxy-replicas", "*-proxysql", "*-pxc"],
    ),
    kind(
        "ps.percona.com",
        "PerconaServerMySQL",
        "mysql",
        &["*-mysql-primary", "*-mysql", "*-haproxy", "*-router"],
    ),
    kind("mysql.oracle.com", "InnoDBCluster", "mysql", &["*", "*-instances"]),
    kind("mysql.presslabs.org", "MysqlCluster", "mysql", &["*-mysql-master", "*-mysql", "*-mysql-replicas"]),
    kind("kubedb.com", "MySQL", "mysql", &["*", "*-standby", "*-pods"]),
    kind("k8s.mariadb.com", "MariaDB", "mariadb", &["*", "*-primary", "*-secondary", "*-internal"]),
    kind("mariadb.mmontes.io", "MariaDB", "mariadb", &["*", "*-primary", "*-secondary", "*-internal"]),
    kind("kubedb.com", "MariaDB", "mariadb", &["*", "*-pods"]),
    kind("psmdb.percona.com", "PerconaServerMongoDB", "mongodb", &["*-rs0", "*-mongos", "*-cfg"]),
    kind("mongodbcommunity.mongodb.com", "MongoDBCommunity", "mongodb", &["*-svc"]),
    kind("mongodb.com", "MongoDB", "mongodb", &["*-svc"]),
    kind("kubedb.com", "MongoDB", "mongodb", &["*", "*-pods"]),
    kind("databases.spotahome.com", "RedisFailover", "redis", &["rfrm-*", "rfs-*", "rfr-*", "rfrs-*"]),
    kind("redis.redis.opstreelabs.in", "Redis", "redis", &["*", "*-headless", "*-additional"]),
    kind(
        "redis.redis.opstreelabs.in",
        "RedisReplication",
        "redis",
        &["*-master", "*", "*-replica", "*-headless"],
    ),
    kind(
        "redis.redis.opstreelabs.in",
        "RedisCluster",
        "redis",
        &["*-leader", "*-follower", "*-master", "*-leader-headless", "*-follower-headless"],
    ),
    kind("kubedb.com", "Redis", "redis", &["*", "*-pods"]),
    kind("dragonflydb.io", "Dragonfly", "redis", &["*"]),
    kind(
        "elasticsearch.k8s.elastic.co",
        "Elasticsearch",
        "elasticsearch",
        &["*-es-http", "*-es-internal-http"],
    ),
    kind("kubedb.com", "Elasticsearch", "elasticsearch", &["*"]),
    kind("opensearch.opster.io", "OpenSearchCluster", "opensearch", &["*"]),
    kind("cassandra.datastax.com", "CassandraDatacenter", "cassandra", &["*-service"]),
    kind("scylla.scylladb.com", "ScyllaCluster", "cassandra", &["*-client"]),
    kind("clickhouse.altinity.com", "ClickHouseInstallation", "clickhouse", &["clickhouse-*"]),
    kind("rabbitmq.com", "RabbitmqCluster", "rabbitmq", &["*", "*-nodes"]),
    kind(
        "kafka.strimzi.io",
        "Kafka",
        "kafka",
        &["*-kafka-bootstrap", "*-kafka-brokers", "*-kafka-external-bootstrap"],
    ),
];

impl<'e> Operators<'e> {
    pub(super) fn new(view: &View<'e>) -> Self {
        let mut operators = Self::default();
        for kind in KINDS {
            for resource in view.of_kind(kind.group, kind.kind) {
                operators.add(kind, resource, view.estate.node(resource));
            }
        }
        // A pooler of CloudNativePG is one more Service of its cluster.
        for resource in view.of_kind("postgresql.cnpg.io", "Pooler") {
            let namespace = resource.namespace();
            let cluster = view.estate.node(resource).str_at(&["spec", "cluster", "name"]).unwrap_or_default();
            if let Some(index) = operators.named(namespace, &format!("{cluster}-rw")) {
                operators.by_service.entry((namespace, resource.object.name.to_string())).or_insert(index);
            }
        }
        operators
    }

    fn add(&mut self, kind: &Kind, resource: &'e Resource, node: NodeRef<'e>) {
        let namespace = resource.namespace();
        let base = base_name(kind, resource, node);
        let mut names: Vec<String> = kind.names.iter().map(|name| name.replace('*', &base)).collect();
        let sets = node.at(&["spec", "replsets"]).into_iter().flat_map(NodeRef::items);
        names.extend(sets.filter_map(|set| Some(format!("{base}-{}", set.str_at(&["name"])?))));
        let listeners = node.at(&["spec", "kafka", "listeners"]).into_iter().flat_map(NodeRef::items);
        let named =
            listeners.filter_map(|one| Some(format!("{base}-kafka-{}-bootstrap", one.str_at(&["name"])?)));
        names.extend(named);
        let index = self.all.len();
        let service = names.first().cloned().unwrap_or(base);
        for name in names {
            self.by_service.entry((namespace, name)).or_insert(index);
        }
        for (secret, handed) in secrets::handed(index, resource, node) {
            self.by_secret.entry(namespace).or_default().entry(secret).or_insert(handed);
        }
        self.by_id.insert(&resource.id, index);
        self.all.push(Operated { resource, node, engine: kind.engine, service });
    }

    /// What the Secret gives that a reference names: `Secret/shop/orders-app#uri`.
    pub(in crate::facts) fn handed(&self, reference: &str) -> Option<&Handed> {
        let (namespace, rest) = reference.strip_prefix("Secret/")?.split_once('/')?;
        let (secret, _) = rest.split_once('#')?;
        self.by_secret.get(namespace)?.get(secret)
    }

    /// The server of the operator's resource with an id.
    pub(in crate::facts) fn by_id(&self, id: &str) -> Option<usize> {
        self.by_id.get(id).copied()
    }

    pub(in crate::facts) fn get(&self, index: usize) -> Option<&Operated<'e>> {
        self.all.get(index)
    }

    pub(in crate::facts) fn iter(&self) -> impl Iterator<Item = (usize, &Operated<'e>)> {
        self.all.iter().enumerate()
    }

    /// The server behind a Service that an operator makes.
    pub(super) fn named(&self, namespace: &str, name: &str) -> Option<usize> {
        self.by_service.get(&(namespace, name.to_owned())).copied()
    }
}

/// What stands for `*`: operators that name by something else say so.
fn base_name(kind: &Kind, resource: &Resource, node: NodeRef<'_>) -> String {
    let name = &*resource.object.name;
    match kind.kind {
        "CassandraDatacenter" => {
            let cluster = node.str_at(&["spec", "clusterName"]).unwrap_or_default();
            format!("{}-{name}", cluster.to_lowercase().replace([' ', '_'], ""))
        }
        "OpenSearchCluster" => node.str_at(&["spec", "general", "serviceName"]).unwrap_or(name).to_owned(),
        _ => name.to_owned(),
    }
}
