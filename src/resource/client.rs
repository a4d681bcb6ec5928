//! Files that clients log in with: the kubeconfig of `kubectl` (client-go `tools/clientcmd/api/v1`, `Config`), the
//! configuration of Docker (docker/cli `cli/config/configfile`). Neither is an object of the cluster.

use crate::document::NodeRef;

/// Whether a document is one.
pub fn is_configuration(root: NodeRef<'_>) -> bool {
    let has = |field: &str| root.get(field).is_some_and(|value| value.items().next().is_some());
    let is_kubeconfig = root.str_at(&["kind"]) == Some("Config")
        && root.str_at(&["apiVersion"]) == Some("v1")
        && has("users");
    let is_docker = || root.get("auths").is_some_and(|auths| auths.entries().next().is_some());
    is_kubeconfig || root.get("kind").is_none() && is_docker()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{document::yaml, source::SourceId};

    #[test]
    fn what_clients_log_in_with_is_told_by_its_form() {
        for (text, expected) in [
            ("apiVersion: v1\nkind: Config\nusers: [{name: a, user: {token: b}}]\n", true),
            ("apiVersion: v1\nkind: Config\nusers: []\n", false),
            ("apiVersion: example.com/v1\nkind: Config\nusers: [{name: a}]\n", false),
            ("{\"auths\": {\"registry.example.com\": {\"auth\": \"YTpi\"}}}", true),
            ("auths: {}\n", false),
            ("kind: Thing\nauths: {a: b}\n", false),
        ] {
            let parsed = yaml::parse(SourceId(0), &text.into());
            assert_eq!(is_configuration(parsed.documents[0].root()), expected, "{text}");
        }
    }
}
