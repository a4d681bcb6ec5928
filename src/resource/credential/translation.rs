//! Texts for people: beside `login.password` stands what a form says, not a password.

/// Languages whose codes are no other common name of a file.
const LANGUAGES: [&str; 24] = [
    "ar", "cs", "da", "de", "el", "en", "fi", "fr", "he", "hi", "hu", "it", "ja", "ko", "nl", "pl", "pt",
    "ro", "ru", "sv", "tr", "uk", "vi", "zh",
];

/// Names of files and folders that hold translations.
const CALLED: [&str; 6] = ["i18n", "l10n", "locale", "locales", "translation", "translations"];

/// Names of bundles of Java, and of Android and iOS.
const BUNDLES: [&str; 4] = ["labels", "messages", "strings", "validationmessages"];

/// What a form says beside the field, in other languages than that of the names of settings.
const LABELS: [&str; 26] = [
    "adgangskode",
    "contraseña",
    "hasło",
    "heslo",
    "jelszó",
    "kata sandi",
    "kennwort",
    "lozinka",
    "lösenord",
    "mot de passe",
    "mật khẩu",
    "palavra-passe",
    "parola",
    "parolă",
    "passord",
    "passwort",
    "salasana",
    "senha",
    "slaptažodis",
    "wachtwoord",
    "şifre",
    "κωδικός",
    "пароль",
    "パスワード",
    "密码",
    "密碼",
];

/// Whether a file holds translations by its name: `messages_de.properties`, `en-US.json`, `i18n/shop.yaml`.
pub(super) fn is_file(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let Some((path, ending @ ("json" | "properties" | "yaml" | "yml" | "xml" | "ini" | "toml"))) =
        name.rsplit_once('.')
    else {
        return false;
    };
    let words: Vec<&str> = path.split(|c: char| !c.is_ascii_alphanumeric()).collect();
    let is_language = words.first().is_some_and(|word| LANGUAGES.contains(word))
        && words.iter().skip(1).all(|region| region.len() <= 4);
    let is_bundle = words.first().is_some_and(|word| BUNDLES.contains(word))
        && (ending == "properties" || words.get(1).is_some_and(|word| LANGUAGES.contains(word)));
    is_language || is_bundle || words.iter().any(|word| CALLED.contains(word))
}

/// Whether a text is the word for a password as a form shows it: `Passwort:`. In small letters it may be one, and a weak
/// one.
pub(super) fn says_password(text: &str) -> bool {
    let text = text.trim_end_matches([':', '*', ' ']);
    let is_shown = text.starts_with(|c: char| c.is_uppercase() || !c.is_ascii()) || text.contains(' ');
    is_shown && text.len() <= 40 && LABELS.contains(&text.to_lowercase().as_str())
}

/// Whether translations stand under a key.
pub(super) fn is_key(key: &str) -> bool {
    CALLED.contains(&key)
}

/// Whether an object holds translations by its name.
pub(super) fn is_called_so(name: &str) -> bool {
    name.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| CALLED.contains(&word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_translations_are_told_by_their_names() {
        for name in [
            "messages.properties",
            "messages_en.properties",
            "ValidationMessages_de.properties",
            "en.json",
            "en-US.json",
            "i18n.de.yaml",
            "locale.json",
            "shop-translations.yml",
            "strings_de.json",
        ] {
            assert!(is_file(name), "{name}");
        }
        for name in [
            "application.yml",
            "messages.yml",
            "db.properties",
            "en",
            "messages",
            "pt-online-schema.json",
            "es.yml",
            "enabled.json",
        ] {
            assert!(!is_file(name), "{name}");
        }
        for (text, expected) in [
            ("Passwort", true),
            ("Mot de passe :", true),
            ("密码", true),
            ("passwort", false),
            ("Passwort99", false),
            ("Password", false),
        ] {
            assert_eq!(says_password(text), expected, "{text}");
        }
        assert!(is_called_so("shop-i18n") && !is_called_so("messages") && !is_called_so("shop"));
    }
}
