//! The base: files are named relative to it.
