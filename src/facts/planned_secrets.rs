//! The facts `planned-secret` and `planned-output`: credentials that stand in a Terraform plan, with where the
//! configuration takes them from.
//!
//! Terraform writes the values of both into its plan and state in readable form, whether it hides them or not.
//! Deliberately absent: Kubernetes objects within plans, which are objects like any other.

mod outputs;
mod providers;
mod releases;
#[cfg(test)]
mod tests;

use std::{collections::BTreeMap, sync::Arc};

pub(super) use self::outputs::outputs;
use super::{Fact, Origin, Subject};
use crate::{
    config::Secrets,
    document::{NodeRef, Path, Step, json},
    estate::Estate,
    resource::{
        credential::{self, Class, name},
        shape,
        terraform::{
            Mode, Plan, PlannedResource,
            origins::{self, Origins},
        },
    },
    source::{Place, SourceId},
};

/// `{address, type, values: {path: {key, class, origin, variable}}}` for each managed resource and provider with a credential;
/// `origin` is `constant`, `default`, `variable`, `reference` or `unknown`.
pub(super) fn resources(estate: &Estate, file: &str, index: u32, plan: &Plan) -> Vec<Subject> {
    let secrets = &estate.config.secrets;
    let origins = Origins::new(plan);
    let given = |module: &str, reference: &str| estate.given(index as usize, module, reference);
    let providers = providers::subjects(secrets, file, plan, &origins, &given);
    let managed = managed(plan).filter_map(|(position, resource)| {
        let mut held = held(secrets, plan, resource, &origins);
        // What a `local` holds is in no plan, but may be in the configuration.
        for held in held.iter_mut().filter(|held| held.origin == origins::Origin::Unknown) {
            if estate.writes_out(index as usize, position, &held.path, &held.text) {
                held.origin = origins::Origin::Constant;
            }
        }
        held.retain(|held| secrets.allows(file, &held.key, std::slice::from_ref(&held.text)).is_none());
        subject(index, position, resource, held)
    });
    managed.chain(providers).collect()
}

fn managed(plan: &Plan) -> impl Iterator<Item = (u32, &PlannedResource)> {
    (0..).zip(&plan.resources).filter(|(_, resource)| {
        let is_part = PARTS.contains(&&*resource.kind);
        resource.mode == Mode::Managed
            && (is_part || !MADE.iter().any(|made| resource.kind.starts_with(made)))
    })
}

/// Key and text of every credential in the resources of a plan.
pub(crate) fn credentials(estate: &Estate, index: usize, plan: &Plan) -> Vec<(String, String)> {
    let secrets = &estate.config.secrets;
    let origins = Origins::new(plan);
    let given = |module: &str, reference: &str| estate.given(index, module, reference);
    let all = managed(plan).flat_map(|(_, resource)| held(secrets, plan, resource, &origins));
    let of_providers = providers::by_provider(secrets, plan, &origins, &given).into_values().flatten();
    all.chain(of_providers).map(|held| (held.key, held.text)).collect()
}

/// Resources that make their values themselves, or whose objects are judged as Kubernetes has them.
const MADE: [&str; 5] = ["random_", "tls_", "kubernetes_", "kubectl_", "time_"];

/// Resources that change a part of an object which stands elsewhere: no object of their own is judged.
const PARTS: [&str; 4] = [
    "kubernetes_annotations",
    "kubernetes_config_map_v1_data",
    "kubernetes_env",
    "kubernetes_secret_v1_data",
];

/// Attributes that name, describe or point to things.
const SKIPPED: [&str; 6] = ["arn", "description", "id", "name", "tags", "tags_all"];

/// Attributes that a provider keeps as a digest, while the configuration has the text.
const SCRIPTS: [&str; 5] =
    ["user_data", "user_data_base64", "custom_data", "metadata_startup_script", "startup_script"];

/// Attributes that hold a credential whatever they are called.
const STORED: [(&str, &str); 14] = [
    ("aws_secretsmanager_secret_version", "secret_string"),
    ("azurerm_key_vault_secret", "value"),
    ("cloudflare_worker_secret", "secret_text"),
    ("cloudflare_workers_secret", "secret_text"),
    ("doppler_secret", "value"),
    ("github_actions_environment_secret", "plaintext_value"),
    ("github_actions_organization_secret", "plaintext_value"),
    ("github_actions_secret", "plaintext_value"),
    ("github_codespaces_secret", "plaintext_value"),
    ("github_dependabot_secret", "plaintext_value"),
    ("google_secret_manager_regional_secret_version", "secret_data"),
    ("google_secret_manager_secret_version", "secret_data"),
    ("vault_generic_secret", "data_json"),
    ("vault_kv_secret_v2", "data_json"),
];

/// Blocks of names and values, all of which are credentials.
const KEPT_BLOCKS: [(&str, &str); 3] = [
    ("azurerm_container_app", "secret"),
    ("azurerm_container_app_environment_dapr_component", "secret"),
    ("azurerm_container_app_job", "secret"),
];

/// Blocks that name secrets which are kept elsewhere.
const REFERRING: [&str; 5] =
    ["secret_environment_variables", "secret_key_ref", "secret_ref", "secret_volumes", "value_from"];

/// A credential in a resource.
struct Held {
    /// Steps that lead to it; more than the plan has where it stands in a text of its own, such as YAML.
    path: Vec<Step>,
    key: String,
    class: Class,
    /// What is written there; may be the credential.
    text: String,
    origin: origins::Origin,
    /// Where it stands within the value of an attribute; `None`: the value is it.
    place: Option<Place>,
}

/// A credential that is the value of an attribute.
struct Found {
    path: Vec<Step>,
    key: String,
    class: Class,
    text: String,
}

fn held(secrets: &Secrets, plan: &Plan, resource: &PlannedResource, origins: &Origins<'_>) -> Vec<Held> {
    let found = found(secrets, plan, resource, origins).into_iter().map(|found| {
        let Found { path, key, class, text } = found;
        Held { origin: origins.of_value(resource, &path, &text), path, key, class, text, place: None }
    });
    let write_only = origins.write_only(resource).into_iter().filter_map(|(key, origin, text)| {
        let class = of_attribute(resource, key.trim_end_matches("_wo"), &text)?;
        Some(Held { path: vec![Step::from(&*key)], key, class, text, origin, place: None })
    });
    found.chain(write_only).chain(releases::held(secrets, plan, resource, origins)).collect()
}

fn found(secrets: &Secrets, plan: &Plan, resource: &PlannedResource, origins: &Origins<'_>) -> Vec<Found> {
    let mut held = Vec::new();
    let Ok(values) = resource.values(plan) else { return held };
    if let Some(document) = &values.document {
        let is_elsewhere = |key: &str| releases::judges(resource, key);
        for (key, _, value) in document.root().entries() {
            if SKIPPED.contains(&key) || is_elsewhere(key) {
                continue;
            }
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
            held.push(Found { path, key: "value".to_owned(), class: Class::Named, text });
        }
        held.extend(credential::find_own(document.root(), secrets).into_iter().filter_map(|found| {
            let attribute = found.path.first();
            if matches!(attribute, Some(Step::Key(key)) if is_elsewhere(key)) {
                return None;
            }
            let text = found.values.into_iter().next().unwrap_or_default();
            Some(Found { path: found.path, key: found.key, class: found.class?, text })
        }));
    }
    for script in SCRIPTS {
        for constant in origins.constants(resource, script) {
            let path = vec![Step::from(script)];
            let class = in_text(&constant).or_else(|| in_text(&shape::decoded(&constant)?));
            held.extend(class.map(|class| Found {
                path: path.clone(),
                key: script.to_owned(),
                class,
                text: constant.clone(),
            }));
        }
    }
    held
}

fn subject(index: u32, position: u32, resource: &PlannedResource, held: Vec<Held>) -> Option<Subject> {
    if held.is_empty() {
        return None;
    }
    let fact = Fact::object([
        ("address", Fact::from(&*resource.address)),
        ("type", Fact::from(&*resource.kind)),
        (
            "values",
            values(held, |path| Origin::Planned { plan: index, resource: position, path: Path(path) }),
        ),
    ]);
    let origin = Origin::Planned { plan: index, resource: position, path: Path::default() };
    Some(Subject {
        resource: resource.address.to_string(),
        kind: Arc::clone(&resource.kind),
        fact: fact.at(origin),
    })
}

/// By the path of each; `origin_of` says where a path leads that has no place of its own.
fn values(held: Vec<Held>, origin_of: impl Fn(Vec<Step>) -> Origin) -> Fact {
    let mut facts: BTreeMap<Arc<str>, Fact> = BTreeMap::new();
    for Held { path, key, class, origin, place, .. } in held {
        let (origin, variable) = match origin {
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
        let fact = fact.at(Some(place.map_or_else(|| origin_of(path), Origin::Place)));
        facts.entry(at.into()).or_insert(fact);
    }
    Fact::object(facts)
}

/// Strings below an attribute. `{name, value}` is a setting, and a JSON text holds more of them.
fn search(
    resource: &PlannedResource,
    key: &str,
    node: NodeRef<'_>,
    path: &mut Vec<Step>,
    held: &mut Vec<Found>,
) {
    if let Some(text) = node.as_str().filter(|text| !text.is_empty()) {
        let block = path.iter().find_map(|step| match step {
            Step::Key(key) => Some(&**key),
            Step::Index(_) => None,
        });
        let is_kept = matches!(path.last(), Some(Step::Key(last)) if **last == *"value")
            && KEPT_BLOCKS.iter().any(|(kind, kept)| *kind == &*resource.kind && block == Some(*kept));
        let class = if is_kept && !text.trim().is_empty() && !shape::is_reference(text) {
            Some(credential::of_setting(key, text).unwrap_or(Class::Named))
        } else {
            of_attribute(resource, key, text)
        };
        held.extend(class.map(|class| Found {
            path: path.clone(),
            key: key.to_owned(),
            class,
            text: text.to_owned(),
        }));
        return;
    }
    let named = node.str_at(&["name"]);
    // CodeBuild: `{name, type: "SECRETS_MANAGER", value}`, where the value is a name.
    let is_kept_elsewhere =
        matches!(node.str_at(&["type"]), Some("PARAMETER_STORE" | "SECRETS_MANAGER")) && named.is_some();
    for (key, _, value) in node.entries() {
        if is_kept_elsewhere && key == "value" || REFERRING.contains(&key) {
            continue;
        }
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

/// What the text of an attribute is.
fn of_attribute(resource: &PlannedResource, key: &str, text: &str) -> Option<Class> {
    let stored = STORED.iter().any(|(kind, attribute)| *kind == &*resource.kind && *attribute == key);
    let script = if SCRIPTS.contains(&key) { shape::decoded(text) } else { None };
    match credential::of_setting(key, text) {
        _ if script.is_some() => script.as_deref().and_then(in_text),
        None if stored && !shape::is_reference(text) => Some(Class::Named),
        None if text.starts_with(['{', '[']) => in_json(text),
        None if text.contains('\n') => in_text(text),
        class => class.filter(|class| *class != Class::Random),
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
