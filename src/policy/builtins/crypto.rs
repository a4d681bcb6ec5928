//! `crypto.*`: digests and keyed digests, in lower-case hexadecimal as OPA writes them.
//!
//! Deliberately absent: certificates and keys (`crypto.x509.*`).

use hmac::{Hmac, KeyInit as _, Mac as _};
use md5::Md5;
use regorus::Value;
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha512};

use super::{Fault, Function, text};
use crate::finding::hex;

pub(super) const FUNCTIONS: &[Function] = &[
    ("crypto.md5", 1, digest::<Md5>),
    ("crypto.sha1", 1, digest::<Sha1>),
    ("crypto.sha256", 1, digest::<Sha256>),
    ("crypto.hmac.md5", 2, |arguments| keyed!(Md5, arguments)),
    ("crypto.hmac.sha1", 2, |arguments| keyed!(Sha1, arguments)),
    ("crypto.hmac.sha256", 2, |arguments| keyed!(Sha256, arguments)),
    ("crypto.hmac.sha512", 2, |arguments| keyed!(Sha512, arguments)),
    ("crypto.hmac.equal", 2, equal),
];

macro_rules! keyed {
    ($digest:ty, $arguments:expr) => {{
        let (message, key) = (text($arguments, 0)?, text($arguments, 1)?);
        let mut code = Hmac::<$digest>::new_from_slice(key.as_bytes())
            .map_err(|error| Fault::Call(error.to_string()))?;
        code.update(message.as_bytes());
        Ok(Value::from(hex(&code.finalize().into_bytes())))
    }};
}
use keyed;

fn digest<D: Digest>(arguments: &[Value]) -> Result<Value, Fault> {
    Ok(Value::from(hex(&D::digest(text(arguments, 0)?.as_bytes()))))
}

fn equal(arguments: &[Value]) -> Result<Value, Fault> {
    Ok(Value::from(text(arguments, 0)? == text(arguments, 1)?))
}
