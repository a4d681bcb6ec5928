//! Facts: what an estate means, worked out in Rust so that rules stay short.
