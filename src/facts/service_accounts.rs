//! Service accounts of Google Cloud: which services of a set run as each (Cloud Run "Service identity", Cloud Functions
//! "Function identity", GKE "Authenticate to Google Cloud APIs from GKE workloads").
//!
//! Deliberately absent: what they may do, keys of theirs that somebody holds, and who may act as one.

use std::collections::{BTreeMap, BTreeSet};

use super::{Set, buckets::planned::Planned, datastores::Function, roles::Holder, workloads::WorkloadId};
use crate::resource::terraform::Mode;

const ACCOUNT: &str = "google_service_account";

/// Annotation of a `ServiceAccount` with the address of the account that its Pods run as.
const ANNOTATION: &str = "iam.gke.io/gcp-service-account";

/// Types of what runs, with the attribute that says as which account.
const RUNS_AS: [(&str, &str); 5] = [
    ("google_cloud_run_service", "template.0.spec.0.service_account_name"),
    ("google_cloud_run_v2_service", "template.0.service_account"),
    ("google_cloud_run_v2_job", "template.0.template.0.service_account"),
    ("google_cloudfunctions_function", "service_account_email"),
    ("google_cloudfunctions2_function", "service_config.0.service_account_email"),
];

/// Position of a plan, and of a resource in it.
type Position = (u32, u32);

/// An account that a grant names.
pub(super) struct Member {
    /// Its address; `None`: known after apply, or no account stands between.
    pub(super) email: Option<String>,
    /// Who runs as it.
    pub(super) holders: BTreeSet<Holder>,
}

/// The accounts of the plans of a set, and who runs as each.
#[derive(Debug, Default)]
pub(super) struct ServiceAccounts {
    holders: BTreeMap<Position, BTreeSet<Holder>>,
    by_email: BTreeMap<String, Position>,
    emails: BTreeMap<Position, String>,
    by_workload: BTreeMap<(String, String), BTreeSet<WorkloadId>>,
}

impl ServiceAccounts {
    /// `functions` are all of the set's plans.
    pub(super) fn new(set: &Set<'_>, functions: &[Function]) -> Self {
        let mut accounts = Self::default();
        for (index, plan) in (0..).zip(&set.view.estate.plans) {
            for (position, _) in plan.managed(ACCOUNT) {
                let Some(account) = Planned::new(index, plan, position) else { continue };
                if let Some(email) = email(&account) {
                    accounts.emails.insert((index, position), email.clone());
                    accounts.by_email.entry(email).or_insert((index, position));
                }
            }
        }
        for (at, function) in functions.iter().enumerate() {
            let Some(plan) = set.view.estate.plans.get(function.plan as usize) else { continue };
            let Some(planned) = Planned::new(function.plan, plan, function.position) else { continue };
            let runs = RUNS_AS.iter().find(|(kind, _)| planned.resource.is(Mode::Managed, kind));
            let Some((_, attribute)) = runs else { continue };
            for account in accounts.named(&planned, attribute) {
                accounts.holders.entry(account).or_default().insert(Holder::Function(at));
            }
        }
        for (id, workload) in set.workloads().iter() {
            let key = (workload.namespace.to_owned(), workload.service_account.to_owned());
            accounts.by_workload.entry(key).or_default().insert(id);
        }
        for object in set.view.of_kind("", "ServiceAccount") {
            let annotations = set.view.estate.node(object).at(&["metadata", "annotations"]);
            let email = annotations.and_then(|all| all.str_at(&[ANNOTATION]));
            let Some(account) = email.and_then(|email| accounts.by_email.get(email)).copied() else {
                continue;
            };
            let key = (object.namespace().to_owned(), object.object.name.to_string());
            let workloads = accounts.by_workload.get(&key).into_iter().flatten();
            accounts.holders.entry(account).or_default().extend(workloads.copied().map(Holder::Workload));
        }
        accounts
    }

    /// The accounts that an attribute of a grant names, and Pods without one, as far as somebody runs as them.
    pub(super) fn members(&self, grant: &Planned<'_>, attribute: &str) -> Vec<Member> {
        let mut found = Vec::new();
        for account in self.named(grant, attribute) {
            let Some(holders) = self.holders.get(&account).cloned() else { continue };
            found.push(Member { email: self.emails.get(&account).cloned(), holders });
        }
        let subjects = grant.hidden_texts(attribute).into_iter().filter_map(|text| self.of_subject(text));
        found.extend(subjects.map(|holders| Member { email: None, holders }));
        found
    }

    /// Accounts that an attribute refers to, or names by their address.
    fn named(&self, planned: &Planned<'_>, attribute: &str) -> BTreeSet<Position> {
        let mut found: BTreeSet<Position> = planned.referred(attribute, ACCOUNT).collect();
        let texts = planned.hidden_texts(attribute).into_iter();
        let emails = texts.map(|text| text.strip_prefix("serviceAccount:").unwrap_or(text));
        // Logins of PostgreSQL leave the end of the address out.
        let account = |email: &str| {
            self.by_email.get(email).or_else(|| self.by_email.get(&format!("{email}.gserviceaccount.com")))
        };
        found.extend(emails.filter_map(account).copied());
        found
    }

    /// Pods that a grant names without an account: `principal://…/subject/ns/NAMESPACE/sa/NAME`.
    fn of_subject(&self, member: &str) -> Option<BTreeSet<Holder>> {
        let (_, subject) = member.strip_prefix("principal://")?.split_once("/subject/ns/")?;
        let (namespace, name) = subject.split_once("/sa/")?;
        let workloads = self.by_workload.get(&(namespace.to_owned(), name.to_owned()))?;
        Some(workloads.iter().copied().map(Holder::Workload).collect())
    }
}

/// The address of an account; a new one's follows from its name and project.
fn email(account: &Planned<'_>) -> Option<String> {
    let made = || {
        Some(format!("{}@{}.iam.gserviceaccount.com", account.text("account_id")?, account.text("project")?))
    };
    account.text("email").map(ToOwned::to_owned).or_else(made)
}
