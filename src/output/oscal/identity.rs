//! UUIDs made of names, so that equal reports have equal ones.

use sha1::{Digest as _, Sha1};

use crate::finding::hex;

/// The namespace of our names, itself of version 4: made once, and never anew.
const NAMESPACE: [u8; 16] =
    [0x5b, 0x0c, 0x8f, 0x1e, 0x27, 0x9a, 0x4d, 0x63, 0xa4, 0x71, 0x3e, 0xd2, 0x95, 0x6c, 0x10, 0xb8];

/// Version 5 of RFC 9562, section 5.5.
pub(super) fn uuid(name: &str) -> String {
    in_namespace(NAMESPACE, name)
}

fn in_namespace(namespace: [u8; 16], name: &str) -> String {
    let mut bytes: Vec<u8> = Sha1::new().chain_update(namespace).chain_update(name).finalize().to_vec();
    bytes.truncate(16);
    for (at, kept, set) in [(6, 0x0f, 0x50), (8, 0x3f, 0x80)] {
        if let Some(byte) = bytes.get_mut(at) {
            *byte = *byte & kept | set;
        }
    }
    let text = hex(&bytes);
    let mut parts = [8, 4, 4, 4, 12].into_iter().scan(&*text, |rest, length| {
        let (part, after) = rest.split_at_checked(length)?;
        *rest = after;
        Some(part)
    });
    parts.by_ref().collect::<Vec<_>>().join("-")
}

#[cfg(test)]
mod tests {
    use super::in_namespace;

    #[test]
    fn a_name_has_the_uuid_that_the_rfc_gives_it() {
        // RFC 9562, appendix A.4: `www.example.com` in the namespace of DNS.
        let dns =
            [0x6b, 0xa7, 0xb8, 0x10, 0x9d, 0xad, 0x11, 0xd1, 0x80, 0xb4, 0x00, 0xc0, 0x4f, 0xd4, 0x30, 0xc8];
        assert_eq!(in_namespace(dns, "www.example.com"), "2ed6657d-e927-568b-95e1-2665a8aea6a2");
    }
}
