//! What makes a run incomplete: something of the estate was not read, or nothing was judged.

use super::Settings;
use crate::{estate::Estate, policy::Policies, source::Status};

/// Why the run is incomplete (contract, "Exit codes").
pub(super) fn reasons(
    settings: &Settings,
    estate: &Estate,
    policies: &Policies,
    is_live: bool,
) -> Vec<String> {
    let mut reasons = Vec::new();
    let count = |wanted: fn(&Status) -> bool| {
        estate.sources.iter().filter(|(_, source)| wanted(&source.status)).count()
    };
    let plural = |number: usize| if number == 1 { "" } else { "s" };
    let failed = count(|status| matches!(status, Status::Failed(_)));
    if failed > 0 {
        let (what, done) = if is_live { ("list", "read to the end") } else { ("source", "read or parsed") };
        reasons.push(format!("{failed} {what}{} could not be {done}", plural(failed)));
    }
    let skipped = count(|status| matches!(status, Status::Skipped(_)));
    if skipped > 0 && settings.strict {
        reasons.push(format!(
            "{skipped} source{} skipped, and `--strict` is set",
            if skipped == 1 { " was" } else { "s were" }
        ));
    }
    let has_documents = policies.judge_documents() && count(|status| matches!(status, Status::Read)) > 0;
    if estate.resources.is_empty() && estate.plans.is_empty() && !has_documents {
        reasons.push(if is_live {
            "nothing was evaluated: no object of the cluster was read".to_owned()
        } else {
            let unread = match skipped {
                0 => String::new(),
                1 => "; 1 source was skipped, for a reason that is listed".to_owned(),
                _ => format!("; {skipped} sources were skipped, for reasons that are listed"),
            };
            format!("nothing was evaluated: no Kubernetes object and no Terraform plan was found{unread}")
        });
    } else if policies.rules.is_empty() {
        reasons.push("nothing was evaluated: no rule was loaded".to_owned());
    }
    reasons.extend(estate.plans.iter().filter_map(|plan| plan.incomplete().map(ToOwned::to_owned)));
    reasons
}
