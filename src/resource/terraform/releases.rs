//! What a plan tells charts: the values of a `helm_release`, as YAML and one by one.
//!
//! Source: hashicorp/terraform-provider-helm, resource `helm_release`. What stands in `set_wo` no plan holds.
//! Deliberately absent: the chart, which is no part of a plan, and so what it makes of its values.

use serde_json::{Map, Value};

use super::{Plan, PlannedResource, kubernetes::Unescaped};
use crate::document::{Document, NodeRef, Step, yaml};

/// Values of one release.
#[derive(Debug, Default)]
pub struct Release {
    /// Name of the chart as it is installed: without a repository and a folder before it.
    pub chart: String,
    /// The texts of `values` that can be read, by their position there; each over the text of the plan. The later
    /// one counts.
    pub values: Vec<(usize, Document)>,
    /// What is set one by one, and counts more.
    pub set: Vec<Given>,
}

/// One value of a release, outside of YAML.
#[derive(Clone, PartialEq, Eq)]
pub struct Given {
    /// `set`, `set_list` or `set_sensitive`.
    pub field: &'static str,
    /// Steps to the value within the resource.
    pub path: Vec<Step>,
    /// `auth.password`.
    pub name: String,
    /// May be a credential.
    pub text: String,
}

impl std::fmt::Debug for Given {
    /// Without the text.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.field, self.name)
    }
}

/// Fields that set values one by one; before version 3 of the provider they are blocks.
pub const SET: [&str; 3] = ["set", "set_list", "set_sensitive"];

impl PlannedResource {
    /// What it tells its chart; nothing where it is no release, or is known only after apply.
    pub fn release(&self, plan: &Plan) -> Release {
        let values = self.values(plan).ok().filter(|_| &*self.kind == "helm_release");
        let Some(root) = values.as_ref().and_then(|values| values.document.as_ref()).map(Document::root)
        else {
            return Release::default();
        };
        let chart = root.str_at(&["chart"]).unwrap_or_default().trim_end_matches('/');
        let texts = root.get("values").into_iter().flat_map(NodeRef::items).enumerate();
        let set = SET.into_iter().flat_map(|field| {
            let entries = root.get(field).into_iter().flat_map(NodeRef::items).enumerate();
            entries.flat_map(move |(index, entry)| given(field, index, entry))
        });
        Release {
            chart: chart.rsplit('/').next().unwrap_or_default().to_owned(),
            values: texts.filter_map(|(index, text)| Some((index, read(plan, text)?))).collect(),
            set: set.collect(),
        }
    }
}

impl Release {
    /// All values as the chart gets them, without their places: later texts over earlier ones, what is set over both.
    pub fn merged(&self) -> Value {
        let mut merged = Value::Object(Map::new());
        for (_, document) in &self.values {
            lay(&mut merged, document.root().to_json());
        }
        for given in self.set.iter().filter(|given| given.field != "set_list") {
            let value = match given.text.as_str() {
                "true" => Value::Bool(true),
                "false" => Value::Bool(false),
                text => Value::from(text),
            };
            // `a\.b` is one key, as an annotation has it; elements of lists are not looked into.
            let name = given.name.replace("\\.", "\0");
            let nested = name
                .rsplit('.')
                .fold(value, |inner, key| Value::Object(Map::from_iter([(key.replace('\0', "."), inner)])));
            lay(&mut merged, nested);
        }
        merged
    }
}

/// Maps are joined, everything else is replaced.
fn lay(below: &mut Value, above: Value) {
    match (below, above) {
        (Value::Object(below), Value::Object(above)) => {
            for (key, value) in above {
                lay(below.entry(key).or_insert(Value::Null), value);
            }
        }
        (below, above) => *below = above,
    }
}

/// Helm reads the first document.
fn read(plan: &Plan, text: NodeRef<'_>) -> Option<Document> {
    let unescaped = Unescaped::new(&plan.text, text.as_str().map(|_| text.span())?)?;
    let parsed = yaml::parse(plan.source, &unescaped.text);
    let document = parsed.documents.into_iter().next().filter(|_| parsed.errors.is_empty())?;
    Some(document.transplant(&plan.text, |offset| unescaped.place(offset)))
}

fn given(field: &'static str, index: usize, entry: NodeRef<'_>) -> Vec<Given> {
    let Some(name) = entry.str_at(&["name"]) else { return Vec::new() };
    let given = |path: Vec<Step>, value: NodeRef<'_>| {
        let text = value.as_str()?.to_owned();
        Some(Given { field, path, name: name.to_owned(), text })
    };
    let path: Vec<Step> = vec![field.into(), index.into(), "value".into()];
    let value = entry.get("value");
    let listed =
        value.into_iter().flat_map(NodeRef::items).enumerate().filter_map(|(index, item)| {
            given(path.iter().cloned().chain([Step::from(index)]).collect(), item)
        });
    let mut all: Vec<Given> = listed.collect();
    all.extend(value.and_then(|value| given(path.clone(), value)));
    all
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::resource::terraform::{kubernetes::tests::planned, tests::steps};

    #[test]
    fn values_are_read_where_they_stand_and_joined_as_helm_joins_them() {
        let nothing = json!({});
        let after = json!({
            "chart": "./charts/redis/",
            "values": ["auth:\n  password: \"h\u{e4}sl\u{f6}n\"\n  user: a\n", "auth: {user: b, tls: true}\n", "a: [\n"],
            "set": [{"name": "auth.tls", "value": "false"}, {"name": "labels.app\\.io", "value": "x"}],
            "set_list": [{"name": "hosts", "value": ["one", "two"]}],
        });
        let plan = planned("helm_release", &after, &nothing, &nothing, &nothing);
        let release = plan.resources[0].release(&plan);
        assert_eq!(release.chart, "redis");
        assert_eq!(release.values.iter().map(|(index, _)| *index).collect::<Vec<_>>(), [0, 1]);
        let password = release.values[0].1.root().locate(&steps(&["auth", "password"])).node.unwrap();
        assert_eq!(
            (password.as_str(), password.raw()),
            (Some("h\u{e4}sl\u{f6}n"), "\\\"h\u{e4}sl\u{f6}n\\\"")
        );
        let expected = json!({"auth": {"password": "h\u{e4}sl\u{f6}n", "user": "b", "tls": false}, "labels": {"app.io": "x"}});
        assert_eq!(release.merged(), expected);
        assert_eq!(release.set.len(), 4);
        let other = planned("kubectl_manifest", &after, &nothing, &nothing, &nothing);
        assert!(other.resources[0].release(&other).values.is_empty());
    }
}
