//! Google Cloud Storage: public is what IAM, or an ACL where those are on, grants to `allUsers` or
//! `allAuthenticatedUsers`, unless public access prevention is enforced on the bucket.
//!
//! Source: Cloud Storage documentation, "Public access prevention" and "Uniform bucket-level access". An inherited
//! prevention counts as none unless the plan enforces one. What opens one object, or one folder, opens the bucket in part.

use super::{
    access_policy::Access,
    partial::Partial,
    parts::{Kinds, Parts},
    planned::{Decided, Planned},
    way::{self, Way},
};
use crate::{
    document::Step,
    facts::{Fact, truth::Truth},
    resource::terraform::{Attribute, Plan},
};

/// How a resource writes whom it lets in.
#[derive(Clone, Copy)]
pub(super) enum Notation {
    /// Members, with one `role` for all.
    Members,
    /// An IAM policy as JSON.
    Policy,
    /// `ROLE:entity`, each.
    Entries,
    /// The name of a predefined ACL.
    Predefined,
}

/// Parts that grant, each with the attribute that says to whom.
const GRANTS: &[(&str, &str, Notation)] = &[
    ("google_storage_bucket_iam_binding", "members", Notation::Members),
    ("google_storage_bucket_iam_member", "member", Notation::Members),
    ("google_storage_bucket_iam_policy", "policy_data", Notation::Policy),
    ("google_storage_bucket_access_control", "entity", Notation::Members),
    ("google_storage_bucket_acl", "role_entity", Notation::Entries),
    ("google_storage_bucket_acl", "predefined_acl", Notation::Predefined),
    ("google_storage_default_object_access_control", "entity", Notation::Members),
    ("google_storage_default_object_acl", "role_entity", Notation::Entries),
    ("google_storage_object_access_control", "entity", Notation::Members),
    ("google_storage_object_acl", "role_entity", Notation::Entries),
    ("google_storage_object_acl", "predefined_acl", Notation::Predefined),
    ("google_storage_managed_folder_iam_binding", "members", Notation::Members),
    ("google_storage_managed_folder_iam_member", "member", Notation::Members),
    ("google_storage_managed_folder_iam_policy", "policy_data", Notation::Policy),
];

const KINDS: Kinds = Kinds {
    owner: "google_storage_bucket",
    names: &["name", "id"],
    parts: &[
        ("google_storage_bucket_iam_binding", &["bucket"]),
        ("google_storage_bucket_iam_member", &["bucket"]),
        ("google_storage_bucket_iam_policy", &["bucket"]),
        ("google_storage_bucket_access_control", &["bucket"]),
        ("google_storage_bucket_acl", &["bucket"]),
        ("google_storage_default_object_access_control", &["bucket"]),
        ("google_storage_default_object_acl", &["bucket"]),
        ("google_storage_object_access_control", &["bucket"]),
        ("google_storage_object_acl", &["bucket"]),
        ("google_storage_managed_folder_iam_binding", &["bucket"]),
        ("google_storage_managed_folder_iam_member", &["bucket"]),
        ("google_storage_managed_folder_iam_policy", &["bucket"]),
    ],
};

/// Resources by which a plan may enforce the prevention for many buckets.
const PREVENTING: [&str; 4] = [
    "google_org_policy_policy",
    "google_project_organization_policy",
    "google_folder_organization_policy",
    "google_organization_policy",
];

pub(super) fn buckets(plan_index: u32, plan: &Plan) -> Vec<(u32, Vec<(&'static str, Fact)>)> {
    let parts = Parts::new(plan_index, plan, &KINDS);
    let organisation = if parts.owners.is_empty() { None } else { preventing(plan_index, plan) };
    let buckets = parts.owners.iter();
    buckets.map(|bucket| (bucket.position, fields(&parts, bucket, organisation))).collect()
}

/// Address of a policy of an organisation, folder or project that may enforce the prevention.
fn preventing(plan_index: u32, plan: &Plan) -> Option<&str> {
    let policies = PREVENTING.iter().flat_map(|kind| plan.managed(kind));
    let mut policies = policies.filter_map(|(position, _)| Planned::new(plan_index, plan, position));
    let names = |policy: &Planned<'_>| {
        ["name", "constraint"].iter().any(|attribute| {
            let text = policy.hidden_text(attribute);
            text.is_some_and(|text| text.ends_with("storage.publicAccessPrevention"))
        })
    };
    policies.find(names).map(|policy| policy.address())
}

fn fields(parts: &Parts<'_>, bucket: &Planned<'_>, organisation: Option<&str>) -> Vec<(&'static str, Fact)> {
    let prevented = prevented(bucket, organisation);
    let uniform = bucket.decide("uniform_bucket_level_access", false, |node| node.as_bool() == Some(true));
    let mut ways = Vec::new();
    for (kind, attribute, notation) in GRANTS {
        for part in parts.of(bucket, kind) {
            let mut way = grant(part, attribute, *notation);
            way.blocks.push(("public_access_prevention", prevented.clone()));
            if way.kind == "acl" {
                way.blocks.push(("uniform_bucket_level_access", uniform.clone()));
            }
            ways.push(way);
        }
        if parts.may_have(bucket, kind) {
            let missing = format!("which {kind} is of {}", bucket.address());
            let unknown = Decided::unknown(missing, bucket.origin(""));
            let blocks = vec![("public_access_prevention", prevented.clone())];
            ways.push(Way { blocks, ..Way::shut(kind_of(kind), bucket, unknown) });
        }
    }
    let mut fields = way::fields(&ways);
    fields.extend([
        ("name", bucket.text("name").map_or_else(Fact::unknown, Fact::from)),
        ("encryption", encryption(bucket, "encryption", "encryption.0.default_kms_key_name")),
        ("related", parts.related(bucket)),
    ]);
    fields
}

fn prevented(bucket: &Planned<'_>, organisation: Option<&str>) -> Decided {
    const ATTRIBUTE: &str = "public_access_prevention";
    let own = match bucket.get(ATTRIBUTE) {
        // The provider computes it where nothing is said: then it is inherited.
        Attribute::Unknown
            if bucket.plan.declares(bucket.resource, &[Step::from(ATTRIBUTE)]) != Some(true) =>
        {
            Decided::default(false, bucket.origin(ATTRIBUTE))
        }
        _ => bucket.decide(ATTRIBUTE, false, |node| node.as_str() == Some("enforced")),
    };
    match organisation {
        Some(policy) => {
            let missing = format!("whether {policy} applies to {}", bucket.address());
            own.or(&Decided::unknown(missing, bucket.origin(ATTRIBUTE)))
        }
        None => own,
    }
}

fn kind_of(kind: &str) -> &'static str {
    if kind.contains("_iam_") { "policy" } else { "acl" }
}

/// Whom a resource lets in, and with which role.
pub(super) fn grant(part: &Planned<'_>, attribute: &str, notation: Notation) -> Way {
    let kind = kind_of(&part.resource.kind);
    let members = members(part, attribute, notation);
    let named = |name: &str| {
        let roles = members.iter().flatten().filter(|(member, _)| member.as_deref() == Some(name));
        roles.map(|(_, role)| access(role)).reduce(Access::with)
    };
    let open = [("allUsers", "everyone"), ("allAuthenticatedUsers", "every Google account")];
    let open = open.into_iter().find_map(|(name, audience)| Some((name, audience, named(name)?)));
    let Some((name, audience, access)) = open else {
        let known = members.iter().flatten().all(|(member, _)| member.is_some()) && members.is_some();
        let granted = if known { Truth::False } else { Truth::Unknown };
        return Way::shut(kind, part, part.decided(attribute, granted));
    };
    let granter = match (kind, &*part.resource.kind) {
        ("policy", of) if of.contains("managed_folder") => "an IAM grant on a folder",
        ("policy", _) => "an IAM grant",
        (_, of) if of.starts_with("google_storage_object_") => "the ACL of an object",
        _ => "its ACL",
    };
    let what = format!("{granter} names `{name}`");
    Way { what, audience, access, ..Way::shut(kind, part, part.decided(attribute, Truth::True)) }
}

/// Members with their roles; a member is `None` where it is unknown, and all are where the value is.
fn members(part: &Planned<'_>, attribute: &str, notation: Notation) -> Option<Vec<(Option<String>, String)>> {
    let values = part.values.as_ref()?;
    let Some(document) = &values.document else { return Some(Vec::new()) };
    let partial = Partial::from_planned(document.root(), &values.unknown);
    let written = partial.field(attribute);
    // What the provider computes because nothing is said grants nothing to others.
    let computed = part.plan.declares(part.resource, &[Step::from(attribute)]) == Some(false);
    if *written == Partial::Unknown && computed {
        return Some(Vec::new());
    }
    let role = partial.field("role").text().unwrap_or_default();
    let with_role = |items: Vec<&Partial>, role: &str| {
        let items = items.into_iter();
        items.map(|item| (item.text().map(ToOwned::to_owned), role.to_owned())).collect::<Vec<_>>()
    };
    match notation {
        Notation::Members => Some(with_role(written.items()?, role)),
        Notation::Policy => {
            let policy = match written {
                Partial::Absent => return Some(Vec::new()),
                written => Partial::from_json(&serde_json::from_str(written.text()?).ok()?),
            };
            let bindings = policy.field("bindings").items()?.into_iter();
            Some(
                bindings
                    .flat_map(|binding| {
                        let role = binding.field("role").text().unwrap_or_default();
                        with_role(binding.field("members").items().unwrap_or_default(), role)
                    })
                    .collect(),
            )
        }
        Notation::Entries => {
            let entries = written.items()?.into_iter().map(|entry| {
                let entry = entry.text().and_then(|entry| entry.split_once(':'));
                (entry.map(|(_, member)| member.to_owned()), entry.map_or("", |(role, _)| role).to_owned())
            });
            Some(entries.collect())
        }
        Notation::Predefined => Some(match written.text() {
            Some("publicRead") => vec![(Some("allUsers".to_owned()), "READER".to_owned())],
            Some("publicReadWrite") => vec![(Some("allUsers".to_owned()), "WRITER".to_owned())],
            Some("authenticatedRead") => {
                vec![(Some("allAuthenticatedUsers".to_owned()), "READER".to_owned())]
            }
            None if *written == Partial::Unknown => return None,
            _ => Vec::new(),
        }),
    }
}

/// What a role or an entry of an ACL comes to; what is not known to be less may do anything.
pub(super) fn access(role: &str) -> Access {
    let role = role.to_ascii_lowercase();
    if ["admin", "owner", "writer", "objectuser", "readwrite", "editor"]
        .iter()
        .any(|word| role.contains(word))
    {
        Access::BOTH
    } else if ["viewer", "reader", "read", "subscriber"].iter().any(|word| role.contains(word)) {
        Access::READ
    } else if role.contains("creator") || role.contains("publisher") {
        Access::WRITE
    } else {
        Access::BOTH
    }
}

/// Everything is encrypted; the key is the customer's where the bucket names a default key.
pub(super) fn encryption(store: &Planned<'_>, block: &str, key_name: &str) -> Fact {
    let declared = store.plan.declares(store.resource, &[Step::from(block)]) == Some(true);
    let (algorithm, key) = match store.get(key_name) {
        Attribute::Known(node) if node.as_str() != Some("") => ("cloud-kms", "customer"),
        // Whatever it will be, only a customer's key can be named there.
        Attribute::Unknown if declared => ("cloud-kms", "customer"),
        _ => ("google", "provider-managed"),
    };
    let at = Some(store.origin(key_name));
    Fact::object([
        ("algorithm", Fact::from(algorithm).at(at.clone())),
        ("key", Fact::from(key).at(at)),
        ("missing", Fact::default()),
    ])
}
