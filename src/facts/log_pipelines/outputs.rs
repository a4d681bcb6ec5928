//! Where a collector sends what it collects, read from its configuration.
//!
//! A configuration reaches a collector as files, keys of which are entries, or whole texts in notations of their own.
//! Deliberately absent: configuration that is part of an image.

mod fluent_bit;
mod fluentd;
mod grafana;
mod grep;
mod keyed;
mod left_out;
mod read_files;

use std::{borrow::Cow, ops::Range};

pub(super) use self::{
    grep::{NamespaceRule, namespace_rules},
    left_out::{LeftOut, namespaces as left_out},
    read_files::ReadFiles,
};
use super::products::{Notation, Product};
use crate::{
    document::NodeRef,
    estate::View,
    facts::{
        Fact, Set,
        environment::{self, Channel, Setting},
        workloads::WorkloadId,
    },
    resource::format::Entry,
    source::Place,
};

/// Where an output leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Out of the Pod, and off the node.
    Central,
    /// Back to the node's disks, or nowhere.
    Local,
    Unknown,
}

/// One output of a collector.
#[derive(Debug, Clone)]
pub(super) struct Output {
    /// As the product calls it: `elasticsearch`, `s3`, `stdout`.
    pub(super) name: String,
    pub(super) kind: Kind,
    /// A host, a bucket, a group; never with what is before an `@`.
    pub(super) target: Option<String>,
    pub(super) place: Place,
}

/// Outputs of all products that keep logs where they are, or throw them away.
const LOCAL: [&str; 14] = [
    "blackhole",
    "console",
    "counter",
    "debug",
    "discard",
    "exit",
    "file",
    "flowcounter",
    "logging",
    "loki.echo",
    "nop",
    "null",
    "nullout",
    "stdout",
];

impl Output {
    pub(super) fn new(name: &str, place: Place) -> Self {
        let plain = name.trim().to_ascii_lowercase();
        let kind = if plain.is_empty() || plain.contains("${") || plain.contains("{{") {
            Kind::Unknown
        } else if LOCAL.contains(&&*plain) {
            Kind::Local
        } else {
            Kind::Central
        };
        Self { name: name.trim().to_owned(), kind, target: None, place }
    }

    /// Tells where it leads; its own Pod may hand logs on to anything.
    pub(super) fn lead_to(&mut self, target: &str) {
        let target = target.trim().trim_matches(['"', '\'']);
        let host = target.split_once("://").map_or(target, |(_, rest)| rest);
        let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
        let host = host.split(['/', '?']).next().unwrap_or(host);
        if host.is_empty() || self.target.is_some() {
            return;
        }
        let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
        if self.kind == Kind::Central && matches!(name, "localhost" | "127.0.0.1" | "[::1]" | "0.0.0.0") {
            self.kind = Kind::Unknown;
        }
        self.target = Some(host.to_owned());
    }

    pub(super) fn fact(&self) -> Fact {
        let kind = match self.kind {
            Kind::Central => "central",
            Kind::Local => "local",
            Kind::Unknown => "unknown",
        };
        Fact::object([
            ("name", Fact::from(self.name.as_str())),
            ("kind", Fact::from(kind)),
            ("target", Fact::from(self.target.as_deref())),
        ])
        .at(Some(self.place.clone().into()))
    }
}

/// Something that a collector is told.
#[derive(Clone)]
pub(super) struct Told<'e> {
    /// A dotted key, a variable, or the path of a file.
    pub(super) name: Cow<'e, str>,
    pub(super) text: Cow<'e, str>,
    /// A file, or a key of one.
    pub(super) is_configuration: bool,
    place: Place,
    /// What holds the whole text, where a part of it can be told.
    node: Option<NodeRef<'e>>,
}

impl<'e> Told<'e> {
    /// What a container of a workload is told, as far as the input holds it.
    pub(super) fn of_settings(set: &Set<'e>, id: WorkloadId, container: &str) -> Vec<Self> {
        let settings = set.environments().of(id).iter().filter(|setting| setting.container == container);
        settings.filter_map(|setting| Self::of_setting(&set.view, setting)).collect()
    }

    fn of_setting(view: &View<'e>, setting: &Setting<'e>) -> Option<Self> {
        let text = setting.text.clone()?;
        let node = match (&setting.origin, setting.key) {
            (environment::Origin::ConfigMap(resource), Some(key)) => {
                view.estate.node(resource).at(&["data", key])
            }
            _ => None,
        };
        Some(Self {
            name: setting.name.clone(),
            is_configuration: setting.channel == Channel::File,
            place: setting.place.clone(),
            node: node.filter(|node| node.as_str() == Some(&*text)),
            text,
        })
    }

    /// An entry of a configuration that stands at a node.
    pub(super) fn of_entry(entry: Entry, place: Place) -> Self {
        Self { name: entry.name.into(), text: entry.text.into(), is_configuration: true, place, node: None }
    }

    pub(super) fn place(&self) -> Place {
        self.place.clone()
    }

    /// A part of the text; the whole of it where that cannot be told.
    fn part(&self, range: Range<usize>) -> Place {
        match self.node {
            Some(node) => Place::new(node.document.source, node.part(range)),
            None => self.place(),
        }
    }
}

/// The outputs that a configuration names; `None` where it says that no logs of Pods are collected.
///
/// An agent of a vendor sends to the vendor: shown at its `image`.
pub(super) fn read(
    product: &Product,
    told: &[Told<'_>],
    on_nodes: bool,
    image: Place,
) -> Option<Vec<Output>> {
    match product.notation {
        Notation::FluentBit => Some(fluent_bit::outputs(told)),
        Notation::Fluentd => Some(fluentd::outputs(told)),
        Notation::Vector => Some(keyed::vector(told)),
        Notation::OpenTelemetry => keyed::open_telemetry(told, on_nodes),
        Notation::Beats => Some(keyed::beats(told)),
        Notation::Grafana => Some(grafana::outputs(told)),
        Notation::Vendor { switch, all } => {
            let is_on = |switch: &str| {
                told.iter().any(|told| {
                    !told.is_configuration && told.name == switch && told.text.eq_ignore_ascii_case("true")
                })
            };
            switch.is_none_or(is_on).then(|| {
                let mut output = Output::new(product.name, image);
                // Else it sends those of containers that ask for it, each by an annotation.
                if !all.is_none_or(is_on) {
                    output.kind = Kind::Unknown;
                }
                vec![output]
            })
        }
    }
}

/// Keys that are on, in lower case: those of files, and those of texts in notations of their own.
pub(super) fn switches(told: &[Told<'_>]) -> Vec<String> {
    let is_on = |text: &str| matches!(&*text.trim().to_ascii_lowercase(), "on" | "true" | "yes");
    let keys = told.iter().filter(|told| told.is_configuration && is_on(&told.text));
    let lines = told.iter().filter(|told| told.is_configuration).flat_map(|told| told.text.lines());
    let pairs = lines.filter_map(|line| line.trim().split_once(char::is_whitespace));
    keys.map(|told| told.name.to_ascii_lowercase())
        .chain(pairs.filter(|(_, value)| is_on(value)).map(|(key, _)| key.to_ascii_lowercase()))
        .collect()
}
