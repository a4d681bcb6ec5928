//! The fact `planned-output`: outputs of a plan that hand a credential to whoever reads them.

use std::sync::Arc;

use serde_json::Value as Json;

use crate::{
    facts::{Fact, Subject},
    resource::{
        credential::{self, Class, name},
        terraform::{Plan, outputs::PlannedOutput},
    },
    source::Place,
};

/// `{name, sensitive, leaks}`: `leaks` is what makes an output a credential: an attribute that it refers to, or
/// `value`; null where nothing does. `sensitive` is `"unknown"` where the plan does not say.
pub(in crate::facts) fn outputs(_: u32, plan: &Plan) -> Vec<Subject> {
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
