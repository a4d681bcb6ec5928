//! Kinds that the facts are worked out from: what is read of a cluster, and what a `ClusterRole` has to allow.
//!
//! A test compares this table with what the facts ask for. Deliberately absent: Secrets, which are never read.

use std::collections::{BTreeMap, BTreeSet};

use Part::{
    Binding, Configuration, Grant, Logging, Maker, Mesh, Namespace, Network, Route, Server, Service, Storage,
    Topic, Workload,
};

/// What a kind tells about an estate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// Who runs Pods.
    Workload,
    Service,
    Namespace,
    /// Settings of programs and of the meshes themselves.
    Configuration,
    /// Policies of meshes.
    Mesh,
    /// Policies of the network.
    Network,
    /// How connections get in.
    Route,
    Grant,
    /// What makes Secrets out of values that are kept elsewhere.
    Maker,
    /// Servers that operators run.
    Server,
    Topic,
    Logging,
    Storage,
    /// What hands a Secret, or a role, to a workload.
    Binding,
}

/// One kind that is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Kind {
    pub group: &'static str,
    pub kind: &'static str,
    /// Plural name, as RBAC and addresses have it.
    pub resource: &'static str,
    pub part: Part,
}

const fn kind(part: Part, group: &'static str, kind: &'static str, resource: &'static str) -> Kind {
    Kind { group, kind, resource, part }
}

/// All kinds, by what they tell.
pub const KINDS: &[Kind] = &[
    kind(Workload, "", "Pod", "pods"),
    kind(Workload, "", "ReplicationController", "replicationcontrollers"),
    kind(Workload, "apps", "DaemonSet", "daemonsets"),
    kind(Workload, "apps", "Deployment", "deployments"),
    kind(Workload, "apps", "ReplicaSet", "replicasets"),
    kind(Workload, "apps", "StatefulSet", "statefulsets"),
    kind(Workload, "apps.kruise.io", "BroadcastJob", "broadcastjobs"),
    kind(Workload, "apps.kruise.io", "UnitedDeployment", "uniteddeployments"),
    kind(Workload, "apps.openshift.io", "DeploymentConfig", "deploymentconfigs"),
    kind(Workload, "argoproj.io", "AnalysisTemplate", "analysistemplates"),
    kind(Workload, "argoproj.io", "CronWorkflow", "cronworkflows"),
    kind(Workload, "argoproj.io", "Rollout", "rollouts"),
    kind(Workload, "argoproj.io", "Workflow", "workflows"),
    kind(Workload, "argoproj.io", "WorkflowTemplate", "workflowtemplates"),
    kind(Workload, "batch", "CronJob", "cronjobs"),
    kind(Workload, "batch", "Job", "jobs"),
    kind(Workload, "batch.volcano.sh", "Job", "jobs"),
    kind(Workload, "jobset.x-k8s.io", "JobSet", "jobsets"),
    kind(Workload, "keda.sh", "ScaledJob", "scaledjobs"),
    kind(Workload, "kubeflow.org", "JAXJob", "jaxjobs"),
    kind(Workload, "kubeflow.org", "MPIJob", "mpijobs"),
    kind(Workload, "kubeflow.org", "PaddleJob", "paddlejobs"),
    kind(Workload, "kubeflow.org", "PyTorchJob", "pytorchjobs"),
    kind(Workload, "kubeflow.org", "TFJob", "tfjobs"),
    kind(Workload, "kubeflow.org", "XGBoostJob", "xgboostjobs"),
    kind(Workload, "leaderworkerset.x-k8s.io", "LeaderWorkerSet", "leaderworkersets"),
    kind(Workload, "ray.io", "RayCluster", "rayclusters"),
    kind(Workload, "ray.io", "RayJob", "rayjobs"),
    kind(Workload, "ray.io", "RayService", "rayservices"),
    kind(Workload, "serving.knative.dev", "Configuration", "configurations"),
    kind(Workload, "serving.knative.dev", "Revision", "revisions"),
    kind(Workload, "serving.knative.dev", "Service", "services"),
    kind(Workload, "sparkoperator.k8s.io", "ScheduledSparkApplication", "scheduledsparkapplications"),
    kind(Workload, "sparkoperator.k8s.io", "SparkApplication", "sparkapplications"),
    kind(Workload, "tekton.dev", "Pipeline", "pipelines"),
    kind(Workload, "tekton.dev", "PipelineRun", "pipelineruns"),
    kind(Workload, "tekton.dev", "Task", "tasks"),
    kind(Workload, "tekton.dev", "TaskRun", "taskruns"),
    kind(Service, "", "Endpoints", "endpoints"),
    kind(Service, "", "Service", "services"),
    kind(Service, "discovery.k8s.io", "EndpointSlice", "endpointslices"),
    kind(Service, "networking.istio.io", "ServiceEntry", "serviceentries"),
    kind(Namespace, "", "Namespace", "namespaces"),
    kind(Configuration, "", "ConfigMap", "configmaps"),
    kind(Configuration, "", "ServiceAccount", "serviceaccounts"),
    kind(
        Configuration,
        "admissionregistration.k8s.io",
        "MutatingWebhookConfiguration",
        "mutatingwebhookconfigurations",
    ),
    kind(Configuration, "argoproj.io", "Application", "applications"),
    kind(Configuration, "helm.toolkit.fluxcd.io", "HelmRelease", "helmreleases"),
    kind(Configuration, "install.istio.io", "IstioOperator", "istiooperators"),
    kind(Configuration, "maistra.io", "ServiceMeshMember", "servicemeshmembers"),
    kind(Configuration, "maistra.io", "ServiceMeshMemberRoll", "servicemeshmemberrolls"),
    kind(Configuration, "sailoperator.io", "Istio", "istios"),
    kind(Configuration, "sailoperator.io", "IstioRevisionTag", "istiorevisiontags"),
    kind(Mesh, "consul.hashicorp.com", "Mesh", "meshes"),
    kind(Mesh, "consul.hashicorp.com", "ProxyDefaults", "proxydefaults"),
    kind(Mesh, "consul.hashicorp.com", "ServiceDefaults", "servicedefaults"),
    kind(Mesh, "consul.hashicorp.com", "ServiceIntentions", "serviceintentions"),
    kind(Mesh, "kuma.io", "Mesh", "meshes"),
    kind(Mesh, "kuma.io", "MeshTLS", "meshtlses"),
    kind(Mesh, "kuma.io", "MeshTrafficPermission", "meshtrafficpermissions"),
    kind(Mesh, "kuma.io", "TrafficPermission", "trafficpermissions"),
    kind(Mesh, "networking.istio.io", "DestinationRule", "destinationrules"),
    kind(Mesh, "networking.istio.io", "EnvoyFilter", "envoyfilters"),
    kind(Mesh, "networking.istio.io", "Sidecar", "sidecars"),
    kind(Mesh, "policy.linkerd.io", "AuthorizationPolicy", "authorizationpolicies"),
    kind(Mesh, "policy.linkerd.io", "HTTPRoute", "httproutes"),
    kind(Mesh, "policy.linkerd.io", "MeshTLSAuthentication", "meshtlsauthentications"),
    kind(Mesh, "policy.linkerd.io", "NetworkAuthentication", "networkauthentications"),
    kind(Mesh, "policy.linkerd.io", "Server", "servers"),
    kind(Mesh, "policy.linkerd.io", "ServerAuthorization", "serverauthorizations"),
    kind(Mesh, "security.istio.io", "AuthorizationPolicy", "authorizationpolicies"),
    kind(Mesh, "security.istio.io", "PeerAuthentication", "peerauthentications"),
    kind(Network, "cilium.io", "CiliumClusterwideNetworkPolicy", "ciliumclusterwidenetworkpolicies"),
    kind(Network, "cilium.io", "CiliumNetworkPolicy", "ciliumnetworkpolicies"),
    kind(Network, "crd.projectcalico.org", "GlobalNetworkPolicy", "globalnetworkpolicies"),
    kind(Network, "crd.projectcalico.org", "NetworkPolicy", "networkpolicies"),
    kind(Network, "networking.k8s.io", "NetworkPolicy", "networkpolicies"),
    kind(Network, "policy.networking.k8s.io", "AdminNetworkPolicy", "adminnetworkpolicies"),
    kind(Network, "policy.networking.k8s.io", "BaselineAdminNetworkPolicy", "baselineadminnetworkpolicies"),
    kind(Network, "projectcalico.org", "GlobalNetworkPolicy", "globalnetworkpolicies"),
    kind(Network, "projectcalico.org", "NetworkPolicy", "networkpolicies"),
    kind(Route, "eks.amazonaws.com", "IngressClassParams", "ingressclassparams"),
    kind(Route, "elbv2.k8s.aws", "IngressClassParams", "ingressclassparams"),
    kind(Route, "gateway.networking.k8s.io", "BackendTLSPolicy", "backendtlspolicies"),
    kind(Route, "gateway.networking.k8s.io", "GRPCRoute", "grpcroutes"),
    kind(Route, "gateway.networking.k8s.io", "Gateway", "gateways"),
    kind(Route, "gateway.networking.k8s.io", "HTTPRoute", "httproutes"),
    kind(Route, "gateway.networking.k8s.io", "ReferenceGrant", "referencegrants"),
    kind(Route, "gateway.networking.k8s.io", "TCPRoute", "tcproutes"),
    kind(Route, "gateway.networking.k8s.io", "TLSRoute", "tlsroutes"),
    kind(Route, "gateway.networking.k8s.io", "UDPRoute", "udproutes"),
    kind(Route, "networking.gke.io", "FrontendConfig", "frontendconfigs"),
    kind(Route, "networking.istio.io", "Gateway", "gateways"),
    kind(Route, "networking.istio.io", "VirtualService", "virtualservices"),
    kind(Route, "networking.k8s.io", "Ingress", "ingresses"),
    kind(Route, "networking.k8s.io", "IngressClass", "ingressclasses"),
    kind(Route, "projectcontour.io", "HTTPProxy", "httpproxies"),
    kind(Route, "route.openshift.io", "Route", "routes"),
    kind(Route, "traefik.containo.us", "IngressRoute", "ingressroutes"),
    kind(Route, "traefik.containo.us", "Middleware", "middlewares"),
    kind(Route, "traefik.io", "IngressRoute", "ingressroutes"),
    kind(Route, "traefik.io", "Middleware", "middlewares"),
    kind(Grant, "rbac.authorization.k8s.io", "ClusterRole", "clusterroles"),
    kind(Grant, "rbac.authorization.k8s.io", "ClusterRoleBinding", "clusterrolebindings"),
    kind(Grant, "rbac.authorization.k8s.io", "Role", "roles"),
    kind(Grant, "rbac.authorization.k8s.io", "RoleBinding", "rolebindings"),
    kind(Maker, "bitnami.com", "SealedSecret", "sealedsecrets"),
    kind(Maker, "cert-manager.io", "Certificate", "certificates"),
    kind(Maker, "cert-manager.io", "Issuer", "issuers"),
    kind(Maker, "external-secrets.io", "ClusterExternalSecret", "clusterexternalsecrets"),
    kind(Maker, "external-secrets.io", "ClusterSecretStore", "clustersecretstores"),
    kind(Maker, "external-secrets.io", "ExternalSecret", "externalsecrets"),
    kind(Maker, "external-secrets.io", "SecretStore", "secretstores"),
    kind(Maker, "generators.external-secrets.io", "Fake", "fakes"),
    kind(Maker, "isindir.github.com", "SopsSecret", "sopssecrets"),
    kind(Maker, "k8s.bitwarden.com", "BitwardenSecret", "bitwardensecrets"),
    kind(Maker, "kibana.k8s.elastic.co", "Kibana", "kibanas"),
    kind(Maker, "kubernetes-client.io", "ExternalSecret", "externalsecrets"),
    kind(Maker, "multicluster.linkerd.io", "Link", "links"),
    kind(Maker, "onepassword.com", "OnePasswordItem", "onepassworditems"),
    kind(Maker, "ricoberger.de", "VaultSecret", "vaultsecrets"),
    kind(Maker, "secret-sync.x-k8s.io", "SecretSync", "secretsyncs"),
    kind(Maker, "secrets-store.csi.x-k8s.io", "SecretProviderClass", "secretproviderclasses"),
    kind(Maker, "secrets.doppler.com", "DopplerSecret", "dopplersecrets"),
    kind(Maker, "secrets.hashicorp.com", "HCPVaultSecretsApp", "hcpvaultsecretsapps"),
    kind(Maker, "secrets.hashicorp.com", "VaultConnection", "vaultconnections"),
    kind(Maker, "secrets.hashicorp.com", "VaultDynamicSecret", "vaultdynamicsecrets"),
    kind(Maker, "secrets.hashicorp.com", "VaultPKISecret", "vaultpkisecrets"),
    kind(Maker, "secrets.hashicorp.com", "VaultStaticSecret", "vaultstaticsecrets"),
    kind(Maker, "secrets.infisical.com", "InfisicalSecret", "infisicalsecrets"),
    kind(Maker, "spv.no", "AzureKeyVaultSecret", "azurekeyvaultsecrets"),
    kind(Server, "acid.zalan.do", "postgresql", "postgresqls"),
    kind(Server, "cassandra.datastax.com", "CassandraDatacenter", "cassandradatacenters"),
    kind(Server, "cloudsql.cloud.google.com", "AuthProxyWorkload", "authproxyworkloads"),
    kind(Server, "clickhouse.altinity.com", "ClickHouseInstallation", "clickhouseinstallations"),
    kind(Server, "crdb.cockroachlabs.com", "CrdbCluster", "crdbclusters"),
    kind(Server, "databases.spotahome.com", "RedisFailover", "redisfailovers"),
    kind(Server, "dragonflydb.io", "Dragonfly", "dragonflies"),
    kind(Server, "elasticsearch.k8s.elastic.co", "Elasticsearch", "elasticsearches"),
    kind(Server, "k8s.mariadb.com", "MariaDB", "mariadbs"),
    kind(Server, "kafka.strimzi.io", "Kafka", "kafkas"),
    kind(Server, "kafka.strimzi.io", "KafkaConnector", "kafkaconnectors"),
    kind(Server, "kubedb.com", "Elasticsearch", "elasticsearches"),
    kind(Server, "kubedb.com", "MariaDB", "mariadbs"),
    kind(Server, "kubedb.com", "MongoDB", "mongodbs"),
    kind(Server, "kubedb.com", "MySQL", "mysqls"),
    kind(Server, "kubedb.com", "Postgres", "postgreses"),
    kind(Server, "kubedb.com", "Redis", "redises"),
    kind(Server, "mariadb.mmontes.io", "MariaDB", "mariadbs"),
    kind(Server, "minio.min.io", "Tenant", "tenants"),
    kind(Server, "mongodb.com", "MongoDB", "mongodb"),
    kind(Server, "mongodbcommunity.mongodb.com", "MongoDBCommunity", "mongodbcommunity"),
    kind(Server, "mysql.oracle.com", "InnoDBCluster", "innodbclusters"),
    kind(Server, "mysql.presslabs.org", "MysqlCluster", "mysqlclusters"),
    kind(Server, "opensearch.opster.io", "OpenSearchCluster", "opensearchclusters"),
    kind(Server, "pg.percona.com", "PerconaPGCluster", "perconapgclusters"),
    kind(Server, "pgv2.percona.com", "PerconaPGCluster", "perconapgclusters"),
    kind(Server, "postgres-operator.crunchydata.com", "PostgresCluster", "postgresclusters"),
    kind(Server, "postgresql.cnpg.io", "Cluster", "clusters"),
    kind(Server, "postgresql.cnpg.io", "Pooler", "poolers"),
    kind(Server, "postgresql.k8s.enterprisedb.io", "Cluster", "clusters"),
    kind(Server, "ps.percona.com", "PerconaServerMySQL", "perconaservermysqls"),
    kind(Server, "psmdb.percona.com", "PerconaServerMongoDB", "perconaservermongodbs"),
    kind(Server, "pxc.percona.com", "PerconaXtraDBCluster", "perconaxtradbclusters"),
    kind(Server, "rabbitmq.com", "RabbitmqCluster", "rabbitmqclusters"),
    kind(Server, "redis.redis.opstreelabs.in", "Redis", "redis"),
    kind(Server, "redis.redis.opstreelabs.in", "RedisCluster", "redisclusters"),
    kind(Server, "redis.redis.opstreelabs.in", "RedisReplication", "redisreplications"),
    kind(Server, "scylla.scylladb.com", "ScyllaCluster", "scyllaclusters"),
    kind(Server, "stackgres.io", "SGCluster", "sgclusters"),
    kind(Topic, "kafka.strimzi.io", "KafkaConnect", "kafkaconnects"),
    kind(Topic, "kafka.strimzi.io", "KafkaMirrorMaker2", "kafkamirrormaker2s"),
    kind(Topic, "kafka.strimzi.io", "KafkaTopic", "kafkatopics"),
    kind(Topic, "kafka.strimzi.io", "KafkaUser", "kafkausers"),
    kind(Topic, "rabbitmq.com", "Binding", "bindings"),
    kind(Topic, "rabbitmq.com", "Exchange", "exchanges"),
    kind(Topic, "rabbitmq.com", "Permission", "permissions"),
    kind(Topic, "rabbitmq.com", "Queue", "queues"),
    kind(Topic, "rabbitmq.com", "User", "users"),
    kind(Logging, "fluentbit.fluent.io", "ClusterOutput", "clusteroutputs"),
    kind(Logging, "fluentbit.fluent.io", "Output", "outputs"),
    kind(Logging, "logging.banzaicloud.io", "ClusterFlow", "clusterflows"),
    kind(Logging, "logging.banzaicloud.io", "ClusterOutput", "clusteroutputs"),
    kind(Logging, "logging.banzaicloud.io", "Flow", "flows"),
    kind(Logging, "logging.banzaicloud.io", "Output", "outputs"),
    kind(Logging, "logging.openshift.io", "ClusterLogForwarder", "clusterlogforwarders"),
    kind(Logging, "observability.openshift.io", "ClusterLogForwarder", "clusterlogforwarders"),
    kind(Logging, "opentelemetry.io", "OpenTelemetryCollector", "opentelemetrycollectors"),
    kind(Storage, "", "PersistentVolumeClaim", "persistentvolumeclaims"),
    kind(Storage, "storage.k8s.io", "StorageClass", "storageclasses"),
    kind(Binding, "servicebinding.io", "ServiceBinding", "servicebindings"),
];

/// Files of an API server that look like kinds: no server serves them.
pub const FILES: [&str; 2] = ["EncryptionConfig", "EncryptionConfiguration"];

/// Groups whose API services are often down, and which hold measurements only.
pub const MEASUREMENTS: [&str; 3] = ["custom.metrics.k8s.io", "external.metrics.k8s.io", "metrics.k8s.io"];

/// What a `ClusterRole` for a scan has to let be listed: plural names by API group.
pub fn resources_by_group() -> BTreeMap<&'static str, BTreeSet<&'static str>> {
    let mut groups: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for kind in KINDS {
        groups.entry(kind.group).or_default().insert(kind.resource);
    }
    groups
}

/// What a selector's subjects are worked out from.
#[derive(Debug, Clone, Copy)]
pub struct Feed {
    pub selector: &'static str,
    pub parts: &'static [Part],
    /// Those of which more objects could undo what a rule finds; unread others leave open only what it passes.
    pub decides: &'static [Part],
    /// Whether objects of other namespaces decide too.
    pub across: bool,
}

const fn feed(
    selector: &'static str,
    parts: &'static [Part],
    decides: &'static [Part],
    across: bool,
) -> Feed {
    Feed { selector, parts, decides, across }
}

/// What meshes make of workloads: policies of Linkerd may be about single routes.
const MESHED: &[Part] = &[Workload, Service, Namespace, Configuration, Mesh, Network, Route];

/// Who is in a mesh, and what it accepts there. Network policies of Cilium decide it, too.
const MEMBERSHIP: &[Part] = &[Workload, Namespace, Configuration, Mesh, Network];

/// What connections are made of, and what keeps them out.
const NETWORKED: &[Part] = &[Workload, Service, Namespace, Configuration, Mesh, Network];

/// Who calls what.
const CALLED: &[Part] = &[
    Workload,
    Service,
    Namespace,
    Configuration,
    Mesh,
    Network,
    Route,
    Maker,
    Server,
    Topic,
    Storage,
    Binding,
];

/// What hands credentials to programs.
const CREDENTIALS: &[Part] = &[Workload, Service, Namespace, Configuration, Maker, Server, Topic, Binding];

/// Credentials stand anywhere.
const ANY: &[Part] = &[
    Workload,
    Service,
    Namespace,
    Configuration,
    Mesh,
    Network,
    Route,
    Grant,
    Maker,
    Server,
    Topic,
    Logging,
    Storage,
    Binding,
];

/// All facts that Kubernetes objects decide.
pub const FEEDS: &[Feed] = &[
    feed("access", CALLED, NETWORKED, true),
    feed("classification", ANY, &[], false),
    feed("connection", CALLED, NETWORKED, true),
    feed("credential", CREDENTIALS, &[], false),
    feed("database-server", CALLED, NETWORKED, true),
    feed("datastore", CALLED, NETWORKED, true),
    feed("flow", CALLED, CALLED, true),
    feed("gateway", &[Route], &[Route], false),
    feed("grant", &[Grant], &[], false),
    feed("identity", MESHED, NETWORKED, false),
    feed(
        "log-pipeline",
        &[Workload, Service, Namespace, Configuration, Mesh, Network, Route, Logging, Maker],
        &[Workload, Namespace, Configuration, Logging],
        true,
    ),
    feed("namespace", MESHED, NETWORKED, false),
    feed("policy", CALLED, NETWORKED, true),
    feed("secret", ANY, &[], false),
    feed("secret-store", &[Maker], &[], false),
    feed("secret-use", CREDENTIALS, &[], false),
    feed("topic", CALLED, CALLED, true),
    feed("vault-agent", &[Workload, Namespace, Configuration], &[], false),
    feed("workload", CALLED, MEMBERSHIP, false),
];

/// The feed of a selector; `None`: Kubernetes objects decide nothing of it, or it names its kinds itself.
pub fn feed_of(selector: &str) -> Option<&'static Feed> {
    FEEDS.iter().find(|feed| feed.selector == selector)
}
