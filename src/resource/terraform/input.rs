//! What rules with the selectors `terraform-resource` and `terraform-plan` see, and where the values of it stand.

use serde_json::{Value, json};

use super::{Plan, PlannedResource};
use crate::{document::ParseError, document::Step, source::Place};

impl Plan {
    /// Input of `terraform-plan`: the plan as it is.
    pub fn input(&self) -> Result<Value, serde_json::Error> {
        serde_json::from_str(&self.text)
    }
}

impl PlannedResource {
    /// Input of `terraform-resource` (contract, "Policies"). `values` is null where the plan holds none; `references`
    /// has a list of addresses for each path whose expression refers to something.
    pub fn input(&self, plan: &Plan) -> Result<Value, ParseError> {
        let values = self.values(plan)?;
        let written = self.values.as_ref().map(|span| plan.slice(span));
        let read = |text: &str| {
            serde_json::from_str(text).map_err(|_| ParseError {
                span: self.values.clone().unwrap_or_default(),
                message: "the planned values are nested too deeply to be judged".into(),
            })
        };
        let judged: Option<Value> = written.map(read).transpose()?;
        Ok(json!({
            "address": self.address,
            "type": self.kind,
            "name": self.name,
            "mode": self.mode,
            "provider": self.provider_name,
            "actions": self.actions,
            "values": judged,
            "unknown": values.unknown,
            "sensitive": values.sensitive,
            "references": plan.references(self),
        }))
    }

    /// Place of a path into [`PlannedResource::input`]: what is said of a value is shown there, the rest at the address.
    pub fn locate_input(&self, plan: &Plan, path: &[Step]) -> Place {
        match path.split_first() {
            Some((Step::Key(field), rest)) if matches!(&**field, "values" | "unknown" | "sensitive") => {
                self.locate(plan, rest)
            }
            _ => self.place(plan),
        }
    }
}
