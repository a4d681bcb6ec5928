//! The facts `planned-secret` and `planned-output`: credentials that stand in a Terraform plan, with where the
//! configuration takes them from.
//!
//! Terraform writes the values of both into its plan and state in readable form, whether it hides them or not.
//! Deliberately absent: Kubernetes objects within plans, which are objects like any other.

#[cfg(test)]
mod tests;

use std::{collections::BTreeMap, sync::Arc};

use serde_json::Value as Json;

use super::{Fact, Origin, Subject, Value};
use crate::{
    config::Secrets,
    document::{NodeRef, Path, Step, json},
    resource::{
        credential::{self, Class, name},
        terraform::{
            Mode, Plan, PlannedResource,
            origins::{self, Origins},
            outputs::PlannedOutput,
        },
    },
    source::{Place, SourceId},
};

/// `{address, type, values: {path: {key, class, origin, variable}}}` for each managed resource with a credential;
/// `origin` is `constant`, `default`, `variable`, `reference` or `unknown`.
pub(super) fn resources(secrets: &Secrets, file: &str, index: u32, plan: &Plan) -> Vec<Subject> {
    let origins = Origins::new(plan);
    let managed = managed(plan).filter_map(|(position, resource)| {
        let mut held = held(secrets, plan, resource, &origins);
        held.retain(|held| secrets.allows(file, &held.key, std::slice::from_ref(&held.text)).is_none());
        subject(index, position, resource, held, &origins)
    });
    managed.collect()
}

fn managed(plan: &Plan) -> impl Iterator<Item = (u32, &PlannedResource)> {
    (0..).zip(&plan.resources).filter(|(_, resource)| {
        resource.mode == Mode::Managed && !MADE.iter().any(|made| resource.kind.starts_with(made))
    })
}

/// Key and text of every credential in the resources of a plan.
pub(super) fn credentials(secrets: &Secrets, plan: &Plan) -> Vec<(String, String)> {
    let origins = Origins::new(plan);
    let all = managed(plan).flat_map(|(_, resource)| held(secrets, plan, resource, &origins));
    all.map(|held| (held.key, held.text)).collect()
}

/// Resources that make their values themselves, or whose objects are judged as Kubernetes has them.
const MADE: [&str; 5] = ["random_", "tls_", "kubernetes_", "kubectl_", "time_"];

/// Attributes that name, describe or point to things.
const SKIPPED: [&str; 6] = ["arn", "description", "id", "name", "tags", "tags_all"];

/// Attributes that a provider keeps as a digest, while the configuration has the text.
const SCRIPTS: [&str; 5] =
    ["user_data", "user_data_base64", "custom_data", "metadata_startup_script", "startup_script"];

/// Attributes that hold a credential whatever they are called.
const STORED: [(&str, &str); 5] = [
    ("aws_secretsmanager_secret_version", "secret_string"),
    ("azurerm_key_vault_secret", "value"),
    ("google_secret_manager_secret_version", "secret_data"),
    ("vault_generic_secret", "data_json"),
    ("vault_kv_secret_v2", "data_json"),
];

/// A credential in a resource: the path to the attribute that holds it, and what it is.
struct Held {
    path: Vec<Step>,
    key: String,
    class: Class,
    /// What is written there; may be the credential.
    text: String,
}

fn held(secrets: &Secrets, plan: &Plan, resource: &PlannedResource, origins: &Origins<'_>) -> Vec<Held> {
    let mut held = Vec::new();
    let Ok(values) = resource.values(plan) else { return held };
    if let Some(document) = &values.document {
        for (key, _, value) in document.root().entries().filter(|(key, _, _)| !SKIPPED.contains(key)) {
            let mut path = vec![Step::from(key)];
            search(resource, key, value, &mut path, &mut held);
        }
        let parameter = document.root();
        let is_parameter = &*resource.kind == "aws_ssm_parameter";
        if is_parameter
            && parameter.str_at(&["name"]).is_some_and(|named| name::promise(last(named)).is_some())
        {
            let text = parameter.str_at(&["value"]).unwrap_or_default().to_owned();
            let path = vec![Step::from("value")];
            held.push(Held { path, key: "value".to_owned(), class: Class::Named, text });
        }
        held.extend(credential::find_own(document.root(), secrets).into_iter().filter_map(|found| {
            let text = found.values.into_iter().next().unwrap_or_default();
            Some(Held { path: found.path, key: found.key, class: found.class?, text })
        }));
    }
    for script in SCRIPTS {
        for constant in origins.constants(resource, script) {
            let path = vec![Step::from(script)];
            held.extend(in_text(&constant).map(|class| Held {
                path: path.clone(),
                key: script.to_owned(),
                class,
                text: constant.clone(),
            }));
        }
    }
    held
}

fn subject(
    index: u32,
    position: u32,
    resource: &PlannedResource,
    held: Vec<Held>,
    origins: &Origins<'_>,
) -> Option<Subject> {
    let mut facts: BTreeMap<Arc<str>, Fact> = BTreeMap::new();
    for Held { path, key, class, .. } in held {
        let (origin, variable) = match origins.of(resource, &path) {
            origins::Origin::Constant => ("constant", None),
            origins::Origin::Default(variable) => ("default", Some(variable)),
            origins::Origin::Variable(variable) => ("variable", Some(variable)),
            origins::Origin::Reference => ("reference", None),
            origins::Origin::Unknown => ("unknown", None),
        };
        let fact = Fact::object([
            ("key", Fact::from(key)),
            ("class", Fact::from(class.name())),
            ("origin", Fact::from(origin)),
            ("variable", Fact::from(variable)),
        ]);
        let at = Path(path.clone()).to_string();
        let fact = fact.at(Origin::Planned { plan: index, resource: position, path: Path(path) });
        facts.entry(at.into()).or_insert(fact);
    }
    if facts.is_empty() {
        return None;
    }
    let fact = Fact::object([
        ("address", Fact::from(&*resource.address)),
        ("type", Fact::from(&*resource.kind)),
        ("values", Fact { value: Value::Object(facts), origin: None }),
    ]);
    let origin = Origin::Planned { plan: index, resource: position, path: Path::default() };
    Some(Subject {
        resource: resource.address.to_string(),
        kind: Arc::clone(&resource.kind),
        fact: fact.at(origin),
    })
}

/// Strings below an attribute. `{name, value}` is a setting, and a JSON text holds more of them.
fn search(
    resource: &PlannedResource,
    key: &str,
    node: NodeRef<'_>,
    path: &mut Vec<Step>,
    held: &mut Vec<Held>,
) {
    if let Some(text) = node.as_str().filter(|text| !text.is_empty()) {
        let stored = STORED.iter().any(|(kind, attribute)| *kind == &*resource.kind && *attribute == key);
        let class = match credential::of_setting(key, text) {
            None if stored => Some(Class::Named),
            None if text.starts_with(['{', '[']) => in_json(text),
            None if text.contains('\n') => in_text(text),
            class => class.filter(|class| *class != Class::Random),
        };
        held.extend(class.map(|class| Held {
            path: path.clone(),
            key: key.to_owned(),
            class,
            text: text.to_owned(),
        }));
        return;
    }
    let named = node.str_at(&["name"]);
    for (key, _, value) in node.entries() {
        let name = if key == "value" { named.unwrap_or(key) } else { key };
        path.push(Step::from(key));
        search(resource, name, value, path, held);
        path.pop();
    }
    for (index, item) in node.items().enumerate() {
        path.push(Step::from(index));
        search(resource, key, item, path, held);
        path.pop();
    }
}

/// The first credential in a JSON text, such as that of `container_definitions`.
fn in_json(text: &str) -> Option<Class> {
    let parsed = json::parse(SourceId(0), &Arc::from(text));
    let root = parsed.documents.first().filter(|_| parsed.errors.is_empty())?.root();
    credential::find_in_settings(root)
        .into_iter()
        .filter_map(|found| found.class)
        .find(|class| *class != Class::Random)
}

/// The first credential in a script.
fn in_text(text: &str) -> Option<Class> {
    credential::in_script(text).into_iter().next()
}

fn last(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

/// `{name, sensitive, leaks}`: `leaks` is what makes an output a credential: an attribute that it refers to, or
/// `value`; null where nothing does. `sensitive` is `"unknown"` where the plan does not say.
pub(super) fn outputs(_: u32, plan: &Plan) -> Vec<Subject> {
    plan.outputs().into_iter().map(|output| output_subject(plan, &output)).collect()
}

fn output_subject(plan: &Plan, output: &PlannedOutput) -> Subject {
    let referred = output.references.iter().find(|reference| leads_to_credential(reference));
    let leaks = match referred {
        Some(reference) => Some(reference.as_str()),
        None => holds_credential(&output.name, &output.value).then_some("value"),
    };
    let fact = Fact::object([
        ("name", Fact::from(output.name.as_str())),
        ("sensitive", output.is_sensitive.map_or_else(Fact::unknown, Fact::from)),
        ("leaks", Fact::from(leaks)),
    ]);
    Subject {
        resource: format!("output.{}", output.name),
        kind: Arc::from("output"),
        fact: fact.at(Some(Place::new(plan.source, output.span.clone()).into())),
    }
}

/// Attributes that hold a credential; references to others, and to whole resources, say nothing.
fn leads_to_credential(reference: &str) -> bool {
    let words: Vec<&str> = reference.split('.').collect();
    let (kind, attribute) = match words.as_slice() {
        ["data", kind, _, .., attribute] => (*kind, *attribute),
        [kind, _, .., attribute] => (*kind, *attribute),
        _ => return false,
    };
    let attribute = attribute.split('[').next().unwrap_or(attribute);
    match (kind, attribute) {
        ("var" | "local" | "module" | "path" | "each" | "self", _) => false,
        ("random_password" | "random_string", "result" | "bcrypt_hash") => true,
        ("aws_iam_access_key", "secret" | "ses_smtp_password_v4") => true,
        (
            _,
            "private_key_pem"
            | "private_key_openssh"
            | "private_key_pem_pkcs8"
            | "secret_string"
            | "secret_data",
        ) => true,
        (_, "client_key" | "kube_config_raw" | "kube_admin_config_raw") => true,
        ("google_service_account_key", "private_key") => true,
        _ => name::promise(attribute) == Some(name::Promise::Password),
    }
}

fn holds_credential(name: &str, value: &Json) -> bool {
    match value {
        Json::String(text) => {
            credential::of_setting(name, text).is_some_and(|class| !matches!(class, Class::Random))
        }
        Json::Array(items) => items.iter().any(|item| holds_credential(name, item)),
        Json::Object(fields) => fields.iter().any(|(key, field)| holds_credential(key, field)),
        _ => false,
    }
}
