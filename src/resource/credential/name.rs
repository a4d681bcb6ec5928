//! What the name of a setting promises about its value: `DB_PASSWORD`, `apiKey`, not `TOKEN_TTL` or `secretName`.

mod vocabulary;

use self::vocabulary::{ABOUT, ENDS_IN_PASS, KEPT_KEYS, PASSWORDS, SECRETS, STORES_WITH_AUTH, SWITCHING};

/// What a value is by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Promise {
    /// A token, a key, a secret: as such words are also used for names, its value has to look like one.
    Key,
    /// A password or passphrase: whatever stands there.
    Password,
}

/// Words at the end of a name that say where or when a value holds, and not what it is.
const QUALIFIERS: [&str; 24] = [
    "backup",
    "bak",
    "current",
    "dev",
    "development",
    "fallback",
    "legacy",
    "live",
    "local",
    "new",
    "next",
    "old",
    "preprod",
    "prev",
    "previous",
    "primary",
    "prod",
    "production",
    "sandbox",
    "secondary",
    "stage",
    "staging",
    "test",
    "uat",
];

/// What a name promises; the last key of a dotted name counts.
pub fn promise(name: &str) -> Option<Promise> {
    let mut words = words(name);
    while words.len() > 1 && words.last().is_some_and(|last| is_qualifier(last)) {
        words.pop();
    }
    let last = words.last()?.as_str();
    let is_switch = |first: &String| SWITCHING.contains(&first.as_str());
    if ABOUT.contains(&last)
        || words.first().is_some_and(is_switch)
        || words.iter().any(|word| matches!(word.as_str(), "public" | "pub" | "publishable" | "validation"))
    {
        return None;
    }
    let says_password = |word: &String| PASSWORDS.iter().any(|password| word.ends_with(password));
    let is_pass = |last: &str| last == "pw" || last.ends_with("pass") && !ENDS_IN_PASS.contains(&last);
    if words.iter().any(says_password) || is_pass(last) {
        return match last {
            // `existingSecretPasswordKey`: the name of a key in a Secret. `POSTGRES_PASSWORD_AUTH`: a way to log in.
            "key" | "keys" | "auth" => None,
            // `adminPasswordSecret`: mostly the name of one.
            "secret" | "secrets" => Some(Promise::Key),
            _ => Some(Promise::Password),
        };
    }
    let before = words.len().checked_sub(2).and_then(|index| words.get(index)).map(String::as_str);
    let key = |last: &str, before: Option<&str>| match last {
        "key" | "keys" => before.is_some_and(|before| KEPT_KEYS.contains(&before)),
        _ => {
            SECRETS.contains(&last)
                || ["apikey", "accesskey", "secret", "vaultkey"].iter().any(|end| last.ends_with(end))
                || last.ends_with("token")
        }
    };
    let is_string =
        |first: Option<&str>| matches!((first, last), (Some("connection" | "conn"), "string" | "str"));
    // Rails: SECRET_KEY_BASE.
    let is_base = last == "base" && words.iter().any(|word| word == "secret");
    let names_an_object =
        matches!((before, last), (Some("pull" | "tls" | "existing" | "ca" | "cert"), "secret"));
    // What clients of these stores call a password.
    let is_auth = last == "auth" && before.is_some_and(|before| STORES_WITH_AUTH.contains(&before));
    let is_sas = matches!((before, last), (_, "sas")) || last == "connectionstring";
    // Terraform: what a provider keeps.
    let is_kept =
        matches!((before, last), (Some("secret"), "string" | "value") | (Some("plaintext"), "value"));
    // Personal access tokens.
    let is_pat = last == "pat"
        && before.is_some_and(|before| {
            matches!(before, "ado" | "azure" | "devops" | "gh" | "git" | "github" | "gitlab")
        });
    (!names_an_object
        && (is_pat || key(last, before) || is_string(before) || is_base || is_sas || is_kept || is_auth))
        .then_some(Promise::Key)
}

fn is_qualifier(word: &str) -> bool {
    // Of words, digits at the end of the name are gone already.
    let is_digits = |digits: &str| digits.bytes().all(|byte| byte.is_ascii_digit());
    QUALIFIERS.contains(&word) || word.strip_prefix('v').is_some_and(is_digits)
}

/// A name without what says at its end where or when its value holds: `DB_SECRET` of `DB_SECRET_PROD`.
pub(super) fn unqualified(name: &str) -> &str {
    let mut name = name;
    while let Some((before, last)) = name.rsplit_once(['_', '-']) {
        if before.is_empty() || !is_qualifier(&last.to_ascii_lowercase()) {
            break;
        }
        name = before;
    }
    name
}

/// Whether a user and a password may stand together under a name: `ELASTIC_AUTH`, `auths.registry.auth`.
pub(super) fn is_of_a_login(name: &str) -> bool {
    let words = words(name);
    let is_switch = words.first().is_some_and(|first| SWITCHING.contains(&first.as_str()));
    words.last().is_some_and(|last| last == "auth" || last == "basicauth") && !is_switch
}

/// Whether a name says `user` or another half of a login that everybody may know.
pub fn is_public_half(name: &str) -> bool {
    let words = words(name);
    let is_public = |word: &String| {
        [
            "user", "username", "login", "host", "hostname", "port", "database", "db", "dbname", "url",
            "uri", "email", "endpoint", "name", "address", "region", "type",
        ]
        .contains(&word.as_str())
            || word.ends_with("user")
            || word.ends_with("username")
    };
    promise(name).is_none() && words.last().is_some_and(is_public)
}

/// Whether a key of a Secret is that of something everybody may read: certificates and public keys.
pub fn is_public_key(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["crt", "cer", "cert", "pub", "csr"].iter().any(|end| name.ends_with(&format!(".{end}")))
        || name.contains("public")
        || name.starts_with("ca.")
        || name.contains("known_hosts")
}

/// What a key is, where it stands alone under that. Of `secret.key` only that below what has a secret of its own is one:
/// others may name a key of a Secret.
const KINDS_OF_KEYS: [&str; 8] =
    ["access", "api", "encryption", "jwt", "master", "private", "secret", "signing"];

/// Words of a name in lower case, from `snake_case`, `kebab-case`, `camelCase`; of a dotted name those of its last
/// key, and of the one before where that says which key it is (`stripe.api.key`). Digits at the end say nothing.
fn words(name: &str) -> Vec<String> {
    let name = name.trim_start_matches('-').trim_end_matches(|c: char| c.is_ascii_digit());
    let name = name.trim_end_matches(['_', '-', '.', '[', ']']);
    // Terraform: what a provider only takes.
    let name = name.strip_suffix("_wo").unwrap_or(name);
    let mut keys = name.rsplit('.');
    let last = keys.next().unwrap_or(name);
    let kind = keys.next().filter(|kind| KINDS_OF_KEYS.contains(&kind.to_ascii_lowercase().as_str()));
    let has_secret = |before: &str| matches!(&*before.to_ascii_lowercase(), "jwt" | "token" | "session");
    let kind =
        kind.filter(|kind| !kind.eq_ignore_ascii_case("secret") || keys.next().is_some_and(has_secret));
    let name = match kind.filter(|_| last.eq_ignore_ascii_case("key")) {
        Some(kind) => name.get(name.len() - kind.len() - 1 - last.len()..).unwrap_or(last),
        None => last,
    };
    let mut words: Vec<String> = Vec::new();
    let mut word = String::new();
    let mut before_is_lower = false;
    for character in name.chars() {
        if !character.is_alphanumeric() {
            words.extend((!word.is_empty()).then(|| std::mem::take(&mut word)));
            before_is_lower = false;
            continue;
        }
        if character.is_uppercase() && before_is_lower {
            words.extend((!word.is_empty()).then(|| std::mem::take(&mut word)));
        }
        before_is_lower = character.is_lowercase();
        word.extend(character.to_lowercase());
    }
    words.extend((!word.is_empty()).then_some(word));
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_promise_what_they_say() {
        for name in [
            "PASSWORD",
            "DB_PASSWORD",
            "MYSQL_ROOT_PASSWORD",
            "spring.datasource.password",
            "userPasswd",
            "PGPASSWORD",
            "redis-pass",
            "DB_PASS",
            "--db-password",
            "password2",
            "DB_PASSWORD_PROD",
            "keystorePassphrase",
            "requirepass",
            "-storepass",
            "bindpw",
            "SMTPPASS",
        ] {
            assert_eq!(promise(name), Some(Promise::Password), "{name}");
        }
        for name in [
            "API_KEY",
            "apiKey",
            "SESSION_TOKEN",
            "github.token",
            "AWS_SECRET_ACCESS_KEY",
            "accessToken",
            "clientSecret",
            "SECRET_KEY_BASE",
            "DATABASE_DSN",
            "CONNECTION_STRING",
            "ConnectionStrings.connString",
            "k8svaultapikey",
            "JWT_SECRET",
            "secret_string",
            "plaintext_value",
            "adminPasswordSecret",
            "encryption-key",
            "K8S_GOAT_VAULT_KEY",
            "AZURE_STORAGE_CONNECTION_STRING",
            "stripe.api.key",
            "aws.access.key",
            "jwt.secret.key",
            "app.jwt.key",
            "REDIS_AUTH",
            "secret_string_wo",
            "API_TOKEN_OLD",
            "API_TOKEN_V2",
            "API_KEY_PROD",
            "JWT_SECRET_DEV_OLD",
            "apiTokenStaging",
            "GITHUB_PAT",
        ] {
            assert_eq!(promise(name), Some(Promise::Key), "{name}");
        }
        for name in [
            "SESSION_TOKEN_TTL",
            "TOKEN_EXPIRY_SECONDS",
            "PUB_KEY_PATH",
            "DB_PASSWORD_FILE",
            "secretName",
            "tokenReviews",
            "MYSQL_ALLOW_EMPTY_PASSWORD_ENABLED",
            "partitionKey",
            "CACHE_KEY",
            "routing-key",
            "TOKEN_URL",
            "keyRef",
            "PASSWORD_MIN_LENGTH",
            "KEYSTORE_PASSWORD_ALIAS",
            "POSTGRES_PASSWORD_AUTH",
            "password_validation",
            "PUBLIC_KEY",
            "STRIPE_PUBLISHABLE_KEY",
            "--password-stdin",
            "--no-password",
            "PASSWORD_HASHER",
            "password-encoder",
            "PASSWORD_CHARSET",
            "PASSWORD_RESET_TEMPLATE",
            "ROOT_PASSWORD_SHA2",
            "LOGIN_PASSWORD_PROMPT",
            "imagePullSecret",
            "author",
            "compass",
            "bypass",
            "ACCESS_KEY_ID",
            "passwordPolicy",
            "existingSecretPasswordKey",
            "",
            "key",
            "tls-secret",
            "secret.key",
            "db.secret.key",
            "BASIC_AUTH",
            "REDIS_AUTH_MODE",
            "secret_string_wo_version",
            "PASSWORDLESS_TEST",
            "TOKEN_TTL_PROD",
            "tls_secret_old",
            "FILE_PAT",
        ] {
            assert_eq!(promise(name), None, "{name}");
        }
    }

    #[test]
    fn the_known_halves_of_logins_are_told_apart() {
        assert!(is_public_half("POSTGRES_USER") && is_public_half("DB_HOST") && !is_public_half("PASSWORD"));
        assert!(is_public_key("tls.crt") && is_public_key("jwtRS256.key.pub") && !is_public_key("tls.key"));
    }
}
