//! The fact `store`: a planned resource, other than a bucket, that keeps or carries data: with which key it is encrypted
//! at rest, and whether at all, as its provider has it where the plan says nothing (domains.md W10).
//!
//! | field | value |
//! |---|---|
//! | `address`, `type`, `new` | as of a bucket |
//! | `encrypted` | `T`; null where it always is, or another fact says so |
//! | `encryption` | `{key: "customer"\|"aws-managed"\|"provider-managed"\|"unknown", alias, missing}`; null where nothing is encrypted, or whose key it is is not judged |
//! | `missing` | what would decide `encrypted`, or null |
//! | `secure_transport` | `T`: only TLS is spoken; null where it is not judged |
//! | `secure_transport_missing` | what would decide it |
//! | `plaintext_by` | settings that let plaintext in |
//! | `classification` | as of a bucket |
//!
//! Deliberately absent: who may reach it (`database-server`), snapshots, and disks that an image alone brings.

mod kinds;
mod parameters;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use self::kinds::{Channel, Key, Kind, Rest};
use super::{
    Fact, Subject,
    buckets::planned::{Decided, Planned, steps},
    declared::Declared,
    global_datastores::Settings,
    truth::Truth,
};
use crate::{
    document::Step,
    resource::{
        classification::Vocabulary,
        terraform::{Attribute, Mode, Plan},
    },
};

/// One subject for each store of a plan.
pub(super) fn subjects(vocabulary: Vocabulary<'_>, index: u32, plan: &Plan) -> Vec<Subject> {
    let stores = (0..).zip(&plan.resources).filter_map(|(position, resource)| {
        let kind = Kind::of(resource)?;
        let store = Planned::new(index, plan, position)?;
        // What is no machine yet says nothing of disks that it does not speak of.
        let is_silent = matches!(kind.rest, Rest::Disks { paths, is_template: true } if paths.iter().all(|path| expanded(&store, path).is_empty()));
        (!is_silent).then(|| subject(vocabulary, kind, &store))
    });
    stores.collect()
}

fn subject(vocabulary: Vocabulary<'_>, kind: &Kind, store: &Planned<'_>) -> Subject {
    let declared = Declared::planned(vocabulary, store.plan_index, store.plan, store.position);
    let origin = declared.because.as_ref().and_then(|because| because.origin.clone());
    let encrypted = encrypted(kind, store);
    let channels = channels(kind, store);
    let plaintext_by: Vec<Fact> = channels
        .iter()
        .filter(|(_, decided)| decided.value == Truth::False)
        .map(|(attribute, decided)| Fact::from(attribute.replace(".0.", ".")).at(decided.origin.clone()))
        .collect();
    let transport = channels.into_iter().map(|(_, decided)| decided).reduce(|one, other| one.and(&other));
    let (shown, missing) = match &encrypted {
        // Databases say it as servers.
        Some(decided) if !kind.is_server => (decided.fact(), decided.missing.clone()),
        _ => (Fact::default(), Vec::new()),
    };
    let fields = [
        ("address", Fact::from(store.address())),
        ("type", Fact::from(&*store.resource.kind)),
        ("new", Fact::from(store.resource.is_created())),
        ("encrypted", shown),
        ("missing", Fact::from((!missing.is_empty()).then(|| missing.join(", ")))),
        ("encryption", encryption(kind, store, encrypted.as_ref())),
        ("secure_transport", transport.as_ref().map_or_else(Fact::default, Decided::fact)),
        ("plaintext_by", Fact::array(plaintext_by)),
        (
            "secure_transport_missing",
            Fact::array(transport.into_iter().flat_map(|decided| decided.missing).map(Fact::from)),
        ),
        ("classification", declared.level_fact().at(origin)),
    ];
    Subject {
        resource: store.address().to_owned(),
        kind: Arc::clone(&store.resource.kind),
        fact: Fact::object(fields).at(Some(store.origin(""))),
    }
}

/// Whether what is stored is encrypted; `None`: always.
fn encrypted(kind: &Kind, store: &Planned<'_>) -> Option<Decided> {
    Some(match kind.rest {
        Rest::Always => return None,
        Rest::By(attribute, absent) => boolean(store, attribute, absent),
        Rest::NewOrBy(attribute) => {
            let is_aurora = store.text("engine").is_none_or(|engine| engine.starts_with("aurora"));
            boolean(store, attribute, store.resource.is_created().then_some(is_aurora))
        }
        Rest::Volume => volume(store, "encrypted"),
        Rest::Disks { paths, .. } => disks(store, paths),
        Rest::Queue => queue(store),
        Rest::Stream => {
            const ATTRIBUTE: &str = "encryption_type";
            match store.get(ATTRIBUTE) {
                Attribute::Known(node) => {
                    store.decided(ATTRIBUTE, Truth::from(node.as_str() != Some("NONE")))
                }
                Attribute::Unknown if is_written(store, ATTRIBUTE) => {
                    store.decided(ATTRIBUTE, Truth::Unknown)
                }
                Attribute::Absent | Attribute::Unknown => Decided::default(false, store.origin(ATTRIBUTE)),
            }
        }
    })
}

/// Amazon EBS: a volume says it itself; else the account does, by default for all volumes of a region, and a snapshot for
/// those that are made of it (Amazon EBS User Guide, "How Amazon EBS encryption works").
fn volume(store: &Planned<'_>, attribute: &str) -> Decided {
    let region = store.plan.provider_key(store.resource);
    let by_default = store.plan.managed("aws_ebs_encryption_by_default").any(|(position, setting)| {
        let is_on = Planned::new(store.plan_index, store.plan, position)
            .is_some_and(|setting| boolean(&setting, "enabled", Some(true)).value == Truth::True);
        is_on && store.plan.provider_key(setting) == region
    });
    if by_default {
        return Decided::default(true, store.origin(attribute));
    }
    let mut decided = boolean(store, attribute, None);
    if decided.value == Truth::Unknown && store.plan.declares(store.resource, &steps(attribute)) != Some(true)
    {
        decided.missing =
            vec![format!("aws_ebs_encryption_by_default of the account of {}", store.address())];
    }
    decided
}

/// Disks that instances are made with, all of them: those that blocks speak of, and of an instance without one that of its
/// image.
fn disks(store: &Planned<'_>, paths: &[&'static str]) -> Decided {
    let named = paths.iter().flat_map(|path| expanded(store, path));
    let decided = named.map(|path| volume(store, &path)).reduce(|one, other| one.and(&other));
    decided.unwrap_or_else(|| volume(store, paths.first().copied().unwrap_or_default()))
}

/// The path to the same attribute of every block that the plan holds: `ebs_block_device.*.encrypted`.
fn expanded(store: &Planned<'_>, path: &str) -> Vec<String> {
    let Some((before, after)) = path.split_once(".*") else { return vec![path.to_owned()] };
    let count = match store.get(before) {
        Attribute::Known(blocks) => blocks.items().count(),
        Attribute::Absent | Attribute::Unknown => 0,
    };
    (0..count).flat_map(|index| expanded(store, &format!("{before}.{index}{after}"))).collect()
}

/// Amazon SQS: new queues are encrypted with keys of SQS unless that is turned off (Amazon SQS Developer Guide,
/// "Encryption at rest"), or with a key of KMS.
fn queue(store: &Planned<'_>) -> Decided {
    const ATTRIBUTE: &str = "sqs_managed_sse_enabled";
    let managed = boolean(store, ATTRIBUTE, store.resource.is_created().then_some(true));
    let has_key = match store.get("kms_master_key_id") {
        Attribute::Known(node) => node.as_str().is_some_and(|key| !key.is_empty()),
        Attribute::Unknown => is_written(store, "kms_master_key_id"),
        Attribute::Absent => false,
    };
    if has_key { Decided::default(true, store.origin("kms_master_key_id")) } else { managed }
}

/// Each setting that may let plaintext in, with whether it refuses it.
fn channels(kind: &Kind, store: &Planned<'_>) -> Vec<(&'static str, Decided)> {
    // A member of a replication group has what its group has, which names itself by the same attribute.
    let is_member = store.resource.is(Mode::Managed, "aws_elasticache_cluster")
        && !matches!(store.get("replication_group_id"), Attribute::Absent)
        && is_written(store, "replication_group_id");
    // What a secondary has of its primary is judged there, if the plan has it.
    let (is_judged, is_elsewhere) = match Settings::of(store) {
        Settings::Own => (!is_member, false),
        Settings::Of(_) => (false, false),
        Settings::Elsewhere => (true, true),
    };
    let judged = kind.transport.iter().filter(|_| is_judged).map(|channel| {
        let (attribute, decided) = refuses_plaintext(channel, store);
        let says = !is_elsewhere || matches!(store.get(attribute), Attribute::Known(_));
        (attribute, if says { decided } else { store.decided(attribute, Truth::Unknown) })
    });
    judged.chain(parameters::secure_transport(store)).collect()
}

fn refuses_plaintext(channel: &Channel, store: &Planned<'_>) -> (&'static str, Decided) {
    for attribute in channel.attributes {
        match store.get(attribute) {
            Attribute::Known(node) => {
                let is_secure = channel.secure.contains(&node.as_str().unwrap_or_else(|| node.raw()));
                return (attribute, store.decided(attribute, is_secure.into()));
            }
            Attribute::Unknown => {
                let declared = store.plan.declares(store.resource, &steps(attribute)) != Some(false);
                if declared || !store.resource.is_created() {
                    return (attribute, store.decided(attribute, Truth::Unknown));
                }
            }
            Attribute::Absent => {}
        }
    }
    let attribute = channel.attributes.first().copied().unwrap_or_default();
    let is_documented = channel.unless.is_empty() || store.text("engine") != Some(channel.unless);
    let decided = match channel.absent.filter(|_| is_documented) {
        Some(value) => Decided::default(value, store.origin(attribute)),
        None => store.decided(attribute, Truth::Unknown),
    };
    (attribute, decided)
}

/// What a boolean says; `absent` holds where nobody wrote it, `None`: that is not known.
fn boolean(store: &Planned<'_>, attribute: &str, absent: Option<bool>) -> Decided {
    let default = || match absent {
        Some(value) => Decided::default(value, store.origin(attribute)),
        None => store.decided(attribute, Truth::Unknown),
    };
    match store.get(attribute) {
        Attribute::Known(node) => {
            let value = node.as_bool().or_else(|| node.as_str().and_then(|text| text.parse().ok()));
            store.decided(attribute, value.map_or(Truth::Unknown, Truth::from))
        }
        Attribute::Absent => default(),
        // What the provider computes because nobody wrote it.
        Attribute::Unknown if store.resource.is_created() && !is_written(store, attribute) => default(),
        Attribute::Unknown => store.decided(attribute, Truth::Unknown),
    }
}

/// Whether the configuration gives an attribute; one that the plan does not hold may.
fn is_written(store: &Planned<'_>, attribute: &str) -> bool {
    let block = attribute.split('.').next().unwrap_or(attribute);
    store.plan.declares(store.resource, &[Step::from(block)]) != Some(false)
}

/// Whose key it is; null where nothing is encrypted.
fn encryption(kind: &Kind, store: &Planned<'_>, encrypted: Option<&Decided>) -> Fact {
    let fact = |key: Key, attribute: &str, missing: Option<String>| {
        Fact::object([
            ("algorithm", Fact::default()),
            ("key", Fact::from(key.name()).at(Some(store.origin(attribute)))),
            ("alias", Fact::from(Some(kind.alias).filter(|alias| !alias.is_empty()))),
            ("missing", Fact::from(missing)),
        ])
    };
    if kind.keys.is_empty() {
        return Fact::default();
    }
    match encrypted.map(|decided| decided.value) {
        Some(Truth::False) => return Fact::default(),
        Some(Truth::Unknown) => {
            let missing = encrypted.and_then(|decided| decided.missing.first().cloned());
            return fact(Key::Unknown, "", missing);
        }
        Some(Truth::True) | None => {}
    }
    for attribute in kind.keys {
        let declared = is_written(store, attribute);
        match store.get(attribute) {
            Attribute::Known(node) => {
                let text = node.as_str().unwrap_or_default();
                if text.contains("alias/aws/") {
                    return fact(Key::AwsManaged, attribute, None);
                }
                // What the provider filled in is the default key.
                if declared && !text.is_empty() {
                    return fact(Key::Customer, attribute, None);
                }
            }
            // Whatever it will be, only a customer's key is worth naming.
            Attribute::Unknown if declared => return fact(Key::Customer, attribute, None),
            Attribute::Unknown | Attribute::Absent => {}
        }
    }
    let attribute = kind.keys.first().copied().unwrap_or_default();
    let copied = ["snapshot_id", "snapshot_identifier", "replicate_source_db", "restore_to_point_in_time"];
    let is_copy = copied.iter().any(|source| {
        store.plan.declares(store.resource, &[Step::from(*source)]) == Some(true)
            && !matches!(store.get(source), Attribute::Absent)
    });
    if is_copy {
        let missing = format!("the key of what {} is made from", store.address());
        return fact(Key::Unknown, attribute, Some(missing));
    }
    let missing = || {
        (kind.default == Key::Unknown)
            .then(|| format!("aws_ebs_default_kms_key of the account of {}", store.address()))
    };
    // Without a key that is turned on, Aurora and DynamoDB take one that AWS owns.
    let owned = kind.turned_on.is_some_and(|switch| boolean(store, switch, Some(false)).value != Truth::True);
    let default = if owned { Key::Provider } else { kind.default };
    fact(default, attribute, missing().filter(|_| !owned))
}
