//! ACLs of S3 buckets: canned ones and lists of grants.
//! Source: Amazon S3 User Guide, "Access control list (ACL) overview".

use super::{ACL, Joined, OBJECTS, inherited};
use crate::{
    document::NodeRef,
    facts::{
        buckets::{access_policy::Access, planned::Planned, way::Way},
        truth::Truth,
    },
    resource::terraform::Attribute,
};

/// Where an ACL may stand in a resource.
struct Layout {
    /// A list of grants.
    grants: &'static str,
    /// From a grant to its grantee's URI, and to its permission or permissions.
    uri: &'static str,
    permission: &'static str,
}

const SPLIT: Layout =
    Layout { grants: "access_control_policy.0.grant", uri: "grantee.0.uri", permission: "permission" };
const INLINE: Layout = Layout { grants: "grant", uri: "uri", permission: "permissions" };

/// What a group's grant, or a canned ACL, gives to whom.
struct Grant {
    what: String,
    audience: &'static str,
    access: Access,
}

const EVERYONE: &str = "everyone";
const ACCOUNTS: &str = "every AWS account";

impl Joined<'_> {
    pub(super) fn acl(&self, bucket: &Planned<'_>) -> Way {
        self.parts.decide(
            bucket,
            ACL,
            |part| acl_of(part, &SPLIT),
            || {
                let new = bucket.resource.is_created();
                let way = Way { written: new, ..acl_of(bucket, &INLINE) };
                let nothing_said = match (bucket.get("acl"), bucket.get(INLINE.grants)) {
                    (Attribute::Known(_), _) | (_, Attribute::Known(_)) => false,
                    _ => !declared(bucket, "acl") && !declared(bucket, INLINE.grants),
                };
                if nothing_said { inherited(bucket, "acl", "acl") } else { way }
            },
        )
    }
}

impl Joined<'_> {
    /// The first object that is certainly in a bucket and has a canned ACL for everyone.
    pub(super) fn acl_of_objects(&self, bucket: &Planned<'_>) -> Option<Way> {
        let objects = OBJECTS.parts.iter().flat_map(|(kind, _)| self.objects.of(bucket, kind));
        let mut open = objects.filter_map(|object| {
            let Attribute::Known(acl) = object.get("acl") else { return None };
            Some((object, canned(acl.as_str().unwrap_or_default())?))
        });
        let (object, grant) = open.next()?;
        let more = open.count();
        let others = if more == 0 { String::new() } else { format!(", and {more} more are as open") };
        let what = grant.what.replacen("its ACL", &format!("the ACL of {}", object.address()), 1) + &others;
        Some(way(object, Truth::True, Some(Grant { what, ..grant }), "acl"))
    }
}

fn declared(bucket: &Planned<'_>, attribute: &str) -> bool {
    bucket.plan.declares(bucket.resource, &[attribute.into()]) == Some(true)
}

/// A canned ACL beats grants: of the two one is given, the other computed.
fn acl_of(resource: &Planned<'_>, layout: &Layout) -> Way {
    match (resource.get("acl"), resource.get(layout.grants)) {
        (Attribute::Known(acl), _) => {
            let grant = canned(acl.as_str().unwrap_or_default());
            way(resource, grant.is_some().into(), grant, "acl")
        }
        (_, Attribute::Known(_)) => grants_of(resource, layout),
        (Attribute::Absent, Attribute::Absent) => way(resource, Truth::False, None, "acl"),
        (Attribute::Absent, _) => way(resource, Truth::Unknown, None, layout.grants),
        _ => way(resource, Truth::Unknown, None, "acl"),
    }
}

fn way(resource: &Planned<'_>, granted: Truth, grant: Option<Grant>, path: &str) -> Way {
    let shut = Way::shut("acl", resource, resource.decided(path, granted));
    match grant {
        Some(Grant { what, audience, access }) => Way { what, audience, access, ..shut },
        None => shut,
    }
}

fn canned(acl: &str) -> Option<Grant> {
    let (audience, access) = match acl {
        "public-read" => (EVERYONE, Access::READ),
        "public-read-write" => (EVERYONE, Access::BOTH),
        "authenticated-read" => (ACCOUNTS, Access::READ),
        _ => return None,
    };
    Some(Grant { what: format!("its ACL is `{acl}`"), audience, access })
}

/// The widest of the grants.
fn grants_of(resource: &Planned<'_>, layout: &Layout) -> Way {
    let Attribute::Known(grants) = resource.get(layout.grants) else {
        return way(resource, Truth::Unknown, None, layout.grants);
    };
    let mut unknown = None;
    let mut widest: Option<Way> = None;
    for index in 0..grants.items().count() {
        let path = |rest: &str| format!("{}.{index}.{rest}", layout.grants);
        let group = match resource.get(&path(layout.uri)) {
            Attribute::Known(uri) => group(uri.as_str().unwrap_or_default()),
            Attribute::Unknown => {
                unknown = unknown.or(Some(path(layout.uri)));
                None
            }
            Attribute::Absent => None,
        };
        let Some((name, audience)) = group else { continue };
        let access = match resource.get(&path(layout.permission)) {
            Attribute::Known(permission) => permissions(permission),
            _ => Access::BOTH,
        };
        let grant = Grant { what: format!("its ACL grants access to `{name}`"), audience, access };
        let found = way(resource, Truth::True, Some(grant), &path(layout.uri));
        widest = Some(match widest {
            None => found,
            Some(first) => {
                let access = first.access.with(access);
                let wider = first.audience == ACCOUNTS && audience == EVERYONE;
                Way { access, ..if wider { found } else { first } }
            }
        });
    }
    match (widest, unknown) {
        (Some(widest), _) => widest,
        (None, Some(path)) => way(resource, Truth::Unknown, None, &path),
        (None, None) => way(resource, Truth::False, None, layout.grants),
    }
}

fn group(uri: &str) -> Option<(&'static str, &'static str)> {
    match uri.rsplit_once("/groups/global/")?.1 {
        "AllUsers" => Some(("AllUsers", EVERYONE)),
        "AuthenticatedUsers" => Some(("AuthenticatedUsers", ACCOUNTS)),
        _ => None,
    }
}

/// Who may write the ACL may give itself the rest.
fn permissions(node: NodeRef<'_>) -> Access {
    let one = |name: Option<&str>| match name {
        Some("READ" | "READ_ACP") => Access::READ,
        Some("WRITE") => Access::WRITE,
        _ => Access::BOTH,
    };
    if node.is_scalar() {
        return one(node.as_str());
    }
    node.items().fold(Access::default(), |access, item| access.with(one(item.as_str())))
}
