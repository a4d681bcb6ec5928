//! Waivers: granted, used, expired, revoked.

use serde::Serialize;

/// A waiver is in force, ran out, or was taken back.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct WaiverChange {
    /// Who answers for it; the owner's name is in the waiver, which the caller may pseudonymise.
    pub approver: String,
    pub id: String,
    /// Keyed digest of the reason, which may hold names and could be guessed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason_hmac: Option<String>,
    /// Id or pattern of the resources, or a path.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource: Option<String>,
    pub rule: String,
    /// `probity.yaml:12`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ticket: Option<String>,
    /// Last day on which it holds, `YYYY-MM-DD`, UTC.
    pub until: String,
}

/// A waiver covered a finding.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct WaiverUse {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fingerprint: Option<String>,
    pub id: String,
    pub resource: String,
    pub rule: String,
    /// Last day on which it holds, `YYYY-MM-DD`, UTC.
    pub until: String,
}
