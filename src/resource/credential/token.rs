//! Credentials that tell who issued them by their shape.
//!
//! Sources: the issuers' documentation of their formats; formats without a distinctive prefix are left out.

use std::{ops::Range, sync::LazyLock};

use regex::Regex;

/// Issuer, and the shape of what it issues.
const TOKENS: &[(&str, &str)] = &[
    ("AWS access key", r"\b(?:AKIA|ASIA)[A-Z2-7]{16}\b"),
    ("GitHub token", r"\bgh[pousr]_[A-Za-z0-9]{36,}\b"),
    ("GitHub token", r"\bgithub_pat_[A-Za-z0-9_]{60,}\b"),
    ("GitLab token", r"\bgl(?:pat|rt|ptt|dt|cbt|soat)-[A-Za-z0-9_-]{20,}"),
    ("Slack token", r"\bxox[abeoprs]-[A-Za-z0-9-]{10,}"),
    ("Slack webhook", r"https://hooks\.slack\.com/services/T[A-Z0-9]{6,}/B[A-Z0-9]{6,}/[A-Za-z0-9]{16,}"),
    ("Discord webhook", r"https://discord(?:app)?\.com/api/webhooks/\d{16,}/[A-Za-z0-9_-]{40,}"),
    ("Stripe key", r"\b[rs]k_(?:live|prod)_[A-Za-z0-9]{16,}"),
    ("Google API key", r"\bAIza[A-Za-z0-9_-]{35}\b"),
    ("Google OAuth secret", r"\bGOCSPX-[A-Za-z0-9_-]{28}"),
    ("Anthropic key", r"\bsk-ant-[A-Za-z0-9_-]{20,}"),
    ("OpenAI key", r"\bsk-(?:proj|svcacct|admin)-[A-Za-z0-9_-]{20,}"),
    ("OpenAI key", r"\bsk-[A-Za-z0-9]{20}T3BlbkFJ[A-Za-z0-9]{20}\b"),
    ("SendGrid key", r"\bSG\.[A-Za-z0-9_-]{20,24}\.[A-Za-z0-9_-]{39,50}"),
    ("Mailgun key", r"\bkey-[0-9a-f]{32}\b"),
    ("Twilio key", r"\bSK[0-9a-f]{32}\b"),
    ("npm token", r"\bnpm_[A-Za-z0-9]{36}\b"),
    ("PyPI token", r"\bpypi-AgEI[A-Za-z0-9_-]{50,}"),
    ("Docker Hub token", r"\bdckr_(?:pat|oat)_[A-Za-z0-9_-]{20,}"),
    ("DigitalOcean token", r"\bdo[opr]_v1_[0-9a-f]{64}\b"),
    ("HashiCorp Vault token", r"\bhv[sbr]\.[A-Za-z0-9_-]{24,}"),
    ("Terraform Cloud token", r"\b[A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9_-]{60,}"),
    ("Doppler token", r"\bdp\.(?:pt|st|sa|ct)\.[A-Za-z0-9._-]{40,}"),
    ("Databricks token", r"\bdapi[0-9a-f]{32}\b"),
    ("Hugging Face token", r"\bhf_[A-Za-z]{34}\b"),
    ("Grafana token", r"\bgl(?:c|sa)_[A-Za-z0-9+/=_]{32,}"),
    ("New Relic key", r"\bNRAK-[A-Z0-9]{27}\b"),
    ("Shopify token", r"\bshp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}\b"),
    ("Square token", r"\bsq0csp-[A-Za-z0-9_-]{43}"),
    ("Postman key", r"\bPMAK-[0-9a-f]{24}-[0-9a-f]{34}\b"),
    ("Linear key", r"\blin_api_[A-Za-z0-9]{40}\b"),
    ("Telegram bot token", r"\b\d{8,10}:AA[A-Za-z0-9_-]{33}\b"),
    ("age key", r"\bAGE-SECRET-KEY-1[QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L]{58}\b"),
    // `{"auths":` of Docker's configuration, and the same with a space, in base64.
    ("container registry login", r"\b(?:eyJhdXRocyI6|eyAiYXV0aHMi)[A-Za-z0-9+/]{24,}={0,2}"),
    ("JSON Web Token", r"\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{20,}"),
];

/// What an occurrence of any of them starts with, so that most texts cost one look.
static ANY: LazyLock<Regex> = LazyLock::new(|| {
    let shapes: Vec<&str> = TOKENS.iter().map(|(_, shape)| *shape).collect();
    Regex::new(&shapes.join("|")).expect("constant expressions")
});

static EACH: LazyLock<Vec<(&'static str, Regex)>> = LazyLock::new(|| {
    let compiled =
        TOKENS.iter().map(|(issuer, shape)| (*issuer, Regex::new(shape).expect("a constant expression")));
    compiled.collect()
});

/// Shortest of them.
const SHORTEST: usize = 15;

/// Issuer and bytes of the first token in a text. Those of documentation (`AKIA…EXAMPLE`) are none.
pub(super) fn find(text: &str) -> Option<(&'static str, Range<usize>)> {
    if text.len() < SHORTEST {
        return None;
    }
    let found = ANY.find_iter(text).find(|found| !is_example(found.as_str()))?;
    let issuer =
        EACH.iter().find(|(_, shape)| shape.find(found.as_str()).is_some_and(|whole| whole.start() == 0));
    Some((issuer.map_or("token", |(issuer, _)| *issuer), found.range()))
}

/// Whether a text is a key that its issuer means to be published: of Stripe for browsers, of Mapbox for maps, of `PostHog`.
pub(super) fn is_published(text: &str) -> bool {
    ["pk_live_", "pk_test_", "pk.eyJ", "phc_"].iter().any(|prefix| text.starts_with(prefix))
}

fn is_example(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    ["example", "xxxx", "0000000", "1234567890", "abcdefgh", "your", "placeholder"]
        .iter()
        .any(|part| lower.contains(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_told_by_their_issuer() {
        // Put together here, so that no scanner takes this file for a leak.
        let random = "q7Zk2Wv9Lx4Tb8Nc3Rm6Yp1Jd5Hs0Gf7Ka2We9Uo4Xi8Eb3Vt6Mz1Qn5";
        for (issuer, text) in [
            ("AWS access key", format!("id {}{} and more", "AKIA", "Q3EGRWUHXZ5TNK7B")),
            ("GitHub token", format!("{}{}", "ghp_", random.get(..36).unwrap())),
            ("Slack token", format!("{}-{}", "xoxb", random.get(..24).unwrap())),
            ("Stripe key", format!("{}{}", "sk_live_", random.get(..24).unwrap())),
            ("Google API key", format!("{}{}", "AIza", random.get(..35).unwrap())),
            ("container registry login", format!("eyJhdXRocyI6{}==", random.get(..40).unwrap())),
            ("JSON Web Token", format!("eyJ{0}.eyJ{0}.{0}", random.get(..24).unwrap())),
        ] {
            let (found, range) = find(&text).expect(issuer);
            assert_eq!(found, issuer);
            assert!(!text[range].contains(' '), "{issuer}");
        }
    }

    #[test]
    fn examples_and_other_texts_are_none() {
        for text in [
            "AKIAIOSFODNN7EXAMPLE",
            "https://hooks.slack.com/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX",
            "sha256:90d47594270e64f8dafa6da52c89ff70c2483cca0821dff2cc38b1450ac7a6b9",
            "task-management-service-for-the-shop",
            "",
        ] {
            assert_eq!(find(text), None, "{text}");
        }
    }
}
