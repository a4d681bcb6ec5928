//! Which keys of a Secret its maker writes: External Secrets may merge some into a Secret that stands in a manifest
//! (external-secrets `externalsecret_types.go`, `ExternalSecretCreationPolicy`), and templates may hold literals beside
//! what they fill in (`ExternalSecretTemplate`; sealed-secrets `SecretTemplateSpec`).

use std::collections::{BTreeMap, BTreeSet};

use crate::{document::NodeRef, resource::credential, source::Place};

/// Keys that a maker writes.
#[derive(Debug, Clone, Default)]
pub(super) struct Keys<'e> {
    policy: Policy,
    named: BTreeSet<&'e str>,
    /// Whether it writes others, which only the store knows.
    is_open: bool,
    /// Credentials that its template writes out.
    literals: BTreeMap<&'e str, Place>,
}

/// Whose Secret it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Policy {
    /// The maker's: it has no other keys.
    #[default]
    Whole,
    /// Somebody else's: it keeps its other keys, and is not made.
    Merge,
    /// The same, but it is made where it is missing.
    CreateOrMerge,
}

/// What a maker does about one key of a Secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Makes {
    /// It takes the value from where it is kept.
    Kept,
    /// It writes what its template has there.
    Literal(Place),
    /// Only the store knows whether it writes this key.
    Perhaps,
    /// Somebody else does.
    Nothing,
}

impl<'e> Keys<'e> {
    /// Of the `spec` of an `ExternalSecret`.
    pub(super) fn of_external(spec: NodeRef<'e>) -> Self {
        let target = |path: &[&str]| spec.get("target").and_then(|target| target.at(path));
        let policy = match target(&["creationPolicy"]).and_then(NodeRef::as_str) {
            Some("Merge") => Policy::Merge,
            Some("CreateOrMerge") => Policy::CreateOrMerge,
            _ => Policy::Whole,
        };
        let template = target(&["template"]);
        let from = template.and_then(|template| template.get("templateFrom"));
        let has_from = from.is_some_and(|from| from.items().next().is_some());
        let mut keys = Self { policy, is_open: has_from, ..Self::default() };
        let templated = template.and_then(|template| template.get("data"));
        keys.add_template(templated);
        // Without a template of its own everything that is fetched is written.
        let merges = template.is_some_and(|template| template.str_at(&["mergePolicy"]) == Some("Merge"));
        if merges || keys.named.is_empty() && !has_from {
            let fetched = spec.get("data").into_iter().flat_map(NodeRef::items);
            keys.named.extend(fetched.filter_map(|item| item.str_at(&["secretKey"])));
            keys.is_open |= spec.get("dataFrom").is_some_and(|from| from.items().next().is_some());
        }
        keys
    }

    /// Of the `spec` of a `SealedSecret`, which is all of its Secret.
    pub(super) fn of_sealed(spec: NodeRef<'e>) -> Self {
        let mut keys = Self::default();
        keys.add_template(spec.at(&["template", "data"]));
        // What is sealed counts over the template.
        for (key, ..) in spec.get("encryptedData").into_iter().flat_map(NodeRef::entries) {
            keys.literals.remove(key);
        }
        keys
    }

    fn add_template(&mut self, data: Option<NodeRef<'e>>) {
        for (key, _, value) in data.into_iter().flat_map(NodeRef::entries) {
            self.named.insert(key);
            let is_literal = value.as_str().is_some_and(|text| credential::of_setting(key, text).is_some());
            if is_literal {
                self.literals.insert(key, value.place());
            }
        }
    }

    /// What is done about a key of a Secret of the input, or about all that it has.
    pub(super) fn makes(&self, key: Option<&str>, secret: NodeRef<'_>) -> Makes {
        let Some(key) = key.filter(|_| self.policy != Policy::Whole) else {
            return self.of_whole(key, secret);
        };
        if self.named.contains(key) {
            self.of_own(key)
        } else if self.is_open {
            Makes::Perhaps
        } else {
            Makes::Nothing
        }
    }

    fn of_whole(&self, key: Option<&str>, secret: NodeRef<'_>) -> Makes {
        if self.policy == Policy::Whole {
            return key.map_or(Makes::Kept, |key| self.of_own(key));
        }
        let fields = ["data", "stringData"].into_iter().filter_map(|field| secret.get(field));
        let mut others =
            fields.flat_map(NodeRef::entries).filter(|(key, ..)| !self.named.contains(key)).peekable();
        match others.peek() {
            None => Makes::Kept,
            Some(_) if self.is_open => Makes::Perhaps,
            Some(_) => Makes::Nothing,
        }
    }

    /// What is done about a key of a Secret that is not in the input.
    pub(super) fn makes_missing(&self, key: Option<&str>) -> Makes {
        match (self.policy, key) {
            (Policy::Merge, Some(key)) if self.named.contains(key) => self.of_own(key),
            (Policy::Merge, _) => Makes::Nothing,
            (_, key) => key.map_or(Makes::Kept, |key| self.of_own(key)),
        }
    }

    fn of_own(&self, key: &str) -> Makes {
        self.literals.get(key).map_or(Makes::Kept, |place| Makes::Literal(place.clone()))
    }
}
