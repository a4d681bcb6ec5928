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

/// Whether a text is nothing but users with the hashes of their passwords, as `htpasswd` of Apache writes them, in lines or
/// behind commas. Of the oldest ones (`crypt(3)`) only the name of the file tells what they are.
pub fn is_list_of_users(name: &str, text: &str) -> bool {
    let is_named = name.to_ascii_lowercase().contains("htpasswd");
    let is_crypt = |hash: &str| {
        hash.len() == 13 && hash.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '/'))
    };
    let is_user = |entry: &str| {
        let login = entry.split_once(':').filter(|(user, _)| !user.is_empty());
        login.is_some_and(|(_, hash)| is_digest(hash) || is_named && is_crypt(hash))
    };
    let entries = text.lines().filter(|line| !line.starts_with('#')).flat_map(str::split_whitespace);
    let mut entries = entries.peekable();
    let are_users = |entry: &str| {
        // Some hashes have commas themselves.
        let is_one = !entry.split(',').skip(1).any(|rest| rest.contains(':'));
        if is_one { is_user(entry) } else { entry.split(',').all(is_user) }
    };
    entries.peek().is_some() && entries.all(are_users)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_of_apache_have_hashes() {
        let (one, other) = ("a:$apr1$x9q7Zk2W$v9Lx4Tb8Nc3Rm6Yp1Jd5Hs", "b:{SHA}q7Zk2Wv9Lx4Tb8Nc3Rm6Yp1Jd5H=");
        for (name, text, expected) in [
            ("AUTH", one.to_owned(), true),
            ("AUTH", format!("{one},{other}"), true),
            ("AUTH", format!("# users\n{one}\n\n{other}\n"), true),
            ("AUTH", format!("{one} {other}"), true),
            ("AUTH", "a:$argon2id$v=19$m=65536,t=2,p=1$gZiV/M1gPc22ElAH$CWOrkoo7oJBQ".to_owned(), true),
            (".htpasswd", "a:rqXexS6ZhobKA".to_owned(), true),
            ("AUTH", "a:rqXexS6ZhobKA".to_owned(), false),
            ("AUTH", format!("{one},b:p4ss-word"), false),
            ("AUTH", "a:p4ss-word".to_owned(), false),
            (".htpasswd", String::new(), false),
        ] {
            assert_eq!(is_list_of_users(name, &text), expected, "{name}={text}");
        }
    }

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
