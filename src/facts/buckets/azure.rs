//! Azure Blob Storage: a container is public where its access level lets anonymous callers in, its account allows that,
//! and the account's network does.
//!
//! Source: Azure documentation, "Configure anonymous read access for containers and blobs"; defaults are azurerm's.
//! Containers have no encryption of their own: that is the account's. Deliberately absent: shared access signatures.

use super::{
    access_policy::Access,
    parts::{Kinds, Parts},
    planned::{Decided, Planned},
    way::{self, Way},
};
use crate::{
    document::Step,
    facts::Fact,
    resource::terraform::{Attribute, Mode, Plan},
};

const CONTAINER: &str = "azurerm_storage_container";
const NETWORK: &str = "azurerm_storage_account_network_rules";
const KEY: &str = "azurerm_storage_account_customer_managed_key";

const KINDS: Kinds = Kinds {
    owner: "azurerm_storage_account",
    names: &["name", "id"],
    parts: &[
        (CONTAINER, &["storage_account_name", "storage_account_id"]),
        (NETWORK, &["storage_account_id", "storage_account_name"]),
        (KEY, &["storage_account_id"]),
    ],
};

/// Containers, judged on who may read them, and accounts, judged on their key.
pub(super) fn buckets(plan_index: u32, plan: &Plan) -> Vec<(u32, Vec<(&'static str, Fact)>)> {
    let parts = Parts::new(plan_index, plan, &KINDS);
    let mut found: Vec<_> =
        parts.owners.iter().map(|account| (account.position, account_fields(&parts, account))).collect();
    if parts.owners.is_empty() {
        let alone = plan.managed(CONTAINER).filter_map(|(at, _)| Planned::new(plan_index, plan, at));
        found.extend(alone.map(|container| (container.position, container_fields(&parts, &container, None))));
    }
    let containers = parts.all(CONTAINER);
    found.extend(
        containers
            .map(|(container, account)| (container.position, container_fields(&parts, container, account))),
    );
    found
}

/// Position of the account of a container that names it by reference.
pub(super) fn account(container: &Planned<'_>) -> Option<u32> {
    let plan = container.plan;
    container.resource.is(Mode::Managed, CONTAINER).then_some(())?;
    let named = ["storage_account_id", "storage_account_name"].into_iter();
    let targets = named.flat_map(|name| plan.referred(container.resource, &[Step::from(name)]).targets);
    targets
        .map(|target| target.resource)
        .find(|position| plan.resource(*position).is_some_and(|owner| owner.is(Mode::Managed, KINDS.owner)))
}

fn container_fields(
    parts: &Parts<'_>,
    container: &Planned<'_>,
    account: Option<&Planned<'_>>,
) -> Vec<(&'static str, Fact)> {
    const LEVEL: &str = "container_access_type";
    let granted = container.decide(LEVEL, false, |node| matches!(node.as_str(), Some("blob" | "container")));
    let level = container.text(LEVEL).unwrap_or_default();
    let what = format!("its access level is `{level}`");
    let mut way = Way { access: Access::READ, what, ..Way::shut("acl", container, granted) };
    if let Some(account) = account {
        way.blocks.push(("allow_nested_items_to_be_public", allows_public(account).not()));
        way.blocks.push(("network", closed_network(parts, account)));
    } else {
        let missing = format!("the storage account of {}", container.address());
        way.blocks.push(("account", Decided::unknown(missing, container.origin("storage_account_name"))));
    }
    let mut fields = way::fields(&[way]);
    fields.extend([
        ("name", container.text("name").map_or_else(Fact::unknown, Fact::from)),
        ("related", Fact::array(account.map(Planned::reference))),
    ]);
    fields
}

/// The argument's name changed with azurerm 3, and its default from false to true.
fn allows_public(account: &Planned<'_>) -> Decided {
    let read = |attribute: &str, absent: bool| {
        account.decide(attribute, absent, |node| node.as_bool() == Some(true))
    };
    match account.get("allow_blob_public_access") {
        Attribute::Absent => read("allow_nested_items_to_be_public", true),
        _ => read("allow_blob_public_access", false),
    }
}

fn closed_network(parts: &Parts<'_>, account: &Planned<'_>) -> Decided {
    let denies = |resource: &Planned<'_>, path: &str| {
        resource.decide(path, false, |node| node.as_str() == Some("Deny"))
    };
    let private =
        account.decide("public_network_access_enabled", false, |node| node.as_bool() == Some(false));
    let rules = parts.decide(
        account,
        NETWORK,
        |part| denies(part, "default_action"),
        || {
            let declared =
                account.plan.declares(account.resource, &[Step::from("network_rules")]) == Some(true);
            match account.get("network_rules") {
                // Computed where nothing is said: the account's default lets all networks in.
                Attribute::Unknown if !declared => Decided::default(false, account.origin("network_rules")),
                _ => denies(account, "network_rules.0.default_action"),
            }
        },
    );
    private.or(&rules)
}

fn account_fields(parts: &Parts<'_>, account: &Planned<'_>) -> Vec<(&'static str, Fact)> {
    const INLINE: &str = "customer_managed_key";
    let split = parts.of(account, KEY).next();
    let inline = account.plan.declares(account.resource, &[Step::from(INLINE)]) == Some(true)
        || matches!(account.get(INLINE), Attribute::Known(node) if node.items().next().is_some());
    let (key, origin) = match split {
        Some(part) => ("customer", part.origin("key_name")),
        None if inline => ("customer", account.origin(INLINE)),
        None if parts.may_have(account, KEY) => ("unknown", account.origin(INLINE)),
        None => ("provider-managed", account.origin(INLINE)),
    };
    let missing = (key == "unknown").then(|| format!("which {KEY} is of {}", account.address()));
    let encryption = Fact::object([
        ("algorithm", Fact::from("azure").at(Some(origin.clone()))),
        ("key", Fact::from(key).at(Some(origin))),
        ("missing", Fact::from(missing)),
    ]);
    let secure_transport = https_only(account);
    vec![
        ("name", account.text("name").map_or_else(Fact::unknown, Fact::from)),
        ("encryption", encryption),
        ("secure_transport", secure_transport.fact()),
        ("secure_transport_missing", Fact::array(secure_transport.missing.into_iter().map(Fact::from))),
        ("related", parts.related(account)),
    ]
}

/// The argument's name changed with azurerm 4.
fn https_only(account: &Planned<'_>) -> Decided {
    const OLDER: &str = "enable_https_traffic_only";
    const NEWER: &str = "https_traffic_only_enabled";
    let argument = match account.get(OLDER) {
        Attribute::Absent => NEWER,
        _ => OLDER,
    };
    account.decide(argument, true, |node| node.as_bool() == Some(true))
}
