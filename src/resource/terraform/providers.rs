//! Settings of providers: how Terraform logs in where it makes things.

use std::{borrow::Cow, collections::BTreeMap, ops::Range};

use serde::Deserialize;
use serde_json::{Value, value::RawValue};

use super::{Plan, raw};
use crate::document::Step;

/// One expression in the configuration of a provider.
#[derive(Debug)]
pub struct ProviderSetting {
    /// Key of the provider: `aws`, `aws.eu`, `module.shop:aws`.
    pub provider: String,
    /// Address of the module that configures it; empty for the root.
    pub module: String,
    pub path: Vec<Step>,
    /// `{constant_value}` or `{references}`.
    pub expression: Value,
    /// Bytes of the constant, else of the expression.
    pub span: Range<usize>,
}

impl Plan {
    /// Settings of all providers, by key and as they are written; none where the plan holds no configuration.
    pub fn provider_settings(&self) -> Vec<ProviderSetting> {
        let outer: Outer<'_> = serde_json::from_str(&self.text).unwrap_or_default();
        let providers = outer.configuration.map(|configuration| configuration.provider_config);
        let mut settings = Vec::new();
        for (key, provider) in providers.unwrap_or_default() {
            let module = provider.module_address.as_deref().unwrap_or_default();
            let mut reader =
                Reader { plan: self, provider: &key, module, path: Vec::new(), settings: Vec::new() };
            if let Some(expressions) = provider.expressions {
                reader.read(expressions);
            }
            settings.append(&mut reader.settings);
        }
        settings
    }
}

#[derive(Deserialize, Default)]
struct Outer<'t> {
    #[serde(borrow)]
    configuration: Option<Configuration<'t>>,
}

#[derive(Deserialize)]
struct Configuration<'t> {
    #[serde(borrow, default)]
    provider_config: BTreeMap<Cow<'t, str>, Provider<'t>>,
}

#[derive(Deserialize)]
struct Provider<'t> {
    #[serde(borrow)]
    module_address: Option<Cow<'t, str>>,
    #[serde(borrow)]
    expressions: Option<&'t RawValue>,
}

struct Reader<'p> {
    plan: &'p Plan,
    provider: &'p str,
    module: &'p str,
    path: Vec<Step>,
    settings: Vec<ProviderSetting>,
}

impl Reader<'_> {
    /// An expression, or blocks that hold some.
    fn read(&mut self, raw: &RawValue) {
        if let Ok(items) = serde_json::from_str::<Vec<&RawValue>>(raw.get()) {
            for (index, item) in items.into_iter().enumerate() {
                self.below(Step::from(index), item);
            }
        }
        let Ok(fields) = serde_json::from_str::<BTreeMap<Cow<'_, str>, &RawValue>>(raw.get()) else { return };
        let constant = fields.get("constant_value").copied();
        if constant.is_none() && !fields.contains_key("references") {
            for (key, value) in fields {
                self.below(Step::from(&*key), value);
            }
            return;
        }
        self.settings.push(ProviderSetting {
            provider: self.provider.to_owned(),
            module: self.module.to_owned(),
            path: self.path.clone(),
            expression: serde_json::from_str(raw.get()).unwrap_or_default(),
            span: raw::span(&self.plan.text, constant.unwrap_or(raw)),
        });
    }

    fn below(&mut self, step: Step, value: &RawValue) {
        self.path.push(step);
        self.read(value);
        self.path.pop();
    }
}
