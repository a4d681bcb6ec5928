//! Which resources configure which bucket: split resources name it by reference, or by its name.
//!
//! Where a plan does not tell the bucket of a part, the part may belong to any: what it says is then held against the
//! default, and a bucket on which both agree is decided all the same.

use std::collections::{BTreeMap, BTreeSet};

use super::planned::{Decided, Planned, steps};
use crate::{
    facts::{Fact, truth::Truth},
    resource::terraform::{Mode, Plan},
};

/// One provider's buckets and what configures them.
pub(in crate::facts) struct Kinds {
    /// Type of the bucket.
    pub(in crate::facts) owner: &'static str,
    /// Attributes of the bucket by which parts may name it.
    pub(in crate::facts) names: &'static [&'static str],
    /// Types of the parts, each with the attributes that may name the bucket.
    pub(in crate::facts) parts: &'static [(&'static str, &'static [&'static str])],
}

/// Buckets of one plan with their parts.
pub(in crate::facts) struct Parts<'p> {
    pub(in crate::facts) owners: Vec<Planned<'p>>,
    kinds: &'static Kinds,
    all: Vec<Planned<'p>>,
    /// Indices in `all`, by the owner's position in the plan and the part's type.
    certain: BTreeMap<(u32, &'static str), Vec<usize>>,
    possible: BTreeMap<(u32, &'static str), Vec<usize>>,
    /// Parts that may belong to any bucket, by type.
    loose: BTreeMap<&'static str, Vec<usize>>,
    /// For each of `all` the position of the bucket that it certainly belongs to.
    owner: Vec<Option<u32>>,
}

/// How many parts that may belong to a bucket are looked at; with more, what they decide is unknown.
const LOOKED_AT: usize = 16;

/// `aws_s3_bucket_public_access_block.b.bucket` may name the bucket by another part: `aws_s3_bucket_policy.b.id`.
const LONGEST_CHAIN: usize = 4;

impl<'p> Parts<'p> {
    pub(in crate::facts) fn new(plan_index: u32, plan: &'p Plan, kinds: &'static Kinds) -> Self {
        let read = |kind: &'static str| {
            plan.managed(kind).filter_map(move |(position, _)| Planned::new(plan_index, plan, position))
        };
        let owners: Vec<Planned<'p>> = read(kinds.owner).collect();
        let mut joined = Self {
            owners,
            kinds,
            all: Vec::new(),
            owner: Vec::new(),
            certain: BTreeMap::new(),
            possible: BTreeMap::new(),
            loose: BTreeMap::new(),
        };
        if joined.owners.is_empty() {
            return joined;
        }
        let named = joined.by_name(kinds);
        for (kind, attributes) in kinds.parts {
            for part in read(kind) {
                let index = joined.all.len();
                let (owners, told) = owners_of(&part, naming(&part, attributes), kinds, &named);
                match owners.as_slice() {
                    [] if !told => joined.loose.entry(kind).or_default().push(index),
                    [owner] => joined.certain.entry((*owner, kind)).or_default().push(index),
                    several => {
                        for owner in several {
                            joined.possible.entry((*owner, kind)).or_default().push(index);
                        }
                    }
                }
                joined.owner.push(if let [owner] = owners.as_slice() { Some(*owner) } else { None });
                joined.all.push(part);
            }
        }
        joined
    }

    /// Parts of a type that certainly belong to a bucket, in the order of the plan.
    pub(in crate::facts) fn of(
        &self,
        owner: &Planned<'_>,
        kind: &'static str,
    ) -> impl Iterator<Item = &Planned<'p>> {
        let found = self.certain.get(&(owner.position, kind)).map(Vec::as_slice).unwrap_or_default();
        found.iter().filter_map(|index| self.all.get(*index))
    }

    /// The field `related`: every resource that configures a bucket.
    pub(in crate::facts) fn related(&self, owner: &Planned<'_>) -> Fact {
        let parts = self.kinds.parts.iter().flat_map(|(kind, _)| self.of(owner, kind));
        Fact::array(parts.map(Planned::reference))
    }

    /// All parts of a type, each with the bucket that it certainly belongs to.
    pub(in crate::facts) fn all(
        &self,
        kind: &'static str,
    ) -> impl Iterator<Item = (&Planned<'p>, Option<&Planned<'p>>)> {
        let parts = self.all.iter().zip(&self.owner).filter(move |(part, _)| &*part.resource.kind == kind);
        // Owners are in the order of the plan.
        parts.map(|(part, owner)| {
            let owner = owner.and_then(|owner| {
                let index = self.owners.binary_search_by_key(&owner, |owner| owner.position).ok()?;
                self.owners.get(index)
            });
            (part, owner)
        })
    }

    /// The attribute by which a part names its bucket.
    pub(in crate::facts) fn naming(&self, part: &Planned<'_>) -> &'static str {
        let kinds = self.kinds.parts.iter().find(|(kind, _)| *kind == &*part.resource.kind);
        kinds.map(|(_, attributes)| naming(part, attributes)).unwrap_or_default()
    }

    /// What the part of a type decides, else the default, as far as no other part may decide otherwise.
    pub(in crate::facts) fn decide<T: AsMut<Decided>>(
        &self,
        owner: &Planned<'_>,
        kind: &'static str,
        read: impl Fn(&Planned<'p>) -> T,
        default: impl FnOnce() -> T,
    ) -> T {
        let mut certain = self.of(owner, kind).map(&read);
        let (mut decided, rest): (T, Vec<T>) = match certain.next() {
            Some(first) => (first, certain.collect()),
            None => (default(), self.perhaps(owner, kind).take(LOOKED_AT + 1).map(read).collect()),
        };
        let value = decided.as_mut().value;
        if rest.len() > LOOKED_AT || rest.into_iter().any(|mut other| other.as_mut().value != value) {
            let decided = decided.as_mut();
            decided.value = Truth::Unknown;
            decided.missing.push(format!("which {kind} decides for {}", owner.address()));
        }
        decided
    }

    /// Whether some part of a type may belong to a bucket that has none for certain.
    pub(in crate::facts) fn may_have(&self, owner: &Planned<'_>, kind: &'static str) -> bool {
        self.of(owner, kind).next().is_none() && self.perhaps(owner, kind).next().is_some()
    }

    fn perhaps(&self, owner: &Planned<'_>, kind: &'static str) -> impl Iterator<Item = &Planned<'p>> {
        let possible = self.possible.get(&(owner.position, kind)).into_iter().flatten();
        let loose = self.loose.get(kind).into_iter().flatten();
        possible.chain(loose).filter_map(|index| self.all.get(*index))
    }

    fn by_name(&self, kinds: &Kinds) -> BTreeMap<String, Vec<u32>> {
        let mut named: BTreeMap<String, Vec<u32>> = BTreeMap::new();
        for owner in &self.owners {
            let distinct: BTreeSet<&str> =
                kinds.names.iter().filter_map(|name| owner.hidden_text(name)).collect();
            for name in distinct {
                named.entry(name.to_owned()).or_default().push(owner.position);
            }
        }
        named
    }
}

/// The attribute by which a part names its bucket.
fn naming(part: &Planned<'_>, attributes: &'static [&'static str]) -> &'static str {
    let set = |attribute: &&str| {
        part.hidden_text(attribute).is_some()
            || part.plan.declares(part.resource, &steps(attribute)) == Some(true)
    };
    let named = attributes.iter().copied().find(|attribute| set(attribute));
    named.or(attributes.first().copied()).unwrap_or_default()
}

/// Buckets that a part may belong to, and whether the plan tells: a name that no bucket has is told.
fn owners_of(
    part: &Planned<'_>,
    attribute: &str,
    kinds: &'static Kinds,
    named: &BTreeMap<String, Vec<u32>>,
) -> (Vec<u32>, bool) {
    let mut referred = BTreeSet::new();
    refer(part, attribute, kinds, 0, &mut referred);
    let name = part.hidden_text(attribute).filter(|name| !name.is_empty());
    let Some(name) = name else {
        return (referred.into_iter().collect(), false);
    };
    let same_name = named.get(name).or_else(|| named.get(bare_name(name)));
    let same_name = same_name.map(Vec::as_slice).unwrap_or_default();
    let narrowed = |keep: &dyn Fn(&u32) -> bool| -> Vec<u32> {
        same_name.iter().copied().filter(|owner| keep(owner)).collect()
    };
    let both = narrowed(&|owner| referred.contains(owner));
    let here = narrowed(&|owner| {
        let owner = part.plan.resource(*owner);
        owner.is_some_and(|owner| owner.module_address == part.resource.module_address)
    });
    let owners = match (both.is_empty(), referred.is_empty(), here.is_empty()) {
        (false, _, _) => both,
        (true, false, _) => referred.into_iter().collect(),
        (true, true, false) => here,
        (true, true, true) => same_name.to_vec(),
    };
    (owners, true)
}

/// The bucket's name in what names it in full: an ARN, the destination of a sink, the id of an Azure resource.
fn bare_name(full: &str) -> &str {
    const BEFORE: [&str; 3] = [":s3:::", "storage.googleapis.com/", "/storageAccounts/"];
    let name = BEFORE.iter().find_map(|before| full.split_once(before)).map_or(full, |(_, name)| name);
    name.split('/').next().unwrap_or(name)
}

fn refer(
    part: &Planned<'_>,
    attribute: &str,
    kinds: &'static Kinds,
    depth: usize,
    found: &mut BTreeSet<u32>,
) {
    for target in part.plan.referred(part.resource, &steps(attribute)).targets {
        let Some(resource) = part.plan.resource(target.resource) else { continue };
        if resource.is(Mode::Managed, kinds.owner) {
            found.insert(target.resource);
        } else if let Some((_, attributes)) =
            kinds.parts.iter().find(|(kind, _)| resource.is(Mode::Managed, kind))
            && depth < LONGEST_CHAIN
            && let Some(other) = Planned::new(part.plan_index, part.plan, target.resource)
        {
            refer(&other, naming(&other, attributes), kinds, depth + 1, found);
        }
    }
}
