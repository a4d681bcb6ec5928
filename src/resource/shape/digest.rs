//! What is made of a password so that it can be checked: it logs nobody in by itself.

use std::sync::LazyLock;

use regex::Regex;

/// Modular crypt formats (`crypt(5)`), schemes of LDAP and Spring Security, verifiers of PostgreSQL and MySQL, hashes of
/// Django and Werkzeug. `{noop}` and `{CLEARTEXT}` say that what follows is the password itself.
static DIGEST: LazyLock<Regex> = LazyLock::new(|| {
    let shapes = [
        r"\$+(?:2[abxy]?|1|5|6|7|y|gy|apr1|argon2(?:i|d|id)|pbkdf2(?:-sha\d+)?|scrypt|sha1|md5|shiro1|S|P|H)\$+[^$\s].{7,}",
        r"\{(?i:bcrypt|pbkdf2|scrypt|argon2|md4|md5|smd5|sha|ssha|sha-?\d+|ssha\d+|crypt|pbkdf2-sha\d+|x-\w+)(?:@[\w.]+)?\}.+",
        r"(?:pbkdf2_sha\d+|argon2|scrypt|bcrypt(?:_sha256)?|sha1|md5)\$.+\$.+",
        r"(?:pbkdf2:sha\d+|scrypt):\d+(?::\d+)*\$.+",
        r"SCRAM-SHA-\d+\$\d+:.+",
        r"md5[0-9a-f]{32}",
        r"\*[0-9A-F]{40}",
    ];
    Regex::new(&format!("^(?:{})$", shapes.join("|"))).expect("a constant expression")
});

/// Whether a text is the hash of a password in a format that says so.
pub fn is_digest(text: &str) -> bool {
    text.len() > 10 && DIGEST.is_match(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_told_by_their_formats() {
        for text in [
            "$2y$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy",
            "$$2y$$10$$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy",
            "$6$rounds=5000$usesomesillystri$D4IrlXatmP7rx3P3InaxBeoomnAihCKR",
            "$apr1$salt$qJmEBOIDUxMmjkzh5aDBv1",
            "$argon2id$v=19$m=65536,t=2,p=1$gZiV/M1gPc22ElAH/Jh1Hw$CWOrkoo7oJBQ",
            "{bcrypt}$2a$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92",
            "{SSHA}DkMTwBl+a/3DQTxCYEApdUtNXGgdUac3",
            "{pbkdf2@SpringSecurity_v5_8}79c3a2bf",
            "pbkdf2_sha256$600000$salt$Jx2gLkNcR0",
            "pbkdf2:sha256:260000$salt$0f4e3b",
            "SCRAM-SHA-256$4096:salt$stored:server",
            "md532e12f215ba27cb750c9e093ce4b5127",
            "*2470C0C06DEE42FD1618BB99005ADCA2EC9D1E19",
        ] {
            assert!(is_digest(text), "{text}");
        }
        for text in
            ["{noop}p4ss-word", "$ecret-word-22", "$1$", "md5-of-something", "*p4ss-word*", "{p4ss}word-22"]
        {
            assert!(!is_digest(text), "{text}");
        }
    }
}
