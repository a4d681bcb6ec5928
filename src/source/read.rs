//! Reading: bytes, digest, decoded text.
