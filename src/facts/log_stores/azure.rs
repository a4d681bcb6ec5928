//! Azure Storage: an immutability policy of the account or of its containers, and versions of blobs.

use super::{Keeping, Provider, Source, integer, is_true, own};
use crate::facts::{
    Fact,
    buckets::{
        parts::{Kinds, Parts},
        planned::{Decided, Planned},
    },
};

const CONTAINER: &str = "azurerm_storage_container";
const CONTAINER_POLICY: &str = "azurerm_storage_container_immutability_policy";

const KINDS: Kinds = Kinds {
    owner: "azurerm_storage_account",
    names: &["name", "id"],
    parts: &[
        (CONTAINER, &["storage_account_name", "storage_account_id"]),
        (CONTAINER_POLICY, &["storage_container_resource_manager_id"]),
        ("azurerm_monitor_diagnostic_setting", &["storage_account_id"]),
        ("azurerm_network_watcher_flow_log", &["storage_account_id"]),
    ],
};

pub(super) const PROVIDER: Provider = Provider {
    kinds: &KINDS,
    sources: &[
        Source::new("azurerm_monitor_diagnostic_setting"),
        Source::unless("azurerm_network_watcher_flow_log", "enabled", false, true),
    ],
    name: "name",
    keeps,
};

fn keeps(parts: &Parts<'_>, account: &Planned<'_>) -> Keeping {
    const STATE: &str = "immutability_policy.0.state";
    const DAYS: &str = "immutability_policy.0.period_since_creation_in_days";
    let mut locked = own(account, "immutability_policy", STATE, |node| {
        matches!(node.as_str(), Some("Locked" | "Unlocked"))
    });
    let mut is_final = own(account, "immutability_policy", STATE, |node| node.as_str() == Some("Locked"));
    if let Some(policy) = parts.of(account, CONTAINER_POLICY).next() {
        // The services that write logs choose their containers themselves.
        let missing = format!("whether the logs go to the container of {}", policy.address());
        let unknown = Decided::unknown(missing, policy.origin(""));
        (locked, is_final) = (locked.or(&unknown), is_final.or(&unknown));
    }
    Keeping {
        locked,
        is_final,
        mode: Fact::from(account.text(STATE)),
        days: Fact::from(integer(account, DAYS)).at(account.origin(DAYS)),
        versioned: own(account, "blob_properties", "blob_properties.0.versioning_enabled", is_true),
        // A management policy may delete them; which blobs it is about, the containers of the logs decide.
        version_days: Fact::default(),
    }
}
