//! Objects that make Secrets from values kept elsewhere: External Secrets, Vault, sealed Secrets, certificates, operators
//! (domains.md V2, Q5).
//!
//! One table: a kind, and which Secrets of its namespace it makes. Deliberately absent: whether the store behind is safe.

use std::collections::BTreeMap;

use super::{cluster_secrets::ClusterSecrets, keys::Keys};
use crate::{
    document::NodeRef,
    estate::{Resource, View},
    facts::places,
    resource::kustomization::generators,
    source::Place,
};

/// How a kind names the Secrets that it makes.
enum Names {
    /// As itself.
    Own,
    /// At a path, else as itself.
    Path(&'static [&'static str]),
    /// At a path of each element of a list.
    Each(&'static [&'static str], &'static str),
    /// Its own name with one of these behind it.
    Suffix(&'static [&'static str]),
    /// Its own name, and anything behind it.
    Prefix(&'static str),
    /// Anything that ends in its own name and this.
    Ending(&'static str),
}

use Names::{Each, Ending, Own, Path, Prefix, Suffix};

/// Group (a suffix of it), kind, and the names of its Secrets.
const MAKERS: &[(&str, &str, Names)] = &[
    ("external-secrets.io", "ExternalSecret", Path(&["spec", "target", "name"])),
    ("kubernetes-client.io", "ExternalSecret", Own),
    ("secrets.hashicorp.com", "VaultStaticSecret", Path(&["spec", "destination", "name"])),
    ("secrets.hashicorp.com", "VaultDynamicSecret", Path(&["spec", "destination", "name"])),
    ("secrets.hashicorp.com", "VaultPKISecret", Path(&["spec", "destination", "name"])),
    ("secrets.hashicorp.com", "HCPVaultSecretsApp", Path(&["spec", "destination", "name"])),
    ("ricoberger.de", "VaultSecret", Own),
    ("secrets-store.csi.x-k8s.io", "SecretProviderClass", Each(&["spec", "secretObjects"], "secretName")),
    ("secret-sync.x-k8s.io", "SecretSync", Own),
    ("bitnami.com", "SealedSecret", Own),
    ("isindir.github.com", "SopsSecret", Each(&["spec", "secretTemplates"], "name")),
    ("spv.no", "AzureKeyVaultSecret", Path(&["spec", "output", "secret", "name"])),
    ("onepassword.com", "OnePasswordItem", Own),
    ("secrets.infisical.com", "InfisicalSecret", Path(&["spec", "managedSecretReference", "secretName"])),
    ("secrets.doppler.com", "DopplerSecret", Path(&["spec", "managedSecret", "name"])),
    ("k8s.bitwarden.com", "BitwardenSecret", Path(&["spec", "secretName"])),
    ("cert-manager.io", "Certificate", Path(&["spec", "secretName"])),
    ("cert-manager.io", "Issuer", Path(&["spec", "acme", "privateKeySecretRef", "name"])),
    ("postgresql.cnpg.io", "Cluster", Suffix(&["-app", "-superuser", "-ca", "-server", "-replication"])),
    ("postgres-operator.crunchydata.com", "PostgresCluster", Prefix("-pguser-")),
    ("acid.zalan.do", "postgresql", Ending(".credentials.postgresql.acid.zalan.do")),
    ("rabbitmq.com", "RabbitmqCluster", Suffix(&["-default-user"])),
    ("rabbitmq.com", "User", Suffix(&["-user-credentials"])),
    ("kafka.strimzi.io", "KafkaUser", Own),
    (
        "kafka.strimzi.io",
        "Kafka",
        Suffix(&["-cluster-ca-cert", "-cluster-ca", "-clients-ca-cert", "-clients-ca"]),
    ),
    ("elasticsearch.k8s.elastic.co", "Elasticsearch", Prefix("-es-")),
    ("kibana.k8s.elastic.co", "Kibana", Prefix("-kb-")),
    ("mongodbcommunity.mongodb.com", "MongoDBCommunity", Prefix("-")),
    ("mysql.oracle.com", "InnoDBCluster", Suffix(&["-privsecrets", "-backup"])),
    ("k8s.mariadb.com", "MariaDB", Suffix(&["-root", "-password"])),
    ("pxc.percona.com", "PerconaXtraDBCluster", Suffix(&["-secrets"])),
    ("psmdb.percona.com", "PerconaServerMongoDB", Suffix(&["-secrets"])),
    ("pgv2.percona.com", "PerconaPGCluster", Prefix("-pguser-")),
    ("minio.min.io", "Tenant", Suffix(&["-user-1", "-tls"])),
    ("linkerd.io", "Link", Prefix("cluster-credentials-")),
];

/// Who makes a Secret.
#[derive(Debug, Clone)]
pub(super) struct Maker<'e> {
    pub(super) resource: &'e Resource,
    pub(super) place: Place,
    pub(super) keys: Keys<'e>,
}

/// Secrets of a set that are made from values kept elsewhere.
#[derive(Debug, Default)]
pub(super) struct Makers<'e> {
    /// By `namespace/name`, without a namespace for those of kinds of the cluster.
    exact: BTreeMap<String, Vec<Maker<'e>>>,
    clustered: ClusterSecrets<'e>,
    /// Namespace, what a name begins with, what it ends with.
    patterns: BTreeMap<&'e str, Vec<(String, String, Maker<'e>)>>,
    /// By `namespace/name`: what generators of kustomize make.
    generated: BTreeMap<String, Place>,
}

impl<'e> Makers<'e> {
    pub(super) fn new(view: &View<'e>) -> Self {
        let mut makers = Self { clustered: ClusterSecrets::new(view), ..Self::default() };
        for generator in
            view.estate.documents.iter().flat_map(generators).filter(|made| made.kind == "Secret")
        {
            let namespace = generator.namespace.unwrap_or(&view.estate.namespace);
            let place = generator.node.get("name").unwrap_or(generator.node).place();
            makers.generated.insert(format!("{namespace}/{}", generator.name), place);
        }
        for resource in view.resources() {
            let node = view.estate.node(resource);
            let namespace = resource.namespace();
            let maker = Maker { resource, place: places::name(node), keys: keys(resource, node) };
            for names in table(resource, node) {
                makers.add(namespace, &resource.object.name, node, names, &maker);
            }
            makers.add_written_to(namespace, node, &maker);
        }
        makers
    }

    /// Who makes a Secret, or adds to it.
    pub(super) fn of(&self, namespace: &str, name: &str) -> impl Iterator<Item = &Maker<'e>> {
        let exact = |namespace: &str| self.exact.get(&format!("{namespace}/{name}")).into_iter().flatten();
        let patterns = self.patterns.get(namespace).into_iter().flatten();
        let matching = patterns
            .filter(move |(start, end, _)| name.starts_with(start.as_str()) && name.ends_with(end.as_str()));
        let matching = matching.map(|(_, _, maker)| maker);
        exact(namespace).chain(matching).chain(self.clustered.maker(namespace, name)).chain(exact(""))
    }

    /// Where a generator of kustomize makes a Secret.
    pub(super) fn generator(&self, namespace: &str, name: &str) -> Option<&Place> {
        self.generated.get(&format!("{namespace}/{name}"))
    }

    fn add(&mut self, namespace: &'e str, own: &str, node: NodeRef<'e>, names: &Names, maker: &Maker<'e>) {
        let mut exact = |name: &str| {
            self.exact.entry(format!("{namespace}/{name}")).or_default().push(maker.clone());
        };
        match names {
            Own => exact(own),
            Path(path) => exact(node.str_at(path).filter(|name| !name.is_empty()).unwrap_or(own)),
            Each(path, key) => {
                for name in
                    node.at(path).into_iter().flat_map(NodeRef::items).filter_map(|item| item.str_at(&[key]))
                {
                    exact(name);
                }
            }
            Suffix(suffixes) => suffixes.iter().for_each(|suffix| exact(&format!("{own}{suffix}"))),
            Prefix(part) => self.pattern(namespace, format!("{own}{part}"), String::new(), maker),
            Ending(end) => self.pattern(namespace, String::new(), format!(".{own}{end}"), maker),
        }
    }

    fn pattern(&mut self, namespace: &'e str, start: String, end: String, maker: &Maker<'e>) {
        self.patterns.entry(namespace).or_default().push((start, end, maker.clone()));
    }

    /// Where Crossplane and its like write what they were given, and cert-manager the certificate of an Ingress.
    fn add_written_to(&mut self, namespace: &str, node: NodeRef<'e>, maker: &Maker<'e>) {
        if let Some(target) = node.at(&["spec", "writeConnectionSecretToRef"])
            && let Some(name) = target.str_at(&["name"])
        {
            let namespace = target.str_at(&["namespace"]).unwrap_or(namespace);
            self.exact.entry(format!("{namespace}/{name}")).or_default().push(maker.clone());
        }
        let annotations = node.at(&["metadata", "annotations"]);
        let is_issued = ["cert-manager.io/cluster-issuer", "cert-manager.io/issuer"]
            .iter()
            .any(|key| annotations.and_then(|annotations| annotations.get(key)).is_some());
        if is_issued {
            for tls in node.at(&["spec", "tls"]).into_iter().flat_map(NodeRef::items) {
                if let Some(name) = tls.str_at(&["secretName"]) {
                    self.exact.entry(format!("{namespace}/{name}")).or_default().push(maker.clone());
                }
            }
        }
    }
}

/// Which keys of its Secret a resource writes.
fn keys<'e>(resource: &Resource, node: NodeRef<'e>) -> Keys<'e> {
    let Some(spec) = node.get("spec") else { return Keys::default() };
    match (&*resource.object.group, &*resource.object.kind) {
        ("external-secrets.io", "ExternalSecret") => Keys::of_external(spec),
        ("bitnami.com", "SealedSecret") => Keys::of_sealed(spec),
        _ => Keys::default(),
    }
}

/// What the table says of a resource. An `ExternalSecret` with the policy `None` makes nothing.
fn table(resource: &Resource, node: NodeRef<'_>) -> impl Iterator<Item = &'static Names> {
    let (group, kind) = (&resource.object.group, &resource.object.kind);
    let makes = node.str_at(&["spec", "target", "creationPolicy"]) != Some("None");
    let entries =
        MAKERS.iter().filter(move |(of, named, _)| makes && **named == **kind && group.ends_with(of));
    entries.map(|(_, _, names)| names)
}
