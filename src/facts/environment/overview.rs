//! What `probity facts` shows of a workload's settings: each with where it is written, and never a credential.

use std::{borrow::Cow, collections::BTreeSet};

use regex::Regex;

use super::{Channel, Evidence, Origin, Setting};
use crate::{
    config,
    facts::{self, Fact, Set, workloads::WorkloadId},
    resource::credential,
    source::{Sources, place::MASK},
};

/// Shorter secrets are looked for only in what was put together: they may be part of any word.
const DISTINCTIVE: usize = 8;

impl Channel {
    const fn name(self) -> &'static str {
        match self {
            Self::Variable => "variable",
            Self::Argument => "argument",
            Self::File => "file",
        }
    }
}

impl Evidence {
    const fn name(self) -> &'static str {
        match self {
            Self::SharedFile => "shared-file",
            Self::OwnFile => "own-file",
            Self::Explicit => "explicit",
        }
    }
}

/// `[{container, channel, name, value, source, from, key, evidence}]` of a workload, in the order of its containers;
/// each at the place of its text. `value` is null where the input does not hold it, and masked where it is a credential.
pub(in crate::facts) fn overview(set: &Set<'_>, id: WorkloadId) -> Fact {
    let settings = set.environments().of(id);
    let namespace = set.workloads().get(id).namespace;
    let estate = set.view.estate;
    let shown = Shown::new(settings, &estate.sources, &estate.config.secrets);
    Fact::array(settings.iter().zip(&shown.hidden).map(|(setting, is_hidden)| {
        let value = setting
            .text
            .as_deref()
            .map(|text| if *is_hidden || shown.repeats(setting, text) { MASK } else { text });
        let (source, from) = origin(&setting.origin, namespace);
        let key = match &setting.origin {
            Origin::MissingSecret { key, .. } => *key,
            _ => setting.key,
        };
        let fields = [
            ("container", Fact::from(setting.container)),
            ("channel", Fact::from(setting.channel.name())),
            ("name", Fact::from(&*setting.name)),
            ("value", Fact::from(value)),
            ("source", Fact::from(source)),
            ("from", Fact::from(from)),
            ("key", Fact::from(key)),
            ("evidence", Fact::from(setting.evidence.name())),
        ];
        Fact::object(fields).at(facts::Origin::from(setting.place.clone()))
    }))
}

/// How the text is kept, and the id of the object that keeps it.
fn origin(origin: &Origin<'_>, namespace: &str) -> (&'static str, Option<String>) {
    match origin {
        Origin::Literal | Origin::AfterApply(_) => ("literal", None),
        Origin::ConfigMap(resource) => ("config-map", Some(resource.id.to_string())),
        Origin::Secret(resource) => ("secret", Some(resource.id.to_string())),
        Origin::MissingSecret { name, .. } => ("missing", Some(format!("Secret/{namespace}/{name}"))),
        Origin::Missing(what) => ("missing", Some(what.clone())),
        Origin::Runtime => ("runtime", None),
    }
}

/// Which of a workload's settings may be shown.
struct Shown<'s> {
    hidden: Vec<bool>,
    /// Secrets of these settings that are looked for in all others.
    long: Secrets<'s>,
    all: Secrets<'s>,
}

impl<'s> Shown<'s> {
    fn new(settings: &'s [Setting<'_>], sources: &Sources, declared: &config::Secrets) -> Self {
        let hidden: Vec<bool> =
            settings.iter().map(|setting| is_secret(setting, sources, declared)).collect();
        let texts = settings.iter().zip(&hidden).filter(|(_, is_hidden)| **is_hidden);
        let texts = texts.filter_map(|(setting, _)| setting.text.as_deref()).map(str::trim);
        let texts: BTreeSet<&str> = texts.filter(|text| !text.is_empty()).collect();
        let long = texts.iter().copied().filter(|text| text.len() >= DISTINCTIVE);
        Self { hidden, long: Secrets::new(long.collect()), all: Secrets::new(texts.into_iter().collect()) }
    }

    /// Whether a text holds a secret that another setting is told: it was put together from it, or repeats it.
    fn repeats(&self, setting: &Setting<'_>, text: &str) -> bool {
        // An option within a variable is a text of its own, cut out of what the variable became.
        let is_made = setting.written.is_some()
            || (setting.channel == Channel::Argument && matches!(&setting.text, Some(Cow::Owned(_))));
        if is_made { self.all.are_in(text) } else { self.long.are_in(text) }
    }
}

/// Texts that are looked for in others.
enum Secrets<'s> {
    Few(Vec<&'s str>),
    /// All at once, in time linear in the text.
    Many(Regex),
    /// More than can be looked for: every text counts as one that holds some.
    TooMany,
}

impl<'s> Secrets<'s> {
    /// Making an expression takes longer than looking for so many.
    const FEW: usize = 32;

    fn new(texts: Vec<&'s str>) -> Self {
        if texts.len() <= Self::FEW {
            return Self::Few(texts);
        }
        let escaped: Vec<String> = texts.into_iter().map(regex::escape).collect();
        Regex::new(&escaped.join("|")).map_or(Self::TooMany, Self::Many)
    }

    fn are_in(&self, text: &str) -> bool {
        match self {
            Self::Few(texts) => texts.iter().any(|secret| text.contains(secret)),
            Self::Many(expression) => expression.is_match(text),
            Self::TooMany => true,
        }
    }
}

/// Values of Secrets, what looks like a credential, and what is masked where it is written.
fn is_secret(setting: &Setting<'_>, sources: &Sources, declared: &config::Secrets) -> bool {
    let Some(text) = setting.text.as_deref() else { return false };
    matches!(setting.origin, Origin::Secret(_))
        || sources.get(setting.place.source).is_secret(&setting.place.span())
        || credential::of_setting(&setting.name, text).is_some()
        // A file of an unknown format, which is shown at its key.
        || (text.contains('\n') && !credential::in_script(text).is_empty())
        || !declared.tokens_in(text).is_empty()
}
