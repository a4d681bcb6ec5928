//! Values that are credentials because of the object that they stand in.

use crate::{document::NodeRef, resource::kubernetes::Object};

/// Values that a store or generator of External Secrets hands out as they are written in it.
pub(super) fn kept<'d>(object: &Object, root: NodeRef<'d>) -> Vec<NodeRef<'d>> {
    let fake = match &*object.kind {
        "SecretStore" | "ClusterSecretStore" => root.at(&["spec", "provider", "fake", "data"]),
        "Fake" => root.at(&["spec", "data"]),
        "EncryptionConfiguration" => root.get("resources"),
        _ => None,
    };
    let mut kept = Vec::new();
    if let Some(fake) = fake {
        scalars_under(fake, &["value", "valueMap", "secret"], object.kind.as_ref() == "Fake", &mut kept);
    }
    kept
}

fn scalars_under<'d>(node: NodeRef<'d>, keys: &[&str], inside: bool, kept: &mut Vec<NodeRef<'d>>) {
    if node.is_scalar() && inside && !node.is_null() && !node.is_unknown() {
        kept.push(node);
    }
    for (key, _, value) in node.entries() {
        scalars_under(value, keys, inside || keys.contains(&key), kept);
    }
    node.items().for_each(|item| scalars_under(item, keys, inside, kept));
}
