//! The shape of a committed value: what it is as far as its text tells, without keeping the text.
//!
//! Deliberately absent: what the value is for, and whether it may stand where it stands.

mod digest;

use std::sync::LazyLock;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use regex::Regex;

pub use self::digest::{is_digest, is_list_of_users};

/// What a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// A private key in PEM with a body, wherever in the text.
    PrivateKey,
    /// Nothing but certificates, public keys or known hosts.
    PublicKey,
    /// The name of a secret kept elsewhere, a value encrypted by SOPS, or one that is filled in later.
    Reference,
    Empty,
    /// `<PASSWORD>`: cannot be deployed as it is.
    Placeholder,
    /// A configuration file in which nothing looks like a credential.
    Configuration,
    /// Made anew whenever it is rendered: nobody wrote it down.
    Generated,
    /// Anything else that is readable to whoever reads the file.
    Text,
    /// No text at all: a number, a list.
    Unknown,
}

impl Shape {
    pub const fn name(self) -> &'static str {
        match self {
            Self::PrivateKey => "private-key",
            Self::PublicKey => "public-key",
            Self::Reference => "reference",
            Self::Empty => "empty",
            Self::Placeholder => "placeholder",
            Self::Configuration => "configuration",
            Self::Generated => "generated",
            Self::Text => "text",
            Self::Unknown => "unknown",
        }
    }
}

/// Shape of a text as it is used.
pub fn of_text(text: &str) -> Shape {
    let trimmed = text.trim();
    if trimmed.is_empty() {
        Shape::Empty
    } else if holds_private_key(text) {
        Shape::PrivateKey
    } else if is_public_pem(text) || is_public_ssh(trimmed) {
        Shape::PublicKey
    } else if is_reference(trimmed) {
        Shape::Reference
    } else if is_placeholder(trimmed) {
        Shape::Placeholder
    } else {
        Shape::Text
    }
}

/// Shape of a text that Kubernetes decodes from base64, as in `data` of a Secret.
pub fn of_base64(text: &str) -> Shape {
    let compact: String = text.split_ascii_whitespace().collect();
    match STANDARD.decode(&compact).map(String::from_utf8) {
        Ok(Ok(decoded)) => of_text(&decoded),
        // Bytes that are no text: a key store, a key in DER.
        Ok(Err(_)) => Shape::Text,
        Err(_) => of_text(text),
    }
}

/// Whether a text has a private key in PEM (RFC 7468, section 10; RFC 1421 headers), also inside base64. A label
/// without a body, as scripts and descriptions have it, is none.
pub fn holds_private_key(text: &str) -> bool {
    PRIVATE_KEY.is_match(text)
        || (has_encoded_label(text) && decoded(text).is_some_and(|text| PRIVATE_KEY.is_match(&text)))
}

/// Whether a source text can hold a private key at all; costs one pass, so that most objects cost nothing more.
pub fn may_hold_private_key(text: &str) -> bool {
    text.contains("PRIVATE KEY") || has_encoded_label(text)
}

/// Base64 of a text, decoded, if that is text too.
pub fn decoded(text: &str) -> Option<String> {
    let compact: String = text.split_ascii_whitespace().collect();
    if compact.len() < 4 || !compact.len().is_multiple_of(4) {
        return None;
    }
    String::from_utf8(STANDARD.decode(compact).ok()?).ok()
}

/// Whether a text only marks where a value has to be put in: `<PASSWORD>`.
pub fn is_placeholder(text: &str) -> bool {
    PLACEHOLDER.is_match(text)
}

/// `-----BEGIN ` in base64 at each offset from a group of three bytes, without what its neighbours change.
const ENCODED_LABELS: [&str; 3] = ["LS0tLS1CRUdJTi", "0tLS0tQkVHSU4g", "tLS0tLUJFR0lOI"];

fn has_encoded_label(text: &str) -> bool {
    ENCODED_LABELS.iter().any(|label| text.contains(label))
}

/// The label, a line break (in JSON within a string: `\n`), then PEM headers or a first line of body.
static PRIVATE_KEY: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----(?:\s|\\+[nr])+(?:[A-Za-z0-9+/=]{8}|[A-Z][A-Za-z-]+: )")
        .expect("a constant expression")
});

static PLACEHOLDER: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^<[^<>\n]+>$").expect("a constant expression"));

/// sops `aes/cipher.go`: a value is encrypted if and only if it looks like this.
static SOPS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^ENC\[AES256_GCM,data:.*,iv:.*,tag:.*,type:(?:str|int|float|bool|bytes|comment)\]$")
        .expect("a constant expression")
});

/// An expression in one line that something else replaces before the value is used.
static EXPRESSION: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"\$\{[A-Za-z_][^}\s]*\}|\$\([A-Za-z_][A-Za-z0-9_.-]*\)|\{\{.+\}\}")
        .expect("a constant expression")
});

/// The whole text is a name that something else replaces: a variable of a shell, a key of a Secret of Argo CD, a file that
/// Grafana reads.
static NAME: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^\$(?:[A-Z][A-Z0-9_]+|[a-z][\w-]*(?:[.:][\w-]+)+|__(?:file|env|vault)\{[^}]+\})$")
        .expect("a constant expression")
});

static FILE_PATH: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^\.?/[\w.-]+(?:/[\w.-]+)+$").expect("a constant expression"));

static PUBLIC_SSH: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?:^|\s)(?:ssh-(?:rsa|dss|ed25519)|ecdsa-sha2-\S+|sk-\S+@openssh\.com) AAAA\S+")
        .expect("a constant expression")
});

/// What the name of a value kept elsewhere starts with: bank-vaults, vals, 1Password, berglas, cloud secret stores, Vector,
/// Telegraf.
const REFERENCES: [&str; 21] = [
    "vault:",
    "op://",
    "ref+",
    "sm://",
    "berglas://",
    "arn:",
    "projects/",
    "akv://",
    "awssm://",
    "awsps://",
    "gcpsm://",
    "azurekeyvault://",
    "keyvault://",
    "@Microsoft.KeyVault(",
    "file:",
    "secretref:",
    "secretsmanager:",
    "ssm:",
    "env:",
    "SECRET[",
    "@{",
];

/// Whether a text names a value that is kept elsewhere, or is filled in later: by Helm, a shell, Kubernetes, Argo CD
/// Vault Plugin, SOPS.
pub fn is_reference(text: &str) -> bool {
    let text = text.trim();
    if text.starts_with("ENC[") {
        return SOPS.is_match(text) || !text.starts_with("ENC[AES256_GCM");
    }
    if is_encrypted(text) {
        return true;
    }
    if text.contains('\n') {
        return false;
    }
    if is_sealed(text) {
        return true;
    }
    match text.chars().next() {
        // Markup and base64 start like this too, so one character does not tell.
        Some('<') => text.starts_with("<path:") && text.ends_with('>'),
        Some('/' | '.') => FILE_PATH.is_match(text),
        Some('$') if NAME.is_match(text) => true,
        // What Maven filters in: `@db.password@`.
        Some('@') if text.len() > 2 && text.ends_with('@') => true,
        _ => REFERENCES.iter().any(|prefix| text.starts_with(prefix)) || EXPRESSION.is_match(text),
    }
}

/// What Jasypt, the configuration server of Spring, Ansible, age and PGP encrypt.
fn is_encrypted(text: &str) -> bool {
    (text.starts_with("ENC(") && text.ends_with(')'))
        || text.starts_with("{cipher}")
        || text.starts_with("$ANSIBLE_VAULT;")
        || ["-----BEGIN AGE ENCRYPTED FILE-----", "-----BEGIN PGP MESSAGE-----"]
            .iter()
            .any(|label| text.starts_with(label))
}

/// What `kubeseal` encrypts: two bytes with the length of a session key of RSA-4096, the key, and what it hides, in base64
/// (sealed-secrets `pkg/crypto`, `HybridEncrypt`).
fn is_sealed(text: &str) -> bool {
    text.len() >= 700
        && matches!(text.as_bytes(), [b'A', b'g', b'A'..=b'D', ..])
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'='))
}

/// Whether a text is nothing but certificates or public keys in PEM, also in base64.
fn is_public_pem(text: &str) -> bool {
    let public = |text: &str| {
        text.trim_start().starts_with("-----BEGIN ")
            && text
                .lines()
                .filter(|line| line.contains("-----BEGIN "))
                .all(|line| line.contains("CERTIFICATE") || line.contains("PUBLIC KEY"))
    };
    public(text) || (has_encoded_label(text) && decoded(text).is_some_and(|text| public(&text)))
}

fn is_public_ssh(text: &str) -> bool {
    let mut lines =
        text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')).peekable();
    lines.peek().is_some() && lines.all(|line| PUBLIC_SSH.is_match(line))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pem(label: &str, body: &str) -> String {
        format!("-----BEGIN {label}-----\n{body}\n-----END {label}-----\n")
    }

    #[test]
    fn texts_have_the_shape_of_what_they_are() {
        let certificate = pem("CERTIFICATE", "ZmFrZQ==");
        for (name, text, shape) in [
            ("a password", "hunter2", Shape::Text),
            ("markup", "<settings><password>x</password></settings>", Shape::Text),
            ("a password that starts like a path", "/9j4AAQ", Shape::Text),
            ("a file with an expression in it", "password: x\nuser: ${USER}", Shape::Text),
            ("an incomplete SOPS value", "ENC[AES256_GCM,data:x]", Shape::Text),
            ("nothing", " \n", Shape::Empty),
            ("a placeholder", "<YOUR PASSWORD>", Shape::Placeholder),
            ("Argo CD Vault Plugin", "<path:secret/data/db#password>", Shape::Reference),
            ("bank-vaults", "vault:secret/data/db#password", Shape::Reference),
            ("an expression", "postgres://${USER}:${PASSWORD}@db/shop", Shape::Reference),
            ("a file", "/vault/secrets/db", Shape::Reference),
            ("SOPS", "ENC[AES256_GCM,data:a,iv:b,tag:c,type:str]", Shape::Reference),
            ("Jasypt", "ENC(G6N718UuyPE5bHyWKyuLQSm02auQPUtm)", Shape::Reference),
            (
                "the configuration server of Spring",
                "{cipher}682bc583f4641835fa2db009355293",
                Shape::Reference,
            ),
            ("Ansible Vault", "$ANSIBLE_VAULT;1.1;AES256\n6231", Shape::Reference),
            ("sealed", &format!("AgBy{}", "3i4OJSWK".repeat(90)), Shape::Reference),
            ("a variable", "$DB_PASSWORD", Shape::Reference),
            ("a key for Argo CD", "$dex.github.clientSecret", Shape::Reference),
            ("a file for Grafana", "$__file{/etc/secrets/oauth}", Shape::Reference),
            ("a password with a sign", "$ecret-word", Shape::Text),
            ("as long, but not sealed", &"3i4OJSWK".repeat(90), Shape::Text),
            ("a certificate", &certificate, Shape::PublicKey),
            ("known hosts", "github.com ssh-ed25519 AAAAC3Nza\n", Shape::PublicKey),
            ("a private key", &pem("RSA PRIVATE KEY", "ZmFrZQ=="), Shape::PrivateKey),
            ("both", &format!("{certificate}{}", pem("EC PRIVATE KEY", "ZmFrZQ==")), Shape::PrivateKey),
        ] {
            assert_eq!(of_text(text), shape, "{name}");
            assert_eq!(of_base64(&STANDARD.encode(text)), shape, "{name} in base64");
        }
        assert_eq!(of_base64("/w=="), Shape::Text, "bytes that are no text");
        assert_eq!(of_base64("${PASSWORD}"), Shape::Reference, "an expression where base64 belongs");
    }

    #[test]
    fn a_private_key_has_a_body() {
        let label = "PRIVATE KEY";
        for (name, text, expected) in [
            ("within JSON", format!(r#"{{"key": "-----BEGIN {label}-----\nZmFrZQ==\n"}}"#), true),
            ("with headers", pem("RSA PRIVATE KEY", "Proc-Type: 4,ENCRYPTED"), true),
            ("encrypted", pem("ENCRYPTED PRIVATE KEY", "ZmFrZQ=="), true),
            ("PGP", pem("PGP PRIVATE KEY BLOCK", "\nZmFrZQ=="), true),
            ("only named", format!("grep -q '-----BEGIN {label}-----' key.pem"), false),
            ("elided", pem(label, "..."), false),
            ("filled in", pem(label, "{{ .Values.key }}"), false),
            ("a public key", pem("PUBLIC KEY", "ZmFrZQ=="), false),
        ] {
            assert_eq!(holds_private_key(&text), expected, "{name}");
            for padding in ["", " ", "  "] {
                let encoded = STANDARD.encode(format!("{padding}{text}"));
                assert_eq!(holds_private_key(&encoded), expected, "{name}, encoded");
                assert!(may_hold_private_key(&encoded) || !expected, "{name}, encoded");
            }
        }
    }
}
