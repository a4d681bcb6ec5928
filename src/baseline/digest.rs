//! What of an object counts when a baseline asks whether it changed: all but what every deployment changes and no built-in
//! rule reads. Otherwise a new image would revive all that was accepted of its workload.

use serde_json::{Map, Value};

use crate::{
    document::{Path, Step},
    policy::is_built_in,
};

/// Keys of a Pod's template under which its containers stand.
const CONTAINERS: [&str; 3] = ["containers", "initContainers", "ephemeralContainers"];

/// Labels and annotations by which charts and `kubectl` mark a release.
const MARKS: [&str; 3] = ["app.kubernetes.io/version", "helm.sh/chart", "kubectl.kubernetes.io/restartedAt"];

/// The part of an object that counts for a finding of a rule at `path` of its input. All of it where a user's rule speaks of
/// the whole or of what would be left out.
pub(super) fn counted(mut object: Value, rule: &str, path: &Path) -> Value {
    let is_left_out = |step: &Step| {
        let left_out = ["image", "replicas", "resources", "labels", "annotations"];
        matches!(step, Step::Key(key) if left_out.contains(&&**key))
    };
    if !is_built_in(rule) && (path.0.is_empty() || path.0.iter().any(is_left_out)) {
        return object;
    }
    if let Some(spec) = object.get_mut("spec").and_then(Value::as_object_mut) {
        spec.remove("replicas");
    }
    trim(&mut object);
    object
}

fn trim(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(trim),
        Value::Object(fields) => {
            for key in CONTAINERS {
                let containers = fields.get_mut(key).and_then(Value::as_array_mut).into_iter().flatten();
                containers.filter_map(Value::as_object_mut).for_each(trim_container);
            }
            if let Some(metadata) = fields.get_mut("metadata") {
                for key in ["labels", "annotations"] {
                    let marks = metadata.get_mut(key).and_then(Value::as_object_mut);
                    marks.into_iter().for_each(|marks| marks.retain(|mark, _| !is_mark(mark)));
                }
            }
            fields.values_mut().for_each(trim);
        }
        _ => {}
    }
}

fn trim_container(container: &mut Map<String, Value>) {
    container.remove("resources");
    if let Some(Value::String(image)) = container.get_mut("image") {
        *image = repository(image).to_owned();
    }
}

fn is_mark(name: &str) -> bool {
    MARKS.contains(&name) || name.starts_with("checksum/")
}

/// An image without its tag and its digest.
fn repository(image: &str) -> &str {
    let image = image.split('@').next().unwrap_or(image);
    match image.rsplit_once(':') {
        Some((repository, tag)) if !tag.contains('/') => repository,
        _ => image,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn deployment(image: &str, version: &str, replicas: u64, env: &str) -> Value {
        json!({
            "kind": "Deployment",
            "metadata": {"name": "web", "labels": {"helm.sh/chart": format!("web-{version}"), "app": "web"}},
            "spec": {"replicas": replicas, "template": {
                "metadata": {"annotations": {"checksum/config": version}},
                "spec": {"containers": [{
                    "image": image,
                    "resources": {"limits": {"cpu": replicas}},
                    "env": [{"name": "A", "value": env}],
                }]},
            }},
        })
    }

    #[test]
    fn a_release_changes_nothing_that_counts_and_a_setting_does() {
        let (own, team) = ("mtls/shared-identity", "workloads/team");
        let at = |steps: &[&str]| Path(steps.iter().map(|step| Step::from(*step)).collect());
        let before = deployment("registry:5000/web:1", "1", 1, "a");
        for (rule, path, now, is_same) in [
            (team, at(&["ports"]), deployment("registry:5000/web:2@sha256:ab", "2", 3, "a"), true),
            (team, at(&["ports"]), deployment("registry:5000/web", "1", 1, "a"), true),
            (own, at(&["ports"]), deployment("registry:5000/other:1", "1", 1, "a"), false),
            (own, at(&["ports"]), deployment("registry:5000/web:1", "1", 1, "b"), false),
            (own, at(&[]), deployment("registry:5000/web:2", "2", 3, "a"), true),
            (team, at(&["spec", "image"]), deployment("registry:5000/web:2", "1", 1, "a"), false),
            (
                team,
                at(&["metadata", "labels", "helm.sh/chart"]),
                deployment("registry:5000/web:1", "2", 1, "a"),
                false,
            ),
            (team, at(&[]), deployment("registry:5000/web:2", "1", 1, "a"), false),
        ] {
            let part = |object: &Value| counted(object.clone(), rule, &path);
            assert_eq!(part(&before) == part(&now), is_same, "{rule} {path} {now}");
        }
    }
}
