//! Whether the volumes of a database are encrypted: told by the classes of storage that its claims ask for
//! (domains.md W10).
//!
//! Sources: storage/v1 `StorageClass`; aws-ebs-csi-driver `docs/parameters.md`; Google Cloud, "Default encryption at rest";
//! Azure, "Server-side encryption of Azure Disk Storage". Disks of nodes are not in any manifest.

use super::servers::Workload;
use crate::{
    document::NodeRef,
    facts::{Fact, Set, places, truth::Truth},
    source::Place,
};

const GROUP: &str = "storage.k8s.io";

/// Provisioners whose disks are encrypted in any case.
const ALWAYS: [&str; 5] = [
    "pd.csi.storage.gke.io",
    "kubernetes.io/gce-pd",
    "filestore.csi.storage.gke.io",
    "disk.csi.azure.com",
    "kubernetes.io/azure-disk",
];

/// Provisioners that encrypt where they are told; else the account decides.
const TOLD: [&str; 2] = ["ebs.csi.aws.com", "kubernetes.io/aws-ebs"];

/// Whether what a database keeps is encrypted, at what decides that.
pub(super) fn encrypted<'e>(set: &Set<'e>, workload: &Workload<'e>) -> Fact {
    let found = claims(set, workload).map(|claim| of_claim(set, claim));
    let decided = found.reduce(|all, next| if next.0 < all.0 { next } else { all });
    match decided {
        Some((encrypted, place)) => Fact::from(encrypted).at(Some(place.into())),
        None => Fact::unknown(),
    }
}

/// Claims for volumes of a workload: those that it makes, and those that it names.
fn claims<'s, 'e>(
    set: &'s Set<'e>,
    workload: &Workload<'e>,
) -> impl Iterator<Item = NodeRef<'e>> + use<'s, 'e> {
    let node = set.view.estate.node(workload.resource);
    let made = node.at(&["spec", "volumeClaimTemplates"]).into_iter().flat_map(NodeRef::items);
    let namespace = workload.resource.namespace();
    let volumes = workload.pod.volumes();
    let named = volumes.filter_map(move |volume| {
        let name = volume.str_at(&["persistentVolumeClaim", "claimName"])?;
        let claim = set.view.get(&format!("PersistentVolumeClaim/{namespace}/{name}"))?;
        Some(set.view.estate.node(claim))
    });
    made.chain(named)
}

fn of_claim(set: &Set<'_>, claim: NodeRef<'_>) -> (Truth, Place) {
    let asked = claim.at(&["spec", "storageClassName"]).filter(|name| !name.is_null());
    let mut classes = set.view.of_kind(GROUP, "StorageClass");
    let class = classes.find(|class| match asked {
        Some(name) => name.as_str() == Some(&*class.object.name),
        None => is_default(set.view.estate.node(class)),
    });
    let Some(class) = class.map(|class| set.view.estate.node(class)) else {
        return (Truth::Unknown, asked.map_or_else(|| places::name(claim), NodeRef::place));
    };
    let provisioner = class.str_at(&["provisioner"]).unwrap_or_default();
    if ALWAYS.contains(&provisioner) {
        return (Truth::True, places::name(class));
    }
    let parameter = |name: &str| {
        let value = class.get("parameters")?.get(name)?;
        Some((value, value.as_str().unwrap_or_else(|| value.raw()).trim().to_ascii_lowercase()))
    };
    match parameter("encrypted").filter(|_| TOLD.contains(&provisioner)) {
        Some((value, text)) if text == "true" => (Truth::True, value.place()),
        Some((value, text)) if text == "false" => (Truth::False, value.place()),
        _ => (Truth::Unknown, places::name(class)),
    }
}

fn is_default(class: NodeRef<'_>) -> bool {
    let annotations = class.at(&["metadata", "annotations"]);
    let value = annotations.and_then(|all| all.str_at(&["storageclass.kubernetes.io/is-default-class"]));
    value == Some("true")
}
