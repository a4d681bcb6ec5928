//! The fact `log-store`: a bucket or storage account of a plan into which something of the plan writes logs.
//!
//! Fields, where `T` is true, false or `"unknown"`:
//!
//! | field | value |
//! |---|---|
//! | `address`, `type`, `name` | the name may be `"unknown"` |
//! | `receives` | `[{resource, type}]`: what sends its logs here |
//! | `object_lock` | `{enabled: T, final: T, mode, days}`: mode and days of what holds for every object, null where nothing does; `final` where nobody can take it back |
//! | `versioned` | `T`: what is overwritten or deleted is kept as a version |
//! | `version_days` | after how many days at the earliest such a version is deleted, null where nothing deletes them |
//! | `immutable` | `T`: versions are kept, or a lock that is final |
//! | `missing` | what would decide `immutable` |
//!
//! Deliberately absent: stores that the plan does not hold, and stores that are no buckets, such as
//! Log Analytics.

mod azure;
mod google;
mod s3;

use std::sync::Arc;

use super::{
    Fact, Subject,
    buckets::{
        parts::{Kinds, Parts},
        planned::{Decided, Planned, steps},
    },
    truth::Truth,
};
use crate::{
    document::NodeRef,
    resource::terraform::{Attribute, Plan},
};

/// The stores of one provider.
struct Provider {
    /// The stores, with what configures them and what sends logs to them.
    kinds: &'static Kinds,
    sources: &'static [Source],
    name: &'static str,
    keeps: fn(&Parts<'_>, &Planned<'_>) -> Keeping,
}

/// A type of resources that send logs.
struct Source {
    kind: &'static str,
    switch: Option<Switch>,
}

/// An argument with the value by which nothing is sent, and its default.
#[derive(Clone, Copy)]
struct Switch {
    attribute: &'static str,
    off: bool,
    default: bool,
}

/// What keeps the objects of a store as they were written.
struct Keeping {
    locked: Decided,
    /// Whether the lock cannot be taken back.
    is_final: Decided,
    mode: Fact,
    days: Fact,
    versioned: Decided,
    /// After how many days a version is deleted that something newer took the place of.
    version_days: Fact,
}

const PROVIDERS: [&Provider; 3] = [&s3::PROVIDER, &azure::PROVIDER, &google::PROVIDER];

/// One subject for each store of a plan that receives logs.
pub(super) fn subjects(plan_index: u32, plan: &Plan) -> Vec<Subject> {
    let mut found: Vec<(u32, Subject)> = Vec::new();
    for provider in PROVIDERS {
        let parts = Parts::new(plan_index, plan, provider.kinds);
        for store in &parts.owners {
            let receives: Vec<Fact> =
                provider.sources.iter().flat_map(|source| source.to(&parts, store)).collect();
            if !receives.is_empty() {
                let keeping = (provider.keeps)(&parts, store);
                found.push((store.position, subject(provider, store, receives, keeping)));
            }
        }
    }
    found.sort_by_key(|(position, _)| *position);
    found.into_iter().map(|(_, subject)| subject).collect()
}

impl Source {
    const fn new(kind: &'static str) -> Self {
        Self { kind, switch: None }
    }

    const fn unless(kind: &'static str, attribute: &'static str, off: bool, default: bool) -> Self {
        Self { kind, switch: Some(Switch { attribute, off, default }) }
    }

    /// What of this type sends logs to a store.
    fn to(&self, parts: &Parts<'_>, store: &Planned<'_>) -> Vec<Fact> {
        let is_off = |source: &Planned<'_>| {
            let Some(Switch { attribute, off, default }) = self.switch else { return false };
            source.decide(attribute, default, is_true).value == off.into()
        };
        let sources = parts.of(store, self.kind).filter(|source| !is_off(source));
        sources.map(|source| source.reference().at(Some(source.origin(parts.naming(source))))).collect()
    }
}

/// What an argument or block of the store itself decides. Providers compute what is left out: of a new store as
/// nothing, of one that exists as what is there.
fn own(store: &Planned<'_>, block: &str, path: &str, read: impl FnOnce(NodeRef<'_>) -> bool) -> Decided {
    let declared = store.plan.declares(store.resource, &steps(block)) == Some(true);
    let is_read = block == path || matches!(store.get(block), Attribute::Known(_));
    match store.get(path) {
        Attribute::Unknown if !declared && store.resource.is_created() => {
            Decided::default(false, store.origin(block))
        }
        Attribute::Absent if !is_read && !store.resource.is_created() => store.decided(block, Truth::Unknown),
        _ => store.decide(path, false, read),
    }
}

fn is_true(node: NodeRef<'_>) -> bool {
    node.as_bool() == Some(true)
}

/// A whole number that is known.
fn integer(resource: &Planned<'_>, path: &str) -> Option<i64> {
    match resource.get(path) {
        Attribute::Known(node) => node.as_i64(),
        _ => None,
    }
}

fn subject(provider: &Provider, store: &Planned<'_>, receives: Vec<Fact>, keeping: Keeping) -> Subject {
    let immutable = keeping.versioned.or(&keeping.locked.and(&keeping.is_final));
    let lock = Fact::object([
        ("enabled", keeping.locked.fact()),
        ("final", keeping.is_final.fact()),
        ("mode", keeping.mode),
        ("days", keeping.days),
    ]);
    let fields = [
        ("address", Fact::from(store.address())),
        ("type", Fact::from(&*store.resource.kind)),
        ("name", store.text(provider.name).map_or_else(Fact::unknown, Fact::from)),
        ("receives", Fact::array(receives)),
        ("object_lock", lock),
        ("versioned", keeping.versioned.fact()),
        ("version_days", keeping.version_days),
        ("immutable", immutable.fact()),
        ("missing", Fact::array(immutable.missing.into_iter().map(Fact::from))),
    ];
    Subject {
        resource: store.address().to_owned(),
        kind: Arc::clone(&store.resource.kind),
        fact: Fact::object(fields).at(Some(store.origin(""))),
    }
}

#[cfg(test)]
mod tests;
