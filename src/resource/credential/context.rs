//! What the keys around a value mean: whether its name says that it is a credential, or the name of one.

use super::translation;
use crate::document::NodeRef;

/// What the keys around a value mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Context {
    /// Names that people choose: variables, keys of configuration, values of charts.
    Settings,
    /// Values of a chart: chosen too, but a `secret` there is mostly the name of an object.
    Values,
    /// Fields of an API: a `token` or `secret` there is mostly the name of one.
    Fields,
    /// Beside the name of a Secret: what stands here is mostly the name of one of its keys; in values of charts it may
    /// also be what the Secret replaces.
    Beside { chart: bool },
    /// Nothing here is a credential because of its name.
    References,
}

impl Context {
    /// Whether people chose the names there.
    pub(super) const fn is_chosen(self) -> bool {
        matches!(self, Self::Settings | Self::Values)
    }

    /// Below a key.
    pub(super) fn below(self, key: &str, node: NodeRef<'_>) -> Self {
        if self == Self::References || !node.is_mapping() {
            return self;
        }
        let lower = key.to_ascii_lowercase();
        if self.is_chosen() && translation::is_key(&lower) {
            return Self::References;
        }
        let refers_by_name = lower.ends_with("ref")
            || match self {
                Self::Fields => lower.ends_with("secret"),
                Self::Values => {
                    lower.starts_with("existing") || MAPPING_KEYS.iter().any(|end| lower.ends_with(end))
                }
                _ => false,
            };
        if refers_by_name {
            return Self::References;
        }
        if self.refers(node) {
            return Self::Beside { chart: matches!(self, Self::Values | Self::Beside { chart: true }) };
        }
        let is_settings = SETTINGS_KEYS.contains(&key)
            || (matches!(key, "data" | "stringData")
                && node.entries().all(|(_, _, value)| value.is_scalar()));
        match self {
            Self::Fields if VALUES_KEYS.contains(&key) => Self::Values,
            Self::Fields | Self::Beside { .. } if is_settings => Self::Settings,
            _ => self,
        }
    }

    /// Whether keys of a mapping name values that are kept elsewhere.
    fn refers(self, node: NodeRef<'_>) -> bool {
        // `existingSecret: ""` refers to nothing.
        let has =
            |key: &str| node.get(key).is_some_and(|value| value.as_str() != Some("") && !value.is_null());
        // Of a chart, `secretKey` may be the key itself.
        let is_the_key = self == Self::Values && !NAMING_KEYS.into_iter().any(has);
        REFERRING_KEYS
            .into_iter()
            .any(|referring| has(referring) && !(is_the_key && referring == "secretKey"))
            || (has("name") && has("key") && node.get("value").is_none())
    }

    /// The value beside a name: a variable, a parameter, a header.
    pub(super) fn of_named(self, pair: NodeRef<'_>) -> Self {
        match self {
            Self::Beside { .. } if self.refers(pair) => self,
            Self::References => self,
            _ => Self::Settings,
        }
    }
}

/// Keys whose neighbours name values that are kept elsewhere.
const REFERRING_KEYS: [&str; 7] =
    ["secretName", "secretKeyRef", "secretKey", "remoteRef", "existingSecret", "valueFrom", "secretRef"];

/// Keys of values of charts beside which `secretKey` is the name of a key.
const NAMING_KEYS: [&str; 7] =
    ["secretName", "existingSecret", "secret", "secretRef", "remoteRef", "name", "existingSecretName"];

/// Ends of keys of values of charts below which names of keys stand.
const MAPPING_KEYS: [&str; 4] = ["secretkeys", "secretkeynames", "keymapping", "keymappings"];

/// Keys of custom resources with names below them that people choose.
const SETTINGS_KEYS: [&str; 7] =
    ["config", "env", "environment", "extraEnv", "parameters", "properties", "settings"];

/// Keys of custom resources with values of a chart below them.
const VALUES_KEYS: [&str; 4] = ["helmValues", "values", "valuesInline", "valuesObject"];

/// Keys below which nothing is a value: labels, schemas, selectors, what the cluster writes.
pub(super) const SKIPPED: [&str; 9] = [
    "encryptedData",
    "labels",
    "managedFields",
    "matchLabels",
    "nodeSelector",
    "openAPIV3Schema",
    "podSelector",
    "selector",
    "status",
];
