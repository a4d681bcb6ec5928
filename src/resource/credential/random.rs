//! Values that are random enough to be a credential, whatever they are called.

/// Names of digests and identities, which are random too.
pub(super) fn names_a_digest(name: &str) -> bool {
    const DIGESTS: [&str; 21] = [
        "bundle",
        "ca",
        "cert",
        "checksum",
        "commit",
        "digest",
        "etag",
        "fingerprint",
        "hash",
        "id",
        "image",
        "md5",
        "public",
        "pub",
        "revision",
        "sha",
        "site",
        "uid",
        "uuid",
        "version",
        "client",
    ];
    let name = name.to_ascii_lowercase();
    name.split(|c: char| !c.is_alphanumeric()).any(|word| DIGESTS.contains(&word) || word.starts_with("sha"))
        || name.ends_with("id")
        || name.ends_with("hash")
}

/// Base64 or hexadecimal digits of at least 4.0 or 3.0 bits each (domains.md 2a').
pub fn is_random(text: &str) -> bool {
    if !(20..=256).contains(&text.len()) {
        return false;
    }
    let bits = entropy(text);
    if text.chars().all(|c| c.is_ascii_hexdigit()) {
        return text.len() >= 32 && bits >= 3.0;
    }
    let mut kinds = [false; 3];
    for character in text.chars() {
        match character {
            'a'..='z' => kinds[0] = true,
            'A'..='Z' => kinds[1] = true,
            '0'..='9' => kinds[2] = true,
            '+' | '/' | '=' | '_' | '-' => {}
            _ => return false,
        }
    }
    kinds == [true; 3] && bits >= 4.0 && !is_of_words(text)
}

/// Whether most of a text are words of four letters or more: `ProdOrdersV2CreatedEventTopic01`.
fn is_of_words(text: &str) -> bool {
    let mut in_words = 0;
    let mut length = 0;
    let mut count = |length: usize| {
        if length >= 4 {
            in_words += length;
        }
    };
    for character in text.chars() {
        if character.is_ascii_lowercase() {
            length += 1;
        } else {
            count(length);
            length = usize::from(character.is_ascii_uppercase());
        }
    }
    count(length);
    in_words * 10 >= text.len() * 6
}

/// Bits of Shannon's entropy for each character.
fn entropy(text: &str) -> f64 {
    let mut counts = [0_u32; 256];
    let mut length = 0_u32;
    for byte in text.bytes() {
        if let Some(count) = counts.get_mut(usize::from(byte)) {
            *count += 1;
        }
        length += 1;
    }
    let shares = counts.iter().filter(|count| **count > 0).map(|count| f64::from(*count) / f64::from(length));
    -shares.map(|share| share * share.log2()).sum::<f64>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_several_words_are_not_random() {
        for text in [
            "ProdOrdersV2CreatedEventTopic01",
            "OrderService-Consumer-Prod-EuWest1",
            "exports/CustomerOrders/V2/Daily2024",
            "EnableNewCheckoutFlowV2ForGoldUsers",
        ] {
            assert!(!is_random(text), "{text}");
        }
        for text in ["q7Zk2Wv9Lx4Tb8NcR1sYp3", "wJalrXUtnFEMIK7MDENGbPxRfiCYzEXAMPLEKEY"] {
            assert!(is_random(text), "{text}");
        }
    }
}
