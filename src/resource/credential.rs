//! Credentials by their looks: what must be masked, told from names, references and public keys.
//!
//! Structure first (`kind: Secret`, key names), then strings that carry a credential, then key material, also
//! inside base64. Deliberately absent: where a credential comes from and whether that is right.

use std::{ops::Range, sync::LazyLock};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use regex::Regex;

use crate::document::NodeRef;

/// A value that must not be shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret {
    /// Bytes of its source.
    pub span: Range<usize>,
    /// The value as a policy sees it, and what it decodes to.
    pub values: Vec<String>,
}

/// Values of an object that must not be shown. `is_secret`: it is a Kubernetes Secret.
pub fn secrets(object: NodeRef<'_>, is_secret: bool) -> Vec<Secret> {
    let mut found = Vec::new();
    for (key, _, value) in object.entries() {
        match key {
            "data" | "stringData" if is_secret => {
                value.entries().for_each(|(_, _, value)| whole(value, &mut found));
            }
            "kind" | "apiVersion" => {}
            _ => search(key, value, &mut found),
        }
    }
    found
}

/// Whether a text is, or decodes to, a private key in PEM (RFC 7468, section 10; RFC 5958).
pub fn is_private_key(text: &str) -> bool {
    has_private_key_label(text) || decoded(text).is_some_and(|text| has_private_key_label(&text))
}

/// Whether a text is, or decodes to, nothing but certificates or public keys in PEM.
pub fn is_public_key_material(text: &str) -> bool {
    let public = |text: &str| {
        text.trim_start().starts_with("-----BEGIN ")
            && text
                .lines()
                .filter(|line| line.contains("-----BEGIN "))
                .all(|line| line.contains("CERTIFICATE") || line.contains("PUBLIC KEY"))
    };
    public(text) || decoded(text).is_some_and(|text| public(&text))
}

/// Whether a name is that of a credential.
pub fn is_named_so(name: &str) -> bool {
    CREDENTIAL_NAME.is_match(name)
}

/// Whether a text names a secret that is kept elsewhere, or is filled in later (bank-vaults, vals, Argo CD Vault
/// Plugin, 1Password, berglas, Helm, shell and Kubernetes expansion, cloud secret stores).
pub fn is_reference(text: &str) -> bool {
    const PREFIXES: [&str; 19] = [
        "$(",
        "${",
        "{{",
        "<",
        "vault:",
        "op://",
        "ref+",
        "sm://",
        "berglas://",
        "arn:",
        "projects/",
        "akv://",
        "awssm://",
        "@Microsoft.KeyVault(",
        "/",
        "./",
        "file:",
        "gcpsm://",
        "ENC[",
    ];
    let text = text.trim();
    PREFIXES.iter().any(|prefix| text.starts_with(prefix))
}

/// Base64 of a text, decoded, if that is text too.
pub fn decoded(text: &str) -> Option<String> {
    let compact: String = text.split_ascii_whitespace().collect();
    if compact.len() < 4 || !compact.len().is_multiple_of(4) {
        return None;
    }
    String::from_utf8(STANDARD.decode(compact).ok()?).ok()
}

fn has_private_key_label(text: &str) -> bool {
    text.match_indices("-----BEGIN ").any(|(at, _)| {
        let label = text.get(at..).and_then(|rest| rest.lines().next()).unwrap_or_default();
        label.contains("PRIVATE KEY")
    })
}

/// Names that end like this hold a credential; `secretName` and `tokenReviews` do not end like this.
static CREDENTIAL_NAME: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)(pass(word|wd|phrase)?|pwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|secret[_-]?key|credentials?|conn(ection)?[_-]?str(ing)?|dsn)$")
        .expect("a constant expression")
});

/// The password in `scheme://user:password@host`.
static USER_INFORMATION: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"[A-Za-z][A-Za-z0-9+.-]*://[^/?#\s:@]*:([^/?#\s@]+)@").expect("a constant expression")
});

fn search(key: &str, node: NodeRef<'_>, found: &mut Vec<Secret>) {
    if let Some(text) = node.as_str() {
        if (CREDENTIAL_NAME.is_match(key) && is_literal(text)) || (text.len() > 60 && is_private_key(text)) {
            whole(node, found);
        } else if text.contains("://") {
            user_information(node, text, found);
        }
        return;
    }
    // `{name: DB_PASSWORD, value: …}`: the name is a value, and the value's key says nothing.
    let named = node.str_at(&["name"]).filter(|name| CREDENTIAL_NAME.is_match(name));
    for (key, _, value) in node.entries() {
        match named {
            Some(_) if key == "value" && value.as_str().is_some_and(is_literal) => whole(value, found),
            _ => search(key, value, found),
        }
    }
    node.items().for_each(|item| search(key, item, found));
}

fn is_literal(text: &str) -> bool {
    !text.is_empty() && !is_reference(text) && !matches!(text, "true" | "false")
}

fn whole(node: NodeRef<'_>, found: &mut Vec<Secret>) {
    if let Some(text) = node.as_str().filter(|text| !text.is_empty()) {
        let values = std::iter::once(text.to_owned()).chain(decoded(text)).collect();
        found.push(Secret { span: node.span(), values });
    } else {
        node.entries().for_each(|(_, _, value)| whole(value, found));
        node.items().for_each(|item| whole(item, found));
    }
}

/// Where passwords stand in URLs of a text, references aside.
pub fn passwords_in_urls(text: &str) -> impl Iterator<Item = Range<usize>> {
    let found = USER_INFORMATION.captures_iter(text).filter_map(|captures| captures.get(1));
    found.filter(|password| !is_reference(password.as_str())).map(|password| password.range())
}

fn user_information(node: NodeRef<'_>, text: &str, found: &mut Vec<Secret>) {
    for captures in USER_INFORMATION.captures_iter(text) {
        let Some(password) = captures.get(1).filter(|password| !is_reference(password.as_str())) else {
            continue;
        };
        let span = node.span();
        let raw = node.raw();
        // Where the text stands in the source as it is, only the password is masked.
        let span = match raw.find(text) {
            Some(at) => span.start + at + password.start()..span.start + at + password.end(),
            None => span,
        };
        found.push(Secret { span, values: vec![password.as_str().to_owned()] });
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{document::yaml, source::SourceId};

    fn masked(text: &str) -> Vec<String> {
        let text: Arc<str> = text.into();
        let parsed = yaml::parse(SourceId(0), &text);
        let root = parsed.documents[0].root();
        let secrets = secrets(root, root.str_at(&["kind"]) == Some("Secret"));
        secrets.into_iter().map(|secret| text[secret.span].to_owned()).collect()
    }

    #[test]
    fn credentials_are_found_by_structure_name_and_shape() {
        for (name, text, expected) in [
            (
                "a Secret's data",
                "kind: Secret\ndata: {user: cm9vdA==}\nstringData:\n  a: b",
                &["cm9vdA==", "b"][..],
            ),
            ("an environment variable", "env:\n- name: DB_PASSWORD\n  value: hunter2", &["hunter2"]),
            ("a key name", "data:\n  api-key: abc", &["abc"]),
            ("the password of a URL", "data:\n  uri: 'postgresql://u:p4ss@db/x'", &["p4ss"]),
            (
                "names of secrets",
                "secretName: db\ntokenReviews: x\npasswordSecretRef: {name: a, key: password}",
                &[],
            ),
            (
                "references",
                "env:\n- {name: A_TOKEN, value: $(OTHER)}\n- {name: B_TOKEN, value: 'vault:secret/data/x#k'}",
                &[],
            ),
            ("a URL without a password", "uri: http://user@host:80/a:b@c", &[]),
        ] {
            assert_eq!(masked(text), expected, "{name}");
        }
    }

    #[test]
    fn key_material_is_told_by_its_label_also_inside_base64() {
        let private = format!("-----BEGIN {} KEY-----\nMIIE\n", "RSA PRIVATE");
        let public = "-----BEGIN CERTIFICATE-----\nMIIE\n-----END CERTIFICATE-----\n";
        assert!(is_private_key(&private) && is_private_key(&STANDARD.encode(&private)));
        assert!(
            !is_private_key(public)
                && is_public_key_material(public)
                && is_public_key_material(&STANDARD.encode(public))
        );
        assert!(!is_public_key_material(&format!("{public}{private}")));
    }
}
