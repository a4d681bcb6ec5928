//! Domains of OpenSearch and Elasticsearch on AWS: one outside a VPC has a public endpoint, and its access policy alone
//! decides who may use it.
//!
//! Source: Amazon OpenSearch Service Developer Guide, "Identity and Access Management in Amazon OpenSearch Service",
//! "Resource-based policies", and "Fine-grained access control".

use std::collections::BTreeMap;

use super::told;
use crate::{
    document::Step,
    facts::{
        Because, Fact,
        buckets::{
            parts::{Kinds, Parts},
            planned::{Decided, Planned},
            resource_policy::policy_of,
            way::Way,
        },
        datastores::own::Authentication,
        truth::Truth,
    },
    resource::terraform::{Attribute, Plan},
};

const POLICIES: &str = "access_policies";
const SECURITY: &str = "advanced_security_options";

/// Port of an endpoint, which speaks HTTPS.
const PORT: i64 = 443;

static KINDS: [Kinds; 2] = [
    Kinds {
        owner: "aws_opensearch_domain",
        names: &["domain_name"],
        parts: &[("aws_opensearch_domain_policy", &["domain_name"])],
    },
    Kinds {
        owner: "aws_elasticsearch_domain",
        names: &["domain_name"],
        parts: &[("aws_elasticsearch_domain_policy", &["domain_name"])],
    },
];

/// What guards one domain.
#[derive(Debug, Clone)]
pub(super) struct Domain {
    /// Whether its endpoint is outside of any VPC.
    pub(super) is_public: Truth,
    /// Whether its access policy lets everyone in.
    pub(super) open: Decided,
    /// Whether it asks for credentials of its own.
    has_accounts: Decided,
}

/// Domains of a plan, by position.
pub(super) fn domains(index: u32, plan: &Plan) -> BTreeMap<u32, Domain> {
    let mut found = BTreeMap::new();
    for kinds in &KINDS {
        let parts = Parts::new(index, plan, kinds);
        let Some((split, _)) = kinds.parts.first() else { continue };
        for domain in &parts.owners {
            let policy = parts.decide(domain, split, |part| policy_of(part, POLICIES), || inline(domain));
            let guarded = Domain {
                is_public: is_public(domain),
                open: policy.granted,
                has_accounts: has_accounts(domain),
            };
            found.insert(domain.position, guarded);
        }
    }
    found
}

/// The policy that is written in the domain. What the provider computes for a new one is none.
fn inline(domain: &Planned<'_>) -> Way {
    match domain.get(POLICIES) {
        Attribute::Unknown | Attribute::Absent if is_computed(domain, POLICIES) => {
            Way::shut("policy", domain, Decided::default(false, domain.origin(POLICIES)))
        }
        _ => policy_of(domain, POLICIES),
    }
}

/// Whether nobody writes an attribute of a domain that is new.
fn is_computed(domain: &Planned<'_>, attribute: &str) -> bool {
    let written = domain.plan.declares(domain.resource, &[Step::from(attribute)]);
    domain.resource.is_created() && written != Some(true)
}

fn is_public(domain: &Planned<'_>) -> Truth {
    match domain.get("vpc_options") {
        Attribute::Known(options) => Truth::from(options.items().next().is_none()),
        Attribute::Absent => Truth::True,
        Attribute::Unknown => Truth::Unknown,
    }
}

fn has_accounts(domain: &Planned<'_>) -> Decided {
    if matches!(domain.get(SECURITY), Attribute::Unknown) && is_computed(domain, SECURITY) {
        return Decided::default(false, domain.origin(SECURITY));
    }
    domain.decide(&format!("{SECURITY}.0.enabled"), false, |enabled| enabled.as_bool() == Some(true))
}

impl Domain {
    /// The way in from the internet, if its policy opens one.
    pub(super) fn exposures(&self) -> Vec<Fact> {
        let open = self.is_public.and(self.open.value);
        let range = match open {
            Truth::False => return Vec::new(),
            Truth::True => Fact::from("0.0.0.0/0"),
            Truth::Unknown => Fact::unknown(),
        };
        let exposure = Fact::object([
            ("kind", Fact::from("PublicAddress")),
            ("service", Fact::default()),
            ("port", Fact::from(PORT)),
            ("internal", Fact::from(false)),
            ("source_ranges", Fact::array([range])),
        ]);
        vec![exposure.at(self.open.origin.clone())]
    }

    /// A policy that is open asks for nothing: requests need no signature then.
    pub(super) fn authentication(&self, domain: &Planned<'_>) -> Authentication {
        let required = self.open.not().or(&self.has_accounts);
        let text = "its access policy and its fine-grained access control decide".to_owned();
        let because = told(domain, "", text);
        Authentication {
            required: required.value,
            because: Because { origin: required.origin.or(because.origin.clone()), ..because },
        }
    }
}
