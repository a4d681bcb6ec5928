//! Credentials that workloads consume, each with where it comes from (domains.md V2, V3).
//!
//! A credential is a value of a Secret, or a setting that looks like one. Deliberately absent: credentials that nobody
//! consumes (see [`super::secrets`]).

mod cluster_secrets;
mod injected;
mod keys;
mod makers;
#[cfg(test)]
mod tests;
mod uses;

use std::{borrow::Cow, collections::BTreeMap, sync::Arc};

pub(super) use self::uses::subjects as uses;
use self::{
    keys::Makes,
    makers::{Maker, Makers},
};
use super::{
    Because, Fact, Set, Subject,
    environment::{Channel, Origin, Setting},
    workloads::{Workload, WorkloadId},
};
use crate::{
    document::NodeRef,
    estate::Resource,
    resource::{
        credential::{self, name},
        shape::{self, Shape},
    },
    source::Place,
};

/// Where a credential comes from (contract, "`probity facts`").
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Source {
    /// Written in a manifest that is no Secret.
    Literal,
    /// A Secret of the input whose values are readable.
    CommittedSecret,
    /// Kept elsewhere, and brought by a controller.
    External,
    /// A file that an agent or a driver brings.
    File,
    /// Made in the cluster, or by a generator of a tool.
    Generated,
    Unknown,
}

impl Source {
    const fn name(self) -> &'static str {
        match self {
            Self::Literal => "literal",
            Self::CommittedSecret => "committed-secret",
            Self::External => "external",
            Self::File => "file",
            Self::Generated => "generated",
            Self::Unknown => "unknown",
        }
    }
}

/// One credential of one workload.
#[derive(Debug)]
struct Credential<'e> {
    /// `env NAME`, `arg NAME`, `file NAME`.
    key: String,
    container: &'e str,
    source: Source,
    /// Name of the Secret that holds it, and the key there where one is named.
    secret: Option<(Cow<'e, str>, Option<&'e str>)>,
    because: Vec<Because>,
    /// What refers to it, in the manifest of the workload.
    reference: Place,
}

impl Credential<'_> {
    /// How plainly its name says that it has to be kept, most plainly first.
    fn weight(&self) -> u8 {
        let own = self.key.split_once(' ').map_or(self.key.as_str(), |(_, name)| name);
        let names = || self.secret.as_ref().and_then(|(_, key)| *key).into_iter().chain([own]);
        if names().any(|name| name::promise(name).is_some()) {
            0
        } else if names().any(name::is_public_half) {
            2
        } else {
            1
        }
    }
}

/// The credentials of all workloads of a set.
#[derive(Debug, Default)]
pub(super) struct Credentials<'e>(BTreeMap<WorkloadId, Vec<Credential<'e>>>);

impl<'e> Credentials<'e> {
    pub(super) fn new(set: &Set<'e>) -> Self {
        let makers = Makers::new(&set.view);
        let all = set.workloads().iter().map(|(id, workload)| {
            let consumer = Consumer { set, makers: &makers, workload };
            let settings = set.environments().of(id).iter();
            let mut found: Vec<Credential<'e>> =
                settings.filter_map(|setting| consumer.credential(setting)).collect();
            found.extend(consumer.injected());
            (id, found)
        });
        Self(all.collect())
    }

    fn iter<'s>(
        &'s self,
        set: &'s Set<'e>,
    ) -> impl Iterator<Item = (&'s Workload<'e>, &'s [Credential<'e>])> {
        self.0.iter().map(|(id, credentials)| (set.workloads().get(*id), credentials.as_slice()))
    }
}

struct Consumer<'s, 'e> {
    set: &'s Set<'e>,
    makers: &'s Makers<'e>,
    workload: &'s Workload<'e>,
}

impl<'e> Consumer<'_, 'e> {
    fn credential(&self, setting: &Setting<'e>) -> Option<Credential<'e>> {
        let channel = match setting.channel {
            Channel::Variable => "env",
            Channel::Argument => "arg",
            Channel::File => "file",
        };
        let credential = |source, secret, because| Credential {
            key: format!("{channel} {}", setting.name),
            container: setting.container,
            source,
            secret,
            because,
            reference: setting.reference.clone(),
        };
        match &setting.origin {
            Origin::Literal | Origin::AfterApply(_) | Origin::ConfigMap(_) => {
                let source = self.source_of_literal(setting)?;
                let owner = match setting.origin {
                    Origin::ConfigMap(owner) => owner,
                    _ => self.workload.resource,
                };
                let step = because(format!("{} holds it as it is", owner.id), owner, &setting.place);
                Some(credential(source, None, vec![step]))
            }
            Origin::Secret(secret) => {
                // A file of several settings is one value of the Secret: only what looks like a credential counts.
                let is_file =
                    setting.channel == Channel::File && setting.key.is_some_and(|key| *key != setting.name);
                let text = setting.text.as_deref().unwrap_or_default();
                if is_file && credential::of_setting(&setting.name, text).is_none() {
                    return None;
                }
                let (source, steps) = self.of_secret(secret, setting)?;
                Some(credential(source, Some((Cow::Borrowed(&*secret.object.name), setting.key)), steps))
            }
            Origin::MissingSecret { name, key } => {
                let (source, steps) = self.of_missing_secret(name, *key, &setting.place);
                Some(credential(source, Some((name.clone(), *key)), steps))
            }
            Origin::Missing(missing) => {
                let name = &setting.name;
                name::promise(name)?;
                let step = Because {
                    text: format!("{missing} is not in the input"),
                    resource: None,
                    origin: Some(setting.place.clone().into()),
                };
                Some(credential(Source::Unknown, None, vec![step]))
            }
            Origin::Runtime => None,
        }
    }

    /// `None`: everybody may read it.
    fn of_secret(&self, secret: &'e Resource, setting: &Setting<'e>) -> Option<(Source, Vec<Because>)> {
        let node = self.set.view.estate.node(secret);
        let mut perhaps = None;
        for maker in self.makers.of(self.workload.namespace, &secret.object.name) {
            match maker.keys.makes(setting.key, node) {
                Makes::Perhaps => perhaps = Some(maker),
                Makes::Nothing => {}
                made => return Some(made_by(maker, &made)),
            }
        }
        if let Some(maker) = perhaps {
            return Some(made_by(maker, &Makes::Perhaps));
        }
        let kind = node.str_at(&["type"]).unwrap_or_default();
        let owned =
            node.at(&["metadata", "ownerReferences"]).is_some_and(|owners| owners.items().next().is_some());
        let (source, text) = match self.shape_of(node, setting) {
            Shape::PublicKey => return None,
            Shape::Generated => (Source::Generated, format!("its chart makes {} anew each time", secret.id)),
            _ if owned || matches!(kind, "kubernetes.io/service-account-token" | "helm.sh/release.v1") => {
                (Source::Generated, format!("the cluster fills {} in", secret.id))
            }
            Shape::Reference => {
                (Source::External, format!("{} holds a reference or an encrypted value", secret.id))
            }
            Shape::Empty | Shape::Placeholder => {
                (Source::Unknown, format!("{} is to be filled in", secret.id))
            }
            _ => (Source::CommittedSecret, format!("{} holds it in readable form", secret.id)),
        };
        Some((source, vec![because(text, secret, &setting.place)]))
    }

    /// Shape of the value of a Secret behind a setting.
    fn shape_of(&self, secret: NodeRef<'_>, setting: &Setting<'_>) -> Shape {
        let Some(key) = setting.key else { return Shape::Text };
        let value = |field: &str| {
            secret.get(field)?.entries().find(|(name, _, _)| *name == key).map(|(_, _, value)| value)
        };
        let (written, encoded) = (value("stringData"), value("data"));
        if let Some(value) = written.or(encoded)
            && self.set.view.estate.is_made(&value.place())
        {
            return Shape::Generated;
        }
        match (written.and_then(NodeRef::as_str), encoded.and_then(NodeRef::as_str)) {
            (Some(text), _) => shape::of_text(text),
            (None, Some(text)) => shape::of_base64(text),
            (None, None) => Shape::Text,
        }
    }

    fn of_missing_secret(&self, name: &str, key: Option<&str>, place: &Place) -> (Source, Vec<Because>) {
        for maker in self.makers.of(self.workload.namespace, name) {
            match maker.keys.makes_missing(key) {
                Makes::Nothing => {}
                made => return made_by(maker, &made),
            }
        }
        if let Some(place) = self.makers.generator(self.workload.namespace, name) {
            let text = format!("kustomize generates Secret/{}/{name}", self.workload.namespace);
            let step = Because { text, resource: None, origin: Some(place.clone().into()) };
            return (Source::Generated, vec![step]);
        }
        let text = format!("Secret/{}/{name} is not in the input", self.workload.namespace);
        (Source::Unknown, vec![Because { text, resource: None, origin: Some(place.clone().into()) }])
    }

    /// Where a setting that is no value of a Secret comes from; `None` where it is no credential.
    fn source_of_literal(&self, setting: &Setting<'_>) -> Option<Source> {
        let Some(text) = setting.text.as_deref() else {
            // Known only after apply.
            return name::promise(&setting.name).map(|_| Source::Unknown);
        };
        let written = setting.written.as_deref().unwrap_or(text);
        let secrets = &self.set.view.estate.config.secrets;
        if credential::of_setting(&setting.name, written).is_some() || !secrets.tokens_in(written).is_empty()
        {
            let file = &self.set.view.estate.sources.get(setting.place.source).file;
            let is_allowed = secrets.allows(file, &setting.name, &[written.to_owned()]).is_some();
            return (!is_allowed).then_some(Source::Literal);
        }
        let is_path = written.starts_with('/');
        if is_path {
            // `DB_PASSWORD_FILE`: the credential itself comes in the file.
            let name = setting.name.to_ascii_uppercase();
            let about = name.strip_suffix("_FILE").or_else(|| name.strip_suffix("_PATH"))?;
            return name::promise(about).map(|_| Source::File);
        }
        // What `$(NAME)` stands for is a credential of its own.
        let is_kept_elsewhere = shape::is_reference(written) && !written.contains(['$', '{']);
        (is_kept_elsewhere && name::promise(&setting.name).is_some()).then_some(Source::External)
    }

    fn injected(&self) -> Vec<Credential<'e>> {
        let agent = injected::by_vault_agent(self.workload).into_iter().map(|file| (file, "Vault Agent"));
        let driver = injected::by_csi_driver(self.workload).into_iter().map(|file| (file, "a CSI driver"));
        let credentials = agent.chain(driver).map(|(file, by)| {
            let (source, text) = if file.is_active {
                (Source::File, format!("{by} brings it as a file"))
            } else {
                (Source::Unknown, format!("the annotation `agent-inject` is not set, so {by} brings nothing"))
            };
            Credential {
                key: format!("file {}", file.name),
                container: "",
                source,
                secret: None,
                because: vec![because(text, self.workload.resource, &file.place)],
                reference: file.place,
            }
        });
        credentials.collect()
    }
}

fn because(text: String, resource: &Resource, place: &Place) -> Because {
    Because { text, resource: Some(Arc::clone(&resource.id)), origin: Some(place.clone().into()) }
}

fn made_by(maker: &Maker<'_>, made: &Makes) -> (Source, Vec<Because>) {
    let id = &maker.resource.id;
    let (source, text, place) = match made {
        Makes::Literal(place) => (Source::Literal, format!("the template of {id} holds it as it is"), place),
        Makes::Perhaps => {
            (Source::Unknown, format!("{id} may fill it in: the store knows its keys"), &maker.place)
        }
        _ => (Source::External, format!("{id} makes it from a value kept elsewhere"), &maker.place),
    };
    (source, vec![because(text, maker.resource, place)])
}

/// The list of the overview.
pub(super) fn overview(set: &Set<'_>) -> Vec<Fact> {
    let all = set.credentials().iter(set).flat_map(|(workload, credentials)| {
        credentials.iter().map(|credential| {
            Fact::object([
                ("consumer", Fact::from(&*workload.resource.id)),
                ("container", Fact::from(credential.container)),
                ("key", Fact::from(credential.key.as_str())),
                ("source", Fact::from(credential.source.name())),
                ("secret", Fact::from(secret_id(workload, credential))),
                ("because", Fact::array(credential.because.iter().cloned().map(Fact::from))),
            ])
        })
    });
    all.collect()
}

fn secret_id(workload: &Workload<'_>, credential: &Credential<'_>) -> Option<String> {
    credential.secret.as_ref().map(|(name, _)| format!("Secret/{}/{name}", workload.namespace))
}

/// `{consumer, service, source, secret, keys: [{key, container, secret_key}], because}`: one for each Secret that a
/// workload consumes, and one for each credential without one.
pub(super) fn subjects(set: &Set<'_>) -> Vec<Subject> {
    let mut subjects = Vec::new();
    for (workload, credentials) in set.credentials().iter(set) {
        let mut by_secret: BTreeMap<&str, Vec<&Credential<'_>>> = BTreeMap::new();
        for credential in credentials {
            match &credential.secret {
                Some((name, _)) => by_secret.entry(name).or_default().push(credential),
                None => subjects.push(subject(workload, credential, &[credential])),
            }
        }
        for credentials in by_secret.into_values() {
            // The worst of them decides: one value may be a reference, and another readable.
            let worst = |credential: &&&Credential<'_>| match credential.source {
                Source::CommittedSecret => 0,
                Source::Generated => 1,
                Source::Unknown => 2,
                _ => 3,
            };
            if let Some(decides) = credentials.iter().min_by_key(worst) {
                subjects.push(subject(workload, decides, &credentials));
            }
        }
    }
    subjects
}

fn subject(workload: &Workload<'_>, decides: &Credential<'_>, all: &[&Credential<'_>]) -> Subject {
    // A finding is shown at the first: what has to be kept comes before names of users and hosts.
    let mut all = all.to_vec();
    all.sort_by_key(|credential| credential.weight());
    let keys = all.iter().map(|credential| {
        let secret_key = credential.secret.as_ref().and_then(|(_, key)| *key);
        let fields = [
            ("key", Fact::from(credential.key.as_str())),
            ("container", Fact::from(credential.container)),
            ("secret_key", Fact::from(secret_key)),
        ];
        Fact::object(fields).at(Some(credential.reference.clone().into()))
    });
    let fact = Fact::object([
        ("consumer", Fact::from(&*workload.resource.id)),
        ("service", Fact::from(&*workload.service)),
        ("source", Fact::from(decides.source.name())),
        ("secret", Fact::from(secret_id(workload, decides))),
        ("keys", Fact::array(keys)),
        ("because", Fact::array(decides.because.iter().cloned().map(Fact::from))),
    ]);
    Subject {
        resource: workload.resource.id.to_string(),
        kind: Arc::clone(&workload.resource.object.kind),
        fact: fact.at(Some(decides.reference.clone().into())),
    }
}
