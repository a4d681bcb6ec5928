//! Settings about what is judged: the mesh, services, datastores, the log.

use serde::{Deserialize, Deserializer, de};

use super::{NamePattern, Phrase, Placed};

/// The service mesh that the workloads run in.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default, expecting = "a map")]
pub struct Mesh {
    /// Which mesh it is where the manifests do not tell; `none` makes the mesh rules not applicable.
    pub flavour: Option<Flavour>,
    /// Namespace whose policies hold for the whole mesh, such as `istio-system`.
    pub root_namespace: Option<Phrase>,
    /// What a workload accepts that no policy is about.
    pub default_mode: Option<MtlsMode>,
}

/// A service mesh.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Flavour {
    Istio,
    Linkerd,
    Kuma,
    Consul,
    Cilium,
    None,
}

/// What a workload accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum MtlsMode {
    Strict,
    Permissive,
    Disable,
}

/// A bounded context: what belongs to one logical service.
#[derive(Debug, Clone, Default, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default, expecting = "a map")]
pub struct Service {
    /// Ids of its workloads, or globs over them.
    pub workloads: Vec<Placed<NamePattern>>,
    /// Ids of its datastores, or globs over them.
    pub datastores: Vec<Placed<NamePattern>>,
}

/// What is known about a datastore.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default, expecting = "a map")]
pub struct DatastoreSettings {
    /// Name of the service that owns it.
    pub owner: Option<Placed<Phrase>>,
    /// Why several services share it on purpose.
    pub shared_by_design: Option<Phrase>,
}

/// Where scans are recorded; options of the command line beat it. Keys and signers are given there only: the
/// repository under scan must not name them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default, expecting = "a map")]
pub struct AuditSettings {
    /// A folder relative to the base, a URL, or `off`.
    #[cfg_attr(test, schemars(schema_with = "log_schema"))]
    #[serde(deserialize_with = "log")]
    pub log: Option<String>,
    /// Name of the log, such as `audit.example.com/shop`.
    pub origin: Option<Phrase>,
}

/// Editors that read YAML 1.1 see a bare `off` as false, too.
#[cfg(test)]
fn log_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schemars::json_schema!({"anyOf": [{"type": "string"}, {"const": false}, {"type": "null"}]})
}

/// YAML 1.1, which Kubernetes reads, takes a bare `off` for false.
fn log<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    struct LogVisitor;

    impl de::Visitor<'_> for LogVisitor {
        type Value = Option<String>;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("a folder, a URL or `off`")
        }

        fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
            Ok(None)
        }

        fn visit_bool<E: de::Error>(self, value: bool) -> Result<Self::Value, E> {
            if value {
                Err(E::custom("name a folder; a log is kept anyway"))
            } else {
                Ok(Some("off".to_owned()))
            }
        }

        fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
            let leads_out = text.starts_with('/') || text.split(['/', '\\']).any(|part| part == "..");
            if text.trim().is_empty() {
                Err(E::custom("this is empty; name a folder, a URL or `off`"))
            } else if leads_out && !text.contains("://") {
                Err(E::custom("this folder lies outside of the base; give it as `--audit` instead"))
            } else {
                Ok(Some(text.to_owned()))
            }
        }
    }

    deserializer.deserialize_any(LogVisitor)
}
